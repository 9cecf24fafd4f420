"""Who looks at a live table: the pages that have it open, and how many views each has.

Pure: the clock is passed in.
"""

from typing import Final

SILENT_SECONDS_MAX: Final = 180.0
"""A page that shows a live table says something every few seconds; one that is silent for so long has crashed.

It is long because browsers slow down the timers of pages in the background to one beat a minute.
"""

PAGES_MAX: Final = 32
"""More pages than anyone has; beyond it the one heard longest ago is forgotten."""


class Viewers:
    """Counts views by page."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[int, float]] = {}

    def hear(self, page: str, views: int, now_s: float) -> None:
        """Take notice that `page` has so many views open."""
        self._pages.pop(page, None)
        if views > 0:
            self._pages[page] = (views, now_s)
        while len(self._pages) > PAGES_MAX:
            del self._pages[next(iter(self._pages))]

    def beat(self, page: str, now_s: float) -> None:
        """Take notice that `page` is alive."""
        if page in self._pages:
            self.hear(page, self._pages[page][0], now_s)

    def count(self, now_s: float) -> int:
        """Return how many views are open, without those of pages that have gone silent."""
        for page, (_, heard_s) in list(self._pages.items()):
            if now_s - heard_s > SILENT_SECONDS_MAX:
                del self._pages[page]
        return sum(views for views, _ in self._pages.values())
