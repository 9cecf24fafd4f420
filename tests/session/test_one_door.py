"""One road, one door: the syntax tree of the whole package is walked for a second one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import edgerunner_lab

PACKAGE = Path(edgerunner_lab.__file__).parent


def calls(name: str) -> set[str]:
    """Return the modules in which something called `name` is called, as attribute or by itself."""
    return {
        module
        for module, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) == name
    }


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Return every module of the package with its syntax tree; the embedded gateway is the broker's side."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        if not module.startswith("sim/"):
            yield module, ast.parse(path.read_text(encoding="utf-8"))


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_place_order_is_called_in_one_place() -> None:
    """`session/orders.py` gives orders to the socket; `broker.py` only asks what a plain order's bytes look like."""
    assert calls("placeOrder") == {"session/orders.py", "session/broker.py"}


def test_an_approved_order_is_made_in_one_place() -> None:
    """Only the gate approves."""
    assert calls("ApprovedOrder") == {"guard/gate.py"}


def test_a_reservation_is_made_in_one_place() -> None:
    """Only a durable commit reserves."""
    assert calls("Reservation") == {"ledger/ledger.py"}


def test_a_permit_is_made_in_one_place() -> None:
    """Only the order road asks the firewall for leave."""
    assert calls("Permit") == {"session/orders.py"}


def test_only_the_session_imports_the_broker_library() -> None:
    """CamelCase and its surprises stop there."""
    importers = {
        module
        for module, tree in trees()
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").split(".")[0] == "ib_async"
        )
        or (
            isinstance(node, ast.Import)
            and any(name.name.split(".")[0] == "ib_async" for name in node.names)
        )
    }

    assert {module.split("/")[0] for module in importers} == {"session"}


def test_nothing_is_evaluated_or_unpickled() -> None:
    """No text of a user, a file or a peer becomes code (RISK S20)."""
    for name in ("eval", "exec", "loads_pickle", "unsafe_load"):
        assert not calls(name), name
