"""The account as rows of key, value and currency, the way the broker's account window lists it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.accounts import BASE, Position, Valuation
from edgerunner_lab.sim.accounts.book import ZERO
from edgerunner_lab.sim.accounts.commissions import cents
from edgerunner_lab.sim.protocol.messages import Message, Value
from edgerunner_lab.sim.protocol.replies import contract_fields
from edgerunner_lab.sim.requests.clients import AccountRow, Client
from edgerunner_lab.sim.requests.desk import Desk

LEDGER_KEYS: Final = frozenset(
    {
        *("CashBalance", "TotalCashBalance", "NetLiquidationByCurrency", "ExchangeRate"),
        *("StockMarketValue", "RealizedPnL", "UnrealizedPnL", "Currency"),
    }
)
"""Rows that exist once a currency."""


def account_rows(desk: Desk) -> list[AccountRow]:
    """Return every row, the account's own first, then each currency's ledger and the base's."""
    valuation = desk.account.value(desk.market.mark, desk.market.rate)
    return [*_account(desk, valuation), *_ledgers(desk, valuation)]


def _account(desk: Desk, v: Valuation) -> Iterator[AccountRow]:
    yield ("AccountCode", desk.account.account_id, "")
    yield ("AccountReady", "true", "")
    yield ("AccountType", "INDIVIDUAL", "")
    yield ("AccountOrGroup", desk.account.account_id, BASE)
    yield ("DayTradesRemaining", "-1", "")
    cushion = v.excess_liquidity / v.net_liquidation if v.net_liquidation > 0 else ZERO
    yield ("Cushion", f"{max(ZERO, cushion):.6f}", "")
    leverage = v.gross_value / v.net_liquidation if v.net_liquidation > 0 else ZERO
    yield ("Leverage-S", f"{leverage:.2f}", "")
    yield ("LookAheadNextChange", "0", "")
    amounts: dict[str, Decimal] = {
        "NetLiquidation": v.net_liquidation,
        "EquityWithLoanValue": v.net_liquidation,
        "PreviousDayEquityWithLoanValue": desk.account.carried,
        "TotalCashValue": v.cash,
        "SettledCash": v.cash,
        "AccruedCash": ZERO,
        "GrossPositionValue": v.gross_value,
        "BuyingPower": v.buying_power,
        "AvailableFunds": v.available_funds,
        "ExcessLiquidity": v.excess_liquidity,
        "InitMarginReq": v.initial_margin,
        "MaintMarginReq": v.maintenance_margin,
        "FullAvailableFunds": v.available_funds,
        "FullExcessLiquidity": v.excess_liquidity,
        "FullInitMarginReq": v.initial_margin,
        "FullMaintMarginReq": v.maintenance_margin,
        "LookAheadAvailableFunds": v.available_funds,
        "LookAheadExcessLiquidity": v.excess_liquidity,
        "LookAheadInitMarginReq": v.initial_margin,
        "LookAheadMaintMarginReq": v.maintenance_margin,
    }
    for key, amount in amounts.items():
        yield (key, f"{amount:.2f}", BASE)


def _ledgers(desk: Desk, v: Valuation) -> Iterator[AccountRow]:
    totals = {
        "CashBalance": v.cash,
        "TotalCashBalance": v.cash,
        "NetLiquidationByCurrency": v.net_liquidation,
        "StockMarketValue": v.stock_value,
        "RealizedPnL": v.realized,
        "UnrealizedPnL": v.unrealized,
    }
    for key, amount in totals.items():
        yield (key, f"{amount:.2f}", "BASE")
    yield ("ExchangeRate", "1.00", "BASE")
    yield ("Currency", "BASE", "BASE")
    for currency, cash in desk.account.cash.items():
        yield from _ledger(desk, currency, cash)


def _ledger(desk: Desk, currency: str, cash: Decimal) -> Iterator[AccountRow]:
    stock = realized = unrealized = ZERO
    for position in desk.account.positions.values():
        if position.instrument.currency == currency:
            mark = desk.market.mark(position.instrument)
            stock += ZERO if position.instrument.is_cash else position.value(mark)
            realized += position.realized
            unrealized += position.unrealized(mark)
    amounts = {
        "CashBalance": cash,
        "TotalCashBalance": cash,
        "NetLiquidationByCurrency": cash + stock,
        "StockMarketValue": stock,
        "RealizedPnL": realized,
        "UnrealizedPnL": unrealized,
    }
    for key, amount in amounts.items():
        yield (key, f"{amount:.2f}", currency)
    yield ("ExchangeRate", f"{desk.market.rate(currency):.8f}", currency)
    yield ("Currency", currency, currency)


def portfolio_value(desk: Desk, position: Position) -> Message:
    """Return portfolioValue of one holding, closed ones with position 0."""
    mark = desk.market.mark(position.instrument)
    fields = contract_fields(position.instrument, "")
    del fields["c.exchange"]  # this message names the primary exchange instead
    fields |= {
        "c.primaryExchange": position.instrument.primary_exchange
        or position.instrument.exchange,
        "position": position.quantity,
        "marketPrice": mark,
        "marketValue": position.value(mark),
        "averageCost": _average(position),
        "unrealizedPNL": position.unrealized(mark),
        "realizedPNL": position.realized,
        "accountName": desk.account.account_id,
    }
    return Message("portfolioValue", fields)


def position_row(desk: Desk, position: Position) -> Message:
    """Return position of one holding, closed ones with 0."""
    instrument = position.instrument
    fields: dict[str, Value] = {
        "account": desk.account.account_id,
        **contract_fields(instrument, instrument.primary_exchange or instrument.exchange),
        "position": position.quantity,
        "avgCost": _average(position),
    }
    return Message("position", fields)


def multi_row(desk: Desk, client: Client, request: int, position: Position) -> Message:
    """Return a holding as a subscription that may span accounts is told it."""
    told = {"reqId": request, "modelCode": client.position_lists[request]}
    return Message("positionMulti", {**position_row(desk, position).fields, **told})


def profit(desk: Desk, position: Position) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """Return the daily, unrealised and realised profit and the value of one holding, in its currency."""
    mark = desk.market.mark(position.instrument)
    return (
        position.daily(mark),
        position.unrealized(mark),
        position.realized,
        position.value(mark),
    )


def account_profit(desk: Desk) -> tuple[Decimal, Decimal, Decimal]:
    """Return the account's daily, unrealised and realised profit in USD."""
    v = desk.account.value(desk.market.mark, desk.market.rate)
    return cents(v.net_liquidation - desk.account.carried), v.unrealized, v.realized


def _average(position: Position) -> Decimal:
    return round(position.average_cost, 8).normalize() + 0
