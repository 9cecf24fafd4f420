"""R09, R12, R13 and R15: quantity, value, and the position it could lead to."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.facts import AccountSnapshot
from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard import rules_size, valuation
from edgerunner_lab.guard.checks import Unknown
from edgerunner_lab.guard.limits import Limits
from guard.builders import (
    ACCOUNT,
    LIVE_ACCOUNT,
    NOW,
    OLD_REF,
    a_ledger,
    a_live_snapshot,
    a_quote,
    a_snapshot,
    an_account,
    an_instrument,
    an_open_order,
    an_order,
    codes,
    denials,
    euro,
    judge,
    some_limits,
    wide_limits,
    working,
)


def worth(net_liquidation: Any, account: str = ACCOUNT) -> AccountSnapshot:
    """Return an account of that value."""
    return an_account(
        account=account,
        net_liquidation=net_liquidation,
        available_funds=Decimal(10**9),
        excess_liquidity=Decimal(10**9),
    )


# R09


def test_what_has_no_limit_is_not_traded() -> None:
    """A type that was forgotten is not unlimited."""
    limits = wide_limits().model_copy(update={"max_order_qty": {}})

    assert denials(limits=limits) == [
        "NO_LIMIT_SET: rule=max_order_qty, secType=STK — set a limit before trading this type"
    ]


# R12


@pytest.mark.parametrize(("quantity", "passes"), [(999, True), (1000, True), (1001, False)])
def test_the_quantity_of_an_order_is_bounded(quantity: int, *, passes: bool) -> None:
    """One below, at, and one above."""
    order = an_order(quantity)
    snapshot = a_snapshot(quote=a_quote("1.00", "1.01"))

    assert codes(order, snapshot) == ([] if passes else ["MAX_ORDER_QTY"])


def test_the_catalogue_line_of_a_quantity() -> None:
    """Word for word."""
    order = an_order(5000, limit="1.00", account=LIVE_ACCOUNT)

    assert denials(order, a_live_snapshot(quote=a_quote("1.00", "1.01"))) == [
        "MAX_ORDER_QTY: qty=5000, max=200, secType=STK"
    ]


def test_the_tightest_quantity_holds() -> None:
    """A symbol's own bound is the lower one, or does nothing."""
    lower = some_limits("[sim.by_symbol.SPY]\nmax_order_qty = 5\n")
    higher = some_limits("[sim.by_symbol.SPY]\nmax_order_qty = 5000\n")
    other = some_limits("[sim.by_symbol.QQQ]\nmax_order_qty = 5\n")
    cheap = a_snapshot(quote=a_quote("1.00", "1.01"))

    assert codes(an_order(6), limits=lower) == ["MAX_ORDER_QTY"]
    assert codes(an_order(5), limits=lower) == []
    assert codes(an_order(1001), cheap, higher) == ["MAX_ORDER_QTY"]
    assert codes(an_order(6), limits=other) == []


# R13


@pytest.mark.parametrize(("quantity", "passes"), [(98, True), (99, True), (100, False)])
def test_the_value_of_an_order_is_bounded_by_the_account(
    quantity: int, *, passes: bool
) -> None:
    """10 % of 100,000 at a limit of 101.00: 99 cost 9,999 and 100 cost 10,100."""
    assert codes(an_order(quantity, limit="101.00")) == (
        [] if passes else ["MAX_ORDER_NOTIONAL"]
    )


@pytest.mark.parametrize(("price", "passes"), [("100.00", True), ("100.01", False)])
def test_the_value_of_an_order_is_bounded_absolutely(price: str, *, passes: bool) -> None:
    """25,000 whatever the account is worth."""
    snapshot = a_snapshot(account=worth(Decimal(10_000_000)))

    assert codes(an_order(250, limit=price), snapshot) == (
        [] if passes else ["MAX_ORDER_NOTIONAL"]
    )


def test_the_catalogue_line_of_a_value() -> None:
    """Word for word, in the account's currency."""
    snapshot = a_live_snapshot(quote=a_quote("500.00", "500.10"))

    lines = denials(an_order(50, limit="500.10", account=LIVE_ACCOUNT), snapshot)

    assert lines[0] == (
        "MAX_ORDER_NOTIONAL: notional=25,005.00 USD (qty 50 × 500.10 × mult 1 × fx 1), max=5,000.00"
    )


def test_a_market_order_is_valued_at_the_collar() -> None:
    """Nothing bounds it nearer: 100.10 and 5 % of it."""
    assert judge(an_order(10)).notional == Decimal("1051.05")


