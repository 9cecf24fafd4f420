"""A TWS stand-in whose bids tell the time: each is the wall clock in milliseconds, so that a screen can be timed.

Run as a process of its own: `python clockwork.py SYMBOLS RATE`; it prints its port and serves until it is ended.
A bid of 12345.67 was sent when the wall clock's last seven digits of milliseconds were 1234567.
"""

import asyncio
import itertools
import sys
import time

from flood import ACCOUNT, ANSWERS, frame

from edgerunner_lab.sim.protocol.codec import load_replies
from edgerunner_lab.sim.protocol.messages import Message

SERVER_VERSION = 178
WRAP_MS = 10_000_000
BATCH_SECONDS = 0.001
FIRST_CON_ID = 900_001


class Clockwork:
    """Serves any number of clients the same market."""

    def __init__(self, symbols: int, rate: int) -> None:
        self._symbols = [f"T{number:03d}" for number in range(symbols)]
        self._rate = rate
        self._codec = load_replies()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Be the gateway of one client."""
        req_ids: list[str] = []
        await reader.readexactly(4)
        await self._read(reader)
        writer.write(frame(str(SERVER_VERSION), "20261123 12:00:00 UTC"))
        ticking = asyncio.create_task(self._tick(req_ids, writer))
        try:
            while True:
                self._answer((await self._read(reader)).split("\0"), req_ids, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            ticking.cancel()
        finally:
            writer.close()

    def _answer(
        self, fields: list[str], req_ids: list[str], writer: asyncio.StreamWriter
    ) -> None:
        simple = {
            "71": [("15", "1", ACCOUNT), ("9", "1", "1")],
            "76": [("74", "1", fields[2])] if len(fields) > 2 else [],
            "7": [("55", "1", fields[2])] if len(fields) > 2 else [],
            "49": [("49", "1", str(time.time_ns() // 1_000_000_000))],
        }
        for answer in (*simple.get(fields[0], ()), *ANSWERS.get(int(fields[0]), ())):
            writer.write(frame(*answer))
        if fields[0] == "9":
            self._describe(fields[2], fields[4], writer)
        elif fields[0] == "1":
            req_ids.append(fields[2])

    def _describe(self, req_id: str, symbol: str, writer: asyncio.StreamWriter) -> None:
        details = Message(
            "contractData",
            {
                "reqId": int(req_id),
                "c.symbol": symbol,
                "c.secType": "STK",
                "c.conId": FIRST_CON_ID + self._symbols.index(symbol),
                "c.exchange": "SMART",
                "c.currency": "USD",
                "c.localSymbol": symbol,
                "c.tradingClass": symbol,
                "c.primaryExchange": "ARCA",
                "d.minTick": 0.01,
                "d.longName": f"CLOCKWORK {symbol}",
                "d.timeZoneId": "US/Eastern",
                "d.priceMagnifier": 1,
                "d.minSize": 1,
                "d.sizeIncrement": 1,
            },
        )
        payload = self._codec.encode(SERVER_VERSION, details)
        writer.write(len(payload).to_bytes(4, "big") + payload + frame("52", "1", req_id))

    async def _tick(self, req_ids: list[str], writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        start, sent, turn = loop.time(), 0, itertools.count()
        while True:
            due = int((loop.time() - start) * self._rate)
            if req_ids and due > sent:
                milliseconds = time.time_ns() // 1_000_000 % WRAP_MS
                bid, ask = f"{milliseconds / 100:.2f}", f"{milliseconds / 100 + 0.01:.2f}"
                batch: list[bytes] = []
                for _ in range(min(due - sent, self._rate)):
                    number = next(turn)
                    req_id = req_ids[number // 2 % len(req_ids)]
                    kind, price = ("1", bid) if number % 2 == 0 else ("2", ask)
                    batch.append(frame("1", "6", req_id, kind, price, "100", "0"))
                writer.write(b"".join(batch))
                await writer.drain()
            sent = due
            await asyncio.sleep(BATCH_SECONDS)

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> str:
        length = int.from_bytes(await reader.readexactly(4), "big")
        return (await reader.readexactly(length)).decode()


async def main(symbols: int, rate: int) -> None:
    """Serve until ended."""
    clockwork = Clockwork(symbols, rate)
    server = await asyncio.start_server(clockwork.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
