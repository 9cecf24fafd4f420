"""Contracts through the exchange: details, search, price rules."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.messages import Message

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]


def test_details_say_who_ticks_how_and_when(trader: Any) -> None:
    """Everything a client needs to place an order it can trust."""
    said = trader.ask("reqContractDetails", reqId=4, c_symbol="AAPL", c_secType="STK")

    assert [m.name for m in said] == ["contractData", "contractDataEnd"]
    shown = said[0].fields
    assert shown["c.conId"] == 265598
    assert shown["d.longName"] == "APPLE INC"
    assert shown["d.minTick"] == Decimal("0.01")
    assert shown["c.exchange"] == "SMART"
    assert shown["c.primaryExchange"] == "NASDAQ"
    assert shown["secIdList"] == ({"tag": "ISIN", "value": "US0378331005"},)
    exchanges, rules = shown["d.validExchanges"], shown["d.marketRuleIds"]
    assert len(exchanges.split(",")) == len(rules.split(","))
    assert set(rules.split(",")) == {"26"}
    assert shown["d.liquidHours"] == shown["d.tradingHours"]
    assert shown["d.tradingHours"].startswith("20261122:1700-20261123:1700;20261123:1700-")


def test_real_hours_are_listed_for_a_week(open_stage: StageMaker) -> None:
    """Regular and extended hours, closed days, and the short Friday."""
    trader = open_stage(
        hours=Hours.REAL, now=datetime(2026, 11, 25, 17, tzinfo=UTC)
    ).trader()
    shown = trader.ask("reqContractDetails", reqId=4, c_conId=756733)[0].fields

    assert shown["d.liquidHours"].split(";")[:4] == [
        "20261125:0930-20261125:1600",
        "20261126:CLOSED",
        "20261127:0930-20261127:1300",
        "20261128:CLOSED",
    ]
    assert shown["d.tradingHours"].startswith(
        "20261125:0400-20261125:2000;20261126:CLOSED;"
    )


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"c_conId": 265598}, ["AAPL"]),
        ({"c_conId": 265598, "c_exchange": "NASDAQ"}, ["AAPL"]),
        ({"c_symbol": "USD", "c_secType": "CASH"}, ["USD.JPY", "USD.CHF"]),
        ({"c_secIdType": "ISIN", "c_secId": "US78462F1030"}, ["SPY"]),
        (
            {"c_localSymbol": "EUR.USD", "c_secType": "CASH", "c_exchange": "IDEALPRO"},
            ["EUR.USD"],
        ),
    ],
)
def test_every_instrument_that_fits_is_listed(
    trader: Any, fields: dict[str, Any], found: list[str]
) -> None:
    """One contractData each, then the end."""
    said = trader.ask("reqContractDetails", reqId=4, **fields)

    assert [m.fields["c.localSymbol"] for m in said[:-1]] == found
    assert said[-1].name == "contractDataEnd"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"c_symbol": "NOPE", "c_secType": "STK"}, 200),
        ({"c_symbol": "SPY", "c_secType": "STK", "c_exchange": "MOON"}, 200),
        ({"c_symbol": "SPY"}, 321),
        ({"c_conId": 424242}, 200),
        ({"c_secType": "STK"}, 200),
    ],
)
def test_what_is_not_listed_is_error_200(
    trader: Any, told: Told, fields: dict[str, Any], code: int
) -> None:
    """And a contract without a type is not even looked for."""
    said = trader.ask("reqContractDetails", reqId=4, **fields)

    assert told(said) == [f"error {code}"]
    assert said[0].fields["id"] == 4


def test_an_ambiguous_contract_has_no_quotes(trader: Any) -> None:
    """Where one instrument is needed, two are an error that names what was asked."""
    said = trader.ask(
        "reqMktData", reqId=4, c_symbol="USD", c_secType="CASH", c_exchange="IDEALPRO"
    )

    assert said[0].fields["errorCode"] == 200
    assert (
        said[0].fields["errorString"]
        == "The contract description specified for USD is ambiguous."
    )


def test_symbols_are_found_by_name(trader: Any) -> None:
    """With their derivatives, as newer clients read them."""
    said = trader.ask("reqMatchingSymbols", reqId=4, pattern="apple")

    (row,) = said[0].fields["contractDescriptions"]
    assert (row["symbol"], row["description"]) == ("AAPL", "APPLE INC")
    assert {"secType": "OPT"} in row["derivativeSecTypes"]
    assert (
        trader.ask("reqMatchingSymbols", reqId=4, pattern="")[0].fields[
            "contractDescriptions"
        ]
        == ()
    )


def test_market_rules_list_their_bands(trader: Any, told: Told) -> None:
    """26 is a cent at any price; an unknown rule is refused."""
    rule = trader.ask("reqMarketRule", marketRuleId=26)[0].fields

    assert rule["priceIncrements"] == (
        {"lowEdge": Decimal(0), "increment": Decimal("0.01")},
    )
    assert told(trader.ask("reqMarketRule", marketRuleId=999)) == ["error 321"]


def test_option_parameters_are_an_empty_list(trader: Any, told: Told) -> None:
    """There are no options yet, and an unknown underlying is an error."""
    said = trader.ask("reqSecDefOptParams", reqId=4, underlyingConId=756733)

    assert [m.name for m in said] == ["securityDefinitionOptionParameterEnd"]
    assert told(trader.ask("reqSecDefOptParams", reqId=4, underlyingConId=1)) == [
        "error 200"
    ]
