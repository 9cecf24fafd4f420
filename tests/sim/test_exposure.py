"""What working orders may still trade together, kept up to date order by order."""

from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.accounts.book import Side
from edgerunner_lab.sim.orders.orders import Order, OrderType, Status, Terms, Tif
from edgerunner_lab.sim.orders.registry import Registry

NOW = 1_795_000_000


def an_order(registry: Registry, number: int, size: int = 10, **more: Any) -> Order:
    """Return a working order of SPY."""
    fields: dict[str, Any] = {
        "con_id": 756733,
        "exchange": "SMART",
        "side": Side.BUY,
        "quantity": Decimal(size),
        "order_type": OrderType.LIMIT,
        "limit": 60_000,
        "stop": None,
        "tif": Tif.DAY,
        "outside_rth": False,
        "account": "DU1",
        "order_ref": "",
        **more,
    }
    order = registry.open(1, number, Terms(**fields), at=NOW)
    order.move(Status.PRE_SUBMITTED, at=NOW)
    registry.recount(order)
    return order


def sums(
    registry: Registry, without: Order | None = None
) -> dict[str, tuple[int, int | None]]:
    """Return size and highest price of each side."""
    return {
        reserve.side.name: (int(reserve.size), reserve.asked)
        for reserve in registry.reserves(without)
    }


def test_sizes_add_up_by_side_and_the_highest_price_counts() -> None:
    """Market orders name no price."""
    registry = Registry.opened(NOW)
    an_order(registry, 1)
    last = an_order(registry, 2, 5, limit=61_000)
    an_order(registry, 3, 7, side=Side.SELL, order_type=OrderType.MARKET, limit=None)

    assert sums(registry) == {"BUY": (15, 61_000), "SELL": (7, None)}
    assert [r.is_at_market for r in registry.reserves()] == [False, True]
    assert sums(registry, last) == {"BUY": (10, 60_000), "SELL": (7, None)}
    assert sums(registry) == {"BUY": (15, 61_000), "SELL": (7, None)}


def test_children_count_once_their_parent_is_gone() -> None:
    """Until then they only close what it will open."""
    registry = Registry.opened(NOW)
    parent = an_order(registry, 1)
    an_order(registry, 2, side=Side.SELL, parent_id=1, oca_group="exits")
    an_order(registry, 3, 6, side=Side.SELL, parent_id=1, oca_group="exits")
    assert sums(registry) == {"BUY": (10, 60_000)}

    parent.fill(Decimal(10), Decimal(600), at=NOW)
    registry.close(parent)

    assert sums(registry) == {"SELL": (10, 60_000)}


Deed: TypeAlias = tuple[str, int, int, str]
deeds = st.lists(
    st.tuples(
        st.sampled_from(["open", "fill", "close", "resize"]),
        st.integers(0, 9),
        st.integers(1, 9),
        st.sampled_from(["", "", "a", "b"]),
    ),
    max_size=40,
)


@given(deeds)
def test_the_sums_are_those_of_the_orders(done: list[Deed]) -> None:
    """Whatever happens, the reserve is the sum over the orders, with one order for each group."""
    registry = Registry.opened(NOW)
    orders: list[Order] = []
    for what, at, size, group in done:
        live = [order for order in orders if order.is_live]
        if what == "open" or not live:
            orders.append(an_order(registry, len(orders) + 1, size, oca_group=group))
            continue
        order = live[at % len(live)]
        if what == "fill" and order.remaining > 1:
            order.fill(Decimal(1), Decimal(600), at=NOW)
            registry.recount(order)
        elif what == "close":
            order.move(Status.CANCELLED, at=NOW)
            registry.close(order)
        elif what == "resize":
            values = {name: getattr(order.terms, name) for name in Terms.__slots__}
            values["quantity"] = order.filled + size
            registry.relink(order, Terms(**values))
    largest: dict[object, Decimal] = {}
    for order in orders:
        if order.is_live:
            name = order.terms.oca_group or order.key
            largest[name] = max(largest.get(name, Decimal(0)), order.remaining)

    total = sum(largest.values())
    assert sums(registry) == ({"BUY": (total, 60_000)} if total else {})
    assert sums(Registry.restored(registry.snapshot())) == sums(registry)
