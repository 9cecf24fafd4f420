"""When an order may trade and when it ends: sessions, auctions and times in force."""

from edgerunner_lab.sim.listing.endings import ends_at
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.moves import Regime
from edgerunner_lab.sim.market.sessions import Session
from edgerunner_lab.sim.orders.order_types import Tif
from edgerunner_lab.sim.orders.orders import Order, Terms
from edgerunner_lab.sim.protocol.stamps import stamp


class Timing:
    """Reads the calendar for orders."""

    def __init__(self, market: Market) -> None:
        self._market = market

    def is_tradeable(self, order: Order) -> bool:
        """Return whether the order's hours have come."""
        tape = self._market.tape(self._instrument(order.terms))
        return tape.is_open(self._market.second, regular=self._is_regular_only(order.terms))

    def is_regular(self, order: Order) -> bool:
        """Return whether the instrument has its regular hours."""
        tape = self._market.tape(self._instrument(order.terms))
        return tape.is_open(self._market.second, regular=True)

    def expiry(self, terms: Terms) -> int | None:
        """Return the second at which an order sent now would end by itself."""
        if terms.tif is Tif.GTD:
            return terms.good_till
        if terms.tif is not Tif.DAY or terms.order_type.kind.is_on_close:
            return None
        is_regular = self._is_regular_only(terms)
        session = self._session_before_end(terms, regular=is_regular)
        return session.span(regular=is_regular)[1] if session is not None else None

    def changes(self, order: Order) -> int:
        """Return the second by which time alone may change an order at work: its end, or that of its hours."""
        ends = [self.closes(order.terms)]
        if order.expires is not None:
            ends.append(order.expires)
        instrument = self._instrument(order.terms)
        if instrument.last_trade_date:
            ends.append(ends_at(instrument))
        return min(ends)

    def closes(self, terms: Terms) -> int:
        """Return the end of the session that an order sent now works in."""
        is_regular = self._is_regular_only(terms)
        session = self._session_before_end(terms, regular=is_regular)
        if session is None:
            return self._market.second
        return session.span(regular=is_regular)[1]

    def auction(self, terms: Terms) -> int | None:
        """Return the second of the auction that an order sent now takes part in; None for others."""
        if terms.order_type.kind.is_on_close:
            session = self._session_before_end(terms, regular=True)
            return session.regular_close if session is not None else None
        if terms.tif is Tif.OPG:
            session = self._opening(self._instrument(terms))
            return session.regular_open if session is not None else None
        return None

    def auction_of(self, order: Order) -> int | None:
        """Return the second of the auction that an order at work takes part in; None for others.

        It is that of its trading day, or an earlier one that was called by hand after nothing else held the order.
        """
        if order.auction is None or order.began is None:
            return order.auction
        kind = order.terms.order_type.kind
        regime = Regime.AUCTION_CLOSE if kind.is_on_close else Regime.AUCTION_OPEN
        called = self._market.auctions_called(self._instrument(order.terms), regime)
        ahead = (at for at in called if order.began < at < order.auction)
        return next(ahead, order.auction)

    def is_paused(self, order: Order) -> bool:
        """Return whether an order must wait while an auction that it takes no part in finds its price."""
        instrument = self._instrument(order.terms)
        return order.auction is None and self._market.is_paused(
            instrument, self._market.second
        )

    def opening_text(self, order: Order) -> str:
        """Return the notice that an order must wait, for its hours or for the end of a halt."""
        instrument = self._instrument(order.terms)
        session = self._opening(instrument)
        when = "the next session"
        if self._market.is_halted(instrument, self._market.second):
            when = "trading in it resumes"
        elif rest := self._break(instrument):
            when = stamp(rest[1], instrument.time_zone)
        elif session is not None:
            opens = session.span(regular=self._is_regular_only(order.terms))[0]
            when = stamp(opens, instrument.time_zone)
        return (
            f"Order Message:\n{order.terms.side.name} {order.terms.quantity:f}"
            f" {instrument.name} {order.terms.exchange}\n"
            f"Warning: Your order will not be placed at the exchange until {when}."
        )

    def _is_regular_only(self, terms: Terms) -> bool:
        """Return whether an order keeps to regular hours; of futures the broker ignores the wish (warning 2109)."""
        return not terms.outside_rth and self._instrument(terms).sec_type != "FUT"

    def _break(self, instrument: Instrument) -> tuple[int, int] | None:
        """Return the break that the market is in, such as lunch."""
        session = self._market.tape(instrument).session_at(self._market.second)
        return session.break_at(self._market.second) if session is not None else None

    def _opening(self, instrument: Instrument) -> Session | None:
        """Return the session whose regular opening comes next."""
        second = self._market.second
        current = self._market.tape(instrument).session_at(second)
        if current is not None and second < current.regular_open:
            return current
        return self._market.sessions.following(instrument.calendar, second)

    def _session_before_end(self, terms: Terms, *, regular: bool) -> Session | None:
        """Return the present session if its end lies ahead, or else the next one."""
        instrument = self._instrument(terms)
        second = self._market.second
        session = self._market.tape(instrument).session_at(second)
        if session is None or second >= session.span(regular=regular)[1]:
            session = self._market.sessions.following(instrument.calendar, second)
        return session

    def _instrument(self, terms: Terms) -> Instrument:
        return self._market.universe.by_con_id[terms.con_id]
