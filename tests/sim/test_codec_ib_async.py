"""Replies as the unmodified ib_async reads them: a second, independent reading of the protocol."""

import dataclasses
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import ib_async
import pytest
from ib_async.decoder import Decoder

from edgerunner_lab.sim.protocol.codec import CONDITION_TYPES, load_replies
from edgerunner_lab.sim.protocol.layouts import (
    Block,
    Field,
    Group,
    Kind,
    Parts,
    Table,
    load_table,
)
from edgerunner_lab.sim.protocol.messages import Fields, Message, Value
from edgerunner_lab.sim.protocol.wire import split
from rigs.decoding import Heard

REPLIES = load_replies()
TABLE = Table(load_table("replies"))

VERSIONS = pytest.mark.parametrize("version", [157, 163, 166, 170, 176, 177, 178])


def heard(version: int, message: Message) -> list[tuple[str, tuple[Any, ...]]]:
    """Return what ib_async understands of `message` at `version`."""
    wrapper = Heard()
    decoder = Decoder(wrapper, version)  # pyright: ignore[reportArgumentType]  it only calls it
    fields = split(REPLIES.encode(version, message))
    handlers: dict[int, Any] = decoder.handlers  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  untyped there
    # Not through interpret(), which would log what is wrong and go on.
    handlers[int(fields[0])](fields)
    return wrapper.calls


def parts_of(name: str, version: int) -> Parts:
    """Return the layout of a reply."""
    return next(layout.parts for layout in TABLE.at(version) if layout.name == name)


def filled(parts: Parts, numbers: Iterator[int]) -> dict[str, Value]:
    """Return a different value for every field, with two elements in every group."""
    values: dict[str, Value] = {}
    for part in parts:
        number = next(numbers)
        if isinstance(part, Block):
            values |= filled(part.parts, numbers)
        elif isinstance(part, Group):
            pair = (filled(part.parts, numbers), filled(part.parts, numbers))
            values[part.name] = tuple(pair)
        else:
            values[part.name] = value_of(part, number)
    return values


def value_of(part: Field, number: int) -> Value:
    """Return a value of the field's kind that no other field has."""
    match part.kind:
        case Kind.TEXT:
            return f"{part.name}-{number}"
        case Kind.BOOL:
            return number % 2 == 0
        case Kind.INTEGER | Kind.LONG:
            return number
        case _:
            return Decimal(number) + Decimal("0.25")


def conditions() -> tuple[Fields, ...]:
    """Return one order condition of every kind."""
    [group] = [
        part
        for part in parts_of("openOrder", 178)
        if isinstance(part, Group) and part.name == "conditions"
    ]
    elements: list[Fields] = []
    for kind in sorted(CONDITION_TYPES):
        chosen = tuple(
            part
            for part in group.parts
            if not isinstance(part, Block) or part.condition == f"type={kind}"
        )
        values = filled(chosen, itertools.count(10_000 + 100 * kind))
        elements.append({**values, "condType": kind, "conjunction": "a"})
    return tuple(elements)


def full_order(name: str, version: int) -> dict[str, Value]:
    """Return fields that bring every block of an order message onto the wire."""
    values = filled(parts_of(name, version), itertools.count(1001))
    return {
        **values,
        "o.orderType": "PEG BENCH",
        "dncPresent": True,
        "conditions": conditions(),
    }


def attribute(target: Any, path: str) -> Any:
    """Return the attribute at a dotted path."""
    for name in path.split("."):
        target = getattr(target, name)
    return target


def same(read: Any, sent: Value) -> bool:
    """Return True when ib_async's value is the value sent."""
    if isinstance(sent, Decimal):
        return read == float(sent)
    return type(read) is type(sent) and read == sent


