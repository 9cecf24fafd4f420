"""Tells every line what its instrument's quote has done, step by step."""

from collections.abc import Iterator

from .clients import Client, Line, TickLine
from .desk import Desk
from .market_data import changes, generic_ticks, line_messages, single_ticks
from .replies import Reply
from .tape import Quote
from .universe import Instrument


class Ticker:
    """Remembers what each watched instrument last showed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._seen: dict[int, tuple[int, Quote]] = {}

    def watch(self, client: Client) -> None:
        """Begin with the present for instruments that a client is the first to watch."""
        market = self._desk.market
        for line in (*client.lines.values(), *client.tick_lines.values()):
            if line.instrument.con_id not in self._seen:
                quote = market.quote(line.instrument)
                self._seen[line.instrument.con_id] = (market.step, quote)

    def moved(self) -> list[Reply]:
        """Return everything that has changed since the last time, for every line."""
        watchers = self._watchers()
        for con_id in [con_id for con_id in self._seen if con_id not in watchers]:
            del self._seen[con_id]
        replies: list[Reply] = []
        for con_id, lines in watchers.items():
            instrument = self._desk.market.universe.by_con_id[con_id]
            replies += self._moves(instrument, lines)
        return replies

    def _watchers(self) -> dict[int, list[tuple[int, Line | TickLine]]]:
        watchers: dict[int, list[tuple[int, Line | TickLine]]] = {}
        for client in self._desk.clients.values():
            for line in (*client.lines.values(), *client.tick_lines.values()):
                watchers.setdefault(line.instrument.con_id, []).append((client.key, line))
        return watchers

    def _moves(
        self, instrument: Instrument, lines: list[tuple[int, Line | TickLine]]
    ) -> Iterator[Reply]:
        market = self._desk.market
        tape = market.tape(instrument)
        step, old = self._seen[instrument.con_id]
        if step == market.step or not tape.is_open(market.second):
            return
        # After a pause the steps in between are history; one second of them is shown.
        for number in range(max(step, market.step - market.steps) + 1, market.step + 1):
            new = tape.quote(number, market.steps)
            ticks = changes(instrument, old, new)
            old = new
            for key, line in lines:
                if isinstance(line, TickLine):
                    told = single_ticks(line, new)
                else:
                    told = (*line_messages(line, ticks), *generic_ticks(line, new))
                for message in told:
                    yield Reply(key, message)
        self._seen[instrument.con_id] = (market.step, old)
