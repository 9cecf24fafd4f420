"""What must hold for every order: no pass on bad input, monotonic in size, and tighter limits never pass more."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import PriceBand
from edgerunner_lab.core.errors import OrderDenied, UsageError
from edgerunner_lab.core.facts import AccountSnapshot
from edgerunner_lab.core.intents import OrderType, ProposedOrder, Side
from edgerunner_lab.guard.gate import SIZE_RULES
from edgerunner_lab.guard.limits import Limits, describe, tighten
from edgerunner_lab.guard.snapshot import Snapshot
from guard.builders import (
    ACCOUNT,
    NOW,
    OLD_REF,
    a_ledger,
    a_quote,
    a_session,
    a_snapshot,
    an_instrument,
    an_open_order,
    an_order,
    attempts,
    codes,
    denied,
    judge,
    repeat,
    working,
)

BAD_DECIMALS: Final = [
    None,
    Decimal("nan"),
    Decimal("snan"),
    Decimal("inf"),
    Decimal("-inf"),
    Decimal("1.7976931348623157E+308"),
    Decimal(-1),
]
BAD_FLOATS: Final = [None, float("nan"), float("inf"), float("-inf"), 1.797e308, -1.0]

# Every number that a decision looks at: name -> how to put a value there.
DECIMAL_INPUTS: Final[dict[str, Callable[[Any], tuple[ProposedOrder, Snapshot]]]] = {
    "quantity": lambda value: (an_order(value), a_snapshot()),
    "limit price": lambda value: (
        replace(an_order(limit="100.00"), limit_price=value),
        a_snapshot(),
    ),
    "trigger": lambda value: (
        replace(an_order(stop="101.00"), stop_price=value),
        a_snapshot(),
    ),
    "size increment": lambda value: (
        an_order(instrument=an_instrument(size_increment=value)),
        a_snapshot(),
    ),
    "smallest size": lambda value: (
        an_order(instrument=an_instrument(size_min=value)),
        a_snapshot(),
    ),
    "multiplier": lambda value: (
        an_order(instrument=an_instrument(multiplier=value)),
        a_snapshot(),
    ),
    "tick": lambda value: (
        an_order(
            instrument=an_instrument(
                price_bands=(PriceBand(low_edge=Decimal(0), increment=value),)
            )
        ),
        a_snapshot(),
    ),
    "bid": lambda value: (an_order(), a_snapshot(quote=a_quote(bid=value))),
    "ask": lambda value: (an_order(), a_snapshot(quote=a_quote(ask=value))),
    "bid size": lambda value: (an_order(), a_snapshot(quote=a_quote(bid_size=value))),
    "ask size": lambda value: (an_order(), a_snapshot(quote=a_quote(ask_size=value))),
    "exchange rate": lambda value: (an_order(), a_snapshot(fx_rate=value)),
    "net liquidation": lambda value: (
        an_order(),
        a_snapshot(
            account=AccountSnapshot(account=ACCOUNT, currency="USD", net_liquidation=value)
        ),
    ),
    "working at the broker": lambda value: (
        an_order(),
        a_snapshot(broker_working=(replace(working(), remaining=value),)),
    ),
    "working in the ledger": lambda value: (
        an_order(),
        a_snapshot(ledger=a_ledger(working=(replace(working(), remaining=value),))),
    ),
    "filled": lambda value: (
        an_order(20, limit="100.00", replaces=OLD_REF),
        a_snapshot(open_order=replace(an_open_order(), filled=value)),
    ),
}
FLOAT_INPUTS: Final[dict[str, Callable[[Any], Snapshot]]] = {
    "heartbeat": lambda value: a_snapshot(session=a_session(heartbeat_age_s=value)),
    "loop lag": lambda value: a_snapshot(session=a_session(loop_lag_s=value)),
    "quote time": lambda value: a_snapshot(quote=a_quote(received_mono=value)),
}


@pytest.mark.parametrize("value", BAD_DECIMALS, ids=str)
@pytest.mark.parametrize("name", DECIMAL_INPUTS)
def test_no_number_that_is_none_ever_passes(name: str, value: Decimal | None) -> None:
    """NaN, infinities, None, UNSET and −1, in any input (RISK I10)."""
    order, snapshot = DECIMAL_INPUTS[name](value)

    with pytest.raises(OrderDenied):
        judge(order, snapshot)


@pytest.mark.parametrize("value", [*BAD_DECIMALS[:-1]], ids=str)
def test_no_position_that_is_none_ever_passes(value: Decimal | None) -> None:
    """−1 is a short position, and everything else is unknown."""
    with pytest.raises(OrderDenied):
        judge(snapshot=a_snapshot(position=value))


@pytest.mark.parametrize("value", BAD_FLOATS, ids=str)
@pytest.mark.parametrize("name", FLOAT_INPUTS)
def test_no_age_that_is_none_ever_passes(name: str, value: float | None) -> None:
    """Neither does a quote of long ago."""
    with pytest.raises(OrderDenied):
        judge(snapshot=FLOAT_INPUTS[name](value))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -1.0])
def test_no_clock_that_is_none_ever_passes(value: float) -> None:
    """The present is an input, too."""
    with pytest.raises(OrderDenied):
        judge(snapshot=a_snapshot(now_mono=value))


sides = st.sampled_from(Side)
quantities = st.integers(1, 3000).map(Decimal)
prices = st.integers(5000, 15000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def orders(draw: st.DrawFn) -> ProposedOrder:
    """Orders of every type that is carried, some absurd."""
    kind = draw(
        st.sampled_from([(False, False), (True, False), (False, True), (True, True)])
    )
    return an_order(
        draw(quantities),
        side=draw(sides),
        limit=draw(prices) if kind[0] else None,
        stop=draw(prices) if kind[1] else None,
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Accounts with a position, orders at work and a past."""
    bid = draw(prices)
    work = st.builds(working, st.integers(0, 300), side=sides, ref=st.sampled_from("AB"))
    ages = st.lists(st.floats(0, 4000), max_size=6)
    return a_snapshot(
        quote=a_quote(
            bid,
            bid + Decimal(draw(st.integers(0, 250))) / 100,
            received_mono=1000.0 - draw(st.floats(0, 20)),
        ),
        position=draw(st.integers(-400, 400).map(Decimal)),
        broker_working=tuple(draw(st.lists(work, max_size=3))),
        ledger=a_ledger(
            working=tuple(draw(st.lists(work, max_size=3))),
            attempts=attempts(*draw(ages)),
            repeats=tuple(repeat(age) for age in draw(ages)),
        ),
    )


