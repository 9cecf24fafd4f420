"""Contracts through the exchange: details, search, price rules."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Hours
from edgerunner_lab.sim.protocol.codec import load_replies
from edgerunner_lab.sim.protocol.messages import Message

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]

LAST = 4


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
        (
            {"c_symbol": "USD", "c_secType": "CASH"},
            ["USD.JPY", "USD.CHF", "USD.CAD", "USD.HKD"],
        ),
        ({"c_symbol": "SAP", "c_secType": "STK"}, ["SAP", "SAP"]),
        ({"c_localSymbol": "ESZ6", "c_secType": "FUT", "c_exchange": "CME"}, ["ESZ6"]),
        (
            {
                "c_symbol": "CL",
                "c_secType": "FUT",
                "c_lastTradeDateOrContractMonth": "202701",
                "c_multiplier": "1000.0",
            },
            ["CLF7"],
        ),
        (
            {
                "c_symbol": "SPY",
                "c_secType": "OPT",
                "c_lastTradeDateOrContractMonth": "20261218",
                "c_strike": Decimal(700),
                "c_right": "CALL",
            },
            ["SPY   261218C00700000"],
        ),
        (
            {
                "c_symbol": "SPY",
                "c_secType": "OPT",
                "c_lastTradeDateOrContractMonth": "20261218",
                "c_strike": Decimal(700),
                "c_right": "?",
            },
            ["SPY   261218C00700000", "SPY   261218P00700000"],
        ),
        ({"c_symbol": "ES", "c_secType": "CONTFUT"}, ["ESZ6"]),
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
        ({"c_symbol": "SPY", "c_secType": "WAR"}, 200),
        ({"c_symbol": "SPY", "c_secType": "SHARE"}, 321),
        ({"c_conId": 756733, "c_secType": "SHARE"}, 321),
        ({"c_symbol": "SPY", "c_secType": "BAG"}, 321),
        ({"c_localSymbol": "ESZ9", "c_secType": "FUT", "c_exchange": "CME"}, 200),
        ({"c_localSymbol": "ESH5", "c_secType": "FUT"}, 200),
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


def test_market_rules_have_finer_steps_for_lower_prices(trader: Any) -> None:
    """The details of a stock in Hong Kong name its rule, and its finest step as minTick."""
    shown = trader.ask("reqContractDetails", reqId=4, c_symbol="700", c_secType="STK")
    number = int(shown[0].fields["d.marketRuleIds"])
    (rule,) = trader.ask("reqMarketRule", marketRuleId=number)

    bands = rule.fields["priceIncrements"]
    assert bands[0] == {"lowEdge": Decimal(0), "increment": Decimal("0.001")}
    assert {"lowEdge": Decimal(500), "increment": Decimal("0.5")} in bands
    assert shown[0].fields["d.minTick"] == Decimal("0.001")
    assert shown[0].fields["d.minSize"] == shown[0].fields["d.sizeIncrement"] == 100


def test_a_future_says_what_it_follows_and_when_it_ends(trader: Any) -> None:
    """Its month of delivery is not the month in which it ends."""
    said = trader.ask("reqContractDetails", reqId=4, c_localSymbol="CLF7", c_secType="FUT")
    shown = said[0].fields

    assert shown["lastTradeDateOrContractMonth"] == "20261221 14:30:00 US/Eastern"
    assert shown["c.lastTradeDate"] == shown["d.realExpirationDate"] == "20261221"
    assert shown["d.contractMonth"] == "202701"
    assert (shown["d.underSymbol"], shown["d.underSecType"]) == ("CL", "IND")
    assert shown["c.multiplier"] == "1000"


def test_an_option_says_what_it_is_on(trader: Any) -> None:
    """And what it is: strike, right, class, and the underlying's number."""
    said = trader.ask(
        "reqContractDetails",
        reqId=4,
        c_localSymbol="AAPL  261218P00280000",
        c_secType="OPT",
    )
    shown = said[0].fields

    assert (shown["c.strike"], shown["c.right"]) == (Decimal(280), "P")
    assert (shown["d.underConId"], shown["d.underSymbol"]) == (265598, "AAPL")
    assert shown["d.underSecType"] == "STK"
    assert shown["d.contractMonth"] == "202612"
    assert shown["d.longName"] == "APPLE INC"
    assert "MOC" not in shown["d.orderTypes"].split(",")


