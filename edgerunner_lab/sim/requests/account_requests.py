"""Positions, account values, summaries and profit: asked for once, then told as they change."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.market.sessions import NEW_YORK
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, flag_of, number_of, text_of
from edgerunner_lab.sim.requests.account_values import (
    LEDGER_KEYS,
    account_profit,
    account_rows,
    multi_row,
    portfolio_value,
    position_row,
    profit,
)
from edgerunner_lab.sim.requests.clients import Client, ProfitLine, SummaryLine
from edgerunner_lab.sim.requests.desk import Desk, Handler

SUMMARIES_MAX: Final = 2
"""Account summaries a client may have at once."""

LINES_MAX: Final = 100
"""P&L and multi-account subscriptions a client may have at once."""

REFRESH_SECONDS: Final = 180
"""How often account values are told when nothing is traded."""


def positions(desk: Desk, client: Client, _: Fields) -> Iterator[Message]:
    """Answer reqPositions; fills are told from here on."""
    client.listens_to_positions = True
    for position in desk.account.positions.values():
        if position.quantity:
            yield position_row(desk, position)
    yield Message("positionEnd", {})


def positions_multi(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqPositionsMulti for our account; fills are told from here on. There are no models."""
    desk.own_account(fields, "account")
    request = _new_request(client.position_lists, fields)
    client.position_lists[request] = text_of(fields, "modelCode")
    for position in desk.account.positions.values():
        if position.quantity:
            yield multi_row(desk, client, request, position)
    yield Message("positionMultiEnd", {"reqId": request})


