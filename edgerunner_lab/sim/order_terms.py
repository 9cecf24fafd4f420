"""placeOrder's fields as `Terms`, or the broker's reason for refusing them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from .book import Side
from .desk import Desk
from .messages import Fields, Value
from .orders import OrderType, Terms, Tif
from .replies import Refused, decimal_of, flag_of, text_of
from .universe import Instrument

KNOWN_ORDER_TYPES: Final = frozenset(
    {
        *("MIT", "LIT", "TRAIL", "TRAIL LIMIT", "MOC", "LOC", "MTL", "REL", "MIDPRICE"),
        *("PEG MKT", "PEG MID", "PEG BEST", "PEG BENCH", "PEG STK", "VWAP", "TWAP", "VOL"),
        *("MKT PRT", "STP PRT", "BOX TOP", "PASSV REL", "COMBO", "SNAP MID", "SNAP MKT"),
    }
)
"""Types the broker has and this market does not work: refused with 387 instead of 321."""

ALIASES: Final = {
    "STOP": "STP",
    "STPLMT": "STP LMT",
    "STOP LIMIT": "STP LMT",
    "LIMIT": "LMT",
}

UNWORKED: Final[Mapping[str, tuple[tuple[Value, ...], str]]] = {
    "o.parentId": ((None, 0), "attached orders"),
    "o.ocaGroup": ((None, ""), "one-cancels-all groups"),
    "o.goodAfterTime": ((None, ""), "good-after times"),
    "o.goodTillDate": ((None, ""), "good-till dates"),
    "o.allOrNone": ((None, False), "all-or-none"),
    "o.minQty": ((None, 0), "minimum quantities"),
    "o.hidden": ((None, False), "hidden orders"),
    "o.algoStrategy": ((None, ""), "algorithms"),
    "o.hedgeType": ((None, ""), "hedges"),
    "o.cashQty": ((None, Decimal(0)), "cash quantities"),
    "conditions": ((None, ()), "conditions"),
    "o.adjustedOrderType": ((None, "", "None"), "adjustable stops"),
    "o.discretionaryAmt": ((None, Decimal(0)), "discretionary amounts"),
}
"""field -> (values that ask for nothing, what others ask for). Refused, since an order worked without them would not be what was meant."""


def terms_in(desk: Desk, fields: Fields) -> Terms:
    """Return what an order asks for.

    Raises:
        Refused: With the broker's code, if it cannot be worked as asked.
    """
    instrument = desk.instrument_in(fields)
    exchange = text_of(fields, "c.exchange")
    if not exchange:
        raise Refused(321, f"{_CAUSE}Missing order exchange")
    account = _account(desk, fields)
    _refuse_unworked(fields)
    order_type = _order_type(fields)
    side = _side(fields)
    limit = _price(desk, instrument, fields, "o.lmtPrice") if order_type.has_limit else None
    stop = _price(desk, instrument, fields, "o.auxPrice") if order_type.has_stop else None
    return Terms(
        con_id=instrument.con_id,
        exchange=exchange,
        side=side,
        quantity=_quantity(instrument, fields),
        order_type=order_type,
        limit=limit,
        stop=stop,
        tif=_tif(fields),
        outside_rth=flag_of(fields, "o.outsideRth"),
        account=account,
        order_ref=text_of(fields, "o.orderRef"),
    )


_CAUSE: Final = "Error validating request.-'bF' : cause - "


def _account(desk: Desk, fields: Fields) -> str:
    asked = text_of(fields, "o.account")
    if asked and asked != desk.account.account_id:
        raise Refused(
            435,
            f"You must specify an account: '{asked}' was found,"
            f" expected {desk.account.account_id}",
        )
    return desk.account.account_id


def _refuse_unworked(fields: Fields) -> None:
    for name, (quiet, what) in UNWORKED.items():
        value = fields.get(name)
        if value not in quiet:
            raise Refused(
                321, f"{_CAUSE}{what} are not worked by this gateway ({name[2:] or name})"
            )


def _order_type(fields: Fields) -> OrderType:
    asked = text_of(fields, "o.orderType").upper()
    asked = ALIASES.get(asked, asked)
    if asked in KNOWN_ORDER_TYPES:
        raise Refused(
            387, f"Unsupported order type for this exchange and security type: {asked}."
        )
    try:
        return OrderType(asked)
    except ValueError:
        raise Refused(321, f"{_CAUSE}Invalid order type was entered") from None


def _side(fields: Fields) -> Side:
    asked = text_of(fields, "o.action").upper()
    sides = {"BUY": Side.BUY, "SELL": Side.SELL, "SSHORT": Side.SELL}
    if asked not in sides:
        raise Refused(321, f"{_CAUSE}Invalid side: found '{asked}', expected BUY or SELL")
    return sides[asked]


def _tif(fields: Fields) -> Tif:
    asked = text_of(fields, "o.tif").upper() or Tif.DAY.value
    try:
        return Tif(asked)
    except ValueError:
        raise Refused(
            391,
            f"The time-in-force is invalid: found '{asked}', expected DAY, GTC, IOC or FOK.",
        ) from None


def _quantity(instrument: Instrument, fields: Fields) -> Decimal:
    quantity = decimal_of(fields, "o.totalQuantity")
    if not quantity:
        raise Refused(434, "The order size cannot be zero.")
    if quantity < 0:
        raise Refused(
            321, f"{_CAUSE}Invalid order size {quantity:f}, expected a positive one"
        )
    if quantity % 1:
        raise Refused(
            10243,
            "Fractional-sized order cannot be placed via API."
            " Please refer to our website for more details.",
        )
    if quantity % instrument.size_increment or quantity < instrument.size_min:
        raise Refused(
            388,
            f"Order size {quantity:f} is smaller than the minimum required size of"
            f" {instrument.size_min:f} or not a multiple of {instrument.size_increment:f}.",
        )
    return quantity


def _price(desk: Desk, instrument: Instrument, fields: Fields, name: str) -> int:
    """Return a price in ticks."""
    price = decimal_of(fields, name)
    if price is None or price <= 0:
        raise Refused(
            321, f"{_CAUSE}Missing or invalid {name[2:]}, expected a price above 0"
        )
    if price % desk.market.universe.increment(instrument, price):
        raise Refused(
            110,
            "The price does not conform to the minimum price variation for this contract.",
        )
    return int(price / instrument.min_tick)
