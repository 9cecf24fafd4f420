"""What an order asks for that the gateway only repeats in openOrder: it changes nothing in this market."""

from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.protocol.messages import Fields
from edgerunner_lab.sim.protocol.values import Scalar

ECHOED_LIVE: Final = frozenset(
    {
        *("o.adjustableTrailingUnit", "o.auctionStrategy", "o.blockOrder"),
        *("o.discretionaryUpToLimitPrice", "o.duration", "o.extOperator"),
        *("o.includeOvernight", "o.manualOrderIndicator", "o.optOutSmartRouting"),
        *("o.postToAts", "o.softDollarTier.name", "o.softDollarTier.val"),
        *("o.usePriceMgmtAlgo",),
    }
)
"""Fields of placeOrder that openOrder has and completedOrder has not."""

ECHOED: Final = (
    *sorted(ECHOED_LIVE),
    *("c.comboLegsDescrip", "o.cashQty", "o.clearingAccount", "o.clearingIntent"),
    *("o.customerAccount", "o.designatedLocation", "o.dontUseAutoPriceForHedge"),
    *("o.exemptCode", "o.faGroup", "o.faMethod"),
    *("o.faPercentage", "o.goodAfterTime", "o.goodTillDate"),
    *("o.hidden", "o.imbalanceOnly", "o.isOmsContainer"),
    *("o.modelCode", "o.notHeld", "o.openClose"),
    *("o.origin", "o.percentOffset", "o.professionalCustomer"),
    *("o.randomizePrice", "o.randomizeSize", "o.rule80A"),
    *("o.settlingFirm", "o.shortSaleSlot", "o.solicited"),
    *("o.sweepToFill",),
)
"""Fields of placeOrder that openOrder has too."""

_QUIET: Final = ("", 0, False, None)
"""Values that say nothing, so that the layout's own text for an unset field stands."""

_KEPT_CHARACTERS_MAX: Final = 256
"""Longest text kept for a field; a client could fill the memory otherwise."""


def echo_in(fields: Fields) -> tuple[tuple[str, Scalar], ...]:
    """Return what is to be repeated: (field, value), numbers with a fraction as text."""
    found: list[tuple[str, Scalar]] = []
    for name in ECHOED:
        value = fields.get(name)
        if isinstance(value, tuple) or value in _QUIET:
            continue
        if isinstance(value, Decimal):
            value = f"{value:f}" if value.is_finite() else None
        if isinstance(value, str):
            value = value[:_KEPT_CHARACTERS_MAX]
        if value is not None and not isinstance(value, dict):
            found.append((name, value))
    return tuple(found)
