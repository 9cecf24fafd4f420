"""Figures that stand for a date: volatilities, option volume, open interest, who lends shares, dividends and ratios.

Prices have no answer to these; they are drawn from the seed, the instrument and the date that is shown.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.live.delayed import View
from edgerunner_lab.sim.market.noise import key_of, uniform
from edgerunner_lab.sim.market.shapes import DAY

STREAM: Final = 0xF160
"""Keeps these dice apart from those of prices."""

EASY, HARD, NONE = 3.0, 2.0, 1.0
"""Shortable levels: above 2.5 there are 1,000 shares or more, above 1.5 they must be located, else none."""

EASY_SHARES_MIN: Final = 1000
OPEN_INTEREST_DAYS: Final = 8
"""Open interest is so many days of option volume, or of a future's own."""

QUARTERS: Final = 4


def dice(view: View, index: int, *, stream: int = 0) -> float:
    """Return a number in (0, 1) that stands for the date."""
    day = view.second // DAY
    return uniform(
        key_of(view.market.prices.seed, view.instrument.con_id, STREAM + stream, day), index
    )


def _lasting(view: View, index: int) -> float:
    """Return a number in (0, 1) that stands for ever."""
    return uniform(key_of(view.market.prices.seed, view.instrument.con_id, STREAM), index)


def volatility_now(view: View, *, stream: int) -> float:
    """Return a yearly volatility near that of the path, as a share; `stream` tells kinds apart."""
    return round(
        view.instrument.volatility * (0.92 + 0.16 * dice(view, 0, stream=stream)), 6
    )


def option_volume(view: View, *, is_average: bool = False) -> tuple[int, int]:
    """Return calls and puts traded today on an instrument, or on an average day."""
    if "OPT" not in view.market.universe.derivative_types(view.instrument):
        return 0, 0
    day = max(1.0, view.instrument.volume / 40)
    calls = day * (0.45 + 0.2 * _lasting(view, 1))
    puts = day * 0.9 - calls * 0.6
    if not is_average:
        share = _day_share(view)
        calls *= share * (0.7 + 0.6 * dice(view, 2))
        puts *= share * (0.7 + 0.6 * dice(view, 3))
    return int(calls), int(puts)


def _day_share(view: View) -> float:
    """Return how much of the trading day has passed, 0 to 1."""
    session = view.session
    if session is None:
        return 1.0
    passed = view.second - session.open
    return max(0.0, min(1.0, passed / (session.close - session.open)))


def open_interest(view: View) -> tuple[int, int]:
    """Return open contracts: calls and puts on an instrument; an option's or future's own on its side."""
    if view.instrument.sec_type == "OPT":
        held = int(view.instrument.volume * OPEN_INTEREST_DAYS * (0.5 + _lasting(view, 4)))
        return (held, 0) if view.instrument.right == "C" else (0, held)
    if view.instrument.last_trade_date:
        return int(view.instrument.volume * 1.5 * (0.8 + 0.4 * _lasting(view, 4))), 0
    calls, puts = option_volume(view, is_average=True)
    moved = 0.97 + 0.06 * dice(view, 5)
    return int(calls * OPEN_INTEREST_DAYS * moved), int(puts * OPEN_INTEREST_DAYS * moved)


def is_shortable(view: View) -> tuple[float, int]:
    """Return the shortable level and how many shares can be borrowed."""
    shares = view.instrument.volume // 4
    if not shares:
        return NONE, 0
    return (EASY if shares >= EASY_SHARES_MIN else HARD), shares


def dividends(view: View) -> str:
    """Return `last 12 months,next 12 months,next date,next amount`; empty fields where none is paid."""
    share = _lasting(view, 6)
    if share < 0.3:  # noqa: PLR2004  about as many companies pay none
        return ",,,"
    quarter = (view.instrument.price * Decimal(round(0.04 * share, 4)) / QUARTERS).quantize(
        Decimal("0.01")
    )
    today = datetime.fromtimestamp(view.second, UTC).date()
    month = 1 + int(3 * _lasting(view, 7))
    day = 1 + int(28 * _lasting(view, 8))
    following = next(
        date
        for step in range(1, 200)
        if (date := today + timedelta(days=step)).day == day and date.month % 3 == month % 3
    )
    grown = quarter + Decimal("0.01")
    return f"{quarter * QUARTERS},{grown * QUARTERS},{following:%Y%m%d},{grown}"


def fundamental_ratios(view: View) -> str:
    """Return ratios as `NAME=value;...`, in the abbreviations of the broker's list."""
    price = float(view.mark())
    earnings = price / (9 + 40 * _lasting(view, 9))
    ratios = {
        "NPRICE": price,
        "TTMEPSXCLX": earnings,
        "PEEXCLXOR": price / earnings,
        "PRICE2BK": 1 + 9 * _lasting(view, 10),
        "TTMNPMGN": 30 * _lasting(view, 11),
        "TTMROEPCT": 35 * _lasting(view, 12),
        "BETA": view.instrument.volatility / 0.17,
        "VOL10DAVG": view.instrument.volume / 1e6,
    }
    return ";".join(f"{name}={value:.5g}" for name, value in ratios.items()) + ";"
