"""Tells every market-data line what its instrument has done: the feeds, the books, and snapshots that end."""

from collections.abc import Iterator
from typing import TypeAlias

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.depth import book_changes
from edgerunner_lab.sim.live.feed import Feed, opened_feed
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Reply
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk

Key: TypeAlias = tuple[int, bool]
"""Contract id, and whether the feed is delayed."""


class Ticker:
    """Remembers what each watched instrument last showed, and who watches it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._feeds: dict[Key, Feed] = {}
        self._known: list[tuple[int, ...]] = []
        self._step = -1

    def watch(self, client: Client) -> None:
        """Begin with the present for instruments that a client is the first to watch."""
        for line in client.lines.values():
            self._feed(line.instrument, is_delayed=line.is_delayed)
        for tick_line in client.tick_lines.values():
            self._feed(tick_line.instrument, is_delayed=False)

    def moved(self) -> list[Reply]:
        """Return everything that has changed since the last time, for every line."""
        replies: list[Reply] = []
        if self._desk.market.step != self._step:
            self._step = self._desk.market.step
            self._sort()
            for feed in self._feeds.values():
                replies += feed.moved(self._desk)
            replies += self._ended()
        # Own orders change a book within a step, too.
        for client in self._desk.clients.values():
            if client.depths:
                for line in client.depths.values():
                    changes = book_changes(self._desk, line)
                    replies += (Reply(client.key, message) for message in changes)
        return replies

    def _ended(self) -> Iterator[Reply]:
        """Yield the ends of snapshots that have waited long enough."""
        second = self._desk.market.second
        for client in self._desk.clients.values():
            over = [line for line in client.lines.values() if 0 < line.ends <= second]
            for line in over:
                del client.lines[line.request]
                yield Reply(client.key, Message("tickSnapshotEnd", {"reqId": line.request}))

    def _sort(self) -> None:
        """Sort the lines by instrument again when there are others than before."""
        clients = self._desk.clients.values()
        known = [
            (client.key, *client.lines, -1, *client.tick_lines)
            for client in clients
            if client.lines or client.tick_lines
        ]
        if known == self._known:
            return
        self._known = known
        for feed in self._feeds.values():
            feed.groups.clear()
            feed.tick_lines.clear()
        for client in clients:
            for line in client.lines.values():
                feed = self._feed(line.instrument, is_delayed=line.is_delayed)
                feed.groups.setdefault(line.generics, []).append((client.key, line))
            for tick_line in client.tick_lines.values():
                feed = self._feed(tick_line.instrument, is_delayed=False)
                feed.tick_lines.append((client.key, tick_line))
        self._feeds = {
            key: feed for key, feed in self._feeds.items() if feed.groups or feed.tick_lines
        }

    def _feed(self, instrument: Instrument, *, is_delayed: bool) -> Feed:
        key = (instrument.con_id, is_delayed)
        feed = self._feeds.get(key)
        if feed is None:
            feed = opened_feed(self._desk, instrument, is_delayed=is_delayed)
            self._feeds[key] = feed
        return feed