def test_a_buy_stop_is_valued_beyond_its_trigger() -> None:
    """It is a market order from there on."""
    assert judge(an_order(10, stop="104.00")).notional == Decimal("1090.05")


def test_a_limit_buy_is_valued_at_its_limit() -> None:
    """It never costs more."""
    assert judge(an_order(10, limit="99.00")).notional == Decimal(990)


@pytest.mark.parametrize(
    ("prices", "value"),
    [
        ({}, 1000),
        ({"limit": "99.00"}, 1000),
        ({"limit": "103.00"}, 1030),
        ({"stop": "98.00"}, 1000),
    ],
)
def test_a_sale_is_never_valued_below_the_bid(prices: dict[str, Any], value: int) -> None:
    """A low limit does not make it small."""
    assert judge(an_order(10, side=Side.SELL, **prices)).notional == value


def test_multiplier_magnifier_and_currency_count() -> None:
    """Two contracts of 50 at 10,000 pence and 1.25 are worth 12,500."""
    future = an_instrument(
        sec_type=SecType.FUTURE, multiplier=Decimal(50), price_magnifier=100, currency="GBP"
    )
    snapshot = a_snapshot(
        quote=a_quote("9999.00", "10000.00"),
        fx_rate=Decimal("1.25"),
        account=worth(Decimal(10**7)),
    )
    order = an_order(2, limit="10000.00", instrument=future)

    assert judge(order, snapshot).notional == Decimal(12_500)
    assert "(qty 2 × 100 × mult 50 × fx 1.25)" in denials(
        order, replace(snapshot, account=worth(Decimal(10_000)))
    )[0].replace("100.00", "100")


def test_forex_is_bounded_in_units_and_in_value() -> None:
    """50,000 units, and 10 % of the account at the limit."""
    order = an_order(9000, limit="1.09000", instrument=euro())
    quote = a_quote("1.08990", "1.09000", con_id=order.instrument.con_id)
    rich = a_snapshot(quote=quote, account=worth(Decimal(10_000_000)))

    assert judge(order, a_snapshot(quote=quote)).notional == Decimal("9810.00")
    assert codes(replace(order, quantity=Decimal(9200)), a_snapshot(quote=quote)) == [
        "MAX_ORDER_NOTIONAL"
    ]
    assert codes(
        replace(order, quantity=Decimal(50_001)),
        rich,
        some_limits("max_order_notional = 100_000"),
    ) == ["MAX_ORDER_QTY"]


def test_an_unknown_multiplier_denies() -> None:
    """What cannot be valued is not sent."""
    order = an_order(1, instrument=an_instrument(sec_type=SecType.FUTURE, multiplier=None))

    assert denials(order) == [
        "MAX_ORDER_NOTIONAL: unknown=mult — what cannot be valued is not sent"
    ]


@pytest.mark.parametrize(
    "account",
    [
        None,
        worth(None),
        worth(Decimal("nan")),
        worth(Decimal(0)),
        worth(Decimal(-5)),
        worth(Decimal(100_000), account="DU7777777"),
    ],
)
def test_an_account_of_unknown_worth_denies(account: Any) -> None:
    """A part of nothing known is no limit."""
    assert denials(snapshot=a_snapshot(account=account)) == [
        "MAX_ORDER_NOTIONAL: unknown=NetLiquidation — what cannot be valued is not sent"
    ]


@pytest.mark.parametrize(
    "rate", [None, Decimal("nan"), Decimal(0), Decimal(-1), Decimal("inf")]
)
def test_an_unknown_exchange_rate_denies(rate: Any) -> None:
    """Yen are not dollars."""
    order = an_order(instrument=an_instrument(currency="JPY"))

    assert denials(order, a_snapshot(fx_rate=rate)) == [
        "FX_RATE_MISSING: currency=JPY, base=USD — no rate ≤ 24h; cannot value this order"
    ]


def test_an_unknown_rate_and_account_deny_together() -> None:
    """Both are shown."""
    lines = denials(snapshot=a_snapshot(fx_rate=None, account=None))

    assert lines[0].startswith("FX_RATE_MISSING: currency=USD, base=unknown")
    assert lines[1].startswith("MAX_ORDER_NOTIONAL: unknown=NetLiquidation")


