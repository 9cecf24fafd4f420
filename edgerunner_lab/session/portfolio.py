"""Positions and the account's figures as the broker's streams have them."""

from decimal import Decimal

from ib_async import IB, AccountValue

from edgerunner_lab.core.facts import AccountSnapshot, Position
from edgerunner_lab.session import adapt

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
"""our field -> the broker's account tag"""


class Portfolio:
    """One account's positions and money, on the session's loop."""

    def __init__(self, ib: IB) -> None:
        self._ib = ib
        self._account = ""

    def attach(self, account: str) -> None:
        """Follow `account` on a new connection."""
        self._account = account
        self._ib.reqPnL(account)

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

    def quantity(self, con_id: int) -> Decimal:
        """Return the signed position in one instrument; zero where there is none.

        Only a complete synchronisation makes "none" a fact: the guard's SESSION_NOT_READY stands before it.
        """
        position = self._ib.wrapper.positions.get(self._account, {}).get(con_id)
        return (
            (adapt.decimal(position.position) or Decimal(0))
            if position is not None
            else Decimal(0)
        )

    def account(self) -> AccountSnapshot:
        """Return the account's figures; None for what the broker has not said."""
        currency = self.currency
        values = self._values
        figures: dict[str, Decimal | None] = {}
        for name, tag in _TAG_BY_FIELD.items():
            value = values.get((self._account, tag, currency, ""))
            figures[name] = adapt.decimal(value.value) if value is not None else None
        pnl = next(iter(self._ib.pnl(self._account)), None)
        return AccountSnapshot(
            account=self._account,
            currency=currency,
            daily_pnl=adapt.decimal(pnl.dailyPnL) if pnl is not None else None,
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