def check(sent: Fields, targets: dict[str, Any], *, skipped: tuple[str, ...]) -> None:
    """Compare every field that names one of the targets by its prefix."""
    compared = 0
    for name, value in sent.items():
        prefix, _, path = name.partition(".")
        if path and prefix in targets and name not in skipped:
            assert same(attribute(targets[prefix], path), value), name
            compared += 1
    assert compared > 20


def check_groups(sent: Fields, order: Any, contract: Any) -> None:
    """Compare legs, parameters and conditions, which are lists."""
    for name, target in (
        ("comboLegs", contract.comboLegs),
        ("orderComboLegs", order.orderComboLegs),
        ("smartComboRoutingParams", order.smartComboRoutingParams),
        ("algoParams", order.algoParams),
    ):
        elements = sent[name]
        assert isinstance(elements, tuple)
        for element, read in zip(elements, target, strict=True):
            for key, value in element.items():
                assert same(getattr(read, key), value), (name, key)
    elements = sent["conditions"]
    assert isinstance(elements, tuple)
    for element, read in zip(elements, order.conditions, strict=True):
        [kind, *values] = [element["condType"], *list(element.values())[1:]]
        attributes = list(dataclasses.asdict(read).values())
        assert read.condType == kind
        # Fields of a condition have other names there, but the same order.
        for mine, theirs in zip([kind, *values], attributes, strict=True):
            assert same(theirs, mine) or theirs == mine, (kind, mine, theirs)


@VERSIONS
def test_ib_async_reads_every_field_of_an_open_order(version: int) -> None:
    """A different value in every field, every block present, and each attribute compared."""
    sent = full_order("openOrder", version)

    [(method, (order_id, contract, order, state))] = heard(
        version, Message("openOrder", sent)
    )

    assert (method, order_id) == ("openOrder", sent["o.orderId"])
    check(
        sent,
        {"o": order, "c": contract, "s": state},
        skipped=(),
    )
    check_groups(sent, order, contract)


@VERSIONS
def test_ib_async_reads_every_field_of_a_completed_order(version: int) -> None:
    """The same for orders that are over."""
    sent = full_order("completedOrder", version)

    [(method, (contract, order, state))] = heard(version, Message("completedOrder", sent))

    assert method == "completedOrder"
    check(sent, {"o": order, "c": contract, "s": state}, skipped=())
    check_groups(sent, order, contract)


@VERSIONS
def test_ib_async_reads_a_plain_order_as_a_gateway_sends_it(version: int) -> None:
    """With only what a limit order sets; the rest is the customary text of unset fields."""
    sent: dict[str, Value] = {
        "o.orderId": 5,
        "c.conId": 265598,
        "c.symbol": "AAPL",
        "c.secType": "STK",
        "o.action": "BUY",
        "o.totalQuantity": Decimal(10),
        "o.orderType": "LMT",
        "o.lmtPrice": Decimal("150.25"),
        "s.status": "Submitted",
    }

    [(_, (_, contract, order, state))] = heard(version, Message("openOrder", sent))

    assert (contract.conId, contract.symbol, contract.right) == (265598, "AAPL", "?")
    assert (order.lmtPrice, order.totalQuantity, order.tif) == (150.25, 10.0, "DAY")
    assert order.minQty == ib_async.util.UNSET_INTEGER
    assert order.trailStopPrice == ib_async.util.UNSET_DOUBLE
    assert order.deltaNeutralOrderType == "None"
    assert state.status == "Submitted"
    assert state.commission == ib_async.util.UNSET_DOUBLE


@VERSIONS
def test_ib_async_reads_every_field_of_an_execution(version: int) -> None:
    """With its time zone."""
    sent = filled(parts_of("executionData", version), itertools.count(1001))
    sent["e.time"] = "20261123 10:00:00 US/Eastern"

    [(method, (req_id, contract, execution))] = heard(
        version, Message("executionData", sent)
    )

    assert (method, req_id) == ("execDetails", sent["reqId"])
    check(sent, {"e": execution, "c": contract}, skipped=("e.time",))
    assert execution.time == datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@VERSIONS
