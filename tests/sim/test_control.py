"""Commands to a running gateway: over its socket, and one by one."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from edgerunner_lab.sim.server.control import LINE_BYTES_MAX, SOCKET_NAME, Control
from rigs.stages import SPY, staged


class Echo:
    """Answers a command with itself."""

    async def answer(self, line: bytes) -> dict[str, Any]:
        """Return the line."""
        return {"ok": True, "line": line.decode().strip()}


async def asked(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Return the next answer."""
    async with asyncio.timeout(10):
        return json.loads(await reader.readline())


async def test_each_line_is_answered_by_a_line(tmp_path: Path) -> None:
    """Empty ones are not, and a socket of a crashed gateway is no obstacle."""
    (tmp_path / SOCKET_NAME).write_text("left behind")
    control = Control(Echo())
    await control.start(tmp_path)
    try:
        assert control.address == {"unix": str(tmp_path / SOCKET_NAME)}
        assert (tmp_path / SOCKET_NAME).stat().st_mode & 0o777 == 0o600
        reader, writer = await asyncio.open_unix_connection(control.address["unix"])
        writer.write(b"one\n\ntwo\n")

        assert await asked(reader) == {"ok": True, "line": "one"}
        assert await asked(reader) == {"ok": True, "line": "two"}
        writer.close()
        await writer.wait_closed()
    finally:
        await control.close()
    assert not (tmp_path / SOCKET_NAME).exists()


