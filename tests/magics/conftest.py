"""A real IPython shell with the magics in it, and a desk that writes down what it was asked."""

# IPython leaves the types of many parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

import atexit
from collections.abc import Iterator
from typing import Any, cast

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from edgerunner_lab.magics.registry import register, unregister
from edgerunner_lab.magics.verbs import Verbs


class Desk:
    """Answers every verb with the call itself."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def known_symbols(self) -> list[str]:
        """Return a symbol that this session has seen."""
        return ["TSLA"]

    def __getattr__(self, verb: str) -> Any:
        if verb.startswith("_"):
            raise AttributeError(verb)

        def call(*arguments: Any, **options: Any) -> tuple[Any, ...]:
            self.calls.append((verb, *arguments, *([options] if options else [])))
            return self.calls[-1]

        return call


@pytest.fixture
def desk() -> Desk:
    """Return a desk that nobody has asked yet."""
    return Desk()


@pytest.fixture(scope="session")
def bare_shell() -> Iterator[InteractiveShell]:
    """Return one shell for all tests, without history on disk: making one takes longer than a test."""
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell(config=config)
    yield shell
    atexit.unregister(shell.atexit_operations)
    shell.atexit_operations()


@pytest.fixture
def shell(bare_shell: InteractiveShell, desk: Desk) -> Iterator[InteractiveShell]:
    """Return a shell in which the magics call `desk`, and which forgets everything afterwards."""
    before = dict(bare_shell.magics_manager.magics["line"])
    names = set(bare_shell.user_ns)
    register(bare_shell, cast("Verbs", desk))
    yield bare_shell
    unregister(bare_shell)
    bare_shell.magics_manager.magics["line"] = before
    bare_shell.ast_node_interactivity = "last_expr"
    for name in set(bare_shell.user_ns) - names:
        del bare_shell.user_ns[name]
