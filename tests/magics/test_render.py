"""Every magic of a cell shows its value, not only the last."""

# IPython and jupyter_client leave the types of many parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell


def shown(
    shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Return the values that `cell` shows, as the desk wrote them, in order."""
    assert shell.run_cell(cell, store_history=False).success
    lines = capsys.readouterr().out.splitlines()
    return [line.partition(": ")[2] for line in lines if line.startswith("Out[")]


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ("%status", ["('status',)"]),
        ("%orders\n%fills\n%status", ["('orders',)", "('fills',)", "('status',)"]),
        ("%orders\nx = 1", ["('orders',)"]),
        ("%orders\n%fills\n1 + 1", ["('orders',)", "('fills',)", "2"]),
        ("for i in range(2):\n    %orders", ["('orders',)", "('orders',)"]),
        ("if True:\n    %orders\nelse:\n    %fills", ["('orders',)"]),
        ("x = %orders\n%fills", ["('fills',)"]),
        ("x = %orders", []),
        ("def f():\n    %orders\nf()", []),
        ("class C:\n    %orders\n", []),
        ("async def f():\n    %orders\nawait f()", []),
        ("%orders\n%lsmagic", ["('orders',)"]),
        ("1\n2", ["2"]),
        ("# nothing", []),
    ],
)
def test_each_magic_of_a_cell_shows_its_value_once(
    shell: InteractiveShell,
    capsys: pytest.CaptureFixture[str],
    cell: str,
    values: list[str],
) -> None:
    """In order, also in loops; other Python shows what it always showed."""
    found = [value for value in shown(shell, cell, capsys) if "magics" not in value]

    assert found == values


def test_a_shell_that_shows_everything_shows_each_value_once(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `ast_node_interactivity = "all"` nothing doubles."""
    shell.ast_node_interactivity = "all"

    assert shown(shell, "%orders\n%fills", capsys) == ["('orders',)", "('fills',)"]


def test_an_order_that_fails_stops_the_cell_after_what_was_shown(
    shell: InteractiveShell, desk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first order's value is on the page, the second's one line too, and the third was not sent."""
    result = shell.run_cell("%order buy 1 SPY\n%order\n%order buy 2 SPY")

    out = capsys.readouterr().out
    assert not result.success
    assert out.index("buy 1 SPY") < out.index("UsageError: %order")
    assert desk.calls == [("magic_order", "buy 1 SPY")]
