"""Order states, and the registry that must survive a restart."""

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.orders.algos import Algo
from edgerunner_lab.sim.orders.conditions import Condition, ConditionKind
from edgerunner_lab.sim.orders.orders import (
    TRANSITIONS,
    Adjustment,
    Execution,
    Order,
    OrderType,
    Status,
    Terms,
    Tif,
    Trail,
)
from edgerunner_lab.sim.orders.registry import COMPLETED_MAX, Registry

NOW = 1_795_000_000


def some_terms(size: int = 10, order_type: OrderType = OrderType.LIMIT) -> Terms:
    """Return the terms of an order of SPY."""
    return Terms(
        con_id=756733,
        exchange="SMART",
        side=Side.BUY,
        quantity=Decimal(size),
        order_type=order_type,
        limit=50_000 if order_type.has_limit else None,
        stop=51_000 if order_type.has_stop else None,
        tif=Tif.DAY,
        outside_rth=False,
        account="DU1000001",
        order_ref="ref",
    )


def an_order(size: int = 10, order_type: OrderType = OrderType.LIMIT) -> Order:
    """Return an order that has been sent."""
    order = Registry.opened(NOW).open(1, 5, some_terms(size, order_type), at=NOW)
    order.move(Status.PRE_SUBMITTED, at=NOW)
    return order


def an_execution(registry: Registry, order: Order, realized: Decimal | None) -> Execution:
    """Return an execution of one share."""
    return Execution(
        exec_id=registry.next_exec_id(),
        con_id=756733,
        exchange="ARCA",
        account="DU1000001",
        client_id=order.client_id,
        order_id=order.order_id,
        perm_id=order.perm_id,
        order_ref="ref",
        side=Side.BUY,
        shares=Decimal(1),
        price=Decimal("500.00"),
        cumulative=Decimal(1),
        average_price=Decimal("500.00"),
        time=NOW,
        is_maker=False,
        commission=Decimal("1.00"),
        realized=realized,
    )


def test_fills_add_up_and_the_last_one_ends_the_order() -> None:
    """Average price is weighted by size."""
    order = an_order()
    order.move(Status.SUBMITTED, at=NOW)
    order.fill(Decimal(4), Decimal(500), at=NOW)

    assert (order.remaining, order.average_price, order.is_live) == (6, 500, True)

    order.fill(Decimal(6), Decimal(505), at=NOW + 1)

    assert (order.remaining, order.average_price, order.status) == (0, 503, Status.FILLED)
    assert (order.ended, order.reason) == (NOW + 1, "Filled Size: 10")
    assert not order.is_live


def test_an_order_without_fills_has_no_average_price() -> None:
    """Zero, as the broker reports it."""
    assert an_order().average_price == 0


def test_an_ended_order_cannot_live_again() -> None:
    """The state table has no way back."""
    order = an_order()
    order.move(Status.CANCELLED, at=NOW, reason="by the user")

    assert order.reason == "by the user"
    with pytest.raises(ValueError, match="cannot go from Cancelled to Submitted"):
        order.move(Status.SUBMITTED, at=NOW)


def test_moving_to_the_same_state_changes_nothing() -> None:
    """Repeated reports are harmless."""
    order = an_order()
    order.move(Status.CANCELLED, at=NOW)
    order.move(Status.CANCELLED, at=NOW + 9)

    assert order.ended == NOW


def test_a_stop_waits_until_it_is_triggered() -> None:
    """Only stops wait, and only once."""
    stop, limit = an_order(order_type=OrderType.STOP_LIMIT), an_order()

    assert stop.is_waiting_for_trigger
    assert not limit.is_waiting_for_trigger
    stop.is_triggered = True
    assert not stop.is_waiting_for_trigger


@given(st.lists(st.sampled_from(Status), max_size=8))
def test_only_listed_steps_are_possible(path: list[Status]) -> None:
    """Whatever is tried, the states an order went through follow the table."""
    order = Registry.opened(NOW).open(1, 5, some_terms(), at=NOW)
    seen = [order.status]
    for status in path:
        if status in TRANSITIONS[order.status] or status is order.status:
            order.move(status, at=NOW)
        else:
            with pytest.raises(ValueError, match="cannot go"):
                order.move(status, at=NOW)
        seen.append(order.status)

    assert all(b in TRANSITIONS[a] or a is b for a, b in pairwise(seen))


def test_numbers_are_never_given_twice() -> None:
    """Both permId and execId are unique, and permId fits what older clients read."""
    registry = Registry.opened(NOW)
    orders = [registry.open(client, 1, some_terms(), at=NOW) for client in range(5)]

    assert len({order.perm_id for order in orders}) == 5
    assert max(order.perm_id for order in orders) <= 2_147_483_647
    assert len({registry.next_exec_id() for _ in range(100)}) == 100


def test_the_next_order_id_lies_above_every_id_the_client_has_used() -> None:
    """Each client counts for itself."""
    registry = Registry.opened(NOW)
    registry.open(1, 7, some_terms(), at=NOW)
    registry.use(1, 3)

    assert registry.next_order_id(1) == 8
    assert registry.next_order_id(2) == 1


