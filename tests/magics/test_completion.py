"""Tab completion in a real shell."""

# IPython and jupyter_client leave the types of many parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import cast

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from edgerunner_lab.core.errors import ConfigurationError
from edgerunner_lab.core.grammar import completions
from edgerunner_lab.magics.registry import register
from edgerunner_lab.magics.verbs import Verbs
from edgerunner_lab.tables.reports import LimitRow, limits
from edgerunner_lab.tables.table import Table

SYMBOLS = ["AAPL", "GOOGL", "MSFT", "QQQ", "SPY", "TSLA"]


def offered(shell: InteractiveShell, line: str) -> list[str]:
    """Return what the shell offers at the end of `line`, through the interface that kernels use."""
    with provisionalcompleter():
        return [word.text for word in shell.Completer.completions(line, len(line))]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "%connect ",
            [
                *("sim", "paper", "paper-gateway", "live", "live-gateway"),
                *("--host", "--port", "--account", "--client-id"),
            ],
        ),
        ("%connect l", ["live", "live-gateway"]),
        ("%connect sim --p", ["--port"]),
        ("%connect sim --port 1 --", ["--host", "--account", "--client-id"]),
        ("%quote ", SYMBOLS),
        ("%quote s", ["SPY"]),
        ("%quote SPY,q", ["QQQ"]),
        ("%quote SPY ", [symbol for symbol in SYMBOLS if symbol != "SPY"]),
        ("%watch t", ["TSLA"]),
        ("table = %quote sp", ["SPY"]),
        ("    %quote sp", ["SPY"]),
        ("%bars ", [*SYMBOLS, "--what", "--all-hours"]),
        ("%bars SPY 3", ["30d"]),
        ("%bars SPY 30d 1", ["1s", "1m", "15m", "1h", "1d"]),
        (
            "%bars SPY --what ",
            ["TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST"],
        ),
        ("%bars --what BID ", [*SYMBOLS, "--all-hours"]),
        ("%bars SPY --what BID 30", ["30d"]),
        ("%cancel ", [*SYMBOLS, "all"]),
        ("%risk ", ["show", "set"]),
        ("%halt --", ["--reason", "--all"]),
        ("%resume ", ["--reason"]),
    ],
)
def test_a_magics_words_are_offered(
    shell: InteractiveShell, line: str, words: list[str]
) -> None:
    """Only what may stand there: no file names, no Python names."""
    found = offered(shell, line)

    assert sorted(found) == sorted(words)


@pytest.mark.parametrize("before", ["", "buy ", "buy 10 SPY ", "buy 10 SPY lmt 500 "])
def test_the_order_languages_next_words_are_offered(
    shell: InteractiveShell, before: str
) -> None:
    """The grammar says what may come next."""
    expected = completions(before)

    assert expected
    assert sorted(offered(shell, f"%order {before}")) == sorted(expected)


def test_the_names_of_limits_are_offered(shell: InteractiveShell) -> None:
    """They are the session's own, so that a limit for one more security type is offered too."""
    rows = [
        LimitRow(name=name, value="1", unit="", origin="default")
        for name in ("max_order_qty.STK", "max_order_notional")
    ]
    register(shell, cast("Verbs", DeskWithLimits(limits(rows))))

    assert offered(shell, "%risk set MAX_ORDER_Q") == ["max_order_qty.STK"]
    assert "max_order_notional" not in offered(shell, "%risk set max_order_notional 1")


def test_a_wrong_limits_file_offers_nothing(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key press shows no error; the magic will."""
    register(shell, cast("Verbs", DeskWithLimits(None)))
    offered(shell, "%risk set max")

    assert capsys.readouterr() == ("", "")


class DeskWithLimits:
    """Has limits, or a limits file that is wrong."""

    def __init__(self, table: Table[LimitRow] | None) -> None:
        self._table = table

    def known_symbols(self) -> list[str]:
        """Return no symbols."""
        return []

    def risk(self) -> Table[LimitRow]:
        """Return the limits."""
        if self._table is None:
            raise ConfigurationError(
                "limits.toml: max_order_qty was 'x', expected a number"
            )
        return self._table


def test_symbols_are_offered_after_an_orders_size(shell: InteractiveShell) -> None:
    """Where the order language has no word of its own, it is the symbol's place."""
    assert set(SYMBOLS) <= set(offered(shell, "%order buy 10 "))
    assert "SPY" in offered(shell, "%order sell all s")


def test_a_typed_symbol_is_replaced_whole(shell: InteractiveShell) -> None:
    """Lower case becomes the symbol; the words before it stay."""
    line = "%order buy $5000 sp"
    with provisionalcompleter():
        found = [
            (c.start, c.end, c.text) for c in shell.Completer.completions(line, len(line))
        ]

    assert found == [(17, 19, "SPY")]


@pytest.mark.parametrize("line", ["%timeit ", "import ast", "%quo", "quote = 1; quo"])
def test_other_lines_are_left_to_the_shell(shell: InteractiveShell, line: str) -> None:
    """Our matcher says nothing about what is not ours."""
    assert "SPY" not in offered(shell, line)
    assert offered(shell, line)
