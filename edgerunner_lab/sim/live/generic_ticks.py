"""Generic ticks: what a line may ask for besides the quote, and what each of them shows."""

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from edgerunner_lab.sim.live.daily_figures import (
    dividends,
    fundamental_ratios,
    is_shortable,
    open_interest,
    option_volume,
    volatility_now,
)
from edgerunner_lab.sim.live.delayed import View
from edgerunner_lab.sim.live.figures import (
    auction,
    average_price,
    extremes,
    last_regular,
    recent_volumes,
    trade_count,
    trade_rate,
    volume_rate,
)
from edgerunner_lab.sim.live.tick_types import (
    AVERAGE_OPTION_VOLUME,
    CALL_OPEN_INTEREST,
    CALL_VOLUME,
    DIVIDENDS,
    FUNDAMENTAL_RATIOS,
    FUTURES_OPEN_INTEREST,
    HISTORICAL_VOLATILITY,
    IMPLIED_VOLATILITY,
    LAST_REGULAR,
    MARK_PRICE,
    RT_TRADE_VOLUME,
    RT_VOLATILITY,
    RT_VOLUME,
    SHORTABLE,
    SHORTABLE_SHARES,
    TRADE_COUNT,
    TRADE_RATE,
    VOLUME_RATE,
)
from edgerunner_lab.sim.live.ticks import Tick

Maker: TypeAlias = Callable[[View], Iterable[Tick]]

STOCKS: Final = frozenset({"STK"})
TRADED: Final = frozenset(
    {"STK", "FUT", "CONTFUT", "OPT", "FOP", "CRYPTO", "BOND", "WAR", "BAG"}
)
PRICED: Final = TRADED | {"CASH", "IND", "CFD", "CMDTY"}
OPTIONED: Final = STOCKS | {"IND"}


class When(enum.Enum):
    """When a line is shown a generic tick again."""

    NEVER = enum.auto()
    SECOND = enum.auto()
    PRINT = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generic:
    """One number of a generic tick list.

    Attributes:
        name: As the broker's error lists it.
        kinds: Security types that may ask for it.
        show: What a line is shown.
        when: When a line is shown it again.
    """

    name: str
    kinds: frozenset[str]
    show: Maker
    when: When = When.NEVER


def _nothing(_: View) -> Iterable[Tick]:
    return ()


def _real_time_volume(kind: int) -> Maker:
    def make(view: View) -> Iterable[Tick]:
        quote = view.quote
        price, average = view.instrument.price_of(quote.last), average_price(view)
        size, millis = max(quote.last_size, 1), quote.second * 1000
        text = f"{price};{size};{millis};{quote.volume};{average};true"
        return (Tick("tickString", kind, text),)

    return make


def _shortable(view: View) -> Iterable[Tick]:
    level, shares = is_shortable(view)
    return (
        Tick("tickGeneric", SHORTABLE, level),
        Tick("tickSize", SHORTABLE_SHARES, shares),
    )


def _single(
    name: str, kind: int, figure: Callable[[View], str | int | float | Decimal]
) -> Maker:
    return lambda view: (Tick(name, kind, figure(view)),)


def _pair(kind: int, figure: Callable[[View], tuple[int, int]]) -> Maker:
    """Return a maker of calls under a type and puts under the next one."""

    def make(view: View) -> Iterable[Tick]:
        calls, puts = figure(view)
        return Tick("tickSize", kind, calls), Tick("tickSize", kind + 1, puts)

    return make


def _volatility(kind: int) -> Maker:
    return _single("tickGeneric", kind, lambda view: volatility_now(view, stream=kind))


_MARK: Final = _single("tickPrice", MARK_PRICE, View.mark)


