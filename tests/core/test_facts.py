"""Facts: what they derive from what was reported."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from edgerunner_lab.core.facts import MarketDataType, OrderUpdate, Quote
from edgerunner_lab.core.intents import OrderType, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState

UPDATE = OrderUpdate(
    order_ref="ELB:1",
    name="",
    order_id=1,
    perm_id=2,
    client_id=3,
    account="DU1000001",
    con_id=756733,
    symbol="SPY",
    side=Side.BUY,
    quantity=Decimal(10),
    order_type=OrderType.MARKET,
    limit_price=None,
    stop_price=None,
    tif=TimeInForce.DAY,
    state=OrderState.WORKING,
    filled=Decimal(4),
    average_price=None,
    reason="",
    updated_at=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
)


@pytest.mark.parametrize("state", OrderState)
def test_what_remains_is_what_may_still_trade(state: OrderState) -> None:
    """An order in doubt still counts; one that has ended does not, however little filled."""
    expected = Decimal(6) if state.is_open else Decimal(0)

    assert replace(UPDATE, state=state).remaining == expected


@pytest.mark.parametrize(
    ("last", "close", "change"),
    [
        (Decimal("501.25"), Decimal(500), Decimal("1.25")),
        (None, Decimal(500), None),
        (Decimal(500), None, None),
    ],
)
def test_a_change_needs_both_ends(
    last: Decimal | None, close: Decimal | None, change: Decimal | None
) -> None:
    """Unknown is not zero."""
    assert Quote(con_id=1, symbol="SPY", last=last, close=close).change == change


def test_market_data_types_are_numbered_as_the_broker_numbers_them() -> None:
    """The number is what comes over the wire."""
    assert [MarketDataType(number).name for number in range(1, 5)] == [
        "LIVE",
        "FROZEN",
        "DELAYED",
        "DELAYED_FROZEN",
    ]
