"""When two orders are the same order, for telling repeats apart (R18)."""

import hashlib
import json
from decimal import Decimal

from edgerunner_lab.core.intents import ProposedOrder


def fingerprint(order: ProposedOrder) -> str:
    """Return the SHA-256, lower-case hex, of what makes two orders the same.

    Account, instrument, side, quantity, type, prices and time in force; not the reference, the name the user gave
    it, or where it came from.
    """
    parts = [
        order.account,
        order.instrument.con_id,
        order.side.value,
        _canonical(order.quantity),
        order.order_type.value,
        _canonical(order.limit_price),
        _stop(order),
        order.tif.value,
    ]
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode()).hexdigest()


def _stop(order: ProposedOrder) -> str | None:
    """Return what an order's trigger is; that of a trailing stop moves, and its distance stays."""
    if order.trail_amount is not None:
        return f"trail {_canonical(order.trail_amount)}"
    if order.trail_percent is not None:
        return f"trail {_canonical(order.trail_percent)}%"
    return _canonical(order.stop_price)


def _canonical(value: Decimal | None) -> str | None:
    """Return one spelling for equal numbers: 10, 10.0 and 1E+1 are the same quantity."""
    if value is None or not value.is_finite():
        return None if value is None else str(value)
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "finite"
    text = "".join(map(str, digits)).lstrip("0")
    stripped = text.rstrip("0")
    return f"{'-' if sign else ''}{stripped or '0'}e{exponent + len(text) - len(stripped) if stripped else 0}"
