"""Orders as the user phrased them, and the same order once it is sized and resolved."""

import enum
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from edgerunner_lab.core.contracts import ContractSpec, Instrument


class Side(enum.StrEnum):
    """Which way an order trades, as the TWS API spells it."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a buy, −1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The other one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(enum.StrEnum):
    """Order types, as the TWS API spells them."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    TRAIL = "TRAIL"


class TimeInForce(enum.StrEnum):
    """How long an order works, as the TWS API spells it."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """A size in shares, contracts, or units of the base currency; positive."""

    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """A size as money to spend or raise, in the contract's currency; positive; rounded down to whole units."""

    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A size as a part of the position held; 1 for all, 1/2 for half; rounded down to whole units."""

    of_position: Fraction


Size = Units | Money | Part

_WORD_BY_PART: Final = {Fraction(1): "all", Fraction(1, 2): "half"}
"""The parts that the order language has words for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """One order as the user phrased it; `str()` is its canonical text.

    Attributes:
        size: How much, always positive; `side` carries the sign.
        limit_price: Worst acceptable price per unit, in the contract's currency; None for a market order.
        stop_price: Trigger of a stop or stop-limit order; None for others.
        trail_amount: Distance of a trailing stop, in the contract's currency; excludes `trail_percent`.
        trail_percent: The same in percent of the price, 2 meaning 2 %.
        take_price: Limit price of a bracket's profit taker; None without a bracket.
        protect_price: Stop price of a bracket's protective stop; None without one.
        tif: None where the user did not say; DAY is then sent, explicitly.
        preview: Show what would happen and send nothing.
        again: The user repeats an order knowingly (lifts DUPLICATE_ORDER once).
        ref: The user's own name for the order, shown in tables; at most 12 of `[A-Za-z0-9_.-]`, the first no dash.
        account: None where the user did not say; the session's account is then used.
    """

    side: Side
    size: Size
    contract: ContractSpec
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    take_price: Decimal | None = None
    protect_price: Decimal | None = None
    tif: TimeInForce | None = None
    outside_rth: bool = False
    preview: bool = False
    again: bool = False
    ref: str | None = None
    account: str | None = None

    def __str__(self) -> str:
        """Return the canonical line; parsing it gives an equal intent."""
        return " ".join([*self._what(), *self._prices(), *self._options()])

    def _what(self) -> list[str]:
        match self.size:
            case Units(quantity=quantity):
                size = f"{quantity:f}"
            case Money(amount=amount):
                size = f"${amount:f}"
            case _:
                size = _WORD_BY_PART[self.size.of_position]
        return [self.side.value.lower(), size, str(self.contract)]

    def _prices(self) -> list[str]:
        words: list[str] = []
        if self.order_type is OrderType.TRAIL:
            trail = (
                self.trail_percent if self.trail_percent is not None else self.trail_amount
            )
            assert trail is not None, "a trailing order has a distance"
            words += [
                "trail",
                f"{trail:f}" + ("%" if self.trail_percent is not None else ""),
            ]
        for word, price in (
            ("stp", self.stop_price),
            ("lmt", self.limit_price),
            ("take", self.take_price),
            ("stop", self.protect_price),
        ):
            if price is not None:
                words += [word, f"{price:f}"]
        return words

    def _options(self) -> list[str]:
        words = [self.tif.value.lower()] if self.tif is not None else []
        words += [
            flag
            for flag, is_set in (
                ("--preview", self.preview),
                ("--again", self.again),
                ("--outside-rth", self.outside_rth),
            )
            if is_set
        ]
        if self.ref is not None:
            words += ["--ref", self.ref]
        if self.account is not None:
            words += ["--account", self.account]
        return words


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an order came from, for the journal and for telling repeats apart.

    Attributes:
        kind: "magic", "python" or "lab.ib".
        notebook: The notebook's path as the kernel knows it; empty where there is none.
        cell_id: The front end's cell id; empty in a terminal or a batch run.
        code_sha256: Hash of the cell's text, lower-case hex; empty where there is no cell.
        kernel_pid: Process id of the kernel.
    """

    kind: str
    notebook: str = ""
    cell_id: str = ""
    code_sha256: str = ""
    kernel_pid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What an exit that waits for its entry to fill hangs on: the profit taker or the stop of a bracket.

    Attributes:
        parent_ref: Reference of the entry.
        quantity: The entry's; the exit is never larger.
        side: The entry's; the exit is for the other one.
        entry_price: Per unit, at which the entry is expected to fill where that is not the market: its limit or
            trigger; None for the market, and once it has filled.
    """

    parent_ref: str
    quantity: Decimal
    side: Side
    entry_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedOrder:
    """An order sized and resolved, ready for the guard; every field that will go on the wire is explicit.

    Attributes:
        quantity: Shares or contracts, positive.
        limit_price: Per unit, in the contract's currency; None unless the type has one.
        stop_price: Trigger, likewise; of a trailing stop the one that it begins with.
        trail_amount: Distance at which a trailing stop follows, in the contract's currency; excludes `trail_percent`.
        trail_percent: The same in percent of the price, 2 meaning 2 %.
        account: The account in full; it is masked wherever it is shown.
        order_ref: Ours, unique for ever: `ELB:` and a ULID, at most 32 characters.
        intent: What the user phrased, for messages and the journal.
        attached: What an exit that waits for its entry hangs on; None for any other order.
        replaces: The order_ref of the working order that this modifies; None for a new order.
        is_exit: It may only shrink the position: with whatever else works on its side it never goes through zero.
    """

    instrument: Instrument
    side: Side
    quantity: Decimal
    order_type: OrderType
    limit_price: Decimal | None
    stop_price: Decimal | None
    tif: TimeInForce
    outside_rth: bool
    account: str
    order_ref: str
    intent: OrderIntent
    source: Source
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    attached: Attached | None = None
    replaces: str | None = None
    is_exit: bool = False
