"""Making a file so that it appears whole, and once, however many processes make it and whenever one is killed."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def make_whole(path: Path, fill: Callable[[Path], None]) -> None:
    """Make a file that only its owner can read; where it is there already, it stays as it is.

    Args:
        path: Where it appears, durably, once `fill` is done.
        fill: Writes the content into the empty file that it is given, and syncs it.

    Raises:
        OSError: it cannot be made.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.stem}.", suffix=".new")
    os.close(handle)
    scratch = Path(name)
    try:
        fill(scratch)
        # A link, unlike a renaming, never takes the place of what another process was quicker to make.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(scratch)
    finally:
        scratch.unlink()
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    # Windows lets nobody open a directory, and does without.
    with contextlib.suppress(PermissionError):
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
