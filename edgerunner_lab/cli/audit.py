"""`edgerunner audit`: is the journal what was written, and the journal as a file of one's own."""

import contextlib
import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from edgerunner_lab.core.errors import EdgerunnerError, UsageError
from edgerunner_lab.ledger.journal import Row
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.ledger.verification import read_file, verify_file
from edgerunner_lab.tables.cells import masked_text

FORMS: Final = {".csv": "csv", ".jsonl": "jsonl", ".parquet": "parquet"}
"""How a file's name ends -> its form."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins with one of these is a formula to spreadsheets."""

Write = Callable[[Path, Iterable[Row]], int]


class JournalBroken(EdgerunnerError):
    """The journal is not what was written."""


def verified(paths: Paths) -> str:
    """Walk the whole journal, and return a line that says how many rows hold.

    Raises:
        JournalBroken: the first row that is not what was written, or what is missing.
    """
    if not paths.ledger.exists():
        return "no ledger yet, so there is nothing to verify"
    found = verify_file(paths.ledger)
    if not found.holds:
        raise JournalBroken(
            f"{paths.ledger}: {found.problem}; {found.rows} rows before it hold"
        )
    return f"{found.rows} rows hold, from the first to the anchored one"


def exported(paths: Paths, form: str | None, to: str, *, is_masked: bool) -> str:
    """Write the journal, oldest row first, to a new file that is its owner's alone.

    Args:
        paths: Whose ledger.
        form: csv, jsonl or parquet; None goes by the ending of `to`.
        to: Where to.
        is_masked: Show accounts as `DU***4567`.

    Raises:
        UsageError: the file exists, cannot be made, or its form is not known.
        LedgerError: the ledger cannot be read.
    """
    path = Path(to)
    chosen = form or FORMS.get(path.suffix.lower())
    if chosen is None:
        raise UsageError(
            f"{path.name} was found, expected a name that ends in {', '.join(FORMS)}, or --form"
        )
    if not paths.ledger.exists():
        raise UsageError("there is no ledger yet, so there is nothing to export")
    with contextlib.closing(read_file(paths.ledger)) as rows:
        shown = (_masked(row) for row in rows) if is_masked else rows
        try:
            count = _WRITERS[chosen](path, shown)
        except FileExistsError:
            raise UsageError(f"{path} exists and is kept, expected a new file") from None
    return (
        f"{count} rows written to {path}, accounts {'masked' if is_masked else 'IN FULL'}"
    )


def _masked(row: Row) -> Row:
    return row._replace(facts=masked_text(row.facts), owner=masked_text(row.owner))


def _opened(path: Path) -> IO[str]:
    """Open a new file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="")


def _to_csv(path: Path, rows: Iterable[Row]) -> int:
    with _opened(path) as file:
        writer = csv.writer(file)
        writer.writerow(Row._fields)
        return _counted(
            writer.writerow([_tame(cell) for cell in row]) and row for row in rows
        )


def _tame(cell: object) -> object:
    """Return a cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def _to_jsonl(path: Path, rows: Iterable[Row]) -> int:
    with _opened(path) as file:
        return _counted(
            file.write(json.dumps({**row._asdict(), "facts": json.loads(row.facts)}) + "\n")
            for row in rows
        )


def _to_parquet(path: Path, rows: Iterable[Row]) -> int:
    import pandas as pd  # noqa: PLC0415  half a second that the other forms save

    table = pd.DataFrame(list(rows), columns=list(Row._fields))
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        try:
            table.to_parquet(file)
        except ImportError:
            path.unlink()
            raise UsageError(
                "Parquet needs pyarrow: pip install pyarrow, or choose csv or jsonl"
            ) from None
    return len(table)


def _counted(written: Iterator[object]) -> int:
    return sum(1 for _ in written)


_WRITERS: Final[dict[str, Write]] = {
    "csv": _to_csv,
    "jsonl": _to_jsonl,
    "parquet": _to_parquet,
}
