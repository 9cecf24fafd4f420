"""Faults on a real socket: each does what its line in the script says, to whom it says, and no more."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.protocol.messages import Message
from rigs.stages import NOON, SPY, Ended, RawClient, Stage, staged


def names(messages: list[Message]) -> list[str]:
    """Return the messages' names."""
    return [message.name for message in messages]


def codes(messages: list[Message]) -> list[Any]:
    """Return the codes of the errors among the messages."""
    return [m.fields["errorCode"] for m in messages if m.name == "errMsg"]


def buy(client: RawClient, order_id: int, **fields: Any) -> None:
    """Send a market order for 10 SPY."""
    terms: dict[str, Any] = {
        "c_conId": 756733,
        "c_exchange": "SMART",
        "o_action": "BUY",
        "o_totalQuantity": Decimal(10),
        "o_orderType": "MKT",
        "o_tif": "DAY",
        "o_transmit": True,
    }
    client.send("placeOrder", orderId=order_id, **{**terms, **fields})


async def filled(stage: Stage, client: RawClient, order_id: int = 1) -> Message:
    """Buy 10 SPY and return the execution."""
    buy(client, order_id)
    before = await client.answered()
    await stage.step(2)
    heard = [*before, *await client.answered()]
    return next(message for message in heard if message.name == "executionData")


async def test_without_faults_nothing_goes_wrong() -> None:
    """The same conversation as everywhere else."""
    async with staged() as stage:
        client = await stage.greeted()

        assert await client.answered() == []


async def test_drop_after_a_time_closes_every_connection_once() -> None:
    """And the next connection is served."""
    async with staged('[[fault]]\nwhat = "drop"\nwhen = {after = 30}') as stage:
        first, second = await stage.greeted(1), await stage.greeted(2)
        await stage.step(29.9)
        assert await first.answered() == []
        await stage.step(0.1)

        assert await first.ended() == []
        assert await second.ended() == []
        again = await stage.greeted(1)
        await stage.step(60)
        assert await again.answered() == []


async def test_drop_on_the_second_request_of_a_name_hits_its_sender_alone() -> None:
    """The request that sets it off is not answered."""
    script = '[[fault]]\nwhat = "drop"\nwhen = {message = "reqIds", nth = 2}'
    async with staged(script) as stage:
        client, other = await stage.greeted(1), await stage.greeted(2)
        client.send("reqIds", numIds=1)
        assert names(await client.answered()) == ["nextValidId"]
        client.send("reqIds", numIds=1)

        assert await client.ended() == []
        assert await other.answered() == []


async def test_drop_of_one_client_spares_the_others() -> None:
    """By its API client id."""
    async with staged('[[fault]]\nwhat = "drop"\nclient = 2\nwhen = {after = 1}') as stage:
        client, other = await stage.greeted(1), await stage.greeted(2)
        await stage.step(1)

        assert await other.ended() == []
        assert await client.answered() == []


async def test_reset_lets_so_many_bytes_through() -> None:
    """Then the connection ends in the middle of whatever was on its way."""
    script = '[[fault]]\nwhat = "reset"\nbytes = 12\nwhen = {message = "reqIds"}'
    async with staged(script) as stage:
        client = await stage.greeted()
        client.send("reqIds", numIds=1)
        client.ask_time()
        assert await client.frame() == b"9\x001\x001\x00"
        with pytest.raises(Ended):
            await client.frame()


async def test_truncate_cuts_a_message_and_ends_the_connection() -> None:
    """After the bytes it says."""
    script = '[[fault]]\nwhat = "truncate"\nbytes = 6\nmessages = ["nextValidId"]\nwhen = {message = "reqIds"}'
    async with staged(script) as stage:
        client = await stage.greeted()
        before = len(client.raw)
        client.send("reqIds", numIds=1)
        with pytest.raises(Ended):
            await client.frame()

        assert bytes(client.raw[before:]) == b"\0\0\0\x069\0"


async def test_refuse_turns_new_connections_away_for_a_time() -> None:
    """Those that exist go on."""
    script = '[[fault]]\nwhat = "refuse"\nlasting = 10\nwhen = {after = 1}'
    async with staged(script) as stage:
        client = await stage.greeted()
        await stage.step(1)
        refused = await stage.connect()
        refused.hello(2)
        with pytest.raises(Ended):
            await refused.frame()
        assert await client.answered() == []
        await stage.step(10)

        assert await (await stage.greeted(2)).answered() == []


