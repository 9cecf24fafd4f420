"""The exchange without sockets: start-up, quotes, account, and what it does with anything else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner_lab.sim.exchange import ClientIdInUse, Exchange, Hours
from edgerunner_lab.sim.listing.universe import load_universe
from edgerunner_lab.sim.protocol.messages import Message

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
SPY = {"c_conId": 756733, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]


def names(messages: list[Message]) -> list[str]:
    """Return the names of messages."""
    return [message.name for message in messages]


def rows(messages: list[Message], key: str = "key") -> dict[tuple[str, str], str]:
    """Return account values: (key, currency) -> value."""
    listed: list[Any] = [m.fields for m in messages if key in m.fields]
    return {(row[key], row["currency"]): row["value"] for row in listed}


def test_a_client_is_greeted_with_accounts_next_id_and_farms(
    trader: Any, told: Told
) -> None:
    """ManagedAccounts and nextValidId come first, then the farm notices."""
    assert told(trader.heard) == [
        "managedAccounts",
        "nextValidId",
        "error 2104",
        "error 2106",
        "error 2158",
    ]
    assert trader.heard[0].fields["accountsList"] == "DU1000001"


def test_a_client_id_can_be_used_once_at_a_time(trader: Any) -> None:
    """A second connection with the id is turned away until the first is gone."""
    stage = trader.stage
    with pytest.raises(ClientIdInUse, match="client id 1 is already in use"):
        stage.exchange.attach(7, 1, 178, stage.now)
    stage.exchange.detach(trader.key)
    stage.exchange.detach(trader.key)

    assert stage.trader(client_id=1).heard
    assert stage.exchange.handle(555, Message("reqIds", {}), stage.now) == []


def test_every_start_up_request_ends(trader: Any) -> None:
    """What clients wait for while they connect."""
    assert names(trader.ask("reqPositions")) == ["positionEnd"]
    assert names(trader.ask("reqOpenOrders")) == ["openOrderEnd"]
    assert names(trader.ask("reqCompletedOrders", apiOnly=False)) == ["completedOrdersEnd"]
    assert names(trader.ask("reqExecutions", reqId=3)) == ["executionDataEnd"]
    multi = trader.ask(
        "reqAccountUpdatesMulti", reqId=4, account="DU1000001", ledgerAndNLV=False
    )
    assert names(multi)[-1] == "accountUpdateMultiEnd"
    said = trader.ask("reqAccountUpdates", subscribe=True, acctCode="")
    assert names(said)[-2:] == ["accountUpdateTime", "accountDownloadEnd"]
    values = rows(said)
    assert values["NetLiquidation", "USD"] == "100000.00"
    assert values["BuyingPower", "USD"] == "400000.00"
    assert values == rows(multi)
    assert names(trader.ask("reqManagedAccts")) == ["managedAccounts"]
    assert trader.ask("reqCurrentTime")[0].fields["time"] == int(NOON.timestamp())
    assert (
        trader.ask("reqCurrentTimeInMillis")[0].fields["timeInMillis"]
        == NOON.timestamp() * 1000
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("requestFA", 321),
        ("reqFundamentalData", 430),
        ("reqWshMetaData", 10276),
        ("reqWshEventData", 10276),
        ("subscribeToGroupEvents", 321),
        ("updateDisplayGroup", 321),
    ],
)
def test_what_is_not_served_is_refused_and_never_silent(
    trader: Any, told: Told, name: str, code: int
) -> None:
    """The broker's code, with the request's id."""
    said = trader.ask(name, reqId=77)

    assert told(said) == [f"error {code}"]
    assert said[0].fields["id"] == 77


def test_what_the_broker_does_not_answer_stays_unanswered(trader: Any) -> None:
    """Log levels and cancels of things that never were."""
    assert trader.ask("setServerLogLevel", logLevel=3) == []
    assert trader.ask("cancelFundamentalData", reqId=1) == []
    assert trader.ask("cancelHeadTimeStamp", reqId=1) == []


def test_the_exchange_says_when_it_wants_to_be_called(trader: Any) -> None:
    """Never without listeners; at the next step for quotes and orders, each second for profit."""
    exchange, now = trader.stage.exchange, trader.stage.now
    assert exchange.next_due() is None
    trader.ask("reqAccountUpdates", subscribe=True, acctCode="")
    assert exchange.next_due() > now + timedelta(seconds=100)
    trader.ask("reqPnL", reqId=1, account="", modelCode="")
    assert now < exchange.next_due() <= now + timedelta(seconds=1.1)
    trader.ask("reqMktData", reqId=2, **SPY)
    assert now < exchange.next_due() <= now + timedelta(seconds=0.26)
    trader.ask("cancelMktData", reqId=2)
    trader.place(1, "BUY", 1, o_orderType="LMT", o_lmtPrice=Decimal(600))
    assert exchange.next_due() <= now + timedelta(seconds=0.26)


def test_an_exchange_comes_back_from_its_snapshot(
    trader: Any, open_stage: StageMaker
) -> None:
    """Account, orders, counters and prices are those of before the restart."""
    trader.place(1, "BUY", 10)
    trader.place(2, "BUY", 10, o_orderType="LMT", o_lmtPrice=Decimal(600), o_tif="GTC")
    text = json.dumps(trader.stage.exchange.snapshot())
    stage = open_stage()
    stage.exchange.restore(json.loads(text))

    assert json.dumps(stage.exchange.snapshot()) == text
    again = stage.trader(client_id=1)
    assert again.heard[1].fields["orderId"] == 3
    assert names(again.ask("reqPositions")) == ["position", "positionEnd"]
    assert names(again.ask("reqOpenOrders"))[0] == "openOrder"
    assert names(again.ask("cancelOrder", orderId=2)) == ["orderStatus", "errMsg"]


def test_dirty_says_whether_there_is_something_to_save(trader: Any) -> None:
    """Orders make it so; looking does not."""
    exchange = trader.stage.exchange
    exchange.dirty = False
    trader.ask("reqPositions")
    trader.wait(1)
    assert not exchange.dirty
    trader.place(1, "BUY", 10, o_transmit=False)
    assert exchange.dirty


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": 99}, "schema 99, expected 1"),
        ({"seed": 8}, "belongs to seed 8, expected 7"),
        ({"orders": {}}, "cannot be read"),
        ({"account": None}, "cannot be read"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_refused(
    trader: Any, change: dict[str, Any], reason: str
) -> None:
    """In one line, and nothing is taken over."""
    exchange = trader.stage.exchange
    before = exchange.snapshot()
    with pytest.raises(ValueError, match=reason):
        exchange.restore({**before, **change})

    assert exchange.snapshot() == before


values = st.one_of(
    st.none(),
    st.integers(-5, 2**31),
    st.sampled_from([756733, 12087792, 1, 2, 3]),
    st.booleans(),
    st.decimals(allow_nan=False, allow_infinity=True, places=2),
    st.sampled_from(
        ["", "SPY", "STK", "SMART", "BUY", "MKT", "LMT", "1 D", "1 min", "TRADES", "é;,"]
    ),
    st.text(max_size=4),
    st.just(({"date": 1, "tag": "x"},)),
)
KEYS = [
    "reqId",
    "orderId",
    "c.conId",
    "c.symbol",
    "c.secType",
    "c.exchange",
    "c.currency",
    "o.action",
    "o.totalQuantity",
    "o.orderType",
    "o.lmtPrice",
    "o.auxPrice",
    "o.tif",
    "o.transmit",
    "o.account",
    "o.whatIf",
    "endDateTime",
    "barSizeSetting",
    "durationStr",
    "whatToShow",
    "useRTH",
    "formatDate",
    "keepUpToDate",
    "tickType",
    "pattern",
    "marketRuleId",
    "tags",
    "account",
    "acctCode",
    "subscribe",
    "snapshot",
    "genericTickList",
    "conid",
    "f.time",
]
REQUESTS = [
    "reqMktData",
    "cancelMktData",
    "placeOrder",
    "cancelOrder",
    "reqOpenOrders",
    "reqAccountUpdates",
    "reqExecutions",
    "reqContractDetails",
    "reqHistoricalData",
    "cancelHistoricalData",
    "reqRealTimeBars",
    "reqTickByTickData",
    "reqMatchingSymbols",
    "reqMarketRule",
    "reqPnL",
    "reqPnLSingle",
    "reqAccountSummary",
    "reqSecDefOptParams",
    "reqHeadTimeStamp",
    "reqAccountUpdatesMulti",
    "reqMarketDataType",
    "nonsense",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(REQUESTS), st.dictionaries(st.sampled_from(KEYS), values)
        ),
        max_size=12,
    )
)
def test_no_message_raises_or_loses_money(
    requests: list[tuple[str, dict[str, Any]]],
) -> None:
    """Whatever a client sends, there are answers and the account adds up."""
    exchange = Exchange(
        UNIVERSE, seed=7, cash=Decimal(100_000), hours=Hours.ALWAYS, now=NOON
    )
    exchange.attach(1, 1, 178, NOON)
    now = NOON
    for name, fields in requests:
        now += timedelta(seconds=0.3)
        exchange.handle(1, Message(name, fields), now)
    account = exchange.snapshot()["account"]
    basis = sum(
        Decimal(row["basis"]) for row in account["positions"] if row["con_id"] == 756733
    )

    if {row["con_id"] for row in account["positions"]} <= {756733}:
        assert Decimal(account["cash"]["USD"]) + basis == 100_000 + Decimal(
            account["realized"]
        )


UNIVERSE = load_universe()


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("reqUserInfo", "userInfo"),
        ("reqFamilyCodes", "familyCodes"),
        ("reqSoftDollarTiers", "softDollarTiers"),
        ("queryDisplayGroups", "displayGroupList"),
    ],
)
def test_what_a_user_does_not_have_is_answered_empty(
    trader: Any, told: Told, name: str, answer: str
) -> None:
    """An empty answer is an answer; silence would leave the client waiting."""
    assert told(trader.ask(name, reqId=5)) == [answer]
