"""The gate: what stops at once, what is shown together, what would pass, and who may make an approval."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import edgerunner_lab
from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import PriceBand
from edgerunner_lab.core.intents import OrderType, Part, Side, TimeInForce
from edgerunner_lab.guard.gate import ApprovedOrder, approve
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Latch, LatchState
from guard.builders import (
    LIVE_ACCOUNT,
    NOW,
    OLD_REF,
    a_ledger,
    a_live_snapshot,
    a_quote,
    a_session,
    a_snapshot,
    an_instrument,
    an_open_order,
    an_order,
    attempts,
    codes,
    denied,
    euro,
    judge,
    repeat,
    some_limits,
    wide_limits,
)

HALTED = Latch(state=LatchState.HALTED, by="user", at=NOW, reason="")


def test_an_approval_holds_what_it_was_based_on() -> None:
    """Order, market, limits, time and every check."""
    order, snapshot = an_order(10, limit="100.00"), a_snapshot()

    approved = judge(order, snapshot)

    assert approved.order is order
    assert approved.quote is snapshot.quote
    assert approved.reference_price == Decimal("100.10")
    assert approved.notional == Decimal(1000)
    assert approved.approved_at == NOW
    assert approved.limits_sha256 == Limits.defaults(Mode.SIM).sha256
    assert approved.warnings == ()


def test_the_reference_of_a_sale_is_the_bid() -> None:
    """What it would meet now."""
    assert judge(an_order(side=Side.SELL)).reference_price == Decimal("100.00")


def test_checks_say_how_much_of_each_limit_is_used() -> None:
    """For previews."""
    checks = {check.rule: check for check in judge(an_order(10, limit="100.00")).checks}

    assert str(checks["MAX_ORDER_QTY"]) == "MAX_ORDER_QTY: 10 of 1000"
    assert checks["MAX_ORDER_QTY"].used == Decimal("0.01")
    assert str(checks["MAX_ORDER_NOTIONAL"]) == "MAX_ORDER_NOTIONAL: 1,000.00 of 10,000.00"
    assert checks["MAX_ORDER_NOTIONAL"].used == Decimal("0.1")
    assert str(checks["MAX_POSITION"]) == "MAX_POSITION: +10 of 200"
    assert str(checks["LIVE_NOT_ARMED"]) == "LIVE_NOT_ARMED: SIM"


@pytest.mark.parametrize("order_type", ["market", "limit", "stop", "stop limit"])
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("tif", list(TimeInForce))
def test_every_type_that_is_carried_can_pass(
    order_type: str, side: Side, tif: TimeInForce
) -> None:
    """Both sides, each time in force."""
    prices: dict[str, Any] = {
        "market": {},
        "limit": {"limit": "100.05"},
        "stop": {"stop": "101.00" if side is Side.BUY else "99.00"},
        "stop limit": {"stop": "101.00", "limit": "101.50"}
        if side is Side.BUY
        else {"stop": "99.00", "limit": "98.50"},
    }[order_type]

    assert codes(an_order(side=side, tif=tif, **prices)) == []


def test_forex_passes() -> None:
    """In units of the base currency."""
    order = an_order(5000, instrument=euro())
    quote = a_quote("1.08990", "1.09000", con_id=order.instrument.con_id)

    assert judge(order, a_snapshot(quote=quote)).notional == Decimal("5477.25")


# What stops at once.


def test_the_first_of_the_gates_that_fails_is_the_only_one_shown() -> None:
    """Session, account, arming, ledger, latch, in this order; each hides everything after it."""
    order = an_order(Decimal("nan"), account=LIVE_ACCOUNT)
    session = a_session(
        missing=("positions",),
        mode=Mode.LIVE,
        bound_account="U1",
        managed_accounts=("U1",),
        port=7496,
    )
    limits = Limits.defaults(Mode.LIVE)
    stages = [
        ("SESSION_NOT_READY", a_snapshot(session=session, ledger=None, quote=None)),
        ("ACCOUNT_MISMATCH", a_snapshot(session=replace(session, missing=()), ledger=None)),
        ("LIVE_NOT_ARMED", a_live_snapshot(is_armed=False, ledger=None)),
        ("AUDIT_UNAVAILABLE", a_live_snapshot(ledger=None, ledger_error="locked")),
        ("TRADING_HALTED", a_live_snapshot(ledger=a_ledger(latch=HALTED))),
    ]

    assert [codes(order, snapshot, limits) for _, snapshot in stages] == [
        [code] for code, _ in stages
    ]
    assert all(denied(order, snapshot, limits).nearest is None for _, snapshot in stages)


def test_every_other_rule_that_fails_is_shown() -> None:
    """Contract, field, tick, step, quote, collar, size, value, position, repeat and rate, in that order."""
    order = an_order(
        "5000.5",
        limit="150.013",
        instrument=an_instrument(resolved_at=datetime(2026, 5, 1, tzinfo=UTC)),
        order_ref="other",
    )
    ledger = a_ledger(attempts=attempts(*[1] * 5), repeats=(repeat(1),))
    snapshot = a_snapshot(
        session=a_session(mode=Mode.PAPER),
        ledger=ledger,
        quote=a_quote(bid_size=Decimal(0)),
    )

    assert codes(order, snapshot) == [
        "CONTRACT_STALE",
        "INVALID_FIELD",
        "PRICE_INCREMENT",
        "BAD_QUOTE",
        "PRICE_COLLAR",
        "SIZE_INCREMENT",
        "MAX_ORDER_QTY",
        "MAX_ORDER_NOTIONAL",
        "MAX_POSITION",
        "MAX_GROSS_EXPOSURE",
        "INSUFFICIENT_FUNDS",
        "DUPLICATE_ORDER",
        "ORDER_RATE",
    ]


def test_a_denial_says_that_nothing_was_sent() -> None:
    """Always."""
    text = str(denied(an_order(5000)))

    assert text.startswith("DENIED MAX_ORDER_QTY: qty=5000, max=1000, secType=STK\n")
    assert text.endswith("\nnothing was sent")


def test_limits_of_another_mode_are_none() -> None:
    """Loose limits never reach a stricter mode by mistake."""
    order = an_order(account=LIVE_ACCOUNT)

    assert codes(order, a_live_snapshot(), Limits.defaults(Mode.SIM)) == [
        "ACCOUNT_MISMATCH"
    ]


# The nearest order that would pass.


@pytest.mark.parametrize(
    ("order", "nearest"),
    [
        (an_order(5000), "buy 95 SPY"),
        (an_order(5000, limit="100.00"), "buy 100 SPY lmt 100.00"),
        (an_order("10.5"), "buy 10 SPY"),
        (an_order("5000.5", side=Side.SELL), "sell 100 SPY"),
        (an_order(10, limit="100.013"), "buy 10 SPY lmt 100.01"),
        (an_order(10, limit="100.017"), "buy 10 SPY lmt 100.02"),
        (an_order(10, limit="150.00"), "buy 10 SPY lmt 105.10"),
        (an_order(10, limit="10.00"), "buy 10 SPY lmt 75.08"),
        (an_order(10, limit="105.107"), "buy 10 SPY lmt 105.10"),
        (an_order(10, side=Side.SELL, limit="9.001"), "sell 10 SPY lmt 95.00"),
        (an_order(10, stop="90.00"), "buy 10 SPY stp 100.11"),
        (an_order(10, side=Side.SELL, stop="110.00"), "sell 10 SPY stp 99.99"),
        (an_order(10, side=Side.SELL, stop="10.00"), "sell 10 SPY stp 95.00"),
        (an_order(10, stop="120", limit="130"), "buy 10 SPY stp 105.10 lmt 105.10"),
        (an_order(5000, limit="150.00"), "buy 95 SPY lmt 105.10"),
    ],
)
def test_the_nearest_order_that_would_pass_is_offered(order: Any, nearest: str) -> None:
    """The largest smaller quantity, the nearest valid price, or both."""
    assert denied(order).nearest == nearest


def test_the_nearest_order_passes_and_one_more_does_not() -> None:
    """An offer that would be refused is worse than none."""
    assert codes(an_order(95)) == []
    assert codes(an_order(96)) == ["MAX_ORDER_NOTIONAL"]


def test_a_part_of_the_position_is_offered_in_units() -> None:
    """`sell all` cannot be made smaller in words."""
    order = an_order(300, side=Side.SELL)
    order = replace(order, intent=replace(order.intent, size=Part(of_position=Fraction(1))))

    assert denied(order, a_snapshot(position=Decimal(300))).nearest == "sell 100 SPY"


def test_the_users_other_words_stay_in_the_offer() -> None:
    """Only size and prices are ours to change."""
    order = an_order(5000)
    order = replace(order, intent=replace(order.intent, ref="x", tif=TimeInForce.GTC))

    assert denied(order).nearest == "buy 95 SPY gtc --ref x"


def test_a_step_of_a_hundred_is_kept() -> None:
    """The offer is a multiple of it."""
    stock = an_instrument(size_increment=Decimal(100), size_min=Decimal(100))
    cheap = a_snapshot(quote=a_quote("10.00", "10.01"))

    assert denied(an_order(5000, instrument=stock), cheap).nearest == "buy 900 SPY"


@pytest.mark.parametrize(
    ("order", "snapshot"),
    [
        (an_order("0.5"), a_snapshot()),
        (an_order(5000), a_snapshot(quote=None)),
        (an_order(5000), a_snapshot(quote=a_quote("100.20", "100.10"))),
        (an_order(5000), a_snapshot(position=None)),
        (an_order(5000), a_snapshot(account=None)),
        (an_order(5000), a_snapshot(position=Decimal(200))),
        (an_order(5000), a_snapshot(ledger=a_ledger(attempts=attempts(*[1] * 5)))),
        (an_order(Decimal("nan")), a_snapshot()),
        (an_order(10, limit=Decimal("inf")), a_snapshot()),
        (an_order(10, order_type=OrderType.TRAIL), a_snapshot()),
    ],
)
def test_nothing_is_offered_where_size_and_price_do_not_help(
    order: Any, snapshot: Any
) -> None:
    """A bad quote is not mended by a smaller order."""
    assert denied(order, snapshot).nearest is None


def test_nothing_is_offered_that_the_denial_itself_would_forbid() -> None:
    """A denied attempt counts: after the fifth in ten seconds the sixth is refused, whatever its size."""
    four = a_snapshot(ledger=a_ledger(attempts=attempts(*[1] * 4)))
    three = a_snapshot(ledger=a_ledger(attempts=attempts(*[1] * 3)))

    assert denied(an_order(5000), four).nearest is None
    assert denied(an_order(5000), three).nearest == "buy 95 SPY"


def test_a_market_order_out_of_hours_has_no_nearest_order() -> None:
    """The price to give is the user's to choose."""
    order = an_order(10, instrument=an_instrument(liquid_hours=()))

    assert denied(order, a_snapshot(session=a_session(mode=Mode.PAPER))).nearest is None


