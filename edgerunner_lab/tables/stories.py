"""An order's journal rows in words."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edgerunner_lab.ledger.journal import JSON
from edgerunner_lab.ledger.stories import Entry
from edgerunner_lab.tables.cells import Kind
from edgerunner_lab.tables.columns import Column, instant, prose, text
from edgerunner_lab.tables.table import Layout, Table

Facts = Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened to an order.

    Attributes:
        what: "intent", "denied", "fill", or what brought the news, in small letters.
        details: Lines: what was asked, judged or told.
        owner: The process and notebook that wrote it down.
    """

    at: datetime
    what: str
    details: tuple[str, ...]
    owner: str


def story(entries: Iterable[Entry], *, order_ref: str) -> Table[Line]:
    """Lay out what the journal says of one order."""
    lines = (
        Line(
            at=entry.at,
            what=_words(entry.kind),
            details=tuple(_DETAILS.get(entry.kind, _plainly)(entry.facts)),
            owner=entry.owner,
        )
        for entry in entries
    )
    return Table(lines, _STORY, title=order_ref)


def _words(kind: str) -> str:
    """Return `StatusReported` as "status reported", `INTENT` as "intent"."""
    if kind.isupper():
        return kind.lower().replace("_", " ")
    return "".join(
        f" {letter.lower()}" if letter.isupper() else letter for letter in kind
    ).strip()


def _intent(facts: Facts) -> list[str]:
    return [
        *_asked(facts),
        f"market: {facts.get('bid')} to {facts.get('ask')}, measured at {facts.get('reference_price')}",
        f"worst case: {facts.get('notional')}",
        *(f"within {check}" for check in _list(facts.get("checks")) if " of " in check),
        *_list(facts.get("warnings")),
    ]


def _denied(facts: Facts) -> list[str]:
    nearest = facts.get("nearest")
    would = [f"would have passed: {nearest}"] if nearest else []
    return [*_asked(facts), *_list(facts.get("denials")), *would]


def _fill(facts: Facts) -> list[str]:
    cost = facts.get("commission")
    paid = f", commission {cost} {facts.get('currency')}" if cost is not None else ""
    return [
        f"{facts.get('side')} {facts.get('quantity')} at {facts.get('price')} on {facts.get('exchange')}{paid}",
        f"execution {facts.get('execution_id')}, {facts.get('time')}",
    ]


def _plainly(facts: Facts) -> list[str]:
    told = [
        f"{name.replace('_', ' ')}: {value}"
        for name, value in facts.items()
        if value not in (None, "", "0") and name != "account"
    ]
    return [", ".join(told)] if told else []


def _asked(facts: Facts) -> list[str]:
    source = facts.get("source")
    origin = source if isinstance(source, Mapping) else {}
    where = [
        f"{name} {str(origin.get(key))[:size]}"
        for name, key, size in (
            ("from", "kind", 20),
            ("in", "notebook", 80),
            ("cell", "cell_id", 12),
            ("code", "code_sha256", 12),
            ("pid", "pid", 10),
        )
        if origin.get(key)
    ]
    return [f"asked: {facts.get('order')}", ", ".join(where)]


def _list(value: JSON) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


_DETAILS: Final[Mapping[str, Callable[[Facts], list[str]]]] = {
    "INTENT": _intent,
    "DENIED": _denied,
    "FILL": _fill,
}

_STORY: Final[Layout[Line]] = Layout(
    title="Story",
    empty="nothing is written about it",
    columns=(
        instant("at", lambda line: line.at),
        text("what", lambda line: line.what),
        Column(name="details", read=lambda line: line.details, kind=Kind.LINES),
        prose("owner", lambda line: line.owner, "written by"),
    ),
)