async def test_half_open_is_silent_and_catches_up_afterwards() -> None:
    """What was sent meanwhile is answered in the end."""
    script = '[[fault]]\nwhat = "half_open"\nlasting = 20\nwhen = {after = 1}\nclient = 1'
    async with staged(script) as stage:
        client, other = await stage.greeted(1), await stage.greeted(2)
        await stage.step(1)
        client.ask_time()
        await stage.step(19)
        # The other connection's answer shows that the gateway has had its turn.
        await other.answered()
        await stage.step(1)
        [answer] = await client.until("currentTime")

        assert answer.fields["time"] == int((NOON + timedelta(seconds=21)).timestamp())


async def test_split_sends_the_same_bytes_one_by_one() -> None:
    """A client that reads a stream does not notice."""
    async with staged('[[fault]]\nwhat = "split"\nwhen = {connect = 1}') as stage:
        client = await stage.greeted()
        client.send("reqIds", numIds=1)

        assert names(await client.answered()) == ["nextValidId"]


async def test_garble_flips_one_byte_of_one_message() -> None:
    """The frames around it are whole."""
    script = '[[fault]]\nwhat = "garble"\nmessages = ["nextValidId"]\nwhen = {message = "reqIds"}'
    async with staged(script) as stage:
        client = await stage.greeted()
        client.send("reqIds", numIds=1)
        client.send("reqIds", numIds=1)
        bad, good = await client.frame(), await client.frame()

        assert good == b"9\x001\x001\x00"
        assert len(bad) == len(good)
        assert sum(a != b for a, b in zip(bad, good, strict=True)) == 1


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ('"lose"', ["nextValidId", "currentTime"]),
        ('"duplicate"', ["nextValidId", "nextValidId", "nextValidId", "currentTime"]),
        (
            '"reorder"\nmessages = ["nextValidId"]',
            ["nextValidId", "nextValidId", "currentTime"],
        ),
    ],
)
async def test_messages_are_lost_doubled_or_reordered_once(
    what: str, expected: list[str]
) -> None:
    """Counting from the one that sets it off; `times` is 1 unless told."""
    script = f"[[fault]]\nwhen = {{message = 'nextValidId', nth = 2}}\nwhat = {what}"
    async with staged(script) as stage:
        client = await stage.greeted()
        client.send("reqIds", numIds=1)
        client.send("reqIds", numIds=1)
        client.ask_time()

        assert names(await client.until("currentTime")) == expected


async def test_reorder_changes_places_with_the_next_message() -> None:
    """Whatever that is."""
    script = "[[fault]]\nwhat = 'reorder'\nwhen = {message = 'reqIds'}"
    async with staged(script) as stage:
        client = await stage.greeted()
        client.send("reqIds", numIds=1)
        client.ask_time()
        found = [await client.message(), await client.message()]

        assert names(found) == ["currentTime", "nextValidId"]


async def test_a_delay_holds_messages_back_in_gateway_time() -> None:
    """Two seconds after each was made, while it lasts; messages of other names pass."""
    script = """
[[fault]]
what = "delay"
seconds = 2
lasting = 5
messages = ["nextValidId"]
when = {after = 1}
"""
    async with staged(script) as stage:
        client = await stage.greeted()
        await stage.step(1)
        client.send("reqIds", numIds=1)
        assert await client.answered() == []
        await stage.step(1.9)
        assert await client.answered() == []
        await stage.step(0.2)
        assert names(await client.answered()) == ["nextValidId"]
        await stage.step(5)
        client.send("reqIds", numIds=1)

        assert names(await client.answered()) == ["nextValidId"]


async def test_a_delay_of_everything_keeps_the_order_also_at_its_end() -> None:
    """What is made after the delay does not overtake what still waits."""
    script = "[[fault]]\nwhat = 'delay'\nseconds = 9\nlasting = 1\nwhen = {after = 1}"
    async with staged(script) as stage:
        client = await stage.greeted()
        await stage.step(1)
        client.send("reqIds", numIds=1)
        await stage.received(2)
        await stage.step(2)
        client.send("reqManagedAccts")
        await stage.received(3)
        await stage.step(7)

        found = [await client.message(), await client.message()]
        assert names(found) == ["nextValidId", "managedAccounts"]


