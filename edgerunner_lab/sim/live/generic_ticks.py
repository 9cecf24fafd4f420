"""Generic ticks: what a line may ask for besides the quote, and what each of them shows."""

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.live.figures import (
    auction,
    average_price,
    dividends,
    extremes,
    fundamental_ratios,
    is_shortable,
    last_regular,
    mark_of,
    minute_rates,
    open_interest,
    option_volume,
    recent_volumes,
    volatility_now,
)
from edgerunner_lab.sim.live.tick_types import (
    AVERAGE_OPTION_VOLUME,
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
)
from edgerunner_lab.sim.live.ticks import Tick
from edgerunner_lab.sim.market.tape import Quote
from edgerunner_lab.sim.requests.desk import Desk

Maker: TypeAlias = Callable[[Desk, Instrument, Quote], Iterable[Tick]]

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


def _nothing(_: Desk, __: Instrument, ___: Quote) -> Iterable[Tick]:
    return ()


def _real_time_volume(kind: int) -> Maker:
    def make(desk: Desk, instrument: Instrument, quote: Quote) -> Iterable[Tick]:
        price = instrument.price_of(quote.last)
        average = average_price(desk, instrument, quote)
        size, millis = max(quote.last_size, 1), quote.second * 1000
        text = f"{price};{size};{millis};{quote.volume};{average};true"
        return (Tick("tickString", kind, text),)

    return make


def _mark(desk: Desk, instrument: Instrument, quote: Quote) -> Iterable[Tick]:
    return (Tick("tickPrice", MARK_PRICE, mark_of(desk, instrument, quote)),)


def _shortable(_: Desk, instrument: Instrument, __: Quote) -> Iterable[Tick]:
    level, shares = is_shortable(instrument)
    return (
        Tick("tickGeneric", SHORTABLE, level),
        Tick("tickSize", SHORTABLE_SHARES, shares),
    )


def _single(
    name: str, kind: int, figure: Callable[..., str | int | float | Decimal]
) -> Maker:
    def make(desk: Desk, instrument: Instrument, _: Quote) -> Iterable[Tick]:
        return (Tick(name, kind, figure(desk, instrument)),)

    return make


def _implied(desk: Desk, instrument: Instrument) -> float:
    return volatility_now(desk, instrument, stream=IMPLIED_VOLATILITY)


def _historical(desk: Desk, instrument: Instrument) -> float:
    return volatility_now(desk, instrument, stream=HISTORICAL_VOLATILITY)


def _real_time(desk: Desk, instrument: Instrument) -> float:
    return volatility_now(desk, instrument, stream=RT_VOLATILITY)


def _average_option_volume(desk: Desk, instrument: Instrument) -> int:
    calls, puts = option_volume(desk, instrument, is_average=True)
    return calls + puts


GENERICS: Final[Mapping[int, Generic]] = {
    100: Generic(
        name="Option Volume",
        kinds=OPTIONED,
        show=lambda desk, i, _: _pair(29, option_volume(desk, i)),
        when=When.SECOND,
    ),
    101: Generic(
        name="Option Open Interest",
        kinds=OPTIONED | {"OPT"},
        show=lambda desk, i, _: _pair(27, open_interest(desk, i)),
    ),
    104: Generic(
        name="Historical Volatility",
        kinds=OPTIONED,
        show=_single("tickGeneric", HISTORICAL_VOLATILITY, _historical),
    ),
    105: Generic(
        name="Average Opt Volume",
        kinds=OPTIONED,
        show=_single("tickSize", AVERAGE_OPTION_VOLUME, _average_option_volume),
    ),
    106: Generic(
        name="Option Implied Volatility",
        kinds=OPTIONED,
        show=_single("tickGeneric", IMPLIED_VOLATILITY, _implied),
    ),
    165: Generic(
        name="Misc. Stats",
        kinds=PRICED - {"BAG", "OPT"},
        show=extremes,
    ),
    221: Generic(name="Mark Price", kinds=PRICED, show=_mark, when=When.SECOND),
    225: Generic(
        name="Auction",
        kinds=STOCKS,
        show=auction,
        when=When.SECOND,
    ),
    232: Generic(name="Mark Price", kinds=PRICED, show=_mark, when=When.SECOND),
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
        show=lambda desk, i, _: minute_rates(desk, i)[:1],
        when=When.SECOND,
    ),
    294: Generic(
        name="TradeRate",
        kinds=PRICED,
        show=lambda desk, i, _: minute_rates(desk, i)[1:2],
        when=When.SECOND,
    ),
    295: Generic(
        name="VolumeRate",
        kinds=PRICED,
        show=lambda desk, i, _: minute_rates(desk, i)[2:],
        when=When.SECOND,
    ),
    318: Generic(
        name="LastRTHTrade",
        kinds=TRADED | {"IND"},
        show=lambda desk, i, _: (Tick("tickPrice", LAST_REGULAR, last_regular(desk, i)),),
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
        show=_single("tickGeneric", RT_VOLATILITY, _real_time),
    ),
    456: Generic(
        name="IBDividends",
        kinds=OPTIONED,
        show=_single("tickString", DIVIDENDS, dividends),
    ),
    588: Generic(
        name="Futures Open Interest",
        kinds=frozenset({"FUT", "CONTFUT"}),
        show=lambda desk, i, _: (
            Tick("tickSize", FUTURES_OPEN_INTEREST, sum(open_interest(desk, i))),
        ),
    ),
    595: Generic(
        name="ShortTermVolumeX",
        kinds=TRADED,
        show=lambda desk, i, _: recent_volumes(desk, i),
        when=When.SECOND,
    ),
}
"""Number -> what it shows; in the order of the broker's list."""

LATE: Final = frozenset({101, 106, 165, 221, 232, 236})
"""Numbers that a delayed line has; the broker tells the others live or not at all."""

WITHOUT_PRINTS: Final = frozenset({233, 236, 293, 294, 295, 375})
"""Numbers that show nothing of an instrument without prints, although it may ask for them."""


def first_ticks(
    desk: Desk, instrument: Instrument, generics: frozenset[int], quote: Quote
) -> list[Tick]:
    """Return the generic ticks of a new line."""
    return _made(desk, instrument, generics, quote)


def later_ticks(
    desk: Desk, instrument: Instrument, generics: frozenset[int], quote: Quote
) -> list[Tick]:
    """Return the generic ticks that may be others every second."""
    chosen = (n for n in generics if GENERICS[n].when is When.SECOND)
    return _made(desk, instrument, chosen, quote)


def print_ticks(
    desk: Desk, instrument: Instrument, generics: frozenset[int], quote: Quote
) -> list[Tick]:
    """Return the generic ticks of a quote that has a print."""
    chosen = (n for n in generics if GENERICS[n].when is When.PRINT)
    return _made(desk, instrument, chosen, quote)


def _made(
    desk: Desk, instrument: Instrument, generics: Iterable[int], quote: Quote
) -> list[Tick]:
    ticks: dict[int, Tick] = {}
    for number in sorted(generics):
        if instrument.has_prints or number not in WITHOUT_PRINTS:
            # Two numbers may show the same type, such as the mark; one of them is enough.
            shown = GENERICS[number].show(desk, instrument, quote)
            ticks |= {tick.kind: tick for tick in shown}
    return list(ticks.values())


def _pair(kind: int, pair: tuple[int, int]) -> tuple[Tick, Tick]:
    calls, puts = pair
    return Tick("tickSize", kind, calls), Tick("tickSize", kind + 1, puts)
