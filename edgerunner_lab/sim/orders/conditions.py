"""Conditions that an order waits for: price, time, margin, execution, volume and percent change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import IntEnum
from typing import Final, Protocol

from edgerunner_lab.sim.accounts.book import ZERO
from edgerunner_lab.sim.protocol.messages import Fields, Value
from edgerunner_lab.sim.protocol.replies import (
    Refused,
    decimal_of,
    flag_of,
    number_of,
    text_of,
)
from edgerunner_lab.sim.protocol.stamps import parse_stamp

CONDITIONS_MAX: Final = 20
"""Conditions of one order; more are refused, so that no order makes every step slow."""

REFUSED_CODE: Final = 321
_CAUSE: Final = "Error validating request.-'bF' : cause - "


class ConditionKind(IntEnum):
    """The broker's numbers for what a condition looks at."""

    PRICE = 1
    TIME = 3
    MARGIN = 4
    EXECUTION = 5
    VOLUME = 6
    PERCENT_CHANGE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition.

    Attributes:
        is_and: How it is joined to the next one; `and` binds closer than `or`.
        is_more: True for at least `level`, False for at most.
        level: Price, epoch second, percent or units, by kind.
        con_id: What is looked at; 0 where the kind names none.
        time: TIME as the client wrote it.
        sec_type, symbol: Of the execution that is waited for.
        trigger_method: Which prices count, as the broker numbers them.
    """

    kind: ConditionKind
    is_and: bool = True
    is_more: bool = True
    level: Decimal = ZERO
    con_id: int = 0
    exchange: str = ""
    time: str = ""
    sec_type: str = ""
    symbol: str = ""
    trigger_method: int = 0


class Surroundings(Protocol):
    """What conditions are held against."""

    def second(self) -> int:
        """Return the present, epoch seconds."""
        ...

    def cushion(self) -> Decimal:
        """Return excess liquidity as a percentage of net liquidation."""
        ...

    def price(self, con_id: int, method: int, *, is_more: bool) -> Decimal | None:
        """Return a contract's watched price; None while it does not trade."""
        ...

    def volume(self, con_id: int) -> Decimal | None:
        """Return a contract's volume of the day; None while it does not trade."""
        ...

    def change_percent(self, con_id: int) -> Decimal | None:
        """Return a contract's change from the last close; None while it does not trade."""
        ...

    def has_traded(self, condition: Condition, since: int) -> bool:
        """Return whether the account has had a fill in the condition's symbol since a second."""
        ...


def are_met(conditions: Iterable[Condition], around: Surroundings, since: int) -> bool:
    """Return whether conditions hold together; `since` is when their order was placed."""
    all_so_far = True
    for condition in conditions:
        all_so_far = all_so_far and is_met(condition, around, since)
        if not condition.is_and:
            if all_so_far:
                return True
            all_so_far = True
    return all_so_far


def is_met(condition: Condition, around: Surroundings, since: int) -> bool:
    """Return whether one condition holds now."""
    if condition.kind is ConditionKind.EXECUTION:
        return around.has_traded(condition, since)
    found = _measured(condition, around)
    if found is None:
        return False
    return found >= condition.level if condition.is_more else found <= condition.level


def _measured(condition: Condition, around: Surroundings) -> Decimal | None:
    match condition.kind:
        case ConditionKind.TIME:
            return Decimal(around.second())
        case ConditionKind.MARGIN:
            return around.cushion()
        case ConditionKind.VOLUME:
            return around.volume(condition.con_id)
        case ConditionKind.PERCENT_CHANGE:
            return around.change_percent(condition.con_id)
        case _:
            return around.price(
                condition.con_id, condition.trigger_method, is_more=condition.is_more
            )


def conditions_in(fields: Fields, zone: str) -> tuple[Condition, ...]:
    """Return the conditions of an order; times without a zone are in `zone`.

    Raises:
        Refused: One cannot be read.
    """
    listed = fields.get("conditions")
    rows = listed if isinstance(listed, tuple) else ()
    if len(rows) > CONDITIONS_MAX:
        raise Refused(
            REFUSED_CODE,
            f"{_CAUSE}{len(rows)} conditions were found, expected at most {CONDITIONS_MAX}",
        )
    read = [_condition(row, zone) for row in rows]
    if read and not read[-1].is_and:
        # The last one is joined to nothing; an `or` there would make nothing of it.
        return (*read[:-1], replace(read[-1], is_and=True))
    return tuple(read)


_LEVELS: Final[Mapping[ConditionKind, str]] = {
    ConditionKind.PRICE: "price",
    ConditionKind.MARGIN: "percent",
    ConditionKind.VOLUME: "volume",
    ConditionKind.PERCENT_CHANGE: "changePercent",
}
"""kind -> field that holds its level."""

_ON_A_CONTRACT: Final = frozenset(
    {ConditionKind.PRICE, ConditionKind.VOLUME, ConditionKind.PERCENT_CHANGE}
)


def _condition(row: Fields, zone: str) -> Condition:
    try:
        kind = ConditionKind(number_of(row, "condType"))
    except ValueError:
        raise Refused(
            REFUSED_CODE, f"{_CAUSE}Invalid condition type {number_of(row, 'condType')}"
        ) from None
    if kind in _ON_A_CONTRACT and number_of(row, "conId") <= 0:
        raise Refused(REFUSED_CODE, f"{_CAUSE}The condition names no contract")
    return Condition(
        kind=kind,
        is_and=text_of(row, "conjunction") != "o",
        is_more=flag_of(row, "isMore"),
        level=_level(kind, row, zone),
        con_id=number_of(row, "conId"),
        exchange=text_of(row, "exchange"),
        time=text_of(row, "time"),
        sec_type=text_of(row, "secType"),
        symbol=text_of(row, "symbol"),
        trigger_method=number_of(row, "triggerMethod"),
    )


def _level(kind: ConditionKind, row: Fields, zone: str) -> Decimal:
    if kind is ConditionKind.EXECUTION:
        return ZERO
    if kind is ConditionKind.TIME:
        try:
            return Decimal(int(parse_stamp(text_of(row, "time"), zone)))
        except ValueError:
            raise Refused(
                337,
                "The date, time, or time-zone entered is invalid."
                " The correct format is yyyymmdd hh:mm:ss xx/xxxx",
            ) from None
    name = _LEVELS[kind]
    whole = row.get(name)
    level = Decimal(whole) if isinstance(whole, int) else decimal_of(row, name)
    if level is None:
        raise Refused(REFUSED_CODE, f"{_CAUSE}The condition has no {name}")
    return level


def condition_rows(conditions: Iterable[Condition]) -> tuple[Fields, ...]:
    """Return conditions as openOrder repeats them."""
    return tuple(_row(condition) for condition in conditions)


def _row(condition: Condition) -> dict[str, Value]:
    row: dict[str, Value] = {
        "condType": int(condition.kind),
        "conjunction": "a" if condition.is_and else "o",
        "isMore": condition.is_more,
        "conId": condition.con_id,
        "exchange": condition.exchange,
        "time": condition.time,
        "secType": condition.sec_type,
        "symbol": condition.symbol,
        "triggerMethod": condition.trigger_method,
    }
    name = _LEVELS.get(condition.kind)
    if name is not None:
        is_price = name in ("price", "changePercent")
        row[name] = condition.level if is_price else int(condition.level)
    return row
