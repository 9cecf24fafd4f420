"""Errors: each is one clear line with its facts kept beside it."""

import pytest

from edgerunner_lab.core import errors
from edgerunner_lab.core.errors import (
    ContractAmbiguous,
    Denial,
    EdgerunnerError,
    FirewallBreach,
    OrderDenied,
    OrderSyntaxError,
    OutcomeUnknown,
    RequestFailed,
    UsageError,
)


def test_the_tree_in_the_docstring_is_the_tree_in_the_code() -> None:
    """It is where a reader looks first."""
    drawn = {
        line.lstrip("│├└─ ").split()[0]
        for line in (errors.__doc__ or "").splitlines()
        if line.startswith(("│", "├", "└", "EdgerunnerError"))
    }
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, EdgerunnerError)
    }

    assert drawn == defined


@pytest.mark.parametrize("kind", [errors.NotConnected, errors.NoData, errors.LedgerDamaged])
def test_a_notebook_shows_one_line_instead_of_a_traceback(
    kind: type[EdgerunnerError],
) -> None:
    """IPython asks for exactly this method."""
    shown = kind("no session; %connect first")._render_traceback_()  # pyright: ignore[reportPrivateUsage]  IPython's name

    assert shown == [f"{kind.__name__}: no session; %connect first"]


def test_wrong_use_is_also_a_value_error() -> None:
    """So that plain scripts can catch it as such."""
    assert issubclass(UsageError, ValueError)
    assert issubclass(OrderSyntaxError, UsageError)


def test_a_syntax_error_points_at_its_column() -> None:
    """The line is repeated, and it is said that nothing was sent."""
    error = OrderSyntaxError("buy 10 lmt", 7, 'expected a symbol, found "lmt"')

    assert (error.text, error.column) == ("buy 10 lmt", 7)
    assert str(error).splitlines() == [
        'expected a symbol, found "lmt"',
        "  buy 10 lmt",
        "         ^ nothing was sent",
    ]


@pytest.mark.parametrize(
    ("denial", "line"),
    [
        (Denial(code="NO_LIMIT_SET"), "NO_LIMIT_SET"),
        (Denial(code="X", hint="do y"), "X — do y"),
        (
            Denial(code="MAX_ORDER_QTY", facts=(("qty", "5000"), ("max", "200"))),
            "MAX_ORDER_QTY: qty=5000, max=200",
        ),
        (
            Denial(
                code="PRICE_INCREMENT",
                facts=(("price", "100.013"), ("tick", "0.01")),
                hint="use 100.01 or 100.02",
            ),
            "PRICE_INCREMENT: price=100.013, tick=0.01 — use 100.01 or 100.02",
        ),
    ],
)
def test_a_denial_reads_as_the_catalogue_has_it(denial: Denial, line: str) -> None:
    """RISK §2.1."""
    assert str(denial) == line


def test_an_order_is_denied_with_every_rule_and_the_nearest_that_passes() -> None:
    """And always with what was sent: nothing."""
    denials = (Denial(code="A"), Denial(code="B"))

    assert str(OrderDenied(denials)) == "DENIED A\nDENIED B\nnothing was sent"
    nearest = OrderDenied(list(denials), "buy 5 SPY")
    assert str(nearest).splitlines()[2:] == ["would pass: buy 5 SPY", "nothing was sent"]
    assert (nearest.denials, nearest.nearest) == (denials, "buy 5 SPY")


def test_a_denial_without_a_failed_rule_is_a_bug_of_ours() -> None:
    """It would say nothing."""
    with pytest.raises(AssertionError, match="says nothing"):
        OrderDenied([])


def test_failures_keep_their_facts() -> None:
    """Code decides by attributes, never by words."""
    ambiguous = ContractAmbiguous("2 instruments fit XYZ", ["XYZ NYSE", "XYZ LSE"])
    breach = FirewallBreach(3, "no permit")

    assert (RequestFailed(162, "no data").code, ambiguous.code) == (162, 200)
    assert ambiguous.candidates == ("XYZ NYSE", "XYZ LSE")
    assert OutcomeUnknown("ELB:1", "no answer").order_ref == "ELB:1"
    assert breach.message_id == 3
    assert str(breach) == "outgoing message 3 was stopped: no permit"