def test_a_symbols_own_value_holds_where_it_is_lower() -> None:
    """The effective limit is the lowest."""
    limits = some_limits("[sim.by_symbol.SPY]\nmax_order_notional = 1000\n")

    assert codes(an_order(10, limit="100.00"), limits=limits) == []
    assert codes(an_order(10, limit="100.01"), limits=limits) == ["MAX_ORDER_NOTIONAL"]


def test_a_modification_is_valued_by_what_can_still_trade() -> None:
    """Of 150 with 60 filled, 90 are left."""
    order = an_order(150, limit="100.00", replaces=OLD_REF)
    snapshot = a_snapshot(open_order=an_open_order(100, 60))

    assert judge(order, snapshot).notional == Decimal(9000)


# R15


@pytest.mark.parametrize(("quantity", "passes"), [(49, True), (50, True), (51, False)])
def test_the_position_after_an_order_is_bounded(quantity: int, *, passes: bool) -> None:
    """20 % of 100,000 at a limit of 100.00 are 200 shares; 150 are held."""
    found = codes(an_order(quantity, limit="100.00"), a_snapshot(position=Decimal(150)))

    assert found == ([] if passes else ["MAX_POSITION"])


def test_everything_that_works_counts_against_the_position() -> None:
    """Held, working at the broker from anywhere, and reserved by other kernels."""
    snapshot = a_snapshot(
        position=Decimal(80),
        broker_working=(working(20, ref="perm:1"),),
        ledger=a_ledger(working=(working(10, ref="ELB:B"),)),
    )
    limits = some_limits("[sim.max_position_qty]\nSTK = 100\n")

    assert denials(an_order(10, limit="100.00"), snapshot, limits) == [
        "MAX_POSITION: pos=80, working=20, reserved=10, after=120, max=100"
    ]


def test_an_order_known_to_both_counts_once_with_its_larger_remainder() -> None:
    """The broker may already have filled it, or the ledger may not have heard of its change."""
    ledger = a_ledger(working=(working(15, ref="A"), working(5, ref="B")))
    snapshot = a_snapshot(
        broker_working=(working(10, ref="A"), working(9, ref="B")), ledger=ledger
    )

    order = an_order(10)
    reach = valuation.reach_of(order, order.quantity, snapshot)

    assert (reach.working, reach.reserved, reach.after) == (19, 5, 34)


def test_orders_under_one_reference_are_summed() -> None:
    """Legs of a foreign bracket may share it."""
    snapshot = a_snapshot(broker_working=(working(10, ref="X"), working(10, ref="X")))

    order = an_order(10)

    assert valuation.reach_of(order, order.quantity, snapshot).after == 30


@pytest.mark.parametrize(
    "other",
    [
        working(1000, side=Side.SELL),
        working(1000, con_id=1),
        working(1000, ref=an_order().order_ref),
    ],
)
def test_what_does_not_add_to_the_position_does_not_count(other: Any) -> None:
    """The other side, another instrument, or the very order being judged."""
    assert codes(snapshot=a_snapshot(broker_working=(other,))) == []


def test_coming_back_towards_zero_is_never_too_much() -> None:
    """A position beyond its limit can always be reduced."""
    snapshot = a_snapshot(position=Decimal(500))

    assert codes(an_order(50, side=Side.SELL, limit="100.00"), snapshot) == []


@pytest.mark.parametrize(("quantity", "passes"), [(51, True), (52, False)])
def test_a_short_position_is_bounded_like_a_long_one(
    quantity: int, *, passes: bool
) -> None:
    """The side of the order decides which way is outward."""
    limits = some_limits("[sim.max_position_qty]\nSTK = 41\n")
    snapshot = a_snapshot(position=Decimal(10))

    found = codes(an_order(quantity, side=Side.SELL, limit="100.00"), snapshot, limits)

    assert found == ([] if passes else ["MAX_POSITION"])


@pytest.mark.parametrize(
    "position", [None, Decimal("nan"), Decimal("inf"), Decimal("1.797e308")]
)
def test_an_unknown_position_denies(position: Any) -> None:
    """A missing end message is not flat."""
    assert denials(snapshot=a_snapshot(position=position)) == [
        "MAX_POSITION: unknown=position — what cannot be valued is not sent"
    ]


@pytest.mark.parametrize("remaining", [Decimal("nan"), Decimal(-1), Decimal("inf")])
def test_working_orders_that_make_no_sense_deny(remaining: Any) -> None:
    """At the broker or in the ledger."""
    other = (working(remaining),)

    for snapshot in (
        a_snapshot(broker_working=other),
        a_snapshot(ledger=a_ledger(working=other)),
    ):
        assert denials(snapshot=snapshot) == [
            "MAX_POSITION: unknown=working orders — what cannot be valued is not sent"
        ]