@pytest.mark.parametrize("name", ["contractData", "bondContractData"])
def test_ib_async_reads_every_field_of_contract_details(name: str, version: int) -> None:
    """A long name goes through its escapes, a bond's coupon is a whole number for it."""
    sent = filled(parts_of(name, version), itertools.count(1001))
    # It un-escapes the name of everything but bonds.
    long_name = "NESTLÉ SA" if name == "contractData" else "NESTLE SA"
    sent |= {"d.longName": long_name}
    if "d.coupon" in sent:
        sent["d.coupon"] = 5
    sent |= {"maturity": "20261218 16:00", "lastTradeDateOrContractMonth": "20261218 16:00"}

    [(_, (req_id, details))] = heard(version, Message(name, sent))

    assert req_id == sent["reqId"]
    check(sent, {"d": details, "c": details.contract}, skipped=())
    elements = sent["secIdList"]
    assert isinstance(elements, tuple)
    read = [{"tag": pair.tag, "value": pair.value} for pair in details.secIdList]
    assert read == list(elements)


INSTANT: Any = "1763906400"
"""The decoder leaves times to the wrapper."""

BAR: Fields = {
    "date": INSTANT,
    "open": 1.5,
    "high": 2.5,
    "low": 0.5,
    "close": 2.0,
    "volume": Decimal(100),
    "wap": 1.75,
    "barCount": 7,
}

CONTRACT: Fields = {"c.conId": 1, "c.symbol": "A", "c.secType": "STK", "c.currency": "USD"}

