"""The magics in a real shell: what they call, what they show, and how they fail."""

# IPython and jupyter_client leave the types of many parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.magics.registry import register, unregister
from edgerunner_lab.magics.usages import USAGES


@pytest.mark.parametrize(
    ("line", "call"),
    [
        (
            "%connect paper --port 4002 --account DU1234567",
            (
                "connect",
                "paper",
                {"host": None, "port": 4002, "account": "DU1234567", "client_id": None},
            ),
        ),
        ("%disconnect", ("disconnect",)),
        ("%status", ("status",)),
        ("%quote SPY qqq", ("quote", "SPY", "QQQ")),
        ("%watch SPY", ("watch", "SPY")),
        ("%watch", ("watch",)),
        ("%search apple inc", ("search", "apple inc")),
        ("%bars SPY 5d 5m", ("bars", "SPY", "5d", "5m", {"rth": True, "what": None})),
        (
            "%bars SPY --all-hours --what bid",
            ("bars", "SPY", "30d", "1h", {"rth": False, "what": "BID"}),
        ),
        ("%order buy 10 SPY", ("magic_order", "buy 10 SPY")),
        (
            "%%basket --preview\nbuy 10 SPY\n\nsell 5 {x} lmt $5\n",
            (
                "magic_basket",
                "buy 10 SPY\n\nsell 5 {x} lmt $5\n",
                {"preview": True, "again": False},
            ),
        ),
        ("%cancel all", ("cancel", "all")),
        ("%orders", ("orders",)),
        ("%fills", ("fills",)),
        ("%positions", ("positions",)),
        ("%account", ("account",)),
        ("%risk", ("risk",)),
        ("%risk show", ("risk",)),
        ("%risk set max_order_qty.STK 100", ("set_risk", "max_order_qty.STK", "100")),
        (
            "%modify probe qty 20 lmt 501.25 --preview",
            ("modify", "probe", {"preview": True, "quantity": "20", "limit": "501.25"}),
        ),
        ("%modify probe ioc", ("modify", "probe", {"preview": False, "tif": "IOC"})),
        ("%blotter", ("blotter",)),
        ("%resolve probe", ("resolve_order", "probe")),
        ("%why", ("why", "")),
        ("%why probe", ("why", "probe")),
        ("%close SPY", ("close_position", "SPY")),
        ("%flatten", ("flatten", "")),
        ('%flatten --reason "leaving early"', ("flatten", "leaving early")),
        ("%halt", ("halt", "", {"everything": False})),
        ('%halt --reason "bad feed"', ("halt", "bad feed", {"everything": False})),
        ('%halt --all --reason "now"', ("halt", "now", {"everything": True})),
        ('%resume --reason "feed is back"', ("resume", {"reason": "feed is back"})),
    ],
)
def test_each_magic_calls_one_verb_and_returns_its_value(
    shell: InteractiveShell, desk: Any, line: str, call: tuple[Any, ...]
) -> None:
    """A magic reads its line, asks once, and hands on the answer untouched."""
    result = shell.run_cell(line)

    assert desk.calls == [call]
    assert result.result == call


@pytest.mark.parametrize(
    "line",
    [
        "%connect real",
        "%disconnect now",
        "%status now",
        "%quote",
        "%watch <b>",
        "%search",
        "%bars",
        "%order",
        "%cancel",
        "%orders SPY",
        "%fills today",
        "%blotter now",
        "%resolve",
        "%positions SPY",
        "%account DU1234567",
        "%risk sho",
        "%resume",
    ],
)
def test_wrong_use_fails_the_cell_with_one_line_and_asks_nothing(
    shell: InteractiveShell, desk: Any, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """No traceback, no guess: the line says what was found, what was expected, and a right one."""
    result = shell.run_cell(line)

    shown = capsys.readouterr().out.strip()
    assert isinstance(result.error_in_exec, UsageError)
    assert shown.startswith(f"UsageError: {line.split(maxsplit=1)[0]}: found ")
    assert "; for example: %" in shown
    assert "\n" not in shown
    assert desk.calls == []


def test_nothing_in_an_order_is_expanded(shell: InteractiveShell, desk: Any) -> None:
    """`$5000` is money even where Python knows a name that would fit."""
    shell.run_cell("SPY, x = 'AAPL', 1000000")
    shell.run_cell("%order buy $5000 SPY --ref {x} $x $SPY")

    assert desk.calls == [("magic_order", "buy $5000 SPY --ref {x} $x $SPY")]


@pytest.mark.parametrize("magic", USAGES)
def test_no_magic_expands_names(shell: InteractiveShell, magic: str) -> None:
    """IPython is told for each of them, so that a new one cannot forget it."""
    kind = "cell" if magic.startswith("%%") else "line"
    function = shell.find_magic(magic.lstrip("%"), kind)

    assert getattr(function, "_ipython_magic_no_var_expand", False)


@pytest.mark.parametrize("magic", USAGES)
def test_every_magic_explains_itself_with_examples(
    shell: InteractiveShell, magic: str
) -> None:
    """`%quote?` shows words and at least one line to copy."""
    found: Any = shell.object_inspect(magic)

    assert "Examples::" in found["docstring"]
    assert f"{magic}" in found["docstring"].partition("Examples::")[2]


def test_an_assigned_value_is_the_verbs_own(shell: InteractiveShell) -> None:
    """`x = %status` gives Python what the verb returned."""
    shell.run_cell("x = %status")

    assert shell.user_ns["x"] == ("status",)


def test_an_interrupt_reaches_the_cell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """A verb that is waiting can be interrupted; nothing in the magic swallows it."""

    class Waiting:
        def known_symbols(self) -> list[str]:
            return []

        def __getattr__(self, verb: str) -> Any:
            def wait(*_arguments: Any, **_options: Any) -> None:
                raise KeyboardInterrupt

            return wait

    waiting: Any = Waiting()
    register(shell, waiting)
    result = shell.run_cell("%order buy 10 SPY")

    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert "KeyboardInterrupt" in capsys.readouterr().out


def test_registering_again_replaces_the_first(shell: InteractiveShell, desk: Any) -> None:
    """Loading the extension three times leaves one set of magics, one matcher, one transformer."""
    matchers, transformers = (
        len(shell.Completer.custom_matchers),
        len(shell.ast_transformers),
    )
    other: Any = type(desk)()
    register(shell, other)
    register(shell, other)
    shell.run_cell("%status")

    assert (desk.calls, other.calls) == ([], [("status",)])
    assert len(shell.Completer.custom_matchers) == matchers
    assert len(shell.ast_transformers) == transformers


def test_unregistering_leaves_nothing_of_ours(shell: InteractiveShell) -> None:
    """After `%unload_ext` the shell is as it was."""
    unregister(shell)

    names = {magic.removeprefix("%") for magic in USAGES}
    assert not names & set(shell.magics_manager.magics["line"])
    assert not shell.Completer.custom_matchers
    assert not shell.ast_transformers


def test_unregistering_keeps_what_the_user_defined(shell: InteractiveShell) -> None:
    """A magic of the same name that someone else put there is theirs."""
    shell.magics_manager.register_function(str.upper, "line", "quote")
    unregister(shell)

    assert shell.run_line_magic("quote", "spy") == "SPY"