def test_a_symbols_own_position_holds_with_and_without_a_general_one() -> None:
    """The lowest of what is set."""
    own = "[sim.by_symbol.SPY]\nmax_position_qty = 9\n"
    both = own + "[sim.max_position_qty]\nSTK = 8\n"

    assert codes(an_order(9), limits=some_limits(own)) == []
    assert codes(an_order(10), limits=some_limits(own)) == ["MAX_POSITION"]
    assert codes(an_order(9), limits=some_limits(both)) == ["MAX_POSITION"]


def test_limits_hold_over_two_kernels_together() -> None:
    """What another kernel has reserved leaves less for this one, never more (property 6)."""
    alone = {
        quantity
        for quantity in range(1, 120)
        if not codes(an_order(quantity, limit="100.00"))
    }
    beside = a_snapshot(ledger=a_ledger(working=(working(150, ref="ELB:OTHER"),)))
    together = {
        quantity
        for quantity in range(1, 120)
        if not codes(an_order(quantity, limit="100.00"), beside)
    }

    assert together < alone
    assert max(together) == 50


# Asked by themselves, the rules guess nothing.


@pytest.mark.parametrize(
    ("rule", "order", "snapshot", "limits"),
    [
        (
            rules_size.quantity_is_small,
            an_order(),
            a_snapshot(),
            wide_limits().model_copy(update={"max_order_qty": {}}),
        ),
        (
            rules_size.value_is_small,
            an_order(),
            a_snapshot(),
            wide_limits().model_copy(update={"collar_passive_pct": {}}),
        ),
        (
            rules_size.value_is_small,
            an_order(replaces=OLD_REF),
            a_snapshot(),
            Limits.defaults(Mode.SIM),
        ),
        (
            rules_size.value_is_small,
            an_order(instrument=an_instrument(price_magnifier=0)),
            a_snapshot(),
            Limits.defaults(Mode.SIM),
        ),
    ],
)
def test_a_rule_without_its_input_does_not_judge(
    rule: Any, order: Any, snapshot: Any, limits: Limits
) -> None:
    """It says so, and the gate denies."""
    with pytest.raises(Unknown):
        rule(order, snapshot, limits, NOW)


def test_the_reach_without_a_ledger_is_unknown() -> None:
    """Reservations of other kernels would be missing."""
    order = an_order()

    with pytest.raises(Unknown, match="ledger"):
        valuation.reach_of(order, order.quantity, a_snapshot(ledger=None))


# An exit.


@pytest.mark.parametrize(
    ("position", "side", "quantity", "selling", "passes"),
    [
        (10, Side.SELL, 10, 0, True),
        (10, Side.SELL, 4, 6, True),
        (10, Side.SELL, 11, 0, False),
        (10, Side.SELL, 10, 1, False),
        (-10, Side.BUY, 10, 0, True),
        (-10, Side.BUY, 11, 0, False),
        (0, Side.SELL, 1, 0, False),
        (10, Side.BUY, 1, 0, False),
    ],
)
def test_an_exit_never_goes_through_zero(
    position: int, side: Side, quantity: int, selling: int, *, passes: bool
) -> None:
    """With everything that works on its side."""
    order = an_order(quantity, side=side, is_exit=True)
    snapshot = a_snapshot(
        position=Decimal(position), broker_working=(working(selling, side=side),)
    )

    assert codes(order, snapshot) == ([] if passes else ["EXIT_ONLY"])


def test_an_exit_is_not_held_to_the_size_of_orders() -> None:
    """2,000 shares are left at once, although no order may be larger than 1,000; other orders stay bounded."""
    held = a_snapshot(position=Decimal(2000))
    limits = some_limits("max_position_pct = 1000")

    assert codes(an_order(2000, side=Side.SELL, is_exit=True), held, limits) == []
    assert "MAX_ORDER_QTY" in codes(an_order(2000, side=Side.SELL), held, limits)


def test_the_line_of_an_exit_that_would_open_a_position() -> None:
    """What is held, what works, and where it would end."""
    order = an_order(10, side=Side.SELL, is_exit=True)
    snapshot = a_snapshot(
        position=Decimal(10), broker_working=(working(10, side=Side.SELL),)
    )

    assert denials(order, snapshot) == [
        "EXIT_ONLY: pos=+10, working=10, after=-10 — another exit is on its way: look at %orders"
    ]
