# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# IPython's display methods are private in name only, and traitlets leaves its types open.
"""`QuotesTable` heard and spoken to as a front end does, without one."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from edgerunner_lab.widgets.frames import WINDOW
from edgerunner_lab.widgets.quotes import QuotesTable, decimals_of
from rigs.quote_feed import instrument, row, unknown

HELLO = {"type": "hello", "page": "p", "views": 1}


class Listener:
    """A table with what it has sent: headers and buffers, in order."""

    def __init__(self, *symbols: str) -> None:
        self.now_s = 0.0
        self.sent: list[dict[str, Any]] = []
        self.views: list[int] = []
        self.table = QuotesTable(
            [instrument(symbol, 10 + i) for i, symbol in enumerate(symbols)],
            monotonic=lambda: self.now_s,
        )
        self.table.on_views(self.views.append)
        comm: Any = self.table.comm
        comm.send = self._take

    def say(self, content: object) -> None:
        """Send the table a message as the front end does."""
        comm: Any = self.table.comm
        data = {"method": "custom", "content": content}
        comm.handle_msg({"content": {"data": data}, "buffers": []})

    def _take(self, data: Any, buffers: Any = None, **_: Any) -> None:
        assert data["method"] == "custom"
        assert len(buffers) == 1
        assert len(buffers[0]) == data["content"]["rows"] * 96
        self.sent.append(data["content"])


@pytest.fixture
def make() -> Callable[..., Listener]:
    """Make a table that a test plays the front end of."""
    return Listener


def test_structure_is_a_trait_and_values_are_not(make: Callable[..., Listener]) -> None:
    """So a saved notebook holds no prices but those of its snapshot."""
    table = make("SPY").table

    assert table.rows == [
        {"symbol": "SPY", "name": "SPY INC", "conId": 10, "currency": "USD", "decimals": 2}
    ]
    assert set(table.get_state()) >= {"rows", "_esm", "_css"}


def test_nothing_is_sent_while_nobody_looks(make: Callable[..., Listener]) -> None:
    """A table that was run without a browser costs nothing."""
    listener = make("SPY", "QQQ")
    listener.table.push([row(0), row(1)], 0.0)

    assert listener.sent == []


def test_a_view_that_opens_is_sent_everything_at_once(
    make: Callable[..., Listener],
) -> None:
    """Also after a reload, when the kernel has long been sending."""
    listener = make("SPY", "QQQ")
    listener.table.push([row(0), row(1)], 0.0)
    listener.say(HELLO)

    assert listener.sent == [{"type": "frame", "seq": 1, "rows": 2, "answer": True}]
    assert listener.views == [1]

    listener.table.push([row(1)], 0.05)

    assert listener.sent[1] == {"type": "frame", "seq": 2, "rows": 1, "answer": False}


def test_an_acknowledgement_lets_a_waiting_frame_go(make: Callable[..., Listener]) -> None:
    """It need not wait for the next tick."""
    listener = make("SPY")
    listener.say(HELLO)
    for number in range(WINDOW + 2):
        listener.table.push([row(0, 100.0 + number)], 0.01 * number)
    assert len(listener.sent) == WINDOW

    listener.say({"type": "ack", "page": "p", "seq": 5})

    assert len(listener.sent) == WINDOW + 1


def test_views_are_told_when_their_number_changes(make: Callable[..., Listener]) -> None:
    """The last one that closes gives the lines back."""
    listener = make("SPY")
    listener.say(HELLO)
    listener.say({"type": "views", "page": "p", "views": 2})
    listener.say({"type": "views", "page": "p", "views": 2})
    listener.say({"type": "views", "page": "p", "views": 0})

    assert listener.views == [1, 2, 0]


def test_a_page_that_crashed_gives_its_lines_back(make: Callable[..., Listener]) -> None:
    """Noticed at a later push, because the page says nothing."""
    listener = make("SPY")
    listener.say(HELLO)
    listener.table.push([row(0)], 500.0)

    assert listener.views == [1, 0]
    assert listener.sent == []


@pytest.mark.parametrize(
    "content",
    [
        None,
        "hello",
        {},
        {"type": "order", "page": "p"},
        {"type": "hello", "page": 1, "views": 1},
        {"type": "hello", "page": "p", "views": "1"},
        {"type": "views", "page": "p", "views": 10**9},
        {"type": "views", "page": "p" * 1000, "views": 1},
        {"type": "views", "page": "p", "views": -1},
        {"type": "ack", "page": "p", "seq": 10**9},
    ],
)
def test_what_a_front_end_should_not_say_changes_nothing(
    make: Callable[..., Listener], content: object
) -> None:
    """It is the open side: anything on a page can send on a comm."""
    listener = make("SPY")
    listener.say(content)
    listener.table.push([row(0)], 0.0)

    assert listener.views == []
    assert listener.sent == []


def test_the_bundle_carries_the_table_as_it_stands(make: Callable[..., Listener]) -> None:
    """Saved notebooks and front ends without widgets show it."""
    listener = make("SPY")
    listener.table.push([row(0, 123.45)], 0.0)
    data, _ = listener.table._repr_mimebundle_()

    assert "application/vnd.jupyter.widget-view+json" in data
    assert "123.45" in data["text/plain"]
    assert "123.45" in data["text/html"]


def test_the_bundle_waits_for_the_first_values(make: Callable[..., Listener]) -> None:
    """A snapshot that is taken too early is a table of dashes."""
    listener = make("SPY")
    listener.table.push([unknown(0)], 0.0)
    later = threading.Timer(0.1, listener.table.push, [[row(0, 123.45)], 0.1])
    later.start()
    data, _ = listener.table._repr_mimebundle_()
    later.join()

    assert "123.45" in data["text/plain"]


def test_without_values_the_bundle_waits_only_so_long(
    make: Callable[..., Listener],
) -> None:
    """A market that is closed does not hold up a cell."""
    data, _ = make("SPY").table._repr_mimebundle_()

    assert "no data" in data["text/plain"]


@pytest.mark.parametrize(
    ("tick", "decimals"),
    [("0.01", 2), ("0.005", 3), ("0.00005", 5), ("1", 0), ("10", 0), ("0.00000001", 6)],
)
def test_prices_have_as_many_decimals_as_their_tick(tick: str, decimals: int) -> None:
    """A forex price needs five, a future on an index two."""
    assert decimals_of(instrument("X", 1, tick)) == decimals