def cancel_positions_multi(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelPositionsMulti."""
    client.position_lists.pop(number_of(fields, "reqId", -1), None)
    yield from ()


def cancel_positions(_: Desk, client: Client, __: Fields) -> Iterator[Message]:
    """Answer cancelPositions."""
    client.listens_to_positions = False
    yield from ()


def account_updates(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqAccountUpdates, which also ends them."""
    account = desk.own_account(fields, "acctCode")
    client.listens_to_account = flag_of(fields, "subscribe")
    if not client.listens_to_account:
        return
    client.account_rows.clear()
    yield from account_changes(desk, client)
    for position in desk.account.positions.values():
        yield portfolio_value(desk, position)
    yield update_time(desk)
    yield Message("accountDownloadEnd", {"accountName": account})


def account_changes(desk: Desk, client: Client) -> Iterator[Message]:
    """Yield the account values that differ from those last sent."""
    for key, value, currency in account_rows(desk):
        if client.account_rows.get((key, currency)) != value:
            client.account_rows[key, currency] = value
            fields = {"key": key, "value": value, "currency": currency}
            yield Message(
                "accountValue", {**fields, "accountName": desk.account.account_id}
            )


def update_time(desk: Desk) -> Message:
    """Return accountUpdateTime."""
    local = datetime.fromtimestamp(desk.market.now, NEW_YORK)
    return Message("accountUpdateTime", {"timeStamp": local.strftime("%H:%M")})


def account_updates_multi(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqAccountUpdatesMulti."""
    desk.own_account(fields, "account")
    line = SummaryLine(request=_new_request(client.multis, fields))
    client.multis[line.request] = line
    yield from multi_changes(desk, line)
    yield Message("accountUpdateMultiEnd", {"reqId": line.request})


def multi_changes(desk: Desk, line: SummaryLine) -> Iterator[Message]:
    """Yield the rows of a multi-account update that differ from those last sent."""
    for key, value, currency in account_rows(desk):
        if line.shown.get((key, currency)) != value:
            line.shown[key, currency] = value
            row = {"reqId": line.request, "account": desk.account.account_id}
            shown = {"modelCode": "", "key": key, "value": value, "currency": currency}
            yield Message("accountUpdateMulti", {**row, **shown})


def cancel_multi(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelAccountUpdatesMulti."""
    client.multis.pop(number_of(fields, "reqId", -1), None)
    yield from ()


def account_summary(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqAccountSummary."""
    request = number_of(fields, "reqId", -1)
    if request not in client.summaries and len(client.summaries) >= SUMMARIES_MAX:
        raise Refused(
            322,
            "Error processing request.-'bH' : cause - Maximum number of account summary"
            f" requests exceeded: {SUMMARIES_MAX} are open",
        )
    tags = frozenset(
        tag.strip() for tag in text_of(fields, "tags").split(",") if tag.strip()
    )
    line = SummaryLine(request=request, tags=tags)
    client.summaries[request] = line
    yield from summary_changes(desk, line)
    yield Message("accountSummaryEnd", {"reqId": request})


def summary_changes(desk: Desk, line: SummaryLine) -> Iterator[Message]:
    """Yield the summary's rows that differ from those last sent."""
    for key, value, currency in account_rows(desk):
        if _is_asked(key, currency, line.tags) and line.shown.get((key, currency)) != value:
            line.shown[key, currency] = value
            row = {"reqId": line.request, "account": desk.account.account_id}
            yield Message(
                "accountSummary", {**row, "tag": key, "value": value, "currency": currency}
            )


def _is_asked(key: str, currency: str, tags: frozenset[str]) -> bool:
    if key not in LEDGER_KEYS:
        return key in tags
    is_all = f"$LEDGER:{currency}" in tags or "$LEDGER:ALL" in tags
    return is_all or ("$LEDGER" in tags and currency == "BASE")


def cancel_summary(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelAccountSummary."""
    client.summaries.pop(number_of(fields, "reqId", -1), None)
    yield from ()


def pnl(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqPnL; about once a second from here on."""
    desk.own_account(fields, "account")
    line = ProfitLine(request=_new_request(client.profits, fields), instrument=None)
    client.profits[line.request] = line
    yield from profit_changes(desk, line)


def pnl_single(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqPnLSingle; of a contract that is not held, everything is 0."""
    desk.own_account(fields, "account")
    con_id = number_of(fields, "conid")
    instrument = desk.market.universe.by_con_id.get(con_id)
    if instrument is None:
        raise Refused(
            321, f"Error validating request.-'cs' : cause - Invalid contract id {con_id}"
        )
    line = ProfitLine(request=_new_request(client.profits, fields), instrument=instrument)
    client.profits[line.request] = line
    yield from profit_changes(desk, line)


def profit_changes(desk: Desk, line: ProfitLine) -> Iterator[Message]:
    """Yield the profit of a subscription if it differs from that last sent."""
    if line.instrument is None:
        shown: tuple[Decimal, ...] = account_profit(desk)
        names: tuple[str, ...] = ("dailyPnL", "unrealizedPnL", "realizedPnL")
        name = "pnl"
    else:
        position = desk.account.positions.get(line.instrument.con_id)
        if position is None:
            shown = (Decimal(0),) * 5
        else:
            shown = (position.quantity, *profit(desk, position))
        names = ("pos", "dailyPnL", "unrealizedPnL", "realizedPnL", "value")
        name = "pnlSingle"
    if shown != line.shown:
        line.shown = shown
        yield Message(name, {"reqId": line.request, **dict(zip(names, shown, strict=True))})


def cancel_pnl(_: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer cancelPnL and cancelPnLSingle."""
    client.profits.pop(number_of(fields, "reqId", -1), None)
    yield from ()


def _new_request(lines: Mapping[int, object], fields: Fields) -> int:
    request = number_of(fields, "reqId", -1)
    if request not in lines and len(lines) >= LINES_MAX:
        raise Refused(322, f"Error processing request: {LINES_MAX} subscriptions are open")
    return request


def managed_accounts(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    """Answer reqManagedAccts."""
    yield Message("managedAccounts", {"accountsList": desk.account.account_id})


def traded(desk: Desk, client: Client, con_ids: set[int]) -> Iterator[Message]:
    """Yield what fills of these contracts mean to a client that listens."""
    held = [p for con_id, p in desk.account.positions.items() if con_id in con_ids]
    if client.listens_to_positions:
        yield from (position_row(desk, position) for position in held)
    for request in client.position_lists:
        yield from (multi_row(desk, client, request, position) for position in held)
    if client.listens_to_account:
        yield from (portfolio_value(desk, position) for position in held)
    yield from refreshed(desk, client)


def refreshed(desk: Desk, client: Client) -> Iterator[Message]:
    """Yield every account value that has changed since a client was last told."""
    if client.listens_to_account:
        yield from account_changes(desk, client)
        yield update_time(desk)
    for line in client.multis.values():
        yield from multi_changes(desk, line)
    for line in client.summaries.values():
        yield from summary_changes(desk, line)


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqPositions": positions,
    "cancelPositions": cancel_positions,
    "reqPositionsMulti": positions_multi,
    "cancelPositionsMulti": cancel_positions_multi,
    "reqAccountUpdates": account_updates,
    "reqAccountUpdatesMulti": account_updates_multi,
    "cancelAccountUpdatesMulti": cancel_multi,
    "reqAccountSummary": account_summary,
    "cancelAccountSummary": cancel_summary,
    "reqPnL": pnl,
    "cancelPnL": cancel_pnl,
    "reqPnLSingle": pnl_single,
    "cancelPnLSingle": cancel_pnl,
    "reqManagedAccts": managed_accounts,
}
"""Request -> answer."""