@pytest.mark.parametrize(
    "bands",
    [
        (PriceBand(low_edge=Decimal(0), increment=Decimal(1000)),),
        (
            PriceBand(low_edge=Decimal(0), increment=Decimal("0.01")),
            PriceBand(low_edge=Decimal("105.00"), increment=Decimal(70)),
        ),
    ],
)
def test_ticks_too_coarse_for_the_collar_leave_no_price(bands: Any) -> None:
    """There is none between its bounds, or none that would be found."""
    order = an_order(10, limit="150.00", instrument=an_instrument(price_bands=bands))

    assert denied(order, limits=wide_limits()).nearest in (None, "buy 10 SPY lmt 75.08")


def test_a_bid_of_one_tick_leaves_no_trigger_below_it() -> None:
    """Zero is no price."""
    order = an_order(10, side=Side.SELL, stop="0.01")

    assert denied(order, a_snapshot(quote=a_quote("0.01", "0.02"))).nearest is None


def test_a_modification_is_offered_as_the_order_it_makes() -> None:
    """Its text is that of the whole order."""
    order = an_order(5000, limit="100.00", replaces=OLD_REF)

    assert denied(order, a_snapshot(open_order=an_open_order())).nearest == (
        "buy 100 SPY lmt 100.00"
    )


def test_a_modification_out_of_its_own_limits_in_price_is_mended_in_price() -> None:
    """As a new order is."""
    order = an_order(10, limit="150.00", replaces=OLD_REF)

    assert denied(order, a_snapshot(open_order=an_open_order())).nearest == (
        "buy 10 SPY lmt 105.10"
    )


