"""Is the journal what was written? Asked of the file alone: no session, and no lock that an order waits for."""

import contextlib
from collections.abc import Generator
from pathlib import Path

from edgerunner_lab.core.errors import LedgerDamaged
from edgerunner_lab.ledger import anchor, journal
from edgerunner_lab.ledger.failures import translated
from edgerunner_lab.ledger.journal import Row, Verification
from edgerunner_lab.ledger.store import connect


def verify_file(path: Path) -> Verification:
    """Walk the journal of a file, also of one that no ledger opens any more; nothing in it is changed.

    Raises:
        LedgerUnavailable: it cannot be read now.
    """
    # The anchor first: a row that is committed meanwhile is then one too many, not one too few.
    anchored = anchor.read(anchor.path_beside(path))
    try:
        with translated(path), contextlib.closing(connect(path, "ro")) as connection:
            connection.execute("BEGIN")
            return journal.verify(connection, anchored)
    except LedgerDamaged as error:
        return Verification(rows=0, problem=str(error))


def read_file(path: Path) -> Generator[Row]:
    """Yield every row of a file's journal, oldest first; nothing in it is changed.

    Raises:
        LedgerError: it cannot be read.
    """
    with translated(path), contextlib.closing(connect(path, "ro")) as connection:
        connection.execute("BEGIN")
        yield from journal.rows(connection)
