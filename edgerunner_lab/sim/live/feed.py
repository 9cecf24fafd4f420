"""One instrument as its lines see it, live or delayed: what they are told when it moves, opens or closes."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.bursts import Burst, Ticks, told
from edgerunner_lab.sim.live.delayed import View, kind_of, quote_of, second_of, view_of
from edgerunner_lab.sim.live.generic_ticks import later_ticks, print_ticks
from edgerunner_lab.sim.live.market_data import market_data_type_of
from edgerunner_lab.sim.live.option_ticks import computations
from edgerunner_lab.sim.live.tick_by_tick import single_ticks
from edgerunner_lab.sim.live.tick_types import HALTED
from edgerunner_lab.sim.live.ticks import Tick, changes, delayed, sides
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Reply
from edgerunner_lab.sim.requests.clients import Line, TickLine
from edgerunner_lab.sim.requests.desk import Desk

PLAIN: frozenset[int] = frozenset()
"""The generic ticks of a line that asked for none."""


@dataclass(slots=True, kw_only=True)
class Feed:
    """What an instrument last showed, and to whom.

    Attributes:
        groups: Generic ticks asked for -> lines, each with its connection.
        tick_lines: Tick-by-tick lines with their connections.
        step: The market's step up to which everything has been told.
        is_open: Whether it traded then.
    """

    instrument: Instrument
    is_delayed: bool
    quote: Quote
    step: int
    is_open: bool
    groups: dict[frozenset[int], list[tuple[int, Line]]] = field(
        default_factory=dict[frozenset[int], list[tuple[int, Line]]]
    )
    tick_lines: list[tuple[int, TickLine]] = field(
        default_factory=list[tuple[int, TickLine]]
    )

    def moved(self, desk: Desk) -> Iterator[Reply]:
        """Yield what has changed since the last time, for every line."""
        market = desk.market
        if self.step == market.step:
            return
        is_new_second = self.step // market.steps != market.second
        if self.is_delayed and not is_new_second:
            return
        was_open = self.is_open
        second = second_of(desk, is_delayed=self.is_delayed)
        self.is_open = market.tape(self.instrument).is_open(second)
        if self.is_open != was_open:
            self.quote = quote_of(desk, self.instrument, is_delayed=self.is_delayed)
            yield from self._turned(desk)
        elif self.is_open:
            views = list(self._views(desk))
            yield from self._ticks(desk, views, is_new_second=is_new_second)
            for key, line in self.tick_lines:
                for view in views:
                    yield from _addressed(key, single_ticks(line, view.quote))
        self.step = market.step

    def _views(self, desk: Desk) -> Iterator[View]:
        """Yield what has been shown since the last time; after a long pause within the last second."""
        market = desk.market
        newest = view_of(desk, self.instrument, is_delayed=self.is_delayed)
        if not self.is_delayed:
            tape = market.tape(self.instrument)
            present = newest.quote
            is_moved = present != market.quote(self.instrument)
            for step in range(max(self.step, market.step - market.steps) + 1, market.step):
                quote = tape.quote(step, market.steps)
                # What our orders took and offer stands in the book of the present only, and they were there before.
                shown = _with_sides(quote, present) if is_moved else quote
                yield replace(newest, quote=shown, step=step)
        yield newest

    def _ticks(
        self, desk: Desk, views: list[View], *, is_new_second: bool
    ) -> Iterator[Reply]:
        """Yield what is seen, one after the other, to every group of lines in one piece."""
        moves: list[tuple[View, list[Tick]]] = []
        for view in views:
            ticks = changes(self.instrument, self.quote, view.quote)
            moves.append((view, delayed(ticks) if self.is_delayed else ticks))
            self.quote = view.quote
        for generics, lines in self.groups.items():
            shown = [tick for move in moves for tick in _shown(generics, *move)]
            if generics and is_new_second:
                shown += later_ticks(views[-1], generics)
            if shown:
                yield from _spread(lines, Ticks(shown), is_bundled=desk.is_bundling)
        if is_new_second and self.instrument.right:
            for key, line in self._lines():
                yield from _addressed(key, computations(desk, line))

    def _turned(self, desk: Desk) -> Iterator[Reply]:
        """Yield what an opening or a close tells: the kind of data, and a quote or none."""
        for key, line in self._lines():
            kind = kind_of(
                desk, self.instrument, is_delayed=line.is_delayed, stays=line.stays
            )
            if kind != line.kind:
                line.kind = kind
                yield Reply(key, market_data_type_of(line))
            if self.is_open or not line.stays:
                ticks = sides(self.instrument, self.quote if self.is_open else None)
                ticks += self._halted(desk)
                shown = Ticks(delayed(ticks) if self.is_delayed else ticks)
                yield from told(key, line.request, shown, is_bundled=desk.is_bundling)

    def _halted(self, desk: Desk) -> list[Tick]:
        """Return the word on a halt, where halts have been made."""
        market = desk.market
        if not market.moves.version:
            return []
        second = second_of(desk, is_delayed=self.is_delayed)
        return [Tick("tickGeneric", HALTED, int(market.is_halted(self.instrument, second)))]

    def _lines(self) -> Iterator[tuple[int, Line]]:
        for lines in self.groups.values():
            yield from lines


def _shown(generics: frozenset[int], view: View, ticks: list[Tick]) -> list[Tick]:
    """Return what a quote shows lines with these generic ticks."""
    if not (generics and view.quote.last_size):
        return ticks
    return ticks + print_ticks(view, generics)


def _with_sides(quote: Quote, other: Quote) -> Quote:
    return replace(
        quote,
        bid=other.bid,
        bid_size=other.bid_size,
        ask=other.ask,
        ask_size=other.ask_size,
    )


def opened_feed(desk: Desk, instrument: Instrument, *, is_delayed: bool) -> Feed:
    """Return a feed that begins with the present."""
    view = view_of(desk, instrument, is_delayed=is_delayed)
    return Feed(
        instrument=instrument,
        is_delayed=is_delayed,
        quote=view.quote,
        step=desk.market.step,
        is_open=desk.market.tape(instrument).is_open(view.second),
    )


def _spread(
    lines: list[tuple[int, Line]], ticks: Ticks, *, is_bundled: bool
) -> Iterator[Reply]:
    if is_bundled:
        for key, line in lines:
            yield Burst(key, line.request, ticks)
    else:
        for key, line in lines:
            yield from told(key, line.request, ticks, is_bundled=False)


def _addressed(key: int, messages: Iterator[Message]) -> Iterator[Reply]:
    return (Reply(key, message) for message in messages)
