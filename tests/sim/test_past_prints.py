"""Historical ticks, histograms and schedules: the past in other shapes than bars, and in agreement with them."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.stamps import parse_stamp
from rigs.rows import rows

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}
END = "20261123 16:00:00 UTC"


def ask_ticks(trader: Any, **more: Any) -> list[Message]:
    """Ask for the last hundred prints of SPY before END."""
    request = {
        "reqId": 7,
        "startDateTime": "",
        "endDateTime": END,
        "numberOfTicks": 100,
        "whatToShow": "TRADES",
        "useRth": 0,
        "ignoreSize": False,
        **SPY,
        **more,
    }
    return trader.ask("reqHistoricalTicks", **request)


def bars(trader: Any, seconds: int) -> list[dict[str, Any]]:
    """Return one-second bars of SPY that end at END."""
    (answer,) = trader.ask(
        "reqHistoricalData",
        reqId=8,
        endDateTime=END,
        barSizeSetting="1 secs",
        durationStr=f"{seconds} S",
        whatToShow="TRADES",
        useRTH=0,
        formatDate=2,
        **SPY,
    )
    return rows(answer, "bars")


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("TRADES", "historicalTicksLast"),
        ("BID_ASK", "historicalTicksBidAsk"),
        ("MIDPOINT", "historicalTicks"),
    ],
)
def test_the_last_ticks_before_a_time_come_in_order(
    trader: Any, what: str, name: str
) -> None:
    """As many as asked for, none of them at or after the end."""
    (answer,) = ask_ticks(trader, whatToShow=what)

    times = [tick["time"] for tick in rows(answer, "ticks")]
    assert answer.name == name
    assert answer.fields["done"] is True
    assert len(times) == 100
    assert times == sorted(times)
    assert times[-1] < parse_stamp(END, "UTC")


def test_ticks_after_a_start_begin_there(trader: Any) -> None:
    """Forward instead of backward."""
    (answer,) = ask_ticks(trader, startDateTime=END, endDateTime="", numberOfTicks=50)

    times = [tick["time"] for tick in rows(answer, "ticks")]
    assert len(times) == 50
    assert parse_stamp(END, "UTC") <= times[0] < parse_stamp(END, "UTC") + 60


def test_prints_carry_the_volume_and_the_opens_of_their_bars(trader: Any) -> None:
    """A second's prints are one tick, at the price at which its bar opens."""
    (answer,) = ask_ticks(trader, numberOfTicks=1000)
    prints = {tick["time"]: tick for tick in rows(answer, "ticks")}
    told = [bar for bar in bars(trader, 300) if bar["volume"]]

    assert told
    assert [prints[int(bar["date"])]["size"] for bar in told] == [
        bar["volume"] for bar in told
    ]
    assert [float(prints[int(bar["date"])]["price"]) for bar in told] == pytest.approx(
        [float(bar["open"]) for bar in told]
    )


def test_quotes_can_be_told_without_their_sizes(trader: Any) -> None:
    """Then a second whose prices stand still has no tick."""
    (answer,) = ask_ticks(trader, whatToShow="BID_ASK", ignoreSize=True)

    ticks = rows(answer, "ticks")
    shown = [(tick["priceBid"], tick["priceAsk"]) for tick in ticks]
    repeats = sum(old == new for old, new in pairwise(shown))
    # The first second of an hour always has one.
    assert repeats <= 1
    assert all(bid < ask for bid, ask in shown)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"startDateTime": END}, 321),
        ({"endDateTime": ""}, 321),
        ({"endDateTime": "yesterday"}, 10314),
        ({"numberOfTicks": 0}, 321),
        ({"numberOfTicks": 1001}, 321),
        ({"whatToShow": "BID"}, 321),
        (EUR, 10187),
    ],
)
def test_wrong_tick_requests_are_refused(
    trader: Any, wrong: dict[str, Any], code: int
) -> None:
    """With a code, and no answer besides."""
    (answer,) = ask_ticks(trader, **wrong)

    assert (answer.name, answer.fields["errorCode"]) == ("errMsg", code)


def histogram(trader: Any, **more: Any) -> Message:
    """Ask for the histogram of SPY's last day."""
    request = {"tickerId": 9, "useRTH": False, "timePeriod": "1 day", **SPY, **more}
    (answer,) = trader.ask("reqHistogramData", **request)
    return answer


def test_a_histogram_holds_the_volume_of_its_time(trader: Any) -> None:
    """Every unit at one price, prices rising, and as much as the bars of the same day have."""
    items = rows(histogram(trader), "items")
    prices = [item["price"] for item in items]
    (answer,) = trader.ask(
        "reqHistoricalData",
        reqId=8,
        endDateTime="",
        barSizeSetting="1 hour",
        durationStr="1 D",
        whatToShow="TRADES",
        useRTH=0,
        formatDate=2,
        **SPY,
    )

    assert prices == sorted(set(prices))
    assert sum(item["size"] for item in items) == sum(
        bar["volume"] for bar in rows(answer, "bars")
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"timePeriod": "soon"}, 321),
        ({"timePeriod": "0 days"}, 321),
        ({"timePeriod": "2 years"}, 162),
        (EUR, 162),
    ],
)
def test_wrong_histograms_are_refused(
    trader: Any, wrong: dict[str, Any], code: int
) -> None:
    """With a code, and no answer besides."""
    answer = histogram(trader, **wrong)

    assert (answer.name, answer.fields["errorCode"]) == ("errMsg", code)


def test_cancelling_a_histogram_needs_no_answer(trader: Any) -> None:
    """It has been answered already."""
    assert trader.ask("cancelHistogramData", tickerId=9) == []


def schedule(trader: Any, **more: Any) -> Message:
    """Ask for SPY's last five sessions."""
    request = {
        "reqId": 3,
        "endDateTime": "",
        "barSizeSetting": "1 day",
        "durationStr": "5 D",
        "whatToShow": "SCHEDULE",
        "useRTH": 1,
        "formatDate": 1,
        **SPY,
        **more,
    }
    (answer,) = trader.ask("reqHistoricalData", **request)
    return answer


def test_a_schedule_names_the_sessions(open_stage: Any) -> None:
    """With real hours: Thanksgiving week's days before it, in New York time."""
    from edgerunner_lab.sim.exchange import Hours  # noqa: PLC0415  only this test needs it

    answer = schedule(open_stage(hours=Hours.REAL).trader())

    sessions = rows(answer, "sessions")
    assert answer.name == "historicalSchedule"
    assert answer.fields["timeZone"] == "US/Eastern"
    assert [row["refDate"] for row in sessions] == [
        "20261117",
        "20261118",
        "20261119",
        "20261120",
        "20261123",
    ]
    assert sessions[0]["startDateTime"] == "20261117-09:30:00"
    assert sessions[0]["endDateTime"] == "20261117-16:00:00"


def test_a_schedule_of_other_bars_than_days_is_refused(trader: Any) -> None:
    """The broker has it by day."""
    assert schedule(trader, barSizeSetting="1 hour").fields["errorCode"] == 321


def test_a_price_of_a_histogram_is_a_price(trader: Any) -> None:
    """In the instrument's currency, on its ticks."""
    (first, *_) = rows(histogram(trader), "items")

    assert first["price"] % Decimal("0.01") == 0