def test_an_ended_future_is_told_to_those_who_ask(trader: Any, told: Told) -> None:
    """By name and by number."""
    asked = {"c_localSymbol": "ESH5", "c_secType": "FUT", "c_includeExpired": True}
    said = trader.ask("reqContractDetails", reqId=4, **asked)
    con_id = said[0].fields["c.conId"]

    assert told(said) == ["contractData", "contractDataEnd"]
    assert told(trader.ask("reqContractDetails", reqId=4, c_conId=con_id)) == ["error 200"]


def test_a_bond_has_a_message_of_its_own(trader: Any, told: Told) -> None:
    """With coupon, maturity and call date."""
    said = trader.ask("reqContractDetails", reqId=4, c_symbol="IBM", c_secType="BOND")
    shown = said[0].fields

    assert told(said) == ["bondContractData", "contractDataEnd"]
    assert (shown["d.cusip"], shown["d.coupon"]) == ("459200HF1", Decimal(4))
    assert (shown["maturity"], shown["d.nextOptionDate"]) == ("20420620", "20270115")
    assert (shown["d.callable"], shown["d.putable"]) == (True, False)
    by_number = {"c_secIdType": "CUSIP", "c_secId": "459200HF1"}
    assert trader.ask("reqContractDetails", reqId=4, **by_number) == said


@pytest.mark.parametrize(
    ("symbol", "currency", "zone", "hours"),
    [
        ("VOD", "GBP", "GB-Eire", "20261123:0800-20261123:1630"),
        ("SIE", "EUR", "MET", "20261123:0900-20261123:1730"),
        (
            "700",
            "HKD",
            "Hongkong",
            "20261124:0930-20261124:1200;20261124:1300-20261124:1600",
        ),
    ],
)
def test_hours_are_told_in_the_time_of_the_exchange(
    open_stage: StageMaker, symbol: str, currency: str, zone: str, hours: str
) -> None:
    """At noon in New York it is already Tuesday in Hong Kong."""
    trader = open_stage(hours=Hours.REAL).trader()
    said = trader.ask(
        "reqContractDetails", reqId=4, c_symbol=symbol, c_secType="STK", c_currency=currency
    )
    shown = said[0].fields

    assert shown["d.timeZoneId"] == zone
    assert shown["d.liquidHours"].startswith(hours)


def test_option_parameters_are_told_for_every_exchange(trader: Any) -> None:
    """The same days and strikes on each, then the end."""
    said = trader.ask(
        "reqSecDefOptParams",
        reqId=4,
        underlyingSymbol="SPY",
        futFopExchange="",
        underlyingSecType="STK",
        underlyingConId=756733,
    )

    *rows, end = said
    assert end.name == "securityDefinitionOptionParameterEnd"
    assert {row.fields["exchange"] for row in rows} >= {"SMART", "CBOE", "PHLX"}
    assert {row.fields["tradingClass"] for row in rows} == {"SPY"}
    assert {row.fields["multiplier"] for row in rows} == {"100"}
    assert {"expiration": "20261218"} in rows[0].fields["expirations"]
    assert {"strike": Decimal(700)} in rows[0].fields["strikes"]
    assert all(row.fields["strikes"] == rows[0].fields["strikes"] for row in rows)


def test_option_parameters_end_at_once_where_there_are_none(
    trader: Any, told: Told
) -> None:
    """No options on Ford or on futures; an unknown underlying is an error."""
    nothing = ["securityDefinitionOptionParameterEnd"]

    assert (
        told(trader.ask("reqSecDefOptParams", reqId=4, underlyingConId=9599491)) == nothing
    )
    assert (
        told(
            trader.ask(
                "reqSecDefOptParams",
                reqId=4,
                underlyingConId=11004968,
                futFopExchange="CME",
            )
        )
        == nothing
    )
    assert told(trader.ask("reqSecDefOptParams", reqId=4, underlyingConId=1)) == [
        "error 200"
    ]


