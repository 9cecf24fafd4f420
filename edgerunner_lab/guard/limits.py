"""The limits in force: a mode's bounds, where each came from, and how one is changed for a session.

`limits.toml` has one table a mode, `[sim]`, `[paper]` and `[live]`, so that a bound meant for one account never
loosens another; what a table leaves out keeps its default. Reading the file is the session's: no I/O here.

Changing is one-sided (R38): tightening holds at once; loosening goes up to the ceiling that the file or the
defaults set, and on a live account not at all.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, cast

from pydantic import ValidationError

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import Instrument
from edgerunner_lab.core.errors import ConfigurationError, UsageError
from edgerunner_lab.guard.bounds import DEFAULTS, Bounds, SymbolBounds, Unit
from edgerunner_lab.guard.wording import escaped, plain

BY_SYMBOL = "by_symbol"
SYMBOL_PATH_LENGTH = 3
DEFAULT_ORIGIN = "default"
SESSION_ORIGIN = "this session"

Value = Decimal | bool
Path = tuple[str, ...]
"""Where one value stands: ("max_order_notional",), ("max_order_qty", "STK"), ("by_symbol", "SPY", "max_order_qty")"""


class Limits(Bounds):
    """One mode's bounds as they hold now.

    Attributes:
        mode: What they are for; the guard refuses to use them for another.
        origins: Path -> where the value came from; what is missing is a default.
        ceiling: The bounds as loaded, up to which a session may loosen; None where these are the loaded ones.
    """

    mode: Mode
    origins: Mapping[Path, str]
    ceiling: Bounds | None = None

    @classmethod
    def defaults(cls, mode: Mode) -> "Limits":
        """Return what holds without a file."""
        return _limits(Bounds.model_validate(DEFAULTS[mode]), mode, {})

    @property
    def sha256(self) -> str:
        """Lower-case hex over mode and values: two equal hashes mean equal bounds."""
        values = {".".join(path): str(value) for path, value in _flat(self).items()}
        text = json.dumps([self.mode.value, values], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def order_qty_max(self, instrument: Instrument) -> Decimal | None:
        """Return the tightest bound on one order's quantity; None if there is none for this security type."""
        general = self.max_order_qty.get(instrument.sec_type)
        return (
            None
            if general is None
            else _tightest(general, self._own(instrument).max_order_qty)
        )

    def order_notional_max(self, instrument: Instrument) -> Decimal:
        """Return the tightest absolute bound on one order's value, in the account's currency."""
        return _tightest(self.max_order_notional, self._own(instrument).max_order_notional)

    def position_qty_max(self, instrument: Instrument) -> Decimal | None:
        """Return the tightest bound on a position's size; None where only its value is bounded."""
        general = self.max_position_qty.get(instrument.sec_type)
        own = self._own(instrument).max_position_qty
        return own if general is None else _tightest(general, own)

    def _own(self, instrument: Instrument) -> SymbolBounds:
        return self.by_symbol.get(str(instrument), SymbolBounds())


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitLine:
    """One limit as it is shown; `name` and `value` are what `%risk set` takes."""

    name: str
    value: str
    unit: str
    origin: str


def describe(limits: Limits) -> tuple[LimitLine, ...]:
    """Return every limit with its value, unit and origin."""
    return tuple(
        LimitLine(
            name=".".join(path),
            value=_shown(value),
            unit=_unit(path).name,
            origin=limits.origins.get(path, DEFAULT_ORIGIN),
        )
        for path, value in _flat(limits).items()
    )


# The file.


def load_limits(text: str, origin: str, mode: Mode) -> Limits:
    """Return the limits of one mode, from the TOML text of a file named `origin`.

    Raises:
        ConfigurationError: with the file, the key, what was found and what was expected; every mode's table is
            checked, so that a mistake under `[live]` is seen before it matters.
    """
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{origin}: {error}, expected TOML") from error
    table_by_name = {each.value.lower(): each for each in Mode}
    for name, table in tables.items():
        if name not in table_by_name or not isinstance(table, dict):
            expected = ", ".join(f"[{each}]" for each in table_by_name)
            raise ConfigurationError(
                f"{origin}: {escaped(name)} was found, expected limits only under {expected}"
            )
    bounds_by_mode: dict[Mode, Bounds] = {}
    for name, each in table_by_name.items():
        try:
            merged = _merged(DEFAULTS[each], tables.get(name, {}))
            bounds_by_mode[each] = Bounds.model_validate(merged)
        except ValidationError as error:
            raise ConfigurationError(f"{origin}: [{name}] {_problem(error)}") from error
    given = _leaves(tables.get(mode.value.lower(), {}))
    return _limits(bounds_by_mode[mode], mode, {path: origin for path, _ in given})


def to_toml(limits: Limits) -> str:
    """Return the TOML text that `load_limits` reads as the same limits."""
    values_by_table: dict[Path, list[str]] = {(): []}
    for path, value in _flat(limits).items():
        values_by_table.setdefault(path[:-1], []).append(f"{path[-1]} = {_shown(value)}")
    lines: list[str] = []
    for table, values in values_by_table.items():
        name = [limits.mode.value.lower(), *(json.dumps(part) for part in table)]
        lines += [f"[{'.'.join(name)}]", *values, ""]
    return "\n".join(lines)


# Changing.


