"""R17 and R27: funds, and the day's loss."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.intents import Side
from guard.builders import (
    LIVE_ACCOUNT,
    a_live_snapshot,
    a_quote,
    a_snapshot,
    an_account,
    an_order,
    codes,
    dec,
    denials,
    euro,
    judge,
    wide_limits,
    working,
)

BAD = ["nan", "inf", "-inf", "1.797e308", None]


def funds(available: Any, excess: Any = 100_000, **changes: Any) -> Any:
    """A snapshot of an account with so much left."""
    return a_snapshot(
        account=an_account(available_funds=dec(available), excess_liquidity=dec(excess)),
        **changes,
    )


# R17


@pytest.mark.parametrize(("price", "passes"), [("90.00", True), ("90.01", False)])
def test_an_order_takes_nine_tenths_of_the_funds_at_most(
    price: str, *, passes: bool
) -> None:
    """Ten shares at 90.00 cost 900, of 1,000."""
    order = an_order(10, limit=price)

    assert codes(order, funds(1000)) == ([] if passes else ["INSUFFICIENT_FUNDS"])


@pytest.mark.parametrize(("excess", "passes"), [(11_000, True), ("10999.99", False)])
def test_a_tenth_of_the_account_is_left(excess: Any, *, passes: bool) -> None:
    """10,000 of 100,000 stay in excess liquidity after ten shares at 100."""
    order = an_order(10, limit="100.00")

    assert codes(order, funds(100_000, excess)) == (
        [] if passes else ["INSUFFICIENT_FUNDS"]
    )


def test_the_catalogue_line_of_funds() -> None:
    """What it needs and what there is, each time of what."""
    order = an_order(10, limit="100.00")

    assert denials(order, funds(1000)) == [
        "INSUFFICIENT_FUNDS: need=1,000.00, available=900.00 (90% of AvailableFunds), source=estimate"
    ]
    assert denials(order, funds(100_000, 5000)) == [
        "INSUFFICIENT_FUNDS: need=1,000.00, available=0.00 (ExcessLiquidity), source=estimate"
    ]


def test_what_leads_back_to_zero_takes_no_funds() -> None:
    """An account without a cent can sell what it holds, and cover what it is short of."""
    held = funds(0, 0, position=Decimal(10))
    short = funds(0, 0, position=Decimal(-10))

    assert codes(an_order(10, side=Side.SELL), held) == []
    assert codes(an_order(10), short) == []
    assert codes(an_order(11), short) == ["INSUFFICIENT_FUNDS"]


def test_what_works_on_the_same_side_takes_funds_too() -> None:
    """The account may not show it yet."""
    order = an_order(5, limit="90.00")
    snapshot = funds(1000)

    assert codes(order, snapshot) == []
    assert codes(order, replace(snapshot, broker_working=(working(5),))) == []
    assert codes(order, replace(snapshot, broker_working=(working(6),))) == [
        "INSUFFICIENT_FUNDS"
    ]


def test_each_type_takes_its_own_part() -> None:
    """5 % of a currency's value: 9,000 at 1.09 take 490.50."""
    quote = a_quote("1.08990", "1.09000", con_id=12087792)
    order = an_order(9000, limit="1.09000", instrument=euro())

    assert codes(order, funds("545.00", quote=quote)) == []
    assert codes(order, funds("544.99", quote=quote)) == ["INSUFFICIENT_FUNDS"]
    without = wide_limits().model_copy(update={"margin_pct": {}})
    assert codes(order, funds("545.00", quote=quote), without) == ["INSUFFICIENT_FUNDS"]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("name", ["available_funds", "excess_liquidity"])
def test_funds_that_are_not_known_deny(name: str, value: str | None) -> None:
    """Never taken for plenty."""
    snapshot = a_snapshot(account=an_account(**{name: dec(value)}))

    assert codes(snapshot=snapshot) == ["INSUFFICIENT_FUNDS"]


# R27


@pytest.mark.parametrize(
    ("pnl", "passes"), [("-1999.99", True), (-2000, False), (-2001, False)]
)
def test_after_the_days_loss_nothing_new_is_opened(pnl: Any, *, passes: bool) -> None:
    """2 % of 100,000 in simulation and on paper."""
    snapshot = a_snapshot(account=an_account(daily_pnl=dec(pnl)))

    assert codes(snapshot=snapshot) == ([] if passes else ["DAILY_LOSS"])


def test_after_the_days_loss_what_is_held_can_be_sold() -> None:
    """And not more than that."""
    lost = a_snapshot(account=an_account(daily_pnl=Decimal(-5000)), position=Decimal(10))

    assert codes(an_order(10, side=Side.SELL), lost) == []
    assert codes(an_order(11, side=Side.SELL), lost) == ["DAILY_LOSS"]
    assert denials(an_order(1), lost) == [
        "DAILY_LOSS: pnl=-5.00% NLV, limit=-2.00% — only orders that shrink a position are accepted"
    ]


@pytest.mark.parametrize("value", BAD)
def test_a_loss_that_is_not_known_denies_on_a_live_account(value: str | None) -> None:
    """Elsewhere it is told some seconds after connecting, and passed over until then."""
    unknown = {"daily_pnl": dec(value)}
    live = a_live_snapshot(account=an_account(account=LIVE_ACCOUNT, **unknown))

    assert codes(an_order(1, account=LIVE_ACCOUNT), live) == ["DAILY_LOSS"]
    assert codes(snapshot=a_snapshot(account=an_account(**unknown))) == []


def test_the_check_tells_how_much_of_the_loss_is_used() -> None:
    """A gain uses nothing."""
    lost = judge(snapshot=a_snapshot(account=an_account(daily_pnl=Decimal(-1000)))).checks
    won = judge(snapshot=a_snapshot(account=an_account(daily_pnl=Decimal(1000)))).checks

    assert {"DAILY_LOSS: -1.00% of -2.00%"} <= {str(check) for check in lost}
    assert [check.used for check in won if check.rule == "DAILY_LOSS"] == [0]
