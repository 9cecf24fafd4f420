"""TWS framing: a byte stream to frames, frames to fields, and back. No I/O."""

from collections.abc import Iterable
from typing import Final

HELLO: Final = b"API\0"
"""What a client sends before its first frame, without a length."""

FRAME_BYTES_MAX: Final = 1 << 20
"""Longest frame read; requests stay under a few KiB, and one bad length must not fill the memory."""

_PREFIX_BYTES: Final = 4
_ASCII_END: Final = 128


class WireError(ValueError):
    """The byte stream cannot be cut into frames or fields; found and expected are in the text."""


def frame(payload: bytes) -> bytes:
    """Return `payload` with its length in front, as it goes onto the socket."""
    return len(payload).to_bytes(_PREFIX_BYTES) + payload


def join(fields: Iterable[str]) -> bytes:
    """Return the payload that holds `fields`, each ended by NUL."""
    return "".join(f"{text}\0" for text in fields).encode()


def split(payload: bytes) -> list[str]:
    """Return the fields of `payload`.

    Raises:
        WireError: it does not end in NUL, or is not UTF-8.
    """
    if not payload.endswith(b"\0"):
        raise WireError("the frame does not end in NUL, expected every field to")
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise WireError(f"byte {error.start} of the frame is not UTF-8 text") from None
    fields = text.split("\0")
    fields.pop()
    return fields


def to_ascii(text: str) -> str:
    r"""Return `text` as 7-bit ASCII, other characters as \uXXXX escapes (servers from 153 on)."""
    if text.isascii():
        return text
    units = text.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
    return "".join(chr(code) if code < _ASCII_END else f"\\u{code:04x}" for code in codes)


class Inbox:
    """Bytes received and not yet read. A stream is read here, not packets: any cut will do."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._read = 0

    def feed(self, data: bytes) -> None:
        """Add what the socket gave."""
        del self._bytes[: self._read]
        self._read = 0
        self._bytes += data

    def take(self, count: int) -> bytes | None:
        """Return the next `count` bytes, or None when they are not all here yet."""
        end = self._read + count
        if len(self._bytes) < end:
            return None
        taken = bytes(self._bytes[self._read : end])
        self._read = end
        return taken

    def take_frame(self) -> bytes | None:
        """Return the next frame's payload, or None when it is not all here yet.

        Raises:
            WireError: its length is over `FRAME_BYTES_MAX`; the stream is lost then.
        """
        start = self._read + _PREFIX_BYTES
        if len(self._bytes) < start:
            return None
        length = int.from_bytes(self._bytes[self._read : start])
        if length > FRAME_BYTES_MAX:
            raise WireError(f"frame of {length} bytes, expected at most {FRAME_BYTES_MAX}")
        if len(self._bytes) < start + length:
            return None
        self._read = start + length
        return bytes(self._bytes[start : self._read])