def size_codes(order: ProposedOrder, snapshot: Snapshot, limits: Limits) -> set[str]:
    """Return what the size rules alone deny."""
    return set(codes(order, snapshot, limits)) & {rule.code for rule in SIZE_RULES}


@given(orders(), snapshots(), st.integers(1, 500))
def test_what_is_too_much_stays_too_much_when_it_grows(
    order: ProposedOrder, snapshot: Snapshot, more: int
) -> None:
    """A size or exposure rule that denies a quantity denies every larger one (property 2)."""
    limits = Limits.defaults(Mode.SIM)

    smaller = size_codes(order, snapshot, limits)
    larger = size_codes(replace(order, quantity=order.quantity + more), snapshot, limits)

    assert smaller <= larger


@given(
    orders(),
    snapshots(),
    st.sampled_from(list(Mode)[:2]),
    st.sampled_from([line.name for line in describe(Limits.defaults(Mode.SIM))]),
    st.integers(1, 99),
)
def test_a_tighter_limit_never_lets_more_through(
    order: ProposedOrder, snapshot: Snapshot, mode: Mode, name: str, percent: int
) -> None:
    """Every limit there is, tightened by any part (property 4)."""
    snapshot = replace(snapshot, session=replace(snapshot.session, mode=mode))
    limits = Limits.defaults(mode)
    value = next(line.value for line in describe(limits) if line.name == name)
    candidates = (
        ["true"]
        if value in ("true", "false")
        else [
            f"{Decimal(value) * percent / 100:f}",
            f"{max(Decimal(value) * percent // 100, Decimal(1)):f}",
            f"{Decimal(value) * (100 + percent) / 100:f}",
        ]
    )
    for candidate in candidates:
        try:
            tighter = tighten(limits, name, candidate)
        except UsageError:
            continue

        if codes(order, snapshot, limits):
            assert codes(order, snapshot, tighter)


@given(orders(), snapshots())
def test_what_is_offered_passes(order: ProposedOrder, snapshot: Snapshot) -> None:
    """The nearest order, read back from its own fields, meets no rule, and is never larger."""
    offered = denied(order, snapshot).nearest if codes(order, snapshot) else None
    if offered is None:
        event("nothing is offered")
        return
    words = offered.split()
    found = dict(zip(words[3::2], words[4::2], strict=False))

    again = an_order(
        words[1], side=order.side, limit=found.get("lmt"), stop=found.get("stp")
    )

    assert again.order_type is order.order_type
    assert again.quantity <= order.quantity
    attempted = attempts(0)
    assert snapshot.ledger is not None
    later = replace(
        snapshot,
        ledger=replace(snapshot.ledger, attempts=snapshot.ledger.attempts + attempted),
    )
    assert codes(again, later) == []


@given(orders(), snapshots(), st.integers(0, 300), sides)
def test_a_second_kernel_never_makes_more_pass(
    order: ProposedOrder, snapshot: Snapshot, reserved: int, side: Side
) -> None:
    """What passes beside another's reservation passes without it (property 6)."""
    assert snapshot.ledger is not None
    other = working(reserved, side=side, ref="ELB:OTHER")
    both = replace(
        snapshot,
        ledger=replace(snapshot.ledger, working=(*snapshot.ledger.working, other)),
    )

    if not codes(order, both):
        assert not codes(order, snapshot)


@given(orders(), snapshots())
def test_an_approval_is_within_every_limit(
    order: ProposedOrder, snapshot: Snapshot
) -> None:
    """Checked by arithmetic of its own."""
    if codes(order, snapshot):
        return
    approved = judge(order, snapshot, now=NOW)

    assert order.quantity <= 1000
    assert approved.notional <= 10_000
    assert snapshot.quote is not None
    assert snapshot.quote.bid is not None
    assert snapshot.quote.ask is not None
    if order.order_type is OrderType.LIMIT:
        assert order.limit_price is not None
        assert (
            order.limit_price <= snapshot.quote.ask * Decimal("1.05")
            or order.side is Side.SELL
        )
        assert (
            order.limit_price >= snapshot.quote.bid * Decimal("0.95")
            or order.side is Side.BUY
        )
