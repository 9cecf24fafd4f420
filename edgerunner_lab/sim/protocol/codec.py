"""Messages to payloads and back at any server version, driven by the layout tables alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from edgerunner_lab.sim.protocol.layouts import (
    Field,
    Group,
    Kind,
    Layout,
    Parts,
    Table,
    load_table,
)
from edgerunner_lab.sim.protocol.messages import (
    Fields,
    Malformed,
    Message,
    UnknownRequest,
    Value,
    req_id_of,
)
from edgerunner_lab.sim.protocol.values import READERS, WRITERS, Scalar, whole, write
from edgerunner_lab.sim.protocol.wire import WireError, split, to_ascii

ASCII_FROM: Final = 153
"""First server version whose text is 7-bit ASCII (ENCODE_MSG_ASCII7)."""

EXCERPT_CHARACTERS_MAX: Final = 60
"""How much of a wrong field an error repeats."""


def _is_infinite(value: Value) -> bool:
    return isinstance(value, Decimal | float) and value == Decimal("Infinity")


def _is_positive(value: Value) -> bool:
    return isinstance(value, int | float | Decimal) and value > 0


def _is_peg_best(seen: Fields) -> bool:
    return seen.get("o.orderType") in ("PEG BEST", "PEGBEST")


def _has_mid_offsets(seen: Fields) -> bool:
    return seen.get("o.orderType") in ("PEG MID", "PEGMID") or (
        _is_peg_best(seen) and _is_infinite(seen.get("o.competeAgainstBestOffset"))
    )


def _is(name: str, *values: Value) -> "Condition":
    return lambda seen: seen.get(name) in values


def _has(name: str) -> "Condition":
    return lambda seen: bool(seen.get(name))


Condition: TypeAlias = Callable[[Fields], bool]

CONDITIONS: Final[Mapping[str, Condition]] = {
    "deltaNeutral": _has("o.deltaNeutralOrderType"),
    "scale": lambda seen: _is_positive(seen.get("o.scalePriceIncrement")),
    "hedge": _has("o.hedgeType"),
    "dnc": _has("dncPresent"),
    "algo": _has("o.algoStrategy"),
    "pegBench": _is("o.orderType", "PEG BENCH", "PEGBENCH"),
    "pegBest": _is_peg_best,
    "midOffsets": _has_mid_offsets,
    "IBKRATS": _is("c.exchange", "IBKRATS"),
    "BAG": _is("c.secType", "BAG"),
    "fund": _is("c.secType", "FUND"),
    "conditions": _has("conditions"),
    "last": _is("tickType", 1, 2),
    "bidAsk": _is("tickType", 3),
    "midPoint": _is("tickType", 4),
    "type=1": _is("condType", 1),
    "type=3": _is("condType", 3),
    "type=4": _is("condType", 4),
    "type=5": _is("condType", 5),
    "type=6": _is("condType", 6),
    "type=7": _is("condType", 7),
}
"""Condition of a block -> whether it holds, given the fields before it."""

CONDITION_TYPES: Final = frozenset({1, 3, 4, 5, 6, 7})
"""Order conditions that exist: price, time, margin, execution, volume, percent change."""

DIALECTS: Final[tuple[Mapping[str, Condition], ...]] = (
    CONDITIONS,
    # One client sends the scale block whenever the increment is set, even to 0.
    {**CONDITIONS, "scale": lambda seen: seen.get("o.scalePriceIncrement") is not None},
)


@dataclass(frozen=True, slots=True)
class _Version:
    """The layouts of one server version.

    Attributes:
        flat_by_name: Layouts of plain fields only: id, then name and unset text of each.
    """

    by_name: dict[str, Layout] = field(default_factory=dict[str, Layout])
    by_id: dict[str, list[Layout]] = field(default_factory=dict[str, list[Layout]])
    flat_by_name: dict[str, tuple[str, list[tuple[str, str]]]] = field(
        default_factory=dict[str, tuple[str, list[tuple[str, str]]]]
    )


class Codec:
    """One direction of the conversation; layouts are cut to a version when it is first used."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._versions: dict[int, _Version] = {}

    def encode(self, version: int, message: Message) -> bytes:
        """Return the payload of `message`, empty when clients at `version` do not know it.

        Raises:
            TypeError: a value is of a type that does not go onto the wire.
        """
        layouts = self._versions.get(version) or self._cut(version)
        flat = layouts.flat_by_name.get(message.name)
        if flat is not None:
            texts = _flat_texts(*flat, message.fields)
        else:
            layout = layouts.by_name.get(message.name)
            if layout is None:
                return b""
            texts = [str(layout.id), *_written(layout.parts, message.fields, {})]
        texts.append("")
        text = "\0".join(texts)
        if version >= ASCII_FROM and not text.isascii():
            text = to_ascii(text)
        return text.encode("utf-8", "replace")

    def decode(self, version: int, payload: bytes) -> Message:
        """Return the message in `payload`.

        Raises:
            Malformed: it does not fit its layout in any dialect.
            UnknownRequest: no layout at `version` has its id.
        """
        try:
            head, *texts = split(payload)
        except (WireError, ValueError) as error:
            raise Malformed("frame", None, str(error)) from None
        layouts = self._versions.get(version) or self._cut(version)
        candidates = layouts.by_id.get(head)
        if candidates is None:
            raise UnknownRequest(head[:EXCERPT_CHARACTERS_MAX], None, "Unknown message id.")
        failures: list[Malformed] = []
        for layout in candidates:
            for conditions in DIALECTS:
                try:
                    return _Reading(layout, texts, conditions).message()
                except Malformed as failure:
                    failures.append(failure)
        raise failures[0]

    def _cut(self, version: int) -> _Version:
        layouts = _Version()
        for layout in self._table.at(version):
            layouts.by_name.setdefault(layout.name, layout)
            layouts.by_id.setdefault(str(layout.id), []).append(layout)
            flat = _flat(layout.parts)
            if flat is not None:
                layouts.flat_by_name.setdefault(layout.name, (str(layout.id), flat))
        self._versions[version] = layouts
        return layouts