CALLS: list[tuple[str, Fields, list[tuple[str, tuple[Any, ...]]]]] = [
    (
        "tickPrice",
        {"reqId": 1, "tickType": 2, "price": Decimal("1.5"), "size": 3},
        [("priceSizeTick", (1, 2, 1.5, 3.0))],
    ),
    ("tickSize", {"reqId": 1, "tickType": 0, "size": 3}, [("tickSize", (1, 0, 3.0))]),
    (
        "tickString",
        {"reqId": 1, "tickType": 45, "value": "x"},
        [("tickString", (1, 45, "x"))],
    ),
    (
        "tickGeneric",
        {"reqId": 1, "tickType": 49, "value": 0.0},
        [("tickGeneric", (1, 49, 0.0))],
    ),
    (
        "tickReqParams",
        {"tickerId": 1, "minTick": Decimal("0.01"), "bboExchange": "9c0001"},
        [("tickReqParams", (1, 0.01, "9c0001", 3))],
    ),
    (
        "orderStatus",
        {"orderId": 1, "status": "Filled", "filled": Decimal(2), "permId": 9, "whyHeld": ""},
        [("orderStatus", (1, "Filled", 2.0, 0.0, 0.0, 9, 0, 0.0, 0, "", 0.0))],
    ),
    (
        "errMsg",
        {"id": 3, "errorCode": 200, "errorString": "no", "errorTime": 5},
        [("error", (3, 200, "no", ""))],
    ),
    (
        "accountValue",
        {"key": "Cash", "value": "1", "currency": "USD", "accountName": "DU1"},
        [("updateAccountValue", ("Cash", "1", "USD", "DU1"))],
    ),
    (
        "accountSummary",
        {"reqId": 1, "account": "DU1", "tag": "T", "value": "2", "currency": "USD"},
        [("accountSummary", (1, "DU1", "T", "2", "USD"))],
    ),
    (
        "accountUpdateMulti",
        {"reqId": 1, "account": "DU1", "key": "T", "value": "2", "currency": "USD"},
        [("accountUpdateMulti", (1, "DU1", "", "T", "2", "USD"))],
    ),
    ("managedAccounts", {"accountsList": "DU1"}, [("managedAccounts", ("DU1",))]),
    ("nextValidId", {"orderId": 8}, [("nextValidId", (8,))]),
    ("currentTime", {"time": 9}, [("currentTime", (9,))]),
    (
        "pnl",
        {"reqId": 1, "dailyPnL": Decimal("1.5")},
        [("pnl", (1, 1.5, ib_async.util.UNSET_DOUBLE, ib_async.util.UNSET_DOUBLE))],
    ),
    (
        "pnlSingle",
        {"reqId": 1, "pos": 2, "dailyPnL": 1.5, "unrealizedPnL": 2.5, "value": 3.5},
        [("pnlSingle", (1, 2, 1.5, 2.5, ib_async.util.UNSET_DOUBLE, 3.5))],
    ),
    (
        "marketRule",
        {"marketRuleId": 26, "priceIncrements": ({"lowEdge": 0, "increment": 0.01},)},
        [("marketRule", (26, [ib_async.PriceIncrement(0.0, 0.01)]))],
    ),
    (
        "position",
        {**CONTRACT, "account": "DU1", "position": 2, "avgCost": 1.5},
        [("position", ("DU1", ib_async.Stock(conId=1, symbol="A", currency="USD", exchange=""), 2.0, 1.5))],
    ),
    (
        "historicalDataUpdate",
        {"reqId": 1, **BAR},
        [("historicalDataUpdate", (1, ib_async.BarData(date=INSTANT, open=1.5, high=2.5, low=0.5, close=2.0, volume=100.0, average=1.75, barCount=7)))],
    ),
    (
        "securityDefinitionOptionParameter",
        {"reqId": 1, "exchange": "SMART", "underlyingConId": 2, "tradingClass": "A", "multiplier": "100", "expirations": ({"expiration": "20261218"},), "strikes": ({"strike": 5},)},
        [("securityDefinitionOptionParameter", (1, "SMART", "2", "A", "100", ["20261218"], [5.0]))],
    ),
    ("positionEnd", {}, [("positionEnd", ())]),
    ("openOrderEnd", {}, [("openOrderEnd", ())]),
    ("completedOrdersEnd", {}, [("completedOrdersEnd", ())]),
    ("contractDataEnd", {"reqId": 1}, [("contractDetailsEnd", (1,))]),
    ("executionDataEnd", {"reqId": 1}, [("execDetailsEnd", (1,))]),
    ("accountDownloadEnd", {"accountName": "DU1"}, [("accountDownloadEnd", ("DU1",))]),
    ("tickSnapshotEnd", {"reqId": 1}, [("tickSnapshotEnd", (1,))]),
    ("marketDataType", {"reqId": 1, "marketDataType": 3}, [("marketDataType", (1, 3))]),
]  # fmt: skip
"""Reply -> its fields -> what ib_async's wrapper is called with."""


@pytest.mark.parametrize("version", [176, 178])
@pytest.mark.parametrize(
    ("name", "fields", "calls"), CALLS, ids=[call[0] for call in CALLS]
)
def test_ib_async_is_called_with_what_was_sent(
    name: str, fields: Fields, calls: list[tuple[str, tuple[Any, ...]]], version: int
) -> None:
    """The short replies, each with the arguments that the client's wrapper gets."""
    assert heard(version, Message(name, fields)) == calls


@pytest.mark.parametrize("version", [176, 178])
def test_ib_async_reads_history_bar_by_bar(version: int) -> None:
    """Eight fields a bar, and the end with the range."""
    fields: dict[str, Value] = {
        "reqId": 1,
        "startDateStr": "a",
        "endDateStr": "b",
        "bars": ({**BAR, "date": "20261120"}, BAR),
    }

    (_, (_, day)), (_, (_, instant)), end = heard(
        version, Message("historicalData", fields)
    )

    assert day.date == "20261120"
    assert instant.date == INSTANT
    assert (instant.volume, instant.average, instant.barCount) == (100.0, 1.75, 7)
    assert end == ("historicalDataEnd", (1, "a", "b"))
