"""A column of a table: where its value comes from and how it is shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Generic, TypeVar

from edgerunner_lab.tables.cells import Cell, Kind

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[Row]):
    """One column: where its value comes from and how it is shown.

    Attributes:
        name: The DataFrame's column.
        heading: The words above it; empty where `name` says it.
        zone: Zone of its times, shown and in the DataFrame.
        is_shown: False for what only the DataFrame has.
        is_optional: Not drawn where no row has a value for it.
    """

    name: str
    read: Callable[[Row], Cell]
    kind: Kind = Kind.TEXT
    heading: str = ""
    zone: tzinfo = UTC
    is_shown: bool = True
    is_optional: bool = False


def text(name: str, read: Callable[[Row], Cell], heading: str = "") -> Column[Row]:
    """Return a column of words."""
    return Column(name=name, read=read, heading=heading)


def prose(name: str, read: Callable[[Row], Cell], heading: str = "") -> Column[Row]:
    """Return a column of sentences, in which accounts are masked."""
    return Column(name=name, read=read, kind=Kind.PROSE, heading=heading)


def number(
    name: str, read: Callable[[Row], Cell], kind: Kind, heading: str = ""
) -> Column[Row]:
    """Return a column of figures of one `kind`."""
    return Column(name=name, read=read, kind=kind, heading=heading)


def hidden(name: str, read: Callable[[Row], Cell], kind: Kind = Kind.TEXT) -> Column[Row]:
    """Return a column that only the DataFrame has."""
    return Column(name=name, read=read, kind=kind, is_shown=False)


def optional(column: Column[Row]) -> Column[Row]:
    """Return a column that is drawn only where some row has a value for it."""
    return replace(column, is_optional=True)


def masked(read: Callable[[Row], Cell]) -> Column[Row]:
    """Return the column of accounts, which no view and no DataFrame shows in full."""
    return Column(name="account", read=read, kind=Kind.ACCOUNT)


def instant(name: str, read: Callable[[Row], Cell]) -> Column[Row]:
    """Return a column of times, shown in UTC and saying so."""
    heading = f"{name.replace('_', ' ')}, UTC"
    return Column(name=name, heading=heading, read=read, kind=Kind.TIME)
