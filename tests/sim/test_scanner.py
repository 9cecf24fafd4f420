"""Scanners: what can be scanned for, what is found, and that it is found again."""

from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.scanner import REFRESH_SECONDS, SCANS
from rigs.rows import rows, text


def scan(trader: Any, **more: Any) -> list[Message]:
    """Ask for the ten most active US stocks."""
    fields = {
        "n.numberOfRows": 10,
        "n.instrument": "STK",
        "n.locationCode": "STK.US.MAJOR",
        "n.scanCode": "MOST_ACTIVE",
        **{f"n.{name}": value for name, value in more.items()},
    }
    return trader.ask("reqScannerSubscription", reqId=4, **fields)


def symbols(answer: Message) -> list[str]:
    """Return what a scan found, best first."""
    assert answer.name == "scannerData", answer
    return [row["symbol"] for row in rows(answer, "elements")]


def test_the_parameters_are_xml_that_names_every_scan(trader: Any) -> None:
    """A program reads the codes out of it."""
    (answer,) = trader.ask("reqScannerParameters")
    tree = ET.fromstring(text(answer, "xml"))  # noqa: S314  our own text

    assert [node.text for node in tree.iter("scanCode")] == list(SCANS)
    assert "STK.US.MAJOR" in [node.text for node in tree.iter("locationCode")]


@pytest.mark.parametrize("code", SCANS)
def test_every_scan_finds_rows_in_rank_order(trader: Any, code: str) -> None:
    """As many as asked for, each once, counted from 0."""
    (answer,) = scan(trader, scanCode=code)
    found = rows(answer, "elements")

    assert [row["rank"] for row in found] == list(range(10))
    assert len({row["conId"] for row in found}) == 10


def test_gainers_and_losers_are_each_others_ends(trader: Any) -> None:
    """The best gainer is not among the losers."""
    (gainers,) = scan(trader, scanCode="TOP_PERC_GAIN")
    trader.ask("cancelScannerSubscription", reqId=4)
    (losers,) = scan(trader, scanCode="TOP_PERC_LOSE")

    assert not set(symbols(gainers)) & set(symbols(losers))


def test_filters_leave_out_what_does_not_fit(trader: Any) -> None:
    """Prices above 500 only."""
    (answer,) = scan(trader, abovePrice=Decimal(500), numberOfRows=50)
    found = symbols(answer)

    assert "SPY" in found
    assert "KO" not in found


def test_rows_come_again_while_it_is_subscribed(trader: Any) -> None:
    """Every half minute, until it is cancelled."""
    scan(trader)

    assert [m.name for m in trader.wait(REFRESH_SECONDS + 1)] == ["scannerData"]
    (cancelled,) = trader.ask("cancelScannerSubscription", reqId=4)
    assert cancelled.fields["errorCode"] == 162
    assert trader.wait(REFRESH_SECONDS + 1) == []


@pytest.mark.parametrize(
    "wrong",
    [{"scanCode": "MADE_UP"}, {"locationCode": "STK.MOON"}, {"instrument": "FUT.US"}],
)
def test_what_the_parameters_do_not_list_is_refused(
    trader: Any, wrong: dict[str, str]
) -> None:
    """And leaves no subscription behind."""
    (answer,) = scan(trader, **wrong)

    assert answer.fields["errorCode"] == 165
    assert trader.ask("cancelScannerSubscription", reqId=4)[0].fields["errorCode"] == 365


def test_a_number_is_used_once_and_eleven_are_too_many(trader: Any) -> None:
    """The broker's own bounds."""
    scan(trader)
    assert scan(trader)[0].fields["errorCode"] == 102
    answers = [
        trader.ask(
            "reqScannerSubscription",
            **{
                "reqId": number,
                "n.instrument": "STK",
                "n.locationCode": "STK.US",
                "n.scanCode": "MOST_ACTIVE",
            },
        )[0]
        for number in range(10, 20)
    ]

    assert [answer.name for answer in answers[:9]] == ["scannerData"] * 9
    assert answers[9].fields["errorCode"] == 162
