"""A halt by the kernel's control channel, which is heard while a cell runs; only C code that holds the interpreter delays it.

The reply says that the halt was received, not what it came to: that is the server's to say, which asks the broker.
"""

from collections.abc import Callable
from typing import Any, Final

REQUEST: Final = "edgerunner_halt_request"
REPLY: Final = "edgerunner_halt_reply"


class HaltControl:
    """Answers halt requests of the kernel's control channel."""

    def __init__(self, kernel: Any, halt: Callable[[bool], None]) -> None:
        """Register with `kernel`, an ipykernel.

        Args:
            kernel: Its table of control handlers is an internal of ipykernel's; where there is none, nothing is heard.
            halt: Begins a halt and returns at once; told whether everything is meant.
        """
        self._kernel = kernel
        self._halt = halt
        self._handlers: dict[str, Any] = getattr(kernel, "control_handlers", {})
        self._handlers[REQUEST] = self._requested

    def close(self) -> None:
        """Hear nothing more."""
        if self._handlers.get(REQUEST) == self._requested:
            del self._handlers[REQUEST]

    def _requested(self, stream: object, ident: object, parent: dict[str, Any]) -> None:
        """Begin the halt, then say so; called on the control thread."""
        content: object = parent.get("content")
        # Whatever it may be, it is a halt; only a plain `true` makes it one of everything.
        self._halt(content == {"everything": True})
        self._kernel.session.send(stream, REPLY, {"status": "ok"}, parent, ident)
