"""A TWS stand-in that floods ticks: answers the start-up requests, then writes canned bytes as fast as it is told.

Run as a process of its own: `python flood.py TICKERS RATE SECONDS`; RATE 0 is as fast as the socket takes them.
It prints the port first, and the number of ticks sent at the end.
"""

import asyncio
import itertools
import struct
import sys

ACCOUNT = "DU1000001"
ANSWERS = {
    61: [("62", "1")],
    5: [("53", "1")],
    16: [("53", "1")],
    99: [("102",)],
    6: [("54", "1", ACCOUNT)],
}
BATCH_SECONDS = 0.001
"""TWS packs what has happened into one segment; one write a millisecond comes near to that."""


def frame(*fields: str) -> bytes:
    """Return one message as it stands on the wire."""
    payload = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(payload)) + payload


class Flood:
    """One client's stream."""

    def __init__(self, tickers: int, rate: int, seconds: float) -> None:
        self.tickers, self.rate, self.seconds = tickers, rate, seconds
        self.req_ids: list[int] = []
        self.sent = 0
        self.all_subscribed = asyncio.Event()
        self.done = asyncio.Event()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Be the gateway of one client."""
        await reader.readexactly(4)
        await self._read(reader)
        writer.write(frame("178", "20261123 12:00:00 UTC"))
        flooding = asyncio.create_task(self._flood(writer))
        try:
            while True:
                self._answer((await self._read(reader)).split("\0"), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            flooding.cancel()
        finally:
            writer.close()
            self.done.set()

    def _answer(self, fields: list[str], writer: asyncio.StreamWriter) -> None:
        message_id = int(fields[0])
        if message_id == 71:
            writer.write(frame("15", "1", ACCOUNT) + frame("9", "1", "1"))
        elif message_id == 1:
            self.req_ids.append(int(fields[2]))
            if len(self.req_ids) == self.tickers:
                self.all_subscribed.set()
        elif message_id == 76:
            writer.write(frame("74", "1", fields[2]))
        elif message_id == 7:
            writer.write(frame("55", "1", fields[2]))
        for answer in ANSWERS.get(message_id, ()):
            writer.write(frame(*answer))

    async def _flood(self, writer: asyncio.StreamWriter) -> None:
        await self.all_subscribed.wait()
        ticks = [
            frame("1", "6", str(req_id), str(kind), f"{100 + step / 100:.2f}", "100", "0")
            for step in range(20)
            for req_id in self.req_ids
            for kind in (1, 2)
        ]
        stream = itertools.cycle(ticks)
        loop = asyncio.get_running_loop()
        start = loop.time()
        while (now := loop.time() - start) < self.seconds:
            due = int(now * self.rate) if self.rate else self.sent + 500
            if due > self.sent:
                writer.write(b"".join(itertools.islice(stream, due - self.sent)))
                self.sent = due
                await writer.drain()
            await asyncio.sleep(BATCH_SECONDS if self.rate else 0)
        # An unknown account value marks the end of the stream for the client.
        writer.write(frame("6", "2", "FloodEnd", str(self.sent), "USD", ACCOUNT))
        await writer.drain()

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> str:
        (length,) = struct.unpack(">I", await reader.readexactly(4))
        return (await reader.readexactly(length)).decode()


async def main(tickers: int, rate: int, seconds: float) -> None:
    """Serve one client and end."""
    flood = Flood(tickers, rate, seconds)
    server = await asyncio.start_server(flood.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await flood.done.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