def test_letters_of_exchanges_are_told(trader: Any, told: Told) -> None:
    """For the code that ticks of American stocks carry; another is refused."""
    (said,) = trader.ask("reqSmartComponents", reqId=4, bboExchange="9c0001")

    letters = {r["exchange"]: r["exchangeLetter"] for r in said.fields["smartComponents"]}
    assert (letters["NYSE"], letters["ARCA"], letters["NASDAQ"]) == ("N", "P", "Q")
    assert len(set(letters.values())) == len(letters)
    assert told(trader.ask("reqSmartComponents", reqId=4, bboExchange="")) == ["error 321"]


def test_exchanges_with_depth_are_told(trader: Any) -> None:
    """With the kinds that trade there; an index does not trade."""
    (said,) = trader.ask("reqMktDepthExchanges")

    rows = said.fields["depthMktDataDescriptions"]
    kinds = {(row["exchange"], row["secType"]) for row in rows}
    assert kinds >= {
        ("ARCA", "STK"),
        ("IDEALPRO", "CASH"),
        ("CME", "FUT"),
        ("CBOE", "OPT"),
        ("LSE", "STK"),
    }
    assert "IND" not in {kind for _, kind in kinds}
    assert "SMART" not in {exchange for exchange, _ in kinds}


def test_a_combo_is_one_contract(trader: Any, told: Told) -> None:
    """Legs of a request name it; legs that make none are refused with the reason."""
    leg = {"conId": 265598, "ratio": 1, "action": "BUY", "exchange": "SMART"}
    other = {**leg, "conId": 272093, "action": "SELL"}

    def ask(*legs: dict[str, Any]) -> Any:
        return trader.ask(
            "reqMktData",
            reqId=4,
            c_symbol="AAPL,MSFT",
            c_secType="BAG",
            c_exchange="SMART",
            c_currency="USD",
            comboLegs=legs,
        )

    assert "error 200" not in told(ask(leg, other))
    assert (
        ask(leg, {**other, "conId": 5})[0]
        .fields["errorString"]
        .endswith("combo leg 5 is not a contract that can be traded")
    )
    assert told(ask(leg, {**other, "action": "SWAP"})) == ["error 321"]
    assert told(ask(leg, {**other, "ratio": 0})) == ["error 321"]
    assert told(ask(*[leg] * 9)) == ["error 321"]
    assert told(ask()) == ["error 200"]


@pytest.mark.parametrize(
    "contract",
    [
        {"c_conId": 265598},
        {"c_conId": 12087792},
        {"c_conId": 416904},
        {"c_conId": 479624278},
        {"c_symbol": "IBM", "c_secType": "BOND"},
        {"c_localSymbol": "ZNZ6", "c_secType": "FUT"},
        {"c_localSymbol": "SPY   261218P00650000", "c_secType": "OPT"},
    ],
)
def test_details_of_every_kind_survive_the_wire(
    trader: Any, contract: dict[str, Any]
) -> None:
    """What is said is what the newest clients read, to the last field."""
    codec = load_replies()
    said = trader.ask("reqContractDetails", reqId=4, **contract)[0]
    again = codec.decode(200, codec.encode(200, said))

    for name, value in said.fields.items():
        unset = value in ("", 2_147_483_647)
        assert again.fields[name] in (("", None) if unset else (value,)), name


def test_what_is_listed_follows_the_clock(open_stage: StageMaker) -> None:
    """Expiries begin today, whatever the date, and strikes surround what the stock trades at."""
    stage = open_stage(now=datetime(2029, 3, 1, 17, tzinfo=UTC))
    trader = stage.trader()

    def listed() -> Any:
        return trader.ask("reqSecDefOptParams", reqId=4, underlyingConId=756733)[0].fields

    today = listed()
    stage.now += timedelta(days=1)
    tomorrow = listed()
    said = trader.ask("reqMktData", reqId=5, c_conId=756733, c_exchange="SMART")
    (last,) = [
        m.fields["price"]
        for m in said
        if m.name == "tickPrice" and m.fields["tickType"] == LAST
    ]

    assert today["expirations"][0] == {"expiration": "20290301"}
    assert tomorrow["expirations"][0] == {"expiration": "20290302"}
    strikes = [row["strike"] for row in tomorrow["strikes"]]
    assert min(strikes) < last * Decimal("0.75")
    assert max(strikes) > last * Decimal("1.25")
    assert min(abs(strike - last) for strike in strikes) <= Decimal("0.5")
