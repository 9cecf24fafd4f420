"""Combos that clients have asked for: made from their legs, and found again by their number."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.sim.listing.con_ids import combo_con_id
from edgerunner_lab.sim.listing.instrument import Instrument, Leg

COMBOS_MAX: Final = 10_000
"""Combos kept at a time; a client that asks for more is refused, or one could fill the memory."""


class ComboError(ValueError):
    """Legs do not make a combo; the text says which and why."""


class Combos:
    """Every combo of one gateway, number -> instrument."""

    def __init__(self, listed: Callable[[int], Instrument | None]) -> None:
        self._listed = listed
        self._by_con_id: dict[int, Instrument] = {}

    def get(self, con_id: int) -> Instrument | None:
        """Return a combo that was made earlier."""
        return self._by_con_id.get(con_id)

    def combo(self, legs: Sequence[Leg], symbol: str = "") -> Instrument:
        """Return the combo of some legs, which the number finds from now on.

        Args:
            legs: At least two, of one currency.
            symbol: What to call it; the symbol of the first leg where empty.

        Raises:
            ComboError: A leg is not listed or is a combo, currencies differ, or there are too many combos.
        """
        parts = [self._leg(leg) for leg in legs]
        if len(parts) < 2:  # noqa: PLR2004  one leg is no combo
            raise ComboError(f"{len(parts)} combo legs were given, expected 2 or more")
        currencies = sorted({part.currency for part in parts})
        if len(currencies) > 1:
            raise ComboError(
                f"combo legs are in {', '.join(currencies)}, expected one currency"
            )
        con_id = combo_con_id(currencies[0], legs)
        known = self._by_con_id.get(con_id)
        if known is not None:
            if known.legs != tuple(legs):
                raise ComboError("these legs share a number with another combo")
            return known
        if len(self._by_con_id) >= COMBOS_MAX:
            raise ComboError(f"{COMBOS_MAX} combos are in use, expected no more")
        made = _combo(con_id, symbol or parts[0].symbol, legs, parts)
        self._by_con_id[con_id] = made
        return made

    def snapshot(self) -> list[dict[str, Any]]:
        """Return every combo as JSON can hold it."""
        return [
            {
                "symbol": combo.symbol,
                "legs": [[leg.con_id, leg.ratio, leg.exchange] for leg in combo.legs],
            }
            for combo in self._by_con_id.values()
        ]

    def restore(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Make the combos of a snapshot again.

        Raises:
            ComboError: A leg is not listed any more.
            KeyError, TypeError, ValueError: The rows are not those of a snapshot.
        """
        for row in rows:
            legs = [
                Leg(con_id=int(con_id), ratio=int(ratio), exchange=str(exchange))
                for con_id, ratio, exchange in row["legs"]
            ]
            self.combo(legs, str(row["symbol"]))

    def _leg(self, leg: Leg) -> Instrument:
        found = self._listed(leg.con_id)
        if found is None or not found.is_tradable:
            raise ComboError(f"combo leg {leg.con_id} is not a contract that can be traded")
        return found


def _combo(
    con_id: int, symbol: str, legs: Sequence[Leg], parts: Sequence[Instrument]
) -> Instrument:
    first = parts[0]
    multiplier = max(part.point_value for part in parts)
    return Instrument(
        con_id=con_id,
        symbol=symbol,
        sec_type="BAG",
        currency=first.currency,
        exchange="SMART",
        long_name=f"{symbol} COMBO",
        valid_exchanges="SMART,CBOE,CME,NYMEX,COMEX,CBOT,BOX,ISE,PHLX,AMEX",
        market_rule=first.market_rule,
        min_tick=min(part.min_tick for part in parts),
        size_min=Decimal(1),
        size_increment=Decimal(1),
        size_suggested=Decimal(1),
        calendar=first.calendar,
        time_zone=first.time_zone,
        price=max(first.min_tick, first.price),
        volatility=first.volatility,
        volume=min(part.volume for part in parts),
        trade_size=min(part.trade_size for part in parts),
        spread=sum(
            abs(leg.ratio) * part.spread for leg, part in zip(legs, parts, strict=True)
        ),
        local_symbol=symbol,
        trading_class="COMB",
        initial_margin=max(part.initial_margin for part in parts),
        short_margin=max(part.short_margin for part in parts),
        multiplier=multiplier,
        legs=tuple(legs),
    )