@pytest.mark.parametrize("first", ["", "null", '{"token": 5}', '{"token": "wrong"}', "x"])
async def test_a_loopback_port_wants_the_token_first(tmp_path: Path, first: str) -> None:
    """Where a path is too long for a Unix socket, the secret in gateway.json stands in for it."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    control = Control(Echo())
    await control.start(deep)
    try:
        assert set(control.address) == {"port", "token"}
        reader, writer = await asyncio.open_connection("127.0.0.1", control.address["port"])
        writer.write(f"{first}\none\n".encode())
        assert (await asked(reader))["ok"] is False
        assert await reader.read() == b""
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", control.address["port"])
        writer.write(json.dumps({"token": control.address["token"]}).encode() + b"\none\n")

        assert await asked(reader) == {"ok": True, "line": "one"}
        writer.close()
    finally:
        await control.close()


async def test_a_line_that_is_too_long_ends_its_socket_only(tmp_path: Path) -> None:
    """The limit has a name."""
    control = Control(Echo())
    await control.start(tmp_path)
    try:
        for line, answers in ((b"x" * (2 * LINE_BYTES_MAX), 0), (b"x\n", 1)):
            reader, writer = await asyncio.open_unix_connection(control.address["unix"])
            writer.write(line)
            writer.write_eof()
            assert len((await reader.read()).splitlines()) == answers
            writer.close()
    finally:
        await control.close()


async def test_step_moves_the_clock_of_every_client() -> None:
    """And what is due on the way has happened when the answer comes."""
    async with staged() as stage:
        first, second = await stage.greeted(1), await stage.greeted(2)
        first.send(
            "reqMktData", reqId=1, **{k.replace(".", "_"): v for k, v in SPY.items()}
        )
        await first.answered()
        done = await stage.command('{"do": "step", "seconds": 3.5}')
        ticks = [m for m in await first.answered() if m.name.startswith("tick")]
        first.ask_time()
        second.ask_time()
        [one], [two] = [await client.until("currentTime") for client in (first, second)]

        assert done == {"ok": True, "now": "2026-11-23T17:00:03.500000+00:00", "speed": 0.0}
        assert ticks
        assert one.fields["time"] == two.fields["time"] == 1795453203


async def test_state_says_who_is_there_and_what_goes_wrong() -> None:
    """For a person as much as for a test."""
    script = "[[fault]]\nwhat = 'drop'\nwhen = {after = 5}\n[[fault]]\nwhat = 'split'"
    async with staged(script) as stage:
        await stage.greeted(4)
        state = await stage.command('{"do": "state"}')

        assert state["clients"] == [{"connection": 1, "client": 4, "version": 178}]
        assert state["port"] == stage.server.port
        assert (state["received"], state["connections_made"]) == (1, 1)
        assert state["faults_to_come"] == ["drop"]
        assert state["faults_in_force"] == ["split"]
        assert await stage.command('{"do": "clear"}') == {"ok": True}
        state = await stage.command('{"do": "state"}')
        assert state["faults_to_come"] == state["faults_in_force"] == []


async def test_received_lists_requests_from_a_number_on() -> None:
    """With their fields, decimals as text."""
    async with staged() as stage:
        client = await stage.greeted(4)
        client.send("reqIds", numIds=1)
        await client.answered()
        answer = await stage.command('{"do": "received", "since": 1, "limit": 1}')

        [request] = answer["requests"]
        assert answer["count"] == 3
        assert (request["number"], request["client"]) == (2, 4)
        assert (request["name"], request["fields"]) == ("reqIds", {"numIds": 1})


async def test_drop_closes_one_client_or_all() -> None:
    """By API client id."""
    async with staged() as stage:
        first, second = await stage.greeted(1), await stage.greeted(2)
        assert await stage.command('{"do": "drop", "client": 2}') == {"ok": True}
        assert await second.ended() == []
        assert await first.answered() == []
        assert await stage.command('{"do": "drop"}') == {"ok": True}

        assert await first.ended() == []


async def test_end_ends_the_gateway() -> None:
    """As a signal would."""
    async with staged() as stage:
        await stage.command('{"do": "end"}')

        await asyncio.wait_for(stage.server.wait_ended(), 10)


async def test_an_order_by_hand_is_worked_and_heard_by_client_0() -> None:
    """As from the broker's own window: a market order for the day unless the fields say otherwise."""
    async with staged() as stage:
        client = await stage.greeted(0)
        client.send("reqAutoOpenOrders", autoBind=True)
        await client.answered()
        fields = {"c.conId": 756733, "o.action": "BUY", "o.totalQuantity": "10"}
        done = await stage.command(json.dumps({"do": "order", "fields": fields}))
        await stage.step(2)
        heard = await client.answered()

        assert done["ok"], done
        [execution] = [m for m in heard if m.name == "executionData"]
        assert execution.fields["e.permId"] == done["perm_id"]
        assert execution.fields["e.shares"] == 10


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('{"do": "order", "fields": 5}', "fields was 5, expected an object"),
        ('{"do": "order", "fields": {"x": 5}}', "an order has no field 'x', expected such"),
        (
            '{"do": "order", "fields": {"o.lmtPrice": "a"}}',
            "the order cannot be read: place",
        ),
        ('{"do": "order", "fields": {"o.lmtPrice": []}}', "o.lmtPrice was [], expected a"),
        ('{"do": "order", "fields": {"c.conId": 5, "o.action": "BUY"}}', "No security def"),
        ("", "the line is not JSON: "),
        ("[1]", "the command was 'None', expected {\"do\": name} with one of time, step,"),
        ('{"do": "fly"}', "the command was 'fly', expected "),
        ('{"do": "step"}', "step needs 'seconds': gateway seconds, 0 to 604800"),
        ('{"do": "step", "seconds": "5"}', "seconds was '5', expected a number"),
        ('{"do": "step", "seconds": -1}', "the step was -1 s, expected 0 to 604800"),
        ('{"do": "step", "seconds": 1e9}', "the step was 1e+09 s, expected 0 to 604800"),
        ('{"do": "step", "seconds": NaN}', "the step was nan s, expected 0 to 604800"),
        (
            '{"do": "step", "seconds": 5, "x": 1}',
            "step does not take 'x', expected seconds",
        ),
        ('{"do": "price", "symbol": "SPY", "price": 0}', "price was 0, expected a number"),
        ('{"do": "price", "symbol": "SPY", "price": "a"}', "price was 'a', expected a"),
        ('{"do": "regime", "name": 5}', "name was 5, expected a text"),
        ('{"do": "fault", "fault": 5}', "was 5, expected a table"),
        ('{"do": "fault", "fault": {"what": "fly"}}', "what was 'fly', expected one of"),
        ('{"do": "received", "since": "a"}', "since was 'a', expected a number"),
        ('{"do": "received", "since": NaN}', ""),
        ('{"do": "drop", "client": -1}', "client was -1, expected a whole number from 0"),
    ],
)
async def test_a_refusal_is_one_line(line: str, error: str) -> None:
    """It says what was found and what was expected, and changes nothing."""
    async with staged() as stage:
        client = await stage.greeted()
        answer = await stage.command(line)

        assert answer["ok"] is False
        assert str(answer["error"]).startswith(error)
        assert "\n" not in answer["error"]
        assert await client.answered() == []
