"""The kinds of orders as a table: which prices each needs, what wakes it, and how its limit follows the market."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


class Tif(enum.StrEnum):
    """How long an order works."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"
    GTD = "GTD"
    OPG = "OPG"

    @property
    def is_immediate(self) -> bool:
        """True when nothing of it may rest."""
        return self in (Tif.IOC, Tif.FOK)


class OrderType(enum.StrEnum):
    """Order types the gateway works, as clients spell them."""

    MARKET = "MKT"
    LIMIT = "LMT"
    STOP = "STP"
    STOP_LIMIT = "STP LMT"
    TRAIL = "TRAIL"
    TRAIL_LIMIT = "TRAIL LIMIT"
    MARKET_IF_TOUCHED = "MIT"
    LIMIT_IF_TOUCHED = "LIT"
    MARKET_ON_CLOSE = "MOC"
    LIMIT_ON_CLOSE = "LOC"
    MARKET_TO_LIMIT = "MTL"
    RELATIVE = "REL"
    PEG_MARKET = "PEG MKT"
    PEG_MIDPOINT = "PEG MID"
    MIDPRICE = "MIDPRICE"

    @property
    def kind(self) -> "OrderKind":
        """What the type means."""
        return KINDS[self]

    @property
    def has_limit(self) -> bool:
        """True when it needs a limit price from the client."""
        return self.kind.limit is Need.REQUIRED

    @property
    def has_stop(self) -> bool:
        """True when it sleeps until a price trades that the client names in auxPrice."""
        return self.kind.touch is not None and not self.kind.is_trailing


class Need(enum.Enum):
    """Whether a price must, may or cannot be given."""

    NONE = enum.auto()
    OPTIONAL = enum.auto()
    REQUIRED = enum.auto()


class Touch(enum.IntEnum):
    """From which side the market must come; the value is the sign of the move that wakes a buy order."""

    STOP = 1
    IF_TOUCHED = -1


class Peg(enum.Enum):
    """What a pegged limit follows."""

    PRIMARY = enum.auto()
    MARKET = enum.auto()
    MIDPOINT = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderKind:
    """What an order type means.

    Attributes:
        limit: Whether lmtPrice is a limit (of a pegged order: its cap).
        touch: What wakes it; None for orders that work at once.
        is_trailing: Its stop follows the market at a distance.
        peg: What its limit follows.
        is_on_close: It trades in the closing auction only.
        rests_at_fill: What the market does not fill at once rests at the first fill's price.
    """

    limit: Need = Need.NONE
    touch: Touch | None = None
    is_trailing: bool = False
    peg: Peg | None = None
    is_on_close: bool = False
    rests_at_fill: bool = False


KINDS: Final[Mapping[OrderType, OrderKind]] = {
    OrderType.MARKET: OrderKind(),
    OrderType.LIMIT: OrderKind(limit=Need.REQUIRED),
    OrderType.STOP: OrderKind(touch=Touch.STOP),
    OrderType.STOP_LIMIT: OrderKind(limit=Need.REQUIRED, touch=Touch.STOP),
    OrderType.TRAIL: OrderKind(touch=Touch.STOP, is_trailing=True),
    OrderType.TRAIL_LIMIT: OrderKind(
        limit=Need.OPTIONAL, touch=Touch.STOP, is_trailing=True
    ),
    OrderType.MARKET_IF_TOUCHED: OrderKind(touch=Touch.IF_TOUCHED),
    OrderType.LIMIT_IF_TOUCHED: OrderKind(limit=Need.REQUIRED, touch=Touch.IF_TOUCHED),
    OrderType.MARKET_ON_CLOSE: OrderKind(is_on_close=True),
    OrderType.LIMIT_ON_CLOSE: OrderKind(limit=Need.REQUIRED, is_on_close=True),
    OrderType.MARKET_TO_LIMIT: OrderKind(rests_at_fill=True),
    OrderType.RELATIVE: OrderKind(limit=Need.OPTIONAL, peg=Peg.PRIMARY),
    OrderType.PEG_MARKET: OrderKind(limit=Need.OPTIONAL, peg=Peg.MARKET),
    OrderType.PEG_MIDPOINT: OrderKind(limit=Need.OPTIONAL, peg=Peg.MIDPOINT),
    OrderType.MIDPRICE: OrderKind(limit=Need.OPTIONAL, peg=Peg.MIDPOINT),
}
"""order type -> what it means."""

ALIASES: Final[Mapping[str, str]] = {
    "STOP": "STP",
    "STPLMT": "STP LMT",
    "STP_LMT": "STP LMT",
    "STOP LIMIT": "STP LMT",
    "LIMIT": "LMT",
    "MARKET": "MKT",
    "TRAILLMT": "TRAIL LIMIT",
    "TRAIL LMT": "TRAIL LIMIT",
    "PEGMID": "PEG MID",
    "PEGMKT": "PEG MKT",
    "RELATIVE": "REL",
}
"""Other spellings that the broker takes -> its own."""

UNWORKED_TYPES: Final = frozenset(
    {
        *("PEG BEST", "PEG BENCH", "PEG STK", "PEG PRIM", "VWAP", "TWAP", "VOL"),
        *(
            "MKT PRT",
            "STP PRT",
            "BOX TOP",
            "PASSV REL",
            "SNAP MID",
            "SNAP MKT",
            "SNAP PRIM",
        ),
        *("LWLIM", "LMT + MKT", "REL + MKT", "REL + LMT", "QUOTE", "AUC"),
    }
)
"""Types the broker has and this market does not work: refused with 387 instead of 321."""