def load_requests() -> Codec:
    """Return the codec of what clients send."""
    return Codec(Table(load_table("requests")))


def load_replies() -> Codec:
    """Return the codec of what the gateway sends."""
    return Codec(Table(load_table("replies")))


def _flat(parts: Parts) -> list[tuple[str, str]] | None:
    """Return names and unset texts of plain fields, None when there is anything else."""
    names: list[tuple[str, str]] = []
    for part in parts:
        if not isinstance(part, Field) or part.kind is Kind.WHOLE:
            return None
        # No message has a field named "", so a constant is always unset.
        names.append(("" if part.is_constant else part.name, part.unset))
    return names


def _flat_texts(number: str, names: list[tuple[str, str]], fields: Fields) -> list[str]:
    """Return the texts of a plain layout; ticks come by the ten thousand, hence no generality."""
    texts = [number]
    for name, unset in names:
        value = fields.get(name)
        if value is None:
            texts.append(unset)
        else:
            writer = WRITERS.get(type(value))
            texts.append(writer(value) if writer else write(_scalar(value), unset))
    return texts


def _scalar(value: Value) -> Scalar:
    if isinstance(value, tuple):
        raise TypeError("a field was a tuple, expected text or a number")
    return value


def _written(parts: Parts, fields: Fields, seen: dict[str, Value]) -> Iterator[str]:
    """Yield the texts of `fields` in the order of `parts`; `seen` holds what went before."""
    for part in parts:
        if isinstance(part, Field):
            value = None if part.is_constant else _scalar(fields.get(part.name))
            is_unset_text = value is None and part.kind is Kind.TEXT
            seen[part.name] = part.unset if is_unset_text else value
            yield write(whole(value) if part.kind is Kind.WHOLE else value, part.unset)
        elif isinstance(part, Group):
            elements = fields.get(part.name) or ()
            if not isinstance(elements, tuple):
                raise TypeError(f"{part.name} was {elements!r}, expected a tuple of fields")
            seen[part.name] = elements
            yield str(len(elements))
            for element in elements:
                yield from _written(part.parts, element, {})
        elif CONDITIONS[part.condition](seen):
            yield from _written(part.parts, fields, seen)


class _Reading:
    """One attempt to read a frame's texts by one layout."""

    def __init__(
        self, layout: Layout, texts: list[str], conditions: Mapping[str, Condition]
    ) -> None:
        self._layout = layout
        self._texts = texts
        self._at = 0
        self._conditions = conditions
        self._fields: dict[str, Value] = {}

    def message(self) -> Message:
        """Return the whole frame as a message.

        Raises:
            Malformed: a field is missing, is not what its kind says, or is left over.
        """
        self._read(self._layout.parts, self._fields)
        surplus = len(self._texts) - self._at
        if surplus:
            raise self._malformed(f"{surplus} fields are left over after the last one")
        return Message(self._layout.name, self._fields)

    def _read(self, parts: Parts, into: dict[str, Value]) -> None:
        for part in parts:
            if isinstance(part, Field):
                value = self._value(part.name, part.kind)
                if not part.is_constant:
                    into[part.name] = value
            elif isinstance(part, Group):
                into[part.name] = tuple(self._elements(part))
            elif self._conditions[part.condition](into):
                self._read(part.parts, into)

    def _elements(self, group: Group) -> Iterator[Fields]:
        count = self._value(group.name, Kind.INTEGER) or 0
        assert isinstance(count, int)
        if not 0 <= count <= len(self._texts) - self._at:
            raise self._malformed(
                f"Unable to parse field: '{group.name}': {count} elements"
            )
        for _ in range(count):
            element: dict[str, Value] = {}
            self._read(group.parts, element)
            yield element

    def _value(self, name: str, kind: Kind) -> Scalar:
        if self._at == len(self._texts):
            raise self._malformed(f"Unable to parse field: '{name}': the message ended")
        text = self._texts[self._at]
        self._at += 1
        try:
            value = READERS[kind](text)
        except ValueError:
            value = None
        else:
            if name != "condType" or value in CONDITION_TYPES:
                return value
        excerpt = text[:EXCERPT_CHARACTERS_MAX]
        raise self._malformed(
            f"Unable to parse field: '{name}' for input string: '{excerpt}'"
        )

    def _malformed(self, reason: str) -> Malformed:
        return Malformed(self._layout.name, req_id_of(self._fields), reason)