def tighten(limits: Limits, key: str, value: str) -> Limits:
    """Return the limits with one changed for this session; `key` and `value` as `describe` shows them.

    Raises:
        UsageError: there is no such limit, the value is none, or it loosens further than is allowed.
    """
    path, new = _path(key), _value(key, value)
    try:
        bounds = Bounds.model_validate(_with(limits, path, new))
    except ValidationError as error:
        raise UsageError(f"{_problem(error)}; nothing was changed") from error
    now, ceiling = _flat(limits).get(path), limits.ceiling or limits
    top = _flat(ceiling).get(path)
    if limits.mode is Mode.LIVE and _is_looser(path, new, now):
        raise UsageError(
            f"LIMIT_LOOSENING: {key} {_shown(now)}→{_shown(new)} needs disarm + --reason; ceiling={_shown(top)}"
        )
    if _is_looser(path, new, top):
        raise UsageError(
            f"LIMIT_LOOSENING: {key} {_shown(now)}→{_shown(new)}; ceiling={_shown(top)} — "
            f"edit limits.toml under [{limits.mode.value.lower()}] to go beyond it; nothing was changed"
        )
    changed = _limits(bounds, limits.mode, {**limits.origins, path: SESSION_ORIGIN})
    return changed.model_copy(update={"ceiling": Bounds.model_validate(_nested(ceiling))})


def _is_looser(path: Path, new: Value, old: Value | None) -> bool:
    if old is None:
        return False
    # True refuses more than False for every switch there is.
    is_larger_tighter = isinstance(old, bool) or _unit(path).is_tighter_larger
    return new < old if is_larger_tighter else new > old


def _path(key: str) -> Path:
    """Return the path of a limit's name; a symbol may contain points itself."""
    parts = key.strip().split(".")
    if parts[0] == BY_SYMBOL and len(parts) >= SYMBOL_PATH_LENGTH:
        return (BY_SYMBOL, ".".join(parts[1:-1]).upper(), parts[-1])
    return tuple(parts)


def _value(key: str, text: str) -> Value:
    if text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    try:
        return Decimal(text.strip())
    except InvalidOperation as error:
        raise UsageError(
            f"{escaped(key)}: {escaped(text)} was found, expected a number, true or false; nothing was changed"
        ) from error


# Shapes.


def _limits(bounds: Bounds, mode: Mode, origins: Mapping[Path, str]) -> Limits:
    values = _nested(bounds)
    return Limits.model_validate({**values, "mode": mode, "origins": origins})


def _flat(bounds: Bounds) -> dict[Path, Value]:
    """Return every value by its path, in the order of the fields."""
    return dict(_leaves(_nested(bounds)))


def _leaves(table: Mapping[str, object], above: Path = ()) -> Iterator[tuple[Path, Value]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(cast("Mapping[str, object]", value), (*above, name))
        else:
            yield (*above, name), cast("Value", value)


def _nested(bounds: Bounds) -> dict[str, object]:
    """Return the values as plain tables, as the file has them."""
    return {name: _plain(getattr(bounds, name)) for name in Bounds.model_fields}


def _plain(value: object) -> object:
    if isinstance(value, SymbolBounds):
        return value.model_dump(exclude_none=True)
    if isinstance(value, Mapping):
        table = cast("Mapping[str, object]", value)
        return {str(key): _plain(each) for key, each in table.items()}
    return value


def _merged(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    merged = dict(below)
    for name, value in above.items():
        old = merged.get(name)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[name] = _merged(
                cast("Mapping[str, object]", old), cast("Mapping[str, object]", value)
            )
        else:
            merged[name] = value
    return merged


def _with(bounds: Bounds, path: Path, value: Value) -> dict[str, object]:
    table: object = value
    for name in reversed(path):
        table = {name: table}
    return _merged(_nested(bounds), cast("Mapping[str, object]", table))


def _unit(path: Path) -> Unit:
    model = SymbolBounds if path[0] == BY_SYMBOL else Bounds
    metadata = model.model_fields[path[-1] if path[0] == BY_SYMBOL else path[0]].metadata
    return next(each for each in metadata if isinstance(each, Unit))


def _tightest(general: Decimal, own: Decimal | None) -> Decimal:
    return general if own is None else min(general, own)


def _shown(value: Value | None) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else plain(value)


_WORDS: Final = {
    "Input should be": "expected",
    "Decimal input should have": "expected",
    "String should match pattern": "expected a symbol in capital letters,",
    "a valid dictionary": "a table",
    "Decimal('1000000000000')": "1e12",
}
"""pydantic's words -> ours"""


def _problem(error: ValidationError) -> str:
    """Return the first mistake in one line: key, what was found, what was expected."""
    first, *others = error.errors()
    key = ".".join(str(part) for part in first["loc"] if part != "[key]")
    more = f" ({len(others)} more mistakes)" if others else ""
    if first["type"] == "extra_forbidden":
        return f"{escaped(key)}: unknown key, expected one that %risk shows{more}"
    found = first["input"]
    shown = _shown(found) if isinstance(found, Decimal) else repr(found)
    expected = first["msg"].removeprefix("Value error, ")
    for theirs, ours in _WORDS.items():
        expected = expected.replace(theirs, ours)
    return f"{escaped(key)}: {escaped(shown)} was found, {expected}{more}"
