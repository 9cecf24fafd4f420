"""What moves related instruments together: each is a weighted sum of dice that others throw too.

A factor is a stream of standard normal numbers, named by a number: the con_id of the instrument that is all of it
(SPY is the market of the US), or a number below zero for what nobody trades (a sector, a home market). Weights of one
instrument have squares that add up to 1, so that sharing dice changes no volatility, and two instruments
correlate by the sum of the products of their weights.
"""

import math
from typing import Final, TypeAlias
from zlib import crc32

from edgerunner_lab.sim.listing.instrument import Instrument

Loadings: TypeAlias = tuple[tuple[int, float], ...]
"""(factor, weight), each factor once."""

SPY: Final = 756733
QQQ: Final = 320227571
IWM: Final = 9579970
GLD: Final = 51529211
TLT: Final = 15547841
CRUDE: Final = 900000001
BITCOIN: Final = 479624278
GOOGL: Final = 208813719

TRACKED: Final = 0.9995
"""Correlation of what follows the same index: apart by 3 % of the volatility, as fees and dividends put them."""

LIKE: Final[dict[int, tuple[int, float]]] = {
    QQQ: (SPY, 0.92),
    IWM: (SPY, 0.85),
    73128548: (SPY, 0.94),  # DIA
    136155102: (SPY, TRACKED),  # VOO
    900000141: (SPY, TRACKED),  # IVV
    900000142: (SPY, 0.995),  # VTI
    416904: (SPY, TRACKED),  # SPX
    11004968: (SPY, TRACKED),  # the index that ES follows
    416843: (QQQ, TRACKED),  # NDX
    11004958: (QQQ, TRACKED),  # the index that NQ follows
    416888: (IWM, TRACKED),  # RUT
    72539702: (QQQ, TRACKED),  # TQQQ
    900000148: (QQQ, 0.8),  # ARKK
    900000144: (SPY, 0.7),  # EEM
    900000145: (SPY, 0.75),  # EFA
    43652089: (SPY, 0.65),  # HYG
    900000146: (TLT, 0.8),  # LQD
    900000003: (TLT, 0.9),  # the note that ZN follows
    900000002: (GLD, TRACKED),  # the metal that GC follows
    39039301: (GLD, 0.78),  # SLV
    900000147: (CRUDE, 0.97),  # USO
    495759171: (BITCOIN, 0.8),  # ETH
}
"""con_id -> (con_id of what it goes with, correlation); plausible figures of recent years, rounded."""

TWINS: Final = {208813720: GOOGL}
"""con_id of a share class -> the class of the same company that it goes with."""

MARKET_OF_US: Final = 0.55
"""Correlation of a US stock with SPY."""
SECTOR: Final = 0.35

FUND_MARKET: Final = 0.65
"""Weight of the market in a fund of one sector; the sector has nearly all the rest."""
FUND_SECTOR: Final = 0.72

MARKET_ABROAD: Final = 0.25
"""Weight of the US market in a stock listed elsewhere."""
HOME_MARKET: Final = 0.45

SECTOR_FUND: Final = "Sector Fund-"
"""How the subcategory of a fund of one sector begins; the sector's name follows."""

INDUSTRIES: Final = {"Financial Serv": "Financial"}
"""Sector as funds spell it -> as stocks do, where they differ."""


def loadings(instrument: Instrument) -> Loadings:
    """Return the factors of an instrument with a path of its own; what goes with nothing has only its own."""
    own = TWINS.get(instrument.con_id, instrument.con_id)
    if own in LIKE or instrument.sec_type != "STK" or own == SPY:
        return _like(own)
    if instrument.stock_type == "ETF":
        name = instrument.subcategory.removeprefix(SECTOR_FUND)
        if name == instrument.subcategory:
            return _like(own)
        sector = _untraded("sector", INDUSTRIES.get(name, name))
        return _completed(own, {SPY: FUND_MARKET, sector: FUND_SECTOR})
    sector = _untraded("sector", instrument.industry)
    if instrument.currency == "USD":
        return _completed(own, {SPY: MARKET_OF_US, sector: SECTOR})
    home = _untraded("home", instrument.currency)
    return _completed(own, {SPY: MARKET_ABROAD, home: HOME_MARKET, sector: SECTOR})


def _like(con_id: int) -> Loadings:
    """Return the factors of what goes with another instrument, which may go with a third."""
    if con_id not in LIKE:
        return ((con_id, 1.0),)
    other, weight = LIKE[con_id]
    shared = {factor: weight * share for factor, share in _like(other)}
    return _completed(con_id, shared)


def _completed(own: int, shared: dict[int, float]) -> Loadings:
    """Add an instrument's own factor, with the weight that is left."""
    left = 1.0 - sum(weight * weight for weight in shared.values())
    return (*shared.items(), (own, math.sqrt(left)))


def _untraded(kind: str, name: str) -> int:
    """Return the number of a factor that nobody trades; the same for a name in every process."""
    return -1 - crc32(f"{kind}:{name}".encode())
