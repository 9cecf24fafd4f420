"""The prices of placeOrder in ticks: limits, stops, trailing distances, offsets and adjustments."""

from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.listing.universe import Universe
from edgerunner_lab.sim.orders.order_types import ALIASES, Need, OrderType
from edgerunner_lab.sim.orders.orders import Adjustment, Trail
from edgerunner_lab.sim.protocol.messages import Fields
from edgerunner_lab.sim.protocol.replies import Refused, decimal_of, number_of, text_of

CAUSE: Final = "Error validating request.-'bF' : cause - "

PERCENT_UNIT: Final = 100
"""adjustableTrailingUnit of an adjusted trailing stop whose amount is a percentage; 0 for a price."""

TRAILING_PERCENT_MAX: Final = 100


class Prices:
    """Reads the prices of one request."""

    def __init__(self, universe: Universe, instrument: Instrument, fields: Fields) -> None:
        self._universe = universe
        self._instrument = instrument
        self._fields = fields

    def limit(self, order_type: OrderType) -> int | None:
        """Return lmtPrice where the type has one; of a pegged order it is the cap and may be missing."""
        need = order_type.kind.limit
        if need is Need.REQUIRED:
            return self._price("o.lmtPrice")
        if need is Need.OPTIONAL and order_type.kind.peg is not None:
            return self._price("o.lmtPrice") if self._given("o.lmtPrice") else None
        return None

    def stop(self, order_type: OrderType) -> int | None:
        """Return the price that wakes the order; of a trailing stop the first one, which may be missing."""
        kind = order_type.kind
        if kind.is_trailing:
            name = "o.trailStopPrice"
            return self._price(name) if self._given(name) else None
        return self._price("o.auxPrice") if kind.touch is not None else None

    def trail(self, order_type: OrderType) -> Trail | None:
        """Return how a trailing stop trails; None for other types.

        Raises:
            Refused: Neither or both of amount and percentage are given, or the limit's offset is missing.
        """
        if not order_type.kind.is_trailing:
            return None
        percent = decimal_of(self._fields, "o.trailingPercent")
        if percent and not 0 < percent < TRAILING_PERCENT_MAX:
            raise Refused(321, f"{CAUSE}trailingPercent was {percent:f}, expected 0 to 100")
        if bool(percent) == self._given("o.auxPrice"):
            raise Refused(
                321,
                f"{CAUSE}A trailing order needs either a trailing amount (auxPrice)"
                " or a trailing percentage",
            )
        return Trail(
            amount=None if percent else self._distance("o.auxPrice"),
            percent=percent or None,
            limit_offset=self._limit_offset(order_type),
        )

    def offset(self, order_type: OrderType) -> int:
        """Return how far a pegged order stands off what it follows."""
        if order_type.kind.peg is None or not self._given("o.auxPrice"):
            return 0
        return self._distance("o.auxPrice")

    def adjustment(self, order_type: OrderType) -> Adjustment | None:
        """Return what a stop becomes; None where nothing is asked for.

        Raises:
            Refused: With 361 to 364, by the price that is wrong.
        """
        asked = text_of(self._fields, "o.adjustedOrderType").upper()
        asked = ALIASES.get(asked, asked)
        if asked in ("", "NONE"):
            return None
        kinds = {t.value: t for t in OrderType if t.has_stop or t.kind.is_trailing}
        changed = kinds.get(asked)
        if changed is None or order_type.kind.touch is None:
            raise Refused(
                321,
                f"{CAUSE}Invalid adjusted order type: found '{asked}' for {order_type.value},"
                " expected a stop that becomes another stop",
            )
        return Adjustment(
            trigger=self._adjusted("o.triggerPrice", 361, "trigger price"),
            order_type=changed,
            stop=self._adjusted("o.adjustedStopPrice", 362, "adjusted stop price"),
            limit=self._adjusted(
                "o.adjustedStopLimitPrice", 363, "adjusted stop limit price"
            )
            if changed.has_limit
            else None,
            trail=self._adjusted_trail(changed),
        )

    def _adjusted_trail(self, changed: OrderType) -> Trail | None:
        if not changed.kind.is_trailing:
            return None
        name = "o.adjustedTrailingAmount"
        amount = decimal_of(self._fields, name)
        if amount is None or amount <= 0:
            raise Refused(364, "Invalid adjusted trailing amount.")
        if number_of(self._fields, "o.adjustableTrailingUnit") == PERCENT_UNIT:
            return Trail(percent=amount, limit_offset=self._limit_offset(changed))
        return Trail(amount=self._distance(name), limit_offset=self._limit_offset(changed))

    def _limit_offset(self, order_type: OrderType) -> int | None:
        """Return the ticks from the stop of a trailing limit order to its limit."""
        if order_type is not OrderType.TRAIL_LIMIT:
            return None
        if self._given("o.lmtPriceOffset"):
            return self._distance("o.lmtPriceOffset")
        if self._given("o.lmtPrice") and self._given("o.trailStopPrice"):
            return abs(self._price("o.lmtPrice") - self._price("o.trailStopPrice"))
        raise Refused(
            321,
            f"{CAUSE}A TRAIL LIMIT order needs lmtPriceOffset, or lmtPrice and trailStopPrice",
        )

    def _adjusted(self, name: str, code: int, what: str) -> int:
        if not self._given(name):
            raise Refused(code, f"Invalid {what}.")
        return self._price(name)

    def _given(self, name: str) -> bool:
        return bool(decimal_of(self._fields, name))

    def _distance(self, name: str) -> int:
        """Return a price difference in ticks."""
        difference = decimal_of(self._fields, name)
        if difference is None or difference <= 0:
            raise Refused(321, f"{CAUSE}Invalid {name[2:]}, expected an amount above 0")
        if difference % self._instrument.min_tick:
            raise Refused(110, TICK_TEXT)
        return int(difference / self._instrument.min_tick)

    def _price(self, name: str) -> int:
        """Return a price in ticks; only combos may cost nothing or less."""
        price = decimal_of(self._fields, name)
        if price is None or (price <= 0 and not self._instrument.legs):
            raise Refused(
                321, f"{CAUSE}Missing or invalid {name[2:]}, expected a price above 0"
            )
        if price % self._universe.increment(self._instrument, price):
            raise Refused(110, TICK_TEXT)
        return _ticks(price, self._instrument.min_tick)


TICK_TEXT: Final = (
    "The price does not conform to the minimum price variation for this contract."
)


def _ticks(price: Decimal, min_tick: Decimal) -> int:
    if price % min_tick:
        # The rule may allow steps that this gateway's book does not have.
        raise Refused(110, TICK_TEXT)
    return int(price / min_tick)
