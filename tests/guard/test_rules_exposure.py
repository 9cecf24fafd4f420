"""R16: everything held and everything that works, in one sum."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.intents import Side
from edgerunner_lab.guard import rules_exposure
from edgerunner_lab.guard.checks import Unknown
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Holding
from guard.builders import (
    NOW,
    OLD_REF,
    a_ledger,
    a_quote,
    a_snapshot,
    an_instrument,
    an_open_order,
    an_order,
    codes,
    denials,
    some_limits,
    wide_limits,
    working,
)

TIGHT = "max_gross_exposure_pct = 50\nmax_net_exposure_pct = 40"


def holding(position: Any, value: Any = 100, con_id: int = 1, **changes: Any) -> Holding:
    """Hold so many of something else at a value each."""
    facts: dict[str, Any] = {
        "con_id": con_id,
        "symbol": "QQQ",
        "position": Decimal(position),
        "unit_value": None if value is None else Decimal(value),
    }
    return Holding(**facts | changes)


def exposed(order: Any = None, **facts: Any) -> tuple[Decimal, Decimal]:
    """Return gross and net with an order to buy 10 SPY at 100."""
    found = rules_exposure.exposure(
        order or an_order(limit="100.00"), a_snapshot(**facts), wide_limits()
    )
    return found.gross, found.net


def test_an_order_alone_counts_at_its_worst() -> None:
    """1,000 long; a sale 1,000 short."""
    assert exposed() == (1000, 1000)
    assert exposed(an_order(side=Side.SELL, limit="100.00")) == (1000, 1000)


def test_holdings_count_with_their_signs_in_the_net_and_without_in_the_gross() -> None:
    """Long and short make up for each other only in the net."""
    holdings = (holding(30), holding(-20, 100, con_id=2))

    assert exposed(holdings=holdings) == (1000 + 3000 + 2000, 2000)


def test_what_works_counts_on_the_side_that_leads_further_out() -> None:
    """An exit adds nothing; an order in something new counts at what the ledger has for it."""
    other = replace(working(50, con_id=2), unit_value=Decimal(10))
    exit_ = working(30, con_id=1, side=Side.SELL, ref="ELB:EXIT")

    ledger = a_ledger(working=(other, exit_))
    assert exposed(holdings=(holding(30),), ledger=ledger) == (
        1000 + 3000 + 500, 1000 + 3000 + 500,
    )  # fmt: skip


def test_an_order_that_both_know_counts_once() -> None:
    """At the broker and in the ledger."""
    other = replace(working(50, con_id=2), unit_value=Decimal(10))
    seen = working(50, con_id=2)

    assert exposed(ledger=a_ledger(working=(other,)), broker_working=(seen,))[0] == 1500


def test_what_nobody_can_value_is_not_counted() -> None:
    """Another program's order in what is not held: a limit on everything would deny everything for it."""
    assert exposed(broker_working=(working(1000, con_id=9),)) == (1000, 1000)


def test_a_holding_without_a_value_denies() -> None:
    """It could be the whole account."""
    assert denials(an_order(), a_snapshot(holdings=(holding(5, None),))) == [
        "MAX_GROSS_EXPOSURE: unknown=value of QQQ — what cannot be judged is not sent"
    ]


def test_a_closed_position_needs_no_value() -> None:
    """Nothing is held any more."""
    assert exposed(holdings=(holding(0, None),)) == (1000, 1000)


def test_a_sold_option_counts_as_its_underlying() -> None:
    """Its premium says nothing about what it may cost."""
    sold = holding(-2, 300, short_unit_value=Decimal(10_000))
    bought = holding(2, 300, short_unit_value=Decimal(10_000))

    assert exposed(holdings=(sold,))[0] == 21_000
    assert exposed(holdings=(bought,))[0] == 1600


@pytest.mark.parametrize(
    ("strike", "expected"), [(Decimal(90), []), (None, ["MAX_GROSS_EXPOSURE"])]
)
def test_an_option_to_be_sold_needs_a_strike(
    strike: Decimal | None, expected: list[str]
) -> None:
    """It counts at it; without one it cannot be judged."""
    option = an_instrument(sec_type=SecType.OPTION, multiplier=Decimal(100), strike=strike)
    order = an_order(1, side=Side.SELL, instrument=option)
    snapshot = a_snapshot(quote=a_quote("3.00", "3.05"))
    limits = some_limits("short_options_denied = false")

    assert codes(order, snapshot, limits) == expected
    if strike is not None:
        assert rules_exposure.exposure(order, snapshot, limits).gross == 9000


def test_gross_and_net_have_limits_of_their_own() -> None:
    """Half the account in all, two fifths on one side."""
    limits = some_limits(TIGHT)
    long, short = holding(390), holding(-200, con_id=2)

    assert denials(an_order(20, limit="100.00"), a_snapshot(holdings=(long,)), limits) == [
        "MAX_NET_EXPOSURE: after=0.41×NLV, max=0.40×NLV — close something first: %positions and %orders show what counts"
    ]
    both = a_snapshot(holdings=(long, short))
    assert codes(an_order(10, limit="100.00"), both, limits) == ["MAX_GROSS_EXPOSURE"]
    assert codes(an_order(10, limit="100.00"), a_snapshot(holdings=(long,)), limits) == []


def test_what_is_beyond_a_limit_already_denies_only_what_adds_to_it() -> None:
    """An exit passes, and so does what makes up for the other side."""
    limits = some_limits(TIGHT)
    held = a_snapshot(holdings=(holding(-450),), position=Decimal(30))

    assert codes(an_order(30, side=Side.SELL, limit="100.00"), held, limits) == []
    balanced = a_snapshot(holdings=(holding(-450),))
    assert codes(an_order(10, limit="100.00"), balanced, limits) == []


def test_a_modification_counts_in_place_of_what_it_modifies() -> None:
    """Not beside it."""
    order = an_order(20, limit="100.00", replaces=OLD_REF, order_ref=OLD_REF)
    facts: dict[str, Any] = {
        "open_order": an_open_order(10),
        "broker_working": (working(10),),
        "ledger": a_ledger(working=(working(10),)),
    }

    assert exposed(order, **facts) == (2000, 2000)


def test_the_defaults_are_those_of_the_specification() -> None:
    """One and a half times the account in paper, once live."""
    found = [
        (
            Limits.defaults(mode).max_gross_exposure_pct,
            Limits.defaults(mode).max_net_exposure_pct,
        )
        for mode in (Mode.PAPER, Mode.LIVE)
    ]

    assert found == [(150, 100), (100, 100)]


@pytest.mark.parametrize("remaining", [Decimal("nan"), None])
def test_a_working_order_that_is_no_number_denies(remaining: Any) -> None:
    """In any instrument."""
    odd = replace(working(1, con_id=3), remaining=remaining)

    assert codes(an_order(), a_snapshot(broker_working=(odd,))) == ["MAX_GROSS_EXPOSURE"]


def test_without_a_ledger_nothing_can_be_summed() -> None:
    """Another rule says why."""
    with pytest.raises(Unknown, match="ledger"):
        exposed(ledger=None)
    with pytest.raises(Unknown, match="ledger"):
        rules_exposure.exposure_is_small(
            an_order(), a_snapshot(ledger=None), Limits.defaults(Mode.SIM), NOW
        )
