"""Positions and the account's figures as the broker's streams have them."""

import asyncio
from decimal import Decimal

from ib_async import IB, AccountValue, Contract
from ib_async.objects import Position as IbPosition

from edgerunner_lab.core.facts import AccountSnapshot, Fill, Position
from edgerunner_lab.guard.snapshot import Holding, WorkingOrder
from edgerunner_lab.session import adapt

SETTLING_SECONDS = 5.0
"""As in the ledger, for the fills of other kernels."""

_TAG_BY_FIELD = {
    "net_liquidation": "NetLiquidation",
    "cash": "TotalCashValue",
    "buying_power": "BuyingPower",
    "available_funds": "AvailableFunds",
    "excess_liquidity": "ExcessLiquidity",
    "initial_margin": "InitMarginReq",
    "maintenance_margin": "MaintMarginReq",
    "gross_position_value": "GrossPositionValue",
    "unrealized_pnl": "UnrealizedPnL",
    "realized_pnl": "RealizedPnL",
}
_DAY_TRADES = "DayTradesRemaining"
"""our field -> the broker's account tag"""


class Portfolio:
    """One account's positions and money, on the session's loop."""

    def __init__(self, ib: IB) -> None:
        self._ib = ib
        self._account = ""
        self._position_mono: dict[int, float] = {}
        self._fills: dict[str, tuple[float, Fill]] = {}
        ib.positionEvent += self._on_position

    def attach(self, account: str) -> None:
        """Follow `account` on a new connection."""
        self._account = account
        # The synchronisation that has just completed has every position of now.
        self._fills.clear()
        self._ib.reqPnL(account)

    def note_fill(self, fill: Fill, now_mono: float) -> None:
        """Hear of a fill, at the moment it is heard; its commission is no new one."""
        if fill.account == self._account:
            self._fills.setdefault(fill.execution_id, (now_mono, fill))

    def unsettled(self, now_mono: float) -> list[WorkingOrder]:
        """Return fills that the position may not show yet, as if they still worked.

        A fill is settled by a position message that came after it, or after 5 s: counting it twice for a moment
        is safe, not counting it at all would let the next order through a limit.
        """
        self._fills = {
            execution_id: (heard, fill)
            for execution_id, (heard, fill) in self._fills.items()
            if now_mono - heard < SETTLING_SECONDS
            and self._position_mono.get(fill.con_id, float("-inf")) < heard
        }
        return [
            WorkingOrder(
                order_ref=f"unsettled:{execution_id}",
                con_id=fill.con_id,
                side=fill.side,
                remaining=fill.quantity,
                is_fill=True,
            )
            for execution_id, (_, fill) in self._fills.items()
        ]

    def _on_position(self, position: IbPosition) -> None:
        if position.account == self._account:
            now = asyncio.get_running_loop().time()
            self._position_mono[position.contract.conId] = now

    @property
    def _values(self) -> dict[tuple[str, str, str, str], AccountValue]:
        """(account, tag, currency, model) -> what the broker said of it."""
        return self._ib.wrapper.accountValues  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # ib_async leaves the key open

    def positions(self) -> list[Position]:
        """Return what is held, by symbol; positions of zero are left out."""
        held = self._ib.wrapper.positions.get(self._account, {})
        items = self._ib.wrapper.portfolio.get(self._account, {})
        found = [
            adapt.to_position(position, items.get(con_id))
            for con_id, position in held.items()
        ]
        return sorted((one for one in found if one.quantity), key=lambda one: one.symbol)

    def holdings(self) -> tuple[Holding, ...]:
        """Return what is held and what a unit of it is worth, in the account's currency."""
        held = self._ib.wrapper.positions.get(self._account, {})
        found: list[Holding] = []
        for position in self.positions():
            contract = held[position.con_id].contract
            rate = self.fx_rate(position.currency)
            # Before the account stream has valued it, what it has cost is the best that is known.
            value = (
                position.market_value / position.quantity
                if position.market_value
                else position.average_cost
            )
            underlying = adapt.underlying_value(contract)
            found.append(
                Holding(
                    con_id=position.con_id,
                    symbol=position.symbol,
                    position=position.quantity,
                    unit_value=abs(value) * rate if rate is not None else None,
                    short_unit_value=underlying * rate
                    if underlying is not None and rate is not None
                    else None,
                )
            )
        return tuple(found)

    def contracts(self) -> list[Contract]:
        """Return the contract of each position that is not zero, as the broker named it."""
        held = self._ib.wrapper.positions.get(self._account, {})
        return [each.contract for each in held.values() if each.position]

    def quantity(self, con_id: int) -> Decimal | None:
        """Return the signed position in one instrument; zero where there is none, None where it is no number.

        Only a complete synchronisation makes "none" a fact: the guard's SESSION_NOT_READY stands before it.
        """
        position = self._ib.wrapper.positions.get(self._account, {}).get(con_id)
        return adapt.decimal(position.position) if position is not None else Decimal(0)

    def account(self) -> AccountSnapshot:
        """Return the account's figures; None for what the broker has not said."""
        currency = self.currency
        values = self._values
        figures: dict[str, Decimal | None] = {}
        for name, tag in _TAG_BY_FIELD.items():
            value = values.get((self._account, tag, currency, ""))
            figures[name] = adapt.decimal(value.value) if value is not None else None
        day_trades = values.get((self._account, _DAY_TRADES, "", ""))
        pnl = next(iter(self._ib.pnl(self._account)), None)
        return AccountSnapshot(
            account=self._account,
            currency=currency,
            daily_pnl=adapt.decimal(pnl.dailyPnL) if pnl is not None else None,
            day_trades_remaining=adapt.decimal(day_trades.value)
            if day_trades is not None
            else None,
            **figures,
        )

    def fx_rate(self, currency: str) -> Decimal | None:
        """Return what one unit of `currency` is worth in the account's currency; None if the broker has not said."""
        if currency == self.currency:
            return Decimal(1)
        value = self._values.get((self._account, "ExchangeRate", currency, ""))
        return adapt.price(float(value.value)) if value is not None else None

    @property
    def currency(self) -> str:
        """The account's base currency, e.g. "USD"; empty before the first account update."""
        for account, tag, currency, _ in self._values:
            if (
                account == self._account
                and tag == "NetLiquidation"
                and currency not in ("", "BASE")
            ):
                return currency
        return ""