async def test_slow_acknowledgements_let_executions_pass() -> None:
    """As when the order's status comes late and the fill does not."""
    script = "[[fault]]\nwhat = 'slow_acknowledgements'\nseconds = 5"
    async with staged(script) as stage:
        client = await stage.greeted()
        execution = await filled(stage, client)
        assert execution.fields["e.shares"] == 10
        await stage.step(5)
        heard = names(await client.answered())

        assert "openOrder" in heard
        assert "orderStatus" in heard
        assert "executionData" not in heard


async def test_a_corrected_execution_moves_the_cash_and_carries_the_next_number() -> None:
    """02 at the end, as the broker numbers corrections, with a commission report of its own."""
    async with staged() as stage:
        client = await stage.greeted()
        execution = await filled(stage, client)
        await stage.command(
            '{"do": "fault", "fault": {"what": "correct", "price": "1.00"}}'
        )
        heard = await client.answered()
        corrected = next(m for m in heard if m.name == "executionData")

        stem, _, number = str(execution.fields["e.execId"]).rpartition(".")
        assert number == "01"
        assert corrected.fields["e.execId"] == f"{stem}.02"
        assert corrected.fields["e.price"] == 1
        assert corrected.fields["e.avgPrice"] == 1
        reports = [m for m in heard if m.name == "commissionReport"]
        assert [m.fields["execId"] for m in reports] == [f"{stem}.02"]
        assert await position(client) == 10


async def test_a_busted_execution_takes_position_and_cash_back() -> None:
    """To the cent, with the commission."""
    async with staged() as stage:
        client = await stage.greeted()
        await filled(stage, client)
        assert await position(client) == 10
        done = await stage.command('{"do": "fault", "fault": {"what": "bust"}}')
        heard = await client.answered()

        assert done == {"ok": True}
        [report] = [m for m in heard if m.name == "executionData"]
        assert report.fields["e.shares"] == 0
        assert await position(client) == 0
        assert await cash(client) == Decimal("100000.00")
        again = await stage.command('{"do": "fault", "fault": {"what": "bust"}}')
        assert again["error"].startswith("there is no execution that still stands")


async def position(client: RawClient) -> Any:
    """Return how many SPY the account holds."""
    client.send("reqPositions")
    rows = [m for m in await client.until("positionEnd") if m.name == "position"]
    client.send("cancelPositions")
    sizes = [row.fields["position"] for row in rows]
    assert all(isinstance(size, Decimal) for size in sizes)
    return sizes[0] if sizes else Decimal(0)


async def cash(client: RawClient) -> Decimal:
    """Return the account's cash in USD."""
    client.send("reqAccountSummary", reqId=99, group="All", tags="TotalCashValue")
    rows = await client.until("accountSummaryEnd")
    client.send("cancelAccountSummary", reqId=99)
    [value] = [m.fields["value"] for m in rows if m.name == "accountSummary"]
    return Decimal(str(value))


async def test_an_outage_is_1100_silence_and_1102() -> None:
    """The lines are still there afterwards."""
    script = "[[fault]]\nwhat = 'outage'\nlasting = 10\nwhen = {after = 5}"
    async with staged(script) as stage:
        client = await stage.greeted()
        client.send("reqMktData", reqId=1, **dotted(SPY))
        assert "tickPrice" in names(await client.answered())
        await stage.step(5)
        assert codes(await client.answered()) == [1100]
        await stage.step(9.9)
        assert await client.answered() == []
        await stage.step(5)
        heard = await client.answered()

        assert codes(heard) == [1102]
        assert "tickPrice" in names(heard)


async def test_an_outage_with_lost_data_is_1101_and_no_more_ticks() -> None:
    """The client has to ask for its lines again, and may under the same id."""
    script = "[[fault]]\nwhat = 'outage'\nlasting = 1\ndata_lost = true\nwhen = {after = 1}"
    async with staged(script) as stage:
        client = await stage.greeted()
        client.send("reqMktData", reqId=1, **dotted(SPY))
        client.send("reqMktDepth", reqId=2, numRows=5, isSmartDepth=True, **dotted(SPY))
        await client.answered()
        await stage.step(10)
        heard = await client.answered()
        after = names(heard)[names(heard).index("errMsg") :]
        assert codes(heard) == [1100, 317, 1101]
        assert "tickPrice" not in after
        client.send("reqMktData", reqId=1, **dotted(SPY))

        assert "tickPrice" in names(await client.answered())


