"""An order of 10 SPY, ready for the guard."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from edgerunner_lab.core.contracts import ContractSpec, Instrument, PriceBand, SecType
from edgerunner_lab.core.intents import (
    OrderIntent,
    OrderType,
    ProposedOrder,
    Side,
    Source,
    TimeInForce,
    Units,
)

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ACCOUNT = "DU1000001"

SPY = Instrument(
    con_id=756733,
    symbol="SPY",
    sec_type=SecType.STOCK,
    exchange="SMART",
    primary_exchange="ARCA",
    currency="USD",
    local_symbol="SPY",
    trading_class="SPY",
    long_name="SPDR S&P 500 ETF TRUST",
    multiplier=Decimal(1),
    price_magnifier=1,
    price_bands=(PriceBand(low_edge=Decimal(0), increment=Decimal("0.01")),),
    size_min=Decimal(1),
    size_increment=Decimal(1),
    liquid_hours=(),
    time_zone="America/New_York",
    resolved_at=NOW,
)


def order_ref(number: int = 1) -> str:
    """Return the reference of a test's order."""
    return f"ELB:{number:026d}"


def an_order(number: int = 1, **changes: Any) -> ProposedOrder:
    """Return a market order to buy 10 SPY, with `changes`."""
    quantity = changes.get("quantity", Decimal(10))
    side = changes.get("side", Side.BUY)
    values: dict[str, Any] = {
        "instrument": SPY,
        "side": side,
        "quantity": quantity,
        "order_type": OrderType.MARKET,
        "limit_price": None,
        "stop_price": None,
        "tif": TimeInForce.DAY,
        "outside_rth": False,
        "account": ACCOUNT,
        "order_ref": order_ref(number),
        "intent": OrderIntent(
            side=side, size=Units(quantity=quantity), contract=ContractSpec(symbol="SPY")
        ),
        "source": Source(kind="python"),
        **changes,
    }
    return ProposedOrder(**values)
