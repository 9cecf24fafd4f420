"""What can be done to a market's prices by hand, where the market lets them be moved."""

from decimal import Decimal
from typing import Protocol, runtime_checkable


@runtime_checkable
class Levers(Protocol):
    """What can be done to a market by hand."""

    def set_regime(self, name: str, symbol: str | None) -> object:
        """Change how prices move, of one instrument or of all.

        Raises:
            ValueError: there is no such regime or instrument; the text is one line.
        """
        ...

    def move_price(self, symbol: str, price: Decimal) -> object:
        """Move an instrument's price.

        Raises:
            ValueError: there is no such instrument, or no such price; the text is one line.
        """
        ...


class _NoLevers:
    def set_regime(self, name: str, symbol: str | None) -> object:
        raise ValueError(f"this market has no regimes, {name!r} {symbol or ''} was refused")

    def move_price(self, symbol: str, price: Decimal) -> object:
        raise ValueError(
            f"this market's prices cannot be moved; {symbol} {price} was refused"
        )


def levers_of(market: object) -> Levers:
    """Return the market's levers, or ones that say that it has none."""
    return market if isinstance(market, Levers) else _NoLevers()