GENERICS: Final[Mapping[int, Generic]] = {
    100: Generic(
        name="Option Volume",
        kinds=OPTIONED,
        show=_pair(CALL_VOLUME, option_volume),
        when=When.SECOND,
    ),
    101: Generic(
        name="Option Open Interest",
        kinds=OPTIONED | {"OPT"},
        show=_pair(CALL_OPEN_INTEREST, open_interest),
    ),
    104: Generic(
        name="Historical Volatility",
        kinds=OPTIONED,
        show=_volatility(HISTORICAL_VOLATILITY),
    ),
    105: Generic(
        name="Average Opt Volume",
        kinds=OPTIONED,
        show=_single(
            "tickSize",
            AVERAGE_OPTION_VOLUME,
            lambda view: sum(option_volume(view, is_average=True)),
        ),
    ),
    106: Generic(
        name="Option Implied Volatility",
        kinds=OPTIONED,
        show=_volatility(IMPLIED_VOLATILITY),
    ),
    165: Generic(
        name="Misc. Stats",
        kinds=PRICED - {"BAG", "OPT"},
        show=extremes,
    ),
    221: Generic(name="Mark Price", kinds=PRICED, show=_MARK, when=When.SECOND),
    225: Generic(
        name="Auction",
        kinds=STOCKS,
        show=auction,
        when=When.SECOND,
    ),
    232: Generic(name="Mark Price", kinds=PRICED, show=_MARK, when=When.SECOND),
    233: Generic(
        name="RTVolume",
        kinds=PRICED,
        show=_real_time_volume(RT_VOLUME),
        when=When.PRINT,
    ),
    236: Generic(name="Shortable", kinds=PRICED, show=_shortable),
    258: Generic(
        name="Fundamentals",
        kinds=STOCKS,
        show=_single("tickString", FUNDAMENTAL_RATIOS, fundamental_ratios),
    ),
    292: Generic(name="Wide_news", kinds=PRICED, show=_nothing),
    293: Generic(
        name="TradeCount",
        kinds=PRICED,
        show=_single("tickGeneric", TRADE_COUNT, trade_count),
        when=When.SECOND,
    ),
    294: Generic(
        name="TradeRate",
        kinds=PRICED,
        show=_single("tickGeneric", TRADE_RATE, trade_rate),
        when=When.SECOND,
    ),
    295: Generic(
        name="VolumeRate",
        kinds=PRICED,
        show=_single("tickGeneric", VOLUME_RATE, volume_rate),
        when=When.SECOND,
    ),
    318: Generic(
        name="LastRTHTrade",
        kinds=TRADED | {"IND"},
        show=_single("tickPrice", LAST_REGULAR, last_regular),
        when=When.SECOND,
    ),
    375: Generic(
        name="RTTrdVolume",
        kinds=PRICED,
        show=_real_time_volume(RT_TRADE_VOLUME),
        when=When.PRINT,
    ),
    411: Generic(
        name="RTHistoricalVolatility",
        kinds=OPTIONED,
        show=_volatility(RT_VOLATILITY),
    ),
    456: Generic(
        name="IBDividends",
        kinds=OPTIONED,
        show=_single("tickString", DIVIDENDS, dividends),
    ),
    588: Generic(
        name="Futures Open Interest",
        kinds=frozenset({"FUT", "CONTFUT"}),
        show=_single(
            "tickSize", FUTURES_OPEN_INTEREST, lambda view: sum(open_interest(view))
        ),
    ),
    595: Generic(
        name="ShortTermVolumeX",
        kinds=TRADED,
        show=recent_volumes,
        when=When.SECOND,
    ),
}
"""Number -> what it shows; in the order of the broker's list."""

LATE: Final = frozenset({101, 106, 165, 221, 232, 236, 258})
"""Numbers that a delayed line has, as the broker lists them; it tells the others live or not at all."""

UNPRICED: Final = frozenset({292})
"""Numbers that no subscription of quotes is needed for, and nobody misses on a delayed line."""

WITHOUT_PRINTS: Final = frozenset({233, 236, 293, 294, 295, 375})
"""Numbers that show nothing of an instrument without prints, although it may ask for them."""


def first_ticks(view: View, generics: frozenset[int]) -> list[Tick]:
    """Return the generic ticks of a new line."""
    return _made(view, generics)


def later_ticks(view: View, generics: frozenset[int]) -> list[Tick]:
    """Return the generic ticks that may be others every second."""
    return _made(view, (n for n in generics if GENERICS[n].when is When.SECOND))


def print_ticks(view: View, generics: frozenset[int]) -> list[Tick]:
    """Return the generic ticks of a quote that has a print."""
    return _made(view, (n for n in generics if GENERICS[n].when is When.PRINT))


def _made(view: View, generics: Iterable[int]) -> list[Tick]:
    ticks: dict[int, Tick] = {}
    for number in sorted(generics):
        if view.instrument.has_prints or number not in WITHOUT_PRINTS:
            # Two numbers may show the same type, such as the mark; one of them is enough.
            ticks |= {tick.kind: tick for tick in GENERICS[number].show(view)}
    return list(ticks.values())
