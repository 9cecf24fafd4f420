"""What the gateway leaves on disk: its market state, its address for others, and locks."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

SCHEMA: Final = 1
"""Version of both files; a file of another one is refused and kept."""

STATE_NAME: Final = "state.json"
DISCOVERY_NAME: Final = "gateway.json"
RUNTIME_LOCK_NAME: Final = "gateway.lock"
STATE_LOCK_NAME: Final = "state.lock"


class StateError(Exception):
    """A file or directory cannot be used; the text is one line that says which and what to do."""


class LockTaken(Exception):
    """Another gateway holds the directory."""


def prepare(directory: Path) -> None:
    """Make `directory`, for its owner only.

    Raises:
        StateError: it cannot be made or written.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateError(
            f"cannot make the directory {directory}: {error.strerror}"
        ) from None
    if not directory.is_dir() or not os.access(directory, os.W_OK | os.X_OK):
        raise StateError(f"cannot write to {directory}, expected a directory of your own")


def write_whole(path: Path, text: str) -> None:
    """Replace `path` by `text` so that whoever reads it, even after a crash, finds old or new.

    Raises:
        OSError: it could not be written; the old file is as it was.
    """
    # One name for all time, so that crashes do not pile up halves; the directory's lock guards it.
    half = path.with_name(f".{path.name}.new")
    handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    """Make the rename durable, where the system lets directories be opened."""
    if sys.platform == "win32":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class StateFile:
    """The exchange's snapshot between two runs."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / STATE_NAME

    def load(self) -> dict[str, Any] | None:
        """Return the saved snapshot, None when nothing is saved.

        Raises:
            StateError: it cannot be read or is of an unknown schema; the file stays.
        """
        try:
            content: Any = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise self.refusal(f"cannot be read ({error})") from None
        match content:
            case {"schema": 1, "exchange": {**snapshot}}:
                return snapshot
            case {"schema": schema} if schema != SCHEMA:
                raise self.refusal(f"has schema {schema!r}, expected {SCHEMA}")
            case _:
                raise self.refusal("is not a saved market")

    def saved_at(self) -> datetime | None:
        """Return the gateway's time when the file was last written; None when that is not known."""
        try:
            content: Any = json.loads(self.path.read_text(encoding="utf-8"))
            saved = datetime.fromisoformat(content["saved"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return saved if saved.tzinfo is not None else None

    def refusal(self, reason: str) -> StateError:
        """Return the error that says why this file is not used and what to do."""
        return StateError(
            f"the state file {self.path} {reason};"
            " it is kept: start with --fresh to set it aside, or name another --state"
        )

    def save(self, snapshot: Mapping[str, Any], now: datetime) -> None:
        """Write `snapshot` atomically and durably.

        Raises:
            OSError: it could not be written; the last one is as it was.
        """
        content = {"schema": SCHEMA, "saved": now.isoformat(), "exchange": snapshot}
        write_whole(self.path, json.dumps(content, separators=(",", ":")))

    def set_aside(self, now: datetime) -> Path | None:
        """Rename what is saved, so that a fresh start loses nothing; return its new name."""
        if not self.path.exists():
            return None
        kept = self.path.with_name(f"state-{now:%Y%m%dT%H%M%S%f}.json")
        self.path.rename(kept)
        return kept


class Discovery:
    """The file by which others find a running gateway."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / DISCOVERY_NAME

    def publish(
        self,
        *,
        port: int,
        started: datetime,
        version: str,
        control: Mapping[str, Any] | None = None,
    ) -> None:
        """Say where this process listens, for clients and for commands.

        Raises:
            OSError: it could not be written.
        """
        facts: dict[str, Any] = {
            "schema": SCHEMA,
            "pid": os.getpid(),
            "port": port,
            "started": started.isoformat(),
            "version": version,
        }
        if control is not None:
            facts["control"] = dict(control)
        write_whole(self.path, json.dumps(facts))

    def withdraw(self) -> None:
        """Remove the file, whoever wrote it; call it only with the directory's lock."""
        self.path.unlink(missing_ok=True)

    def port(self) -> int | None:
        """Return the port on which a living process says it listens."""
        try:
            facts = json.loads(self.path.read_text(encoding="utf-8"))
            pid, port = int(facts["pid"]), int(facts["port"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return port if _is_alive(pid) else None


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # There, signal 0 would end the process instead of asking for it.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class FileLock:
    """One gateway a lock file; the system frees the lock when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            LockTaken: another process has it.
            StateError: the lock file cannot be opened.
        """
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StateError(f"cannot open {self._path}: {error.strerror}") from None
        try:
            _lock(handle)
        except OSError:
            os.close(handle)
            raise LockTaken(str(self._path)) from None
        self._handle = handle
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Free the lock; its file stays, since another may be waiting on it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
