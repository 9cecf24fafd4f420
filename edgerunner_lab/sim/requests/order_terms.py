"""placeOrder's fields as `Terms`, or the broker's reason for refusing them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from edgerunner_lab.sim.accounts.book import ZERO, Side
from edgerunner_lab.sim.listing.endings import has_ended
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.matching.triggers import METHODS
from edgerunner_lab.sim.orders.algos import algo_in
from edgerunner_lab.sim.orders.conditions import Condition, conditions_in
from edgerunner_lab.sim.orders.order_echo import echo_in
from edgerunner_lab.sim.orders.order_prices import CAUSE, Prices
from edgerunner_lab.sim.orders.order_types import ALIASES, UNWORKED_TYPES, OrderType, Tif
from edgerunner_lab.sim.orders.orders import Terms
from edgerunner_lab.sim.protocol.messages import Fields, Value
from edgerunner_lab.sim.protocol.replies import (
    Refused,
    decimal_of,
    flag_of,
    number_of,
    text_of,
)
from edgerunner_lab.sim.protocol.stamps import day_stamp, parse_stamp
from edgerunner_lab.sim.requests.cash_quantities import units_for_cash
from edgerunner_lab.sim.requests.contract_details import ORDER_TYPES
from edgerunner_lab.sim.requests.desk import Desk

UNWORKED: Final[Mapping[str, tuple[tuple[Value, ...], str]]] = {
    "o.hedgeType": ((None, ""), "hedges"),
    "o.discretionaryAmt": ((None, Decimal(0)), "discretionary amounts"),
    "o.scalePriceIncrement": ((None, Decimal(0)), "scale orders"),
}
"""field -> (values that ask for nothing, what others ask for). Refused, since an order worked without them would not be what was meant."""

DETAIL_NAMES: Final[Mapping[OrderType, str]] = {
    OrderType.TRAIL_LIMIT: "TRAILLMT",
    OrderType.MIDPRICE: "MIDPX",
}
"""order type -> how contract details spell it, where that is not the type without its blanks."""

COMBO_TYPES: Final = "LMT,MKT,STP,STPLMT,TRAIL,TRAILLMT,LIT,MIT,REL"
"""What combos take: they have no contract details that could list it."""

FRACTION_MIN: Final = Decimal("0.0001")
"""Smallest part of a unit that an order may have where fractions are taken."""

OCA_DEFAULT: Final = 3
OCA_TYPES: Final = (1, 2, 3)


def terms_in(desk: Desk, fields: Fields) -> Terms:
    """Return what an order asks for.

    Raises:
        Refused: With the broker's code, if it cannot be worked as asked.
    """
    instrument = desk.instrument_in(fields)
    if not text_of(fields, "c.exchange"):
        raise Refused(321, f"{CAUSE}Missing order exchange")
    for name, (quiet, what) in UNWORKED.items():
        if fields.get(name) not in quiet:
            raise Refused(321, f"{CAUSE}{what} are not worked by this gateway ({name[2:]})")
    if any(has_ended(part, desk.market.second) for part in _parts(desk, instrument)):
        raise Refused(
            201, f"Order rejected - reason:Contract {instrument.name} has expired."
        )
    return _with_restraints(desk, instrument, fields, _priced(desk, instrument, fields))


def _priced(desk: Desk, instrument: Instrument, fields: Fields) -> Terms:
    """Return what is to be traded and at which prices."""
    account = _account(desk, fields)
    order_type = _order_type(instrument, fields)
    side = _side(fields)
    prices = Prices(desk.market.universe, instrument, fields)
    limit, stop = prices.limit(order_type), prices.stop(order_type)
    bought = units_for_cash(
        desk, instrument, side, fields, stop if limit is None else limit
    )
    return Terms(
        con_id=instrument.con_id,
        exchange=text_of(fields, "c.exchange"),
        side=side,
        quantity=_quantity(desk, instrument, fields, bought),
        order_type=order_type,
        limit=limit,
        stop=stop,
        trail=prices.trail(order_type),
        offset=prices.offset(order_type),
        adjustment=prices.adjustment(order_type),
        tif=_tif(instrument, fields),
        outside_rth=flag_of(fields, "o.outsideRth"),
        account=account,
        order_ref=text_of(fields, "o.orderRef"),
        is_short=text_of(fields, "o.action").upper() == "SSHORT",
        echo=echo_in(fields),
    )


def _with_restraints(
    desk: Desk, instrument: Instrument, fields: Fields, terms: Terms
) -> Terms:
    """Add what holds the order back, cuts it up, or ties it to others."""
    zone = instrument.time_zone
    today = day_stamp(datetime.fromtimestamp(desk.market.now, ZoneInfo(zone)).date())
    return replace(
        terms,
        parent_id=number_of(fields, "o.parentId"),
        oca_group=text_of(fields, "o.ocaGroup"),
        oca_type=_oca_type(fields),
        good_after=_time(fields, "o.goodAfterTime", zone),
        good_till=_good_till(desk, fields, terms.tif, zone),
        all_or_none=flag_of(fields, "o.allOrNone"),
        minimum=_part(fields, "o.minQty", terms.quantity),
        display=_part(fields, "o.displaySize", terms.quantity),
        trigger_method=_trigger_method(fields),
        conditions=_conditions(desk, fields, zone),
        conditions_ignore_rth=flag_of(fields, "o.conditionsIgnoreRth"),
        conditions_cancel=flag_of(fields, "o.conditionsCancelOrder"),
        algo=algo_in(fields, zone, today),
        auto_cancel_parent=flag_of(fields, "o.autoCancelParent"),
    )


def _parts(desk: Desk, instrument: Instrument) -> list[Instrument]:
    """Return the legs of a combo, or the instrument itself."""
    listed = desk.market.universe.by_con_id
    return [listed[leg.con_id] for leg in instrument.legs] or [instrument]


def _account(desk: Desk, fields: Fields) -> str:
    asked = text_of(fields, "o.account")
    if asked and asked != desk.account.account_id:
        raise Refused(
            435,
            f"You must specify an account: '{asked}' was found,"
            f" expected {desk.account.account_id}",
        )
    return desk.account.account_id


def _order_type(instrument: Instrument, fields: Fields) -> OrderType:
    if instrument.sec_type == "CONTFUT":
        raise Refused(
            321,
            f"{CAUSE}Continuous futures cannot be traded, expected a contract with an expiry",
        )
    asked = text_of(fields, "o.orderType").upper()
    asked = ALIASES.get(asked, asked)
    unsupported = Refused(
        387, f"Unsupported order type for this exchange and security type: {asked}."
    )
    if asked in UNWORKED_TYPES or not instrument.is_tradable:
        raise unsupported
    try:
        found = OrderType(asked)
    except ValueError:
        raise Refused(321, f"{CAUSE}Invalid order type was entered") from None
    if not _takes(instrument, DETAIL_NAMES.get(found, found.value.replace(" ", ""))):
        raise unsupported
    return found


def _takes(instrument: Instrument, name: str) -> bool:
    """Return whether contract details list a type of order for this kind of instrument."""
    listed = ORDER_TYPES.get(instrument.sec_type, COMBO_TYPES)
    return name in listed.split(",")


def _side(fields: Fields) -> Side:
    asked = text_of(fields, "o.action").upper()
    sides = {"BUY": Side.BUY, "SELL": Side.SELL, "SSHORT": Side.SELL}
    if asked not in sides:
        raise Refused(321, f"{CAUSE}Invalid side: found '{asked}', expected BUY or SELL")
    return sides[asked]


def _tif(instrument: Instrument, fields: Fields) -> Tif:
    asked = text_of(fields, "o.tif").upper() or Tif.DAY.value
    try:
        tif = Tif(asked)
    except ValueError:
        raise Refused(
            391,
            f"The time-in-force is invalid: found '{asked}',"
            f" expected one of {', '.join(Tif)}.",
        ) from None
    if tif is Tif.OPG and not _takes(instrument, tif.value):
        raise Refused(391, "The time-in-force is invalid: OPG needs an opening auction.")
    return tif


def _quantity(
    desk: Desk, instrument: Instrument, fields: Fields, bought: Decimal | None
) -> Decimal:
    """Return the size asked for, or what an amount of money buys."""
    quantity = decimal_of(fields, "o.totalQuantity") if bought is None else bought
    if not quantity:
        raise Refused(434, "The order size cannot be zero.")
    if quantity < 0:
        raise Refused(
            321, f"{CAUSE}Invalid order size {quantity:f}, expected a positive one"
        )
    is_fraction = bool(quantity % 1) and not instrument.size_increment % 1
    if is_fraction and not desk.rules.takes_fractions:
        raise Refused(
            10243,
            "Fractional-sized order cannot be placed via API."
            " Please refer to our website for more details.",
        )
    least = FRACTION_MIN if is_fraction else instrument.size_min
    step = FRACTION_MIN if is_fraction else instrument.size_increment
    if quantity % step or quantity < least:
        raise Refused(
            388,
            f"Order size {quantity:f} is smaller than the minimum required size of"
            f" {least:f} or not a multiple of {step:f}.",
        )
    return quantity


def _part(fields: Fields, name: str, quantity: Decimal) -> Decimal:
    """Return a size that is a part of the order's; 0 where none is asked for."""
    part = Decimal(number_of(fields, name))
    if part <= 0:
        return ZERO
    if part > quantity:
        if name == "o.displaySize":
            raise Refused(
                409, "The display size should be smaller than the total quantity."
            )
        raise Refused(321, f"{CAUSE}{name[2:]} was {part:f}, expected at most {quantity:f}")
    return part


