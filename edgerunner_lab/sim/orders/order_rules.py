"""What a gateway's owner may choose about orders: precautions, the master client, delays and borrowing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRules:
    """Choices about orders; the defaults let everything pass that a fresh paper account lets pass.

    Attributes:
        master_client_id: Hears of the orders of every client; None for nobody.
        takes_fractions: Whether API orders may have fractions of a unit (else 10243).
        price_percent_max: Furthest that a limit may lie beyond the market, in percent (else 163); None for any.
        size_max: Largest order in units (else 383); None for any.
        value_max: Largest order in the instrument's currency (else 382); None for any.
        side_orders_max: Most orders at work in one contract and on one side (else 201); the broker takes 15. None
            for any.
        answer_seconds: How long the market takes to accept or cancel an order; orders are PendingSubmit or
            PendingCancel meanwhile.
        locate_seconds: Contract id -> seconds for which a short sale is held while shares are located (404).
        liquidation_seconds: From the warning of a negative excess liquidity (2148) until the broker closes
            positions; None for no warning and no liquidation.
    """

    master_client_id: int | None = None
    takes_fractions: bool = False
    price_percent_max: Decimal | None = None
    size_max: Decimal | None = None
    value_max: Decimal | None = None
    side_orders_max: int | None = None
    answer_seconds: int = 0
    liquidation_seconds: int | None = 120
    locate_seconds: Mapping[int, int] = field(default_factory=dict[int, int])
