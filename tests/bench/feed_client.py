# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false
# ib_async leaves its events open.
"""One side of `feed_cpu_ratio`: takes a flood of ticks as plain ib_async or as our session, and prints its CPU a tick.

Run as a process of its own: `python feed_client.py plain|ours PORT TICKERS`.
"""

import asyncio
import json
import sys
import time
from types import SimpleNamespace

from ib_async import IB, Contract, StartupFetchNONE

CONNECT_SECONDS = 10


async def take(ib: IB, port: int, tickers: int) -> dict[str, float]:
    """Subscribe, wait for the end of the stream, and return CPU seconds and ticks."""
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    ib.accountValueEvent += lambda value: (
        ended.set_result(int(value.value)) if value.tag == "FloodEnd" else None
    )
    seen = SimpleNamespace(updates=0)
    ib.pendingTickersEvent += lambda changed: setattr(
        seen, "updates", seen.updates + len(changed)
    )
    await ib.connectAsync(
        "127.0.0.1", port, clientId=1, timeout=CONNECT_SECONDS, fetchFields=StartupFetchNONE
    )
    ib.client.MaxRequests = 0
    start: float | None = None
    for number in range(tickers):
        ib.reqMktData(
            Contract(conId=number + 1, symbol=f"S{number}", secType="STK", exchange="SMART")
        )
    start = time.process_time()
    ticks = await ended
    return {"cpu_s": time.process_time() - start, "ticks": ticks, "updates": seen.updates}


class Deaf:
    """A listener to a broker that says nothing but ticks."""

    def __getattr__(self, name: str) -> object:
        return lambda *_: None


def build(kind: str) -> IB:
    """Return the client under test."""
    if kind == "plain":
        return IB()
    from edgerunner_lab.session.broker import BrokerIB  # noqa: PLC0415  plain must not pay for it
    from edgerunner_lab.session.market import Market  # noqa: PLC0415

    ib = BrokerIB(Deaf())  # type: ignore[arg-type]  # only ticks come
    market = Market(ib)
    ib.kept = market  # type: ignore[attr-defined]  # the market hears every tick, as in a session
    return ib


async def main(kind: str, port: int, tickers: int) -> None:
    """Print one JSON object."""
    print(json.dumps(await take(build(kind), port, tickers)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