def _oca_type(fields: Fields) -> int:
    asked = number_of(fields, "o.ocaType")
    if asked and asked not in OCA_TYPES:
        raise Refused(321, f"{CAUSE}Invalid OCA type: found {asked}, expected 1, 2 or 3")
    return asked or OCA_DEFAULT


def _trigger_method(fields: Fields) -> int:
    asked = number_of(fields, "o.triggerMethod")
    if asked not in METHODS:
        raise Refused(
            321,
            f"{CAUSE}Invalid trigger method: found {asked},"
            f" expected one of {', '.join(str(method) for method in sorted(METHODS))}",
        )
    return asked


def _time(fields: Fields, name: str, zone: str) -> int | None:
    text = text_of(fields, name)
    if not text:
        return None
    try:
        return int(parse_stamp(text, zone))
    except ValueError:
        raise Refused(
            337,
            "The date, time, or time-zone entered is invalid."
            " The correct format is yyyymmdd hh:mm:ss xx/xxxx"
            f" ({name[2:]} was '{text}')",
        ) from None


def _good_till(desk: Desk, fields: Fields, tif: Tif, zone: str) -> int | None:
    if tif is not Tif.GTD:
        return None
    until = _time(fields, "o.goodTillDate", zone)
    if until is None or until <= desk.market.second:
        raise Refused(334, "Invalid Good Till Date order")
    return until


def _conditions(desk: Desk, fields: Fields, zone: str) -> tuple[Condition, ...]:
    found = conditions_in(fields, zone)
    listed = desk.market.universe.by_con_id
    for condition in found:
        if condition.con_id and listed.get(condition.con_id) is None:
            raise Refused(200, "No security definition has been found for the request")
    return found