async def test_a_competing_session_takes_the_ticks_away() -> None:
    """10197 for each line, and for those asked for meanwhile."""
    script = "[[fault]]\nwhat = 'competing_session'\nlasting = 10\nwhen = {after = 1}"
    async with staged(script) as stage:
        client = await stage.greeted()
        client.send("reqMktData", reqId=7, **dotted(SPY))
        await client.answered()
        await stage.step(1)
        [told] = [m for m in await client.answered() if m.name == "errMsg"]
        assert (told.fields["id"], told.fields["errorCode"]) == (7, 10197)
        await stage.step(5)
        client.send("reqMktData", reqId=8, **dotted(SPY))
        [told] = await client.answered()
        assert (told.fields["id"], told.fields["errorCode"]) == (8, 10197)
        await stage.step(10)

        assert "tickPrice" in names(await client.answered())


def dotted(fields: Any) -> dict[str, Any]:
    """Return fields as keywords."""
    return {key.replace(".", "_"): value for key, value in fields.items()}


@pytest.mark.parametrize("code", [1100, 2103, 2105, 2110])
async def test_notices_carry_the_brokers_words(code: int) -> None:
    """Unless the script has its own."""
    async with staged(
        f"[[fault]]\nwhat = 'notice'\ncode = {code}\nwhen = {{after = 1}}"
    ) as stage:
        client = await stage.greeted()
        await stage.step(1)
        [told] = await client.answered()

        assert (told.fields["id"], told.fields["errorCode"]) == (-1, code)
        assert len(str(told.fields["errorString"])) > 20


async def test_a_request_is_rejected_with_a_code_as_often_as_told() -> None:
    """Under its own id; the next one is served."""
    script = (
        "[[fault]]\nwhat = 'reject'\nrequest = 'reqHistoricalData'\ncode = 162\ntimes = 2"
    )
    async with staged(script) as stage:
        client = await stage.greeted()
        heard: list[Message] = []
        for request in (5, 6, 7):
            ask_history(client, request)
            heard += await client.answered()

        ids = [(m.fields["id"], m.fields["errorCode"]) for m in heard if m.name == "errMsg"]
        assert ids == [(5, 162), (6, 162)]
        assert names(heard).count("historicalData") == 1


def ask_history(client: RawClient, request: int, duration: str = "1 D") -> None:
    """Send a request for five-minute bars of SPY."""
    client.send(
        "reqHistoricalData",
        reqId=request,
        **dotted(SPY),
        endDateTime="",
        barSizeSetting="5 mins",
        durationStr=duration,
        useRTH=1,
        whatToShow="TRADES",
        formatDate=1,
    )


async def test_the_same_history_within_15_seconds_is_a_pacing_violation() -> None:
    """When the script asks for it; other ones are served."""
    async with staged("[[fault]]\nwhat = 'history_pacing'") as stage:
        client = await stage.greeted()
        ask_history(client, 1)
        ask_history(client, 2)
        ask_history(client, 3, "2 D")
        heard = await client.answered()
        ids = [(m.fields["id"], m.fields["errorCode"]) for m in heard if m.name == "errMsg"]
        assert ids == [(2, 162)]
        await stage.step(16)
        ask_history(client, 4)

        assert codes(await client.answered()) == []


async def test_more_than_50_messages_a_second_are_100_and_then_the_end() -> None:
    """At the third violation the connection is closed."""
    async with staged("[[fault]]\nwhat = 'pacing'") as stage:
        client = await stage.greeted()
        for _ in range(50):
            client.send("reqIds", numIds=1)
        heard = await client.until("errMsg")
        # startApi was the first message of the 50.
        assert names(heard) == ["nextValidId"] * 49 + ["errMsg"]
        assert codes(heard) == [100]
        client.ask_time()
        client.ask_time()

        assert codes(await client.ended()) == [100, 100]