def test_held_orders_are_live_but_not_working() -> None:
    """An order that was not transmitted is known and invisible."""
    registry = Registry.opened(NOW)
    held = registry.open(1, 1, some_terms(), at=NOW)
    sent = registry.open(1, 2, some_terms(), at=NOW)
    sent.move(Status.PRE_SUBMITTED, at=NOW)

    assert list(registry.working()) == [sent]
    assert registry.live[1, 1] is held


def test_an_ended_order_is_found_among_the_completed() -> None:
    """The newest with the id, and none of another client."""
    registry = Registry.opened(NOW)
    order = registry.open(1, 1, some_terms(), at=NOW)
    order.move(Status.CANCELLED, at=NOW)
    registry.close(order)

    assert registry.finished(1, 1) is order
    assert registry.finished(2, 1) is None
    assert registry.live == {}


def test_old_completed_orders_are_forgotten() -> None:
    """Memory has a limit."""
    registry = Registry.opened(NOW)
    for number in range(COMPLETED_MAX + 5):
        order = registry.open(1, number + 1, some_terms(), at=NOW)
        order.move(Status.CANCELLED, at=NOW)
        registry.close(order)

    assert len(registry.completed) == len(registry.snapshot()["completed"]) == COMPLETED_MAX


def test_a_registry_comes_back_from_json_as_it_was() -> None:
    """Orders, fills and counters survive a restart."""
    registry = Registry.opened(NOW)
    resting = registry.open(1, 1, some_terms(order_type=OrderType.STOP), at=NOW)
    resting.move(Status.PRE_SUBMITTED, at=NOW)
    done = registry.open(2, 1, some_terms(1), at=NOW)
    done.move(Status.PRE_SUBMITTED, at=NOW)
    done.fill(Decimal(1), Decimal("500.00"), at=NOW)
    registry.close(done)
    registry.record(an_execution(registry, done, None))
    registry.record(an_execution(registry, done, Decimal("-1.25")))
    text = json.dumps(registry.snapshot())

    again = Registry.restored(json.loads(text))

    assert json.dumps(again.snapshot()) == text
    assert again.live == registry.live
    assert list(again.completed) == list(registry.completed)
    assert list(again.executions) == list(registry.executions)
    assert again.open(1, 9, some_terms(), at=NOW).perm_id == done.perm_id + 1


def test_every_term_survives_a_restart() -> None:
    """Trailing, conditions, adjustments, algorithms and links, to the last digit."""
    terms = replace(
        some_terms(order_type=OrderType.TRAIL),
        trail=Trail(percent=Decimal("1.5"), limit_offset=3),
        adjustment=Adjustment(
            trigger=52_000, order_type=OrderType.TRAIL, stop=50_500, trail=Trail(amount=20)
        ),
        conditions=(
            Condition(kind=ConditionKind.PRICE, level=Decimal("99.50"), con_id=265598),
            Condition(
                kind=ConditionKind.TIME, level=Decimal(NOW), time="20261123 12:00:00"
            ),
        ),
        algo=Algo(strategy="Twap", parameters=(("endTime", "12:00:00"),), end=NOW),
        minimum=Decimal(2),
        display=Decimal("2.5"),
        parent_id=4,
        oca_group="exits",
        oca_type=2,
        good_after=NOW,
        echo=(("o.hidden", True), ("o.rule80A", "I")),
    )
    registry = Registry.opened(NOW)
    registry.open(1, 4, some_terms(), at=NOW)
    order = registry.open(1, 5, terms, at=NOW)
    order.works_as, order.stop, order.touches = OrderType.TRAIL, 50_700, 1
    byhand = registry.open_by_hand(some_terms(), at=NOW)
    text = json.dumps(registry.snapshot())
    again = Registry.restored(json.loads(text))

    assert again.live == registry.live
    assert json.dumps(again.snapshot()) == text
    assert [child.key for child in again.children(again.live[1, 4])] == [order.key]
    assert again.open_by_hand(some_terms(), at=NOW).order_id == byhand.order_id - 1


def test_a_snapshot_from_before_there_were_more_terms_still_loads() -> None:
    """What an older gateway did not write takes its default; working prices are those of the terms."""
    registry = Registry.opened(NOW)
    order = registry.open(1, 1, some_terms(order_type=OrderType.STOP_LIMIT), at=NOW)
    order.move(Status.PRE_SUBMITTED, at=NOW)
    saved = json.loads(json.dumps(registry.snapshot()))
    row = saved["live"][0]
    saved["live"][0] = {name: row[name] for name in OLD_ORDER}
    saved["live"][0]["terms"] = {name: row["terms"][name] for name in OLD_TERMS}
    del saved["manual_orders"], saved["lapses"]

    assert Registry.restored(saved).live == registry.live


OLD_ORDER = (
    *("key", "client_id", "order_id", "perm_id", "terms", "placed", "status", "filled"),
    *("worth", "last_price", "commission", "is_triggered", "expires", "ended", "reason"),
)
OLD_TERMS = (
    *("con_id", "exchange", "side", "quantity", "order_type", "limit", "stop", "tif"),
    *("outside_rth", "account", "order_ref"),
)
"""What the rows of the first schema held."""


def test_a_damaged_registry_is_refused() -> None:
    """A missing part is an error, not an empty account."""
    saved = Registry.opened(NOW).snapshot()
    del saved["floors"]

    with pytest.raises(KeyError, match="floors"):
        Registry.restored(saved)
