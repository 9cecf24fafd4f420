"""Executions corrected or busted after the fact: booked back, booked anew, and reported under the next number."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.accounts import Fill
from edgerunner_lab.sim.accounts.book import ZERO
from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.orders.orders import Execution
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import Reply, error
from edgerunner_lab.sim.requests.desk import Desk
from edgerunner_lab.sim.requests.order_messages import commission_report, execution_data

BOOK_RESET: Final = 317
BOOK_RESET_TEXT: Final = (
    "Market depth data has been RESET."
    " Please empty deep book contents before applying any new entries."
)


class NoExecution(ValueError):
    """There is no such execution to correct; the text is one line."""


def correct(
    desk: Desk, exec_id: str = "", *, price: Decimal | None, shares: Decimal | None
) -> list[Reply]:
    """Change an execution's price or size; return what its client, and the master client, are told.

    The old one is booked back with its commission and the new one booked with the same commission.

    Args:
        desk: The market and the account.
        exec_id: The execution; the latest one when empty.
        price: A unit, in the instrument's currency; None leaves it.
        shares: Units; None leaves them, 0 is a bust.

    Raises:
        NoExecution: there is none with this id, or it is a combination's.
    """
    old = _execution(desk, exec_id)
    instrument = desk.market.universe.by_con_id[old.con_id]
    if instrument.legs:
        raise NoExecution(
            f"{old.exec_id} belongs to a combination, expected one of its legs' executions"
        )
    new = _corrected(old, price, shares)
    reversal = Fill(
        instrument=instrument,
        side=old.side.opposite,
        size=old.shares,
        price=old.price,
        commission=-old.commission,
    )
    rate = desk.market.rate
    desk.account.book(reversal, rate)
    if new.shares:
        again = replace(
            reversal,
            side=new.side,
            size=new.shares,
            price=new.price,
            commission=new.commission,
        )
        new = replace(new, realized=desk.account.book(again, rate))
    desk.registry.record(new)
    desk.is_changed = True
    desk.traded.add(new.con_id)
    return list(_told(desk, new, instrument))


def bust(desk: Desk, exec_id: str = "") -> list[Reply]:
    """Undo an execution.

    Raises:
        NoExecution: as `correct`.
    """
    return correct(desk, exec_id, price=None, shares=ZERO)


def _execution(desk: Desk, exec_id: str) -> Execution:
    executions = desk.registry.executions
    # The newest correction of an execution stands for it, and what was busted is gone.
    newest = {each.exec_id.rpartition(".")[0]: each for each in executions}
    found = (
        newest.get(exec_id.rpartition(".")[0])
        if exec_id
        else next((e for e in reversed(executions) if newest[_stem(e)].shares), None)
    )
    found = found and newest[_stem(found)]
    if found is None or not found.shares:
        which = f"execution {exec_id}" if exec_id else "execution that still stands"
        raise NoExecution(f"there is no {which}, expected one of today's")
    return found


def _stem(execution: Execution) -> str:
    return execution.exec_id.rpartition(".")[0]


def _corrected(old: Execution, price: Decimal | None, shares: Decimal | None) -> Execution:
    stem, _, number = old.exec_id.rpartition(".")
    size = old.shares if shares is None else shares
    unit = old.price if price is None else price
    cumulative = old.cumulative - old.shares + size
    worth = old.average_price * old.cumulative - old.price * old.shares + unit * size
    return replace(
        old,
        exec_id=f"{stem}.{int(number) + 1:02d}",
        shares=size,
        price=unit,
        cumulative=cumulative,
        average_price=worth / cumulative if cumulative else unit,
        commission=old.commission if size else ZERO,
        realized=None,
    )


def _told(desk: Desk, execution: Execution, instrument: Instrument) -> Iterator[Reply]:
    listeners = {execution.client_id, desk.rules.master_client_id}
    for client in desk.clients.values():
        if client.client_id in listeners:
            report = execution_data(
                execution, instrument, request=-1, version=client.version
            )
            yield Reply(client.key, report)
            yield Reply(client.key, commission_report(execution))


def forget_lines(desk: Desk) -> list[Reply]:
    """Let every subscription of market data be lost, as after 1101; return what is told of it.

    A book that was shown is to be emptied first (317).
    """
    replies: list[Reply] = []
    for client in desk.clients.values():
        for request in client.depths:
            emptied = error(request, BOOK_RESET, BOOK_RESET_TEXT, desk.market.now)
            replies.append(Reply(client.key, emptied))
        for lines in (
            client.lines,
            client.tick_lines,
            client.depths,
            client.histories,
            client.live_bars,
        ):
            lines.clear()
    return replies


def told_lines(desk: Desk, key: int, message: Message) -> Iterator[Reply]:
    """Yield a message for every market-data line of a connection, under the line's own id."""
    client = desk.clients.get(key)
    for request in () if client is None else client.lines:
        yield Reply(key, Message(message.name, {**message.fields, "id": request}))