async def test_a_second_later_there_is_room_again() -> None:
    """The window slides with the gateway's clock."""
    async with staged("[[fault]]\nwhat = 'pacing'\nrate = 2") as stage:
        client = await stage.greeted()
        for _ in range(2):
            client.send("reqIds", numIds=1)
        await client.until("errMsg", errorCode=100)
        await stage.step(1)

        assert await client.answered() == []


async def test_a_client_that_asks_to_be_paced_waits_instead() -> None:
    """+PACEAPI behind the version range; everything is answered, two a second."""
    async with staged("[[fault]]\nwhat = 'pacing'\nrate = 2") as stage:
        client = await stage.greeted(1, " +PACEAPI")
        for _ in range(5):
            client.ask_time()
        first = await client.message()
        await stage.received(6)
        await stage.step(2)
        rest = [await client.message() for _ in range(4)]

        # startApi was a message, too.
        times = [int(str(m.fields["time"])) - int(NOON.timestamp()) for m in [first, *rest]]
        assert times == [0, 1, 1, 2, 2]


async def test_a_client_id_is_in_use_when_the_script_says_so() -> None:
    """326 and the end; the second attempt is served."""
    async with staged(
        "[[fault]]\nwhat = 'client_id_in_use'\nwhen = {connect = 1}"
    ) as stage:
        client = await stage.connect()
        client.hello(1)
        await client.frame()
        assert codes(await client.ended()) == [326]

        assert await (await stage.greeted(1)).answered() == []


async def test_the_nightly_reset_comes_every_night_and_lets_nobody_in() -> None:
    """23:45 in New York, for a minute."""
    script = "[[fault]]\nwhat = 'nightly_reset'\nlasting = 60\nwhen = {daily = '23:45'}"
    async with staged(script) as stage:
        for night in range(2):
            client = await stage.greeted()
            await stage.step(11 * 3600 + 45 * 60 if not night else 86_400 - 61)
            assert codes(await client.ended())[-1:] == [1100]
            refused = await stage.connect()
            refused.hello()
            with pytest.raises(Ended):
                await refused.frame()
            await stage.step(61)


async def test_the_account_may_change_on_reconnect() -> None:
    """The old connection keeps its number, the new one trades under the new one everywhere."""
    script = "[[fault]]\nwhat = 'account'\nname = 'DU7654321'\nwhen = {after = 1}"
    async with staged(script) as stage:
        first = await stage.greeted(1)
        await stage.step(1)
        second = await stage.connect()
        second.hello(2)
        await second.frame()
        greeting = await second.until("errMsg", errorCode=2158)
        execution = await filled(stage, second)

        accounts = [
            m.fields["accountsList"] for m in greeting if m.name == "managedAccounts"
        ]
        assert accounts == ["DU7654321"]
        assert execution.fields["e.acctNumber"] == "DU7654321"
        first.send("reqPositions")
        row = next(m for m in await first.until("positionEnd") if m.name == "position")
        assert row.fields["account"] == "DU1000001"
        second.send(
            "reqAccountUpdatesMulti",
            reqId=3,
            account="DU7654321",
            modelCode="",
            ledgerAndNLV=False,
        )
        rows = await second.until("accountUpdateMultiEnd", reqId=3)
        assert {m.fields["account"] for m in rows if m.name == "accountUpdateMulti"} == {
            "DU7654321"
        }


async def test_the_same_seed_script_and_bytes_give_the_same_bytes_back() -> None:
    """Byte for byte, with faults of every kind of dice among them; another seed differs."""
    script = """
[[fault]]
what = "garble"
times = 20
messages = ["tickPrice"]
when = {after = 3}
[[fault]]
what = "duplicate"
times = 9
when = {message = "orderStatus"}
[[fault]]
what = "reorder"
times = 5
when = {message = "tickPrice", nth = 12}
[[fault]]
what = "reset"
bytes = 99
when = {after = 20}
"""

    async def heard(seed: int) -> bytes:
        async with staged(script, seed=seed) as stage:
            client = await stage.greeted()
            client.send("reqMktData", reqId=1, **dotted(SPY))
            await client.answered_raw()
            for number in range(1, 4):
                buy(client, number)
                await client.answered_raw()
                await stage.step(3)
            await stage.step(20)
            await client.ended_raw()
            return bytes(client.raw)

    first, second, other = await heard(7), await heard(7), await heard(8)

    assert first == second
    assert first != other
    assert len(first) > 2000
