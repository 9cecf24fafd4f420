"""Is this a thing to be traded at all, and now: instrument, hours, short sales (R08, R25, R26)."""

from datetime import datetime
from decimal import Decimal

from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.errors import Denial
from edgerunner_lab.core.intents import ProposedOrder, Side
from edgerunner_lab.guard.checks import Check, Unknown, WordedDenial
from edgerunner_lab.guard.limits import Limits
from edgerunner_lab.guard.snapshot import Snapshot
from edgerunner_lab.guard.valuation import (
    magnifier_of,
    open_quantity,
    reach_of,
    reference_price,
)
from edgerunner_lab.guard.wording import escaped, plain

LIMITS_FILE_HINT = "%risk shows the limits; limits.toml is where this one is set"


def instrument_is_allowed(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R08: neither its type, its symbol, its currency nor a low price is on the list of what is not traded.

    What shrinks a position passes: nobody is kept in what may not be bought.
    """
    instrument = order.instrument
    found = _reason_against(order, snapshot, limits)
    if found is None or _shrinks(order, snapshot):
        return Check(rule="INSTRUMENT_NOT_ALLOWED", value=escaped(str(instrument)))
    return Denial(
        code="INSTRUMENT_NOT_ALLOWED",
        facts=(("symbol", escaped(str(instrument))), *found),
        hint=LIMITS_FILE_HINT,
    )


def market_is_open(
    order: ProposedOrder, _snapshot: Snapshot, limits: Limits, now: datetime
) -> Denial | Check:
    """R25: the instrument trades now, or the order says that it may trade outside regular hours.

    Where the limits do not deny it, the order is let through with a warning: it waits at the broker for the opening.
    """
    hours = order.instrument.liquid_hours
    if order.outside_rth or any(opens <= now < closes for opens, closes in hours):
        return Check(rule="MARKET_CLOSED", value="open")
    opens = min((start for start, _ in hours if start > now), default=None)
    shown = "unknown" if opens is None else f"{opens:%Y-%m-%d %H:%M} {opens.tzname()}"
    denial = Denial(
        code="MARKET_CLOSED",
        facts=(("next", shown),),
        hint="use --outside-rth only if you mean it",
    )
    if limits.closed_market_denied:
        return denial
    return Check(
        rule="MARKET_CLOSED",
        value="closed",
        warning=f"{order.instrument} is closed: the order waits for the opening (next={shown})",
    )


def sale_is_covered(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits, _now: datetime
) -> Denial | Check:
    """R26: with every sale that works, no more is sold than is held, unless the limits allow it.

    It is asked of stocks and, apart from them, of options: what a sold option may cost is bounded by no price of its
    own. Currencies and futures are sold as they are bought.
    """
    is_denied = {
        SecType.STOCK: limits.short_sales_denied,
        SecType.OPTION: limits.short_options_denied,
    }.get(order.instrument.sec_type)
    if order.side is Side.BUY or is_denied is None:
        return Check(rule="SHORT_SALE", value="no short sale")
    reach = reach_of(order, open_quantity(order, snapshot), snapshot)
    held = max(reach.position, Decimal(0))
    short = min(reach.after, Decimal(0))
    if short == 0 or reach.after == reach.position:
        # The second: an exit that waits for its entry sells nothing by itself.
        return Check(rule="SHORT_SALE", value="covered")
    selling = open_quantity(order, snapshot)
    denial = WordedDenial(
        code="SHORT_SALE",
        facts=(
            ("sell", plain(selling)),
            ("long", plain(held)),
            ("working_sells", plain(reach.working + reach.reserved)),
        ),
        words=f"sell={plain(selling)}, long={plain(held)}, "
        f"working_sells={plain(reach.working + reach.reserved)}",
        hint=f"would open a short of {plain(-short)}",
    )
    if is_denied:
        return denial
    return Check(rule="SHORT_SALE", value=f"short of {plain(-short)} allowed")


def _reason_against(
    order: ProposedOrder, snapshot: Snapshot, limits: Limits
) -> tuple[tuple[str, str], ...] | None:
    """Return what speaks against the instrument, as facts of a denial; None if nothing does."""
    instrument = order.instrument
    if limits.denied_sec_types.get(instrument.sec_type):
        return (("list", f"denied_sec_types.{instrument.sec_type}"),)
    if limits.denied_symbols.get(str(instrument)):
        return (("list", f"denied_symbols.{instrument}"),)
    if limits.foreign_currency_denied:
        if snapshot.account is None:
            raise Unknown("account")
        if instrument.currency != snapshot.account.currency:
            return (
                ("currency", escaped(instrument.currency)),
                ("base", escaped(snapshot.account.currency)),
            )
    if instrument.sec_type is SecType.STOCK:
        price = reference_price(order, snapshot) / magnifier_of(order)
        if price < limits.min_stock_price:
            return (("price", plain(price)), ("min", plain(limits.min_stock_price)))
    return None


def _shrinks(order: ProposedOrder, snapshot: Snapshot) -> bool:
    try:
        return reach_of(order, open_quantity(order, snapshot), snapshot).shrinks
    except Unknown:
        return False
