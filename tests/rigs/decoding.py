"""What ib_async's decoder makes of bytes, without its wrapper."""

from dataclasses import dataclass, field
from datetime import UTC
from types import SimpleNamespace
from typing import Any


@dataclass
class Heard:
    """Takes every call that ib_async's decoder makes, in place of its wrapper."""

    calls: list[tuple[str, tuple[Any, ...]]] = field(
        default_factory=list[tuple[str, tuple[Any, ...]]]
    )
    defaultTimezone = UTC  # noqa: N815  ib_async's name

    ib = SimpleNamespace(TimezoneTWS="")

    def __getattr__(self, name: str) -> Any:
        """Return a method that remembers its arguments."""

        def remember(*arguments: Any) -> None:
            self.calls.append((name, arguments))

        return remember
