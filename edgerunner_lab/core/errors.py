"""Everything that can go wrong, as a tree of exceptions, each of which is one clear line.

EdgerunnerError
├── UsageError                what was typed or passed is wrong; nothing was sent
│   ├── OrderSyntaxError      an order line does not parse; shows where
│   └── NotSupported          understood, but this version cannot carry it out
├── ConfigurationError        a settings or limits file is wrong
├── NotConnected              there is no session that could answer
│   └── ConnectFailed         a session could not be made; says why
├── RequestFailed             the broker answered with an error; carries its code
│   ├── ContractNotFound      no instrument fits
│   └── ContractAmbiguous     several do; carries them
├── RequestTimedOut           the broker did not answer in time
├── NoData                    the broker answered, with nothing
├── OrderDenied               the guard refused; carries every failed rule
│   └── TogetherDenied        one or more of several that go together; none was sent
├── OutcomeUnknown            bytes may have left and no verdict came; never resend blindly
├── ChangeRefused             an order was not modified and works as it was
├── LedgerError               the durable record cannot be used
│   ├── LedgerUnavailable     full, locked or unreachable; it may work again
│   └── LedgerDamaged         its contents are not what we wrote; it is kept, not repaired
└── FirewallBreach            ours: an order frame without a permit was stopped
"""

from collections.abc import Sequence
from dataclasses import dataclass


class EdgerunnerError(Exception):
    """The root: catch it to catch everything this package raises on purpose."""

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows instead of a traceback: the class and one line."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(EdgerunnerError, ValueError):
    """What was typed or passed is wrong; nothing was sent."""


class OrderSyntaxError(UsageError):
    """An order line does not parse.

    Attributes:
        text: The line as typed; what is not printable ASCII stands as `?`.
        column: Where it went wrong, counted from 0; behind the last word where something is missing.
        problem: What was expected there and what was found.
    """

    def __init__(self, text: str, column: int, problem: str) -> None:
        self.text = text
        self.column = column
        self.problem = problem
        super().__init__(f"{problem}\n  {text}\n  {' ' * column}^ nothing was sent")


class NotSupported(UsageError):
    """Understood, but this version cannot carry it out; nothing was sent."""


class ConfigurationError(EdgerunnerError):
    """A settings or limits file is wrong; the line names the file, the key and what was expected."""


class NotConnected(EdgerunnerError):
    """There is no session that could answer."""


class ConnectFailed(NotConnected):
    """A session could not be made; the line says why and what to do."""


class RequestFailed(EdgerunnerError):
    """The broker answered a request with an error.

    Attributes:
        code: The broker's message code, e.g. 200.
    """

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class ContractNotFound(RequestFailed):
    """No instrument fits what was asked for."""


class ContractAmbiguous(RequestFailed):
    """Several instruments fit.

    Attributes:
        candidates: One line each, most liquid first where the broker says so.
    """

    def __init__(self, message: str, candidates: Sequence[str]) -> None:
        self.candidates = tuple(candidates)
        super().__init__(200, message)


class RequestTimedOut(EdgerunnerError):
    """The broker did not answer in time."""


class NoData(EdgerunnerError):
    """The broker answered, with nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """One failed rule.

    Attributes:
        code: The rule's name in the message catalogue, e.g. "MAX_ORDER_QTY".
        facts: What was compared, in the order it is shown; values already formatted and masked.
        hint: What would pass, or what to do; empty where the facts say it.
    """

    code: str
    facts: tuple[tuple[str, str], ...] = ()
    hint: str = ""

    def __str__(self) -> str:
        """Return the catalogue's one line: `CODE: k=v, … — hint`."""
        facts = ", ".join(f"{name}={value}" for name, value in self.facts)
        line = f"{self.code}: {facts}" if facts else self.code
        return f"{line} — {self.hint}" if self.hint else line


class OrderDenied(EdgerunnerError):
    """The guard refused; nothing was sent.

    Attributes:
        denials: Every failed rule, in the order of evaluation; never empty.
        nearest: The canonical text of the nearest order that would pass; None where there is none.
    """

    def __init__(self, denials: Sequence[Denial], nearest: str | None = None) -> None:
        assert denials, "a denial without a failed rule says nothing"
        self.denials = tuple(denials)
        self.nearest = nearest
        lines = [f"DENIED {denial}" for denial in self.denials]
        if nearest is not None:
            lines.append(f"would pass: {nearest}")
        lines.append("nothing was sent")
        super().__init__("\n".join(lines))


class TogetherDenied(OrderDenied):
    """The guard refused one order or more of several that go together; none of them was sent.

    Attributes:
        refusals: Of each order that was refused its canonical text and its denial, in the order of their giving.
    """

    def __init__(self, refusals: Sequence[tuple[str, OrderDenied]]) -> None:
        self.refusals = tuple(refusals)
        lines: list[str] = []
        for text, denied in self.refusals:
            lines.append(f"{text}:")
            lines += [f"  DENIED {denial}" for denial in denied.denials]
            if denied.nearest is not None:
                lines.append(f"  would pass: {denied.nearest}")
        lines.append("nothing was sent")
        EdgerunnerError.__init__(self, "\n".join(lines))
        self.denials = tuple(
            denial for _, denied in self.refusals for denial in denied.denials
        )
        self.nearest = None


class OutcomeUnknown(EdgerunnerError):
    """Bytes may have left and no verdict came; the order is neither assumed alive nor dead.

    Attributes:
        order_ref: Our reference, by which the broker's records are searched.
    """

    def __init__(self, order_ref: str, message: str) -> None:
        self.order_ref = order_ref
        super().__init__(message)


class ChangeRefused(EdgerunnerError):
    """An order was not modified and works as it was; the text says why."""


class LedgerError(EdgerunnerError):
    """The durable record cannot be used; new orders are denied, cancels still pass."""


class LedgerUnavailable(LedgerError):
    """The ledger is full, locked or unreachable; it may work again."""


class LedgerDamaged(LedgerError):
    """The ledger's contents are not what was written; it is kept as it is, never repaired."""


class FirewallBreach(EdgerunnerError):
    """Ours: a frame that can trade had no permit, and was stopped before the socket.

    Attributes:
        message_id: The TWS message id of the frame.
    """

    def __init__(self, message_id: int, reason: str) -> None:
        self.message_id = message_id
        super().__init__(f"outgoing message {message_id} was stopped: {reason}")