# One maker.


def test_nobody_else_makes_an_approval() -> None:
    """Not by hand, and not by changing one."""
    approved = judge()

    with pytest.raises(TypeError, match=r"guard\.gate\.approve"):
        ApprovedOrder(
            order=approved.order,
            reference_price=Decimal(1),
            funds=Decimal(0),
            notional=Decimal(1),
            quote=approved.quote,
            limits_sha256="",
            approved_at=NOW,
            checks=(),
            warnings=(),
            mint=object(),
        )
    with pytest.raises((TypeError, ValueError), match="mint"):
        replace(approved, order=an_order(5000))
    assert copy.copy(approved).order is approved.order


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            found = (
                called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            )
            if found == name:
                yield node


def test_only_the_gate_makes_an_approved_order() -> None:
    """No other module of the package calls its constructor, or touches the gate's secret."""
    package = Path(edgerunner_lab.__file__).parent
    makers: list[str] = []
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        makers += [path.name for _ in _calls(ast.parse(text), "ApprovedOrder")]
        assert "_MINT" not in text or path.name == "gate.py"

    assert makers == ["gate.py"]


def test_a_decision_does_not_depend_on_the_callers_decimal_context() -> None:
    """Three digits, rounded up, would approve and value wrongly."""
    with localcontext() as context:
        context.prec, context.rounding = 3, ROUND_UP

        approved = approve(an_order(10), a_snapshot(), some_limits(), NOW)

    assert approved.notional == Decimal("1051.05")
