"""Bulletins: who hears of them, and what a halt of trading makes the exchanges say."""

from collections.abc import Iterator, Mapping
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.market.moves import Regime
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Reply, flag_of
from edgerunner_lab.sim.requests.bulletin_board import Bulletin, BulletinKind
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk, Handler

EVERYWHERE: Final = "SMART"
"""Where a bulletin about all exchanges comes from."""

_NO_INSTRUMENT: Final = 0
"""Contract id that nothing has: its regime is the one of all instruments."""


def listen(desk: Desk, client: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqNewsBulletins: those of the day if all are wanted, then whatever is published."""
    client.listens_to_bulletins = True
    if flag_of(fields, "allMsgs"):
        for bulletin in desk.bulletins.of_day(desk.day):
            yield _message(bulletin)


def cancel(_: Desk, client: Client, __: Fields) -> Iterator[Message]:
    """Answer cancelNewsBulletins."""
    client.listens_to_bulletins = False
    yield from ()


def publish(
    desk: Desk,
    text: str,
    *,
    kind: BulletinKind = BulletinKind.REGULAR,
    exchange: str = "",
) -> Bulletin:
    """Publish a bulletin to everybody who listens; the exchange's next answer or moment tells it.

    Raises:
        ValueError: The text is none, in one line.
    """
    bulletin = desk.bulletins.add(kind, text, exchange, desk.day)
    desk.is_changed = True
    desk.outbox += [
        Reply(client.key, _message(bulletin))
        for client in desk.clients.values()
        if client.listens_to_bulletins
    ]
    return bulletin


def change_regime(desk: Desk, regime: Regime, instrument: Instrument | None) -> None:
    """Change how prices go, of one instrument or of all, and publish where a halt begins or ends.

    A halt of everything is an exchange that is closed or open again; that of one instrument is an ordinary bulletin.
    """
    was_closed = _is_halted(desk, _NO_INSTRUMENT)
    concerned = (
        desk.market.universe.by_con_id.values() if instrument is None else [instrument]
    )
    halted = [held for held in concerned if _is_halted(desk, held.con_id)]
    desk.market.set_regime(regime, instrument)
    desk.is_changed = True
    is_now = regime is Regime.HALT
    if instrument is None and was_closed != is_now:
        _tell(desk, None, is_halted=is_now)
    elif instrument is not None and bool(halted) != is_now:
        _tell(desk, instrument, is_halted=is_now)
    elif instrument is None and not is_now:
        for held in halted:
            _tell(desk, held, is_halted=False)


def _is_halted(desk: Desk, con_id: int) -> bool:
    # Regimes set within this second count from the next one.
    return desk.market.moves.regime_at(con_id, desk.market.second + 1) is Regime.HALT


def _tell(desk: Desk, instrument: Instrument | None, *, is_halted: bool) -> None:
    happened = "is halted" if is_halted else "has resumed"
    if instrument is None:
        kind = BulletinKind.EXCHANGE_CLOSED if is_halted else BulletinKind.EXCHANGE_OPEN
        publish(
            desk, f"Trading on all exchanges {happened}.", kind=kind, exchange=EVERYWHERE
        )
    else:
        where = instrument.primary_exchange or instrument.exchange
        publish(desk, f"Trading in {instrument.name} {happened}.", exchange=where)


def _message(bulletin: Bulletin) -> Message:
    return Message(
        "newsBulletin",
        {
            "msgId": bulletin.number,
            "msgType": int(bulletin.kind),
            "newsMessage": bulletin.text,
            "originExch": bulletin.exchange,
        },
    )


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqNewsBulletins": listen,
    "cancelNewsBulletins": cancel,
}
"""Request -> answer."""
