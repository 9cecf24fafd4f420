"""Bulletins: published by hand or by a halt of trading, told to whoever asked, and replayed for the day."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.exchange import Exchange, Hours
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.bulletin_board import BULLETINS_MAX, TEXT_CHARACTERS_MAX
from edgerunner_lab.sim.requests.bulletins import publish
from rigs.stages import staged


def shown(messages: list[Message]) -> list[tuple[Any, ...]]:
    """Return number, kind, text and origin of the bulletins among messages."""
    names = ("msgId", "msgType", "newsMessage", "originExch")
    return [
        tuple(m.fields[name] for name in names)
        for m in messages
        if m.name == "newsBulletin"
    ]


def test_a_bulletin_reaches_who_asked_and_nobody_else(
    open_stage: Callable[..., Any],
) -> None:
    """Until they cancel."""
    stage = open_stage()
    one, two = stage.trader(1), stage.trader(2)
    one.ask("reqNewsBulletins", allMsgs=False)
    publish(stage.exchange.desk, "Margins of SPY rise tonight.", exchange="NYSE")

    assert shown(one.wait(0.25)) == [(1, 1, "Margins of SPY rise tonight.", "NYSE")]
    one.ask("cancelNewsBulletins")
    publish(stage.exchange.desk, "They do not.")
    stage.wait(0.25)
    assert len(shown(one.heard)) == 1
    assert shown(two.heard) == []


@pytest.mark.parametrize(("is_all", "numbers"), [(True, [1, 2, 3]), (False, [3])])
def test_those_of_the_day_are_replayed_to_who_wants_all(
    trader: Any, *, is_all: bool, numbers: list[int]
) -> None:
    """Oldest first, before whatever comes."""
    desk = trader.stage.exchange.desk
    publish(desk, "one")
    publish(desk, "two")
    said = trader.ask("reqNewsBulletins", allMsgs=is_all)
    publish(desk, "three")

    assert [row[0] for row in shown(said + trader.wait(0.25))] == numbers


def test_those_of_yesterday_are_not_replayed(trader: Any) -> None:
    """The day ends at 17:00 in New York; numbers go on."""
    stage = trader.stage
    publish(stage.exchange.desk, "one")
    stage.now += timedelta(hours=6)
    assert shown(trader.ask("reqNewsBulletins", allMsgs=True)) == []
    publish(stage.exchange.desk, "two")

    assert shown(trader.wait(0.25)) == [(2, 1, "two", "")]


@pytest.mark.parametrize(
    ("symbol", "begins", "ends"),
    [
        (
            None,
            (1, 2, "Trading on all exchanges is halted.", "SMART"),
            (2, 3, "Trading on all exchanges has resumed.", "SMART"),
        ),
        (
            "SPY",
            (1, 1, "Trading in SPY is halted.", "ARCA"),
            (2, 1, "Trading in SPY has resumed.", "ARCA"),
        ),
    ],
)
def test_a_halt_is_told_when_it_begins_and_when_it_ends(
    trader: Any,
    symbol: str | None,
    begins: tuple[Any, ...],
    ends: tuple[Any, ...],
) -> None:
    """Once each, whatever other regimes come before and after."""
    trader.ask("reqNewsBulletins", allMsgs=False)
    told: list[list[tuple[Any, ...]]] = []
    for regime in ("crash", "halt", "halt", "calm", "thin"):
        trader.stage.exchange.set_regime(regime, symbol)
        told.append(shown(trader.wait(2)))

    assert told == [[], [begins], [], [ends], []]


def test_a_change_of_everything_ends_the_halt_of_one_instrument(trader: Any) -> None:
    """And is told of it, once, in its own name."""
    trader.ask("reqNewsBulletins", allMsgs=False)
    told: list[list[Any]] = []
    for regime, symbol in (("halt", "SPY"), ("calm", None), ("thin", None)):
        trader.stage.exchange.set_regime(regime, symbol)
        told.append([row[2] for row in shown(trader.wait(2))])

    assert told == [["Trading in SPY is halted."], ["Trading in SPY has resumed."], []]


def test_a_halt_that_ends_within_its_second_is_told_as_well(trader: Any) -> None:
    """Regimes count from the next second on; bulletins come at once."""
    trader.ask("reqNewsBulletins", allMsgs=False)
    trader.stage.exchange.set_regime("halt")
    trader.stage.exchange.set_regime("calm")

    assert [row[1] for row in shown(trader.wait(0.25))] == [2, 3]


def test_bulletins_outlive_a_restart(trader: Any, universe: Any) -> None:
    """With their numbers."""
    stage = trader.stage
    publish(stage.exchange.desk, "one")
    again = Exchange(
        universe, seed=7, cash=Decimal(100_000), hours=Hours.ALWAYS, now=stage.now
    )
    again.restore(stage.exchange.snapshot())
    stage.exchange = again
    reader = stage.trader(5)

    assert shown(reader.ask("reqNewsBulletins", allMsgs=True)) == [(1, 1, "one", "")]
    assert publish(again.desk, "two").number == 2


def test_only_so_many_are_kept(trader: Any) -> None:
    """The newest."""
    desk = trader.stage.exchange.desk
    for number in range(BULLETINS_MAX + 3):
        publish(desk, f"bulletin {number}")
    replayed = shown(trader.ask("reqNewsBulletins", allMsgs=True))

    assert [row[0] for row in replayed] == list(range(4, BULLETINS_MAX + 4))


async def test_the_control_socket_publishes_them() -> None:
    """To a client that listens, as soon as the command is answered."""
    async with staged() as stage:
        client = await stage.greeted()
        client.send("reqNewsBulletins", allMsgs=False)
        await client.answered()
        done = await stage.command('{"do": "bulletin", "text": "Hello", "exchange": "CME"}')

        assert done == {"ok": True, "number": 1}
        assert shown(await client.answered()) == [(1, 1, "Hello", "CME")]


@pytest.mark.parametrize(
    "fields",
    [
        "",
        '"text": ""',
        '"text": " "',
        '"text": 5',
        '"text": "a\\u0000b"',
        '"text": "a\\nb"',
        f'"text": "{"x" * (TEXT_CHARACTERS_MAX + 1)}"',
        '"text": "a", "exchange": 7',
        '"text": "a", "exchange": "A\\u0000B"',
    ],
)
async def test_a_bulletin_that_cannot_be_is_refused(fields: str) -> None:
    """With one line; nobody hears of it."""
    async with staged() as stage:
        client = await stage.greeted()
        client.send("reqNewsBulletins", allMsgs=True)
        done = await stage.command('{"do": "bulletin"' + (fields and ", " + fields) + "}")

        assert done["ok"] is False
        assert "\n" not in done["error"]
        assert shown(await client.answered()) == []
