"""Calls every public method of ib_async's IB against a gateway; `python tests/clients/ib_methods.py` rewrites docs/ib-methods.md.

It wants `tests` on the path, as pytest has it.
"""

import asyncio
import datetime as dt
import inspect
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ib_async import (
    IB,
    Contract,
    ExecutionFilter,
    LimitOrder,
    MarketOrder,
    Option,
    ScannerSubscription,
    Stock,
    WshEventData,
)

PAGE: Final = Path(__file__).parents[2] / "docs" / "ib-methods.md"

DEADLINE: Final = 5
"""Seconds that a request may take; ib_async itself would wait for ever."""

NOW: Final = dt.datetime(2026, 11, 20, 20, 0, tzinfo=dt.UTC)
"""A Friday in the past of every run."""

REFUSED: Final = frozenset(
    {
        "getWshEventData",
        "getWshMetaData",
        "reqFundamentalData",
        "requestFA",
        "replaceFA",
    }
)
"""Answered with the broker's refusal, on which ib_async goes on waiting: it knows no end to these requests but an answer."""

SKIPPED: Final[Mapping[str, str]] = {
    "connect": "done before all others",
    "disconnect": "done after all others",
    "run": "runs an event loop; sends nothing",
    "schedule": "a timer; sends nothing",
    "setTimeout": "a timer; sends nothing",
    "loopUntil": "a loop; sends nothing",
    "timeRange": "a loop; sends nothing",
    "waitUntil": "a timer; sends nothing",
}


def calls(ib: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield every method with a call of it, in an order that makes sense."""
    spy = ib.qualifyContracts(Stock("SPY", "SMART", "USD"))[0]
    assert isinstance(spy, Contract)
    chain = ib.reqSecDefOptParams("SPY", "", "STK", spy.conId)[0]
    strike = chain.strikes[len(chain.strikes) // 2]
    option = ib.qualifyContracts(
        Option("SPY", chain.expirations[-1], strike, "C", "SMART")
    )[0]
    assert isinstance(option, Contract)
    account = ib.managedAccounts()[0]
    scan = ScannerSubscription(
        instrument="STK", locationCode="STK.US.MAJOR", scanCode="MOST_ACTIVE"
    )
    bars: list[Any] = []
    known: dict[str, Callable[[], Any]] = {
        "bracketOrder": lambda: ib.bracketOrder("BUY", 1, 600, 900, 500),
        "calculateImpliedVolatility": lambda: ib.calculateImpliedVolatility(
            option, 20, 690
        ),
        "calculateOptionPrice": lambda: ib.calculateOptionPrice(option, 0.2, 690),
        "exerciseOptions": lambda: ib.exerciseOptions(option, 1, 1, account, 0),
        "getWshEventData": lambda: ib.getWshEventData(WshEventData(spy.conId)),
        "newsTicks": ib.newsTicks,
        "oneCancelsAll": lambda: ib.oneCancelsAll([LimitOrder("BUY", 1, 1.0)], "group", 1),
        "placeOrder": lambda: ib.placeOrder(spy, MarketOrder("BUY", 1)),
        "cancelOrder": lambda: ib.cancelOrder(
            ib.placeOrder(spy, LimitOrder("BUY", 1, 100.0)).order
        ),
        "qualifyContracts": lambda: ib.qualifyContracts(Stock("AAPL", "SMART", "USD")),
        "reqAccountUpdates": lambda: ib.reqAccountUpdates(account),
        "reqContractDetails": lambda: ib.reqContractDetails(spy),
        "reqExecutions": lambda: ib.reqExecutions(ExecutionFilter()),
        "reqFundamentalData": lambda: ib.reqFundamentalData(spy, "ReportSnapshot"),
        "reqHeadTimeStamp": lambda: ib.reqHeadTimeStamp(spy, "TRADES", True, 1),
        "reqHistogramData": lambda: ib.reqHistogramData(spy, True, "1 day"),
        "reqHistoricalData": lambda: (
            bars.append(
                ib.reqHistoricalData(
                    spy, "", "1 D", "1 hour", "TRADES", True, keepUpToDate=True
                )
            )
            or bars[0]
        ),
        "cancelHistoricalData": lambda: ib.cancelHistoricalData(bars[0]),
        "reqHistoricalNews": lambda: ib.reqHistoricalNews(spy.conId, "SIMN", "", "", 5),
        "reqHistoricalSchedule": lambda: ib.reqHistoricalSchedule(spy, 5),
        "reqHistoricalTicks": lambda: ib.reqHistoricalTicks(
            spy, "", NOW, 10, "TRADES", False
        ),
        "reqMarketDataType": lambda: ib.reqMarketDataType(1),
        "reqMarketRule": lambda: ib.reqMarketRule(26),
        "reqMatchingSymbols": lambda: ib.reqMatchingSymbols("apple"),
        "reqMktData": lambda: ib.reqMktData(spy),
        "ticker": lambda: ib.ticker(spy),
        "cancelMktData": lambda: ib.cancelMktData(spy),
        "reqMktDepth": lambda: ib.reqMktDepth(spy, isSmartDepth=True),
        "cancelMktDepth": lambda: ib.cancelMktDepth(spy, isSmartDepth=True),
        "reqNewsArticle": lambda: ib.reqNewsArticle(
            "SIMN", ib.reqHistoricalNews(spy.conId, "SIMN", "", "", 1)[0].articleId
        ),
        "reqNewsBulletins": lambda: ib.reqNewsBulletins(True),
        "reqPnL": lambda: ib.reqPnL(account),
        "cancelPnL": lambda: ib.cancelPnL(account),
        "reqPnLSingle": lambda: ib.reqPnLSingle(account, "", spy.conId),
        "cancelPnLSingle": lambda: ib.cancelPnLSingle(account, "", spy.conId),
        "pnl": ib.pnl,
        "pnlSingle": ib.pnlSingle,
        "reqRealTimeBars": lambda: ib.reqRealTimeBars(spy, 5, "TRADES", False),
        "cancelRealTimeBars": lambda: ib.cancelRealTimeBars(ib.realtimeBars()[-1]),
        "reqScannerData": lambda: ib.reqScannerData(scan),
        "reqScannerSubscription": lambda: (
            bars.append(ib.reqScannerSubscription(scan)) or bars[1]
        ),
        "cancelScannerSubscription": lambda: ib.cancelScannerSubscription(bars[1]),
        "reqSecDefOptParams": lambda: ib.reqSecDefOptParams("SPY", "", "STK", spy.conId),
        "reqSmartComponents": lambda: ib.reqSmartComponents("9c0001"),
        "reqTickByTickData": lambda: ib.reqTickByTickData(spy, "Last"),
        "cancelTickByTickData": lambda: ib.cancelTickByTickData(spy, "Last"),
        "reqTickers": lambda: ib.reqTickers(spy),
        "requestFA": lambda: ib.requestFA(1),
        "replaceFA": lambda: ib.replaceFA(1, ""),
        "reqWshEventData": lambda: ib.reqWshEventData(WshEventData(spy.conId)),
        "reqCompletedOrders": lambda: ib.reqCompletedOrders(apiOnly=False),
        "reqAutoOpenOrders": lambda: ib.reqAutoOpenOrders(False),
        "sleep": lambda: ib.sleep(0.01),
        "waitOnUpdate": lambda: ib.waitOnUpdate(timeout=1),
        "whatIfOrder": lambda: ib.whatIfOrder(spy, MarketOrder("BUY", 10)),
    }
    names = [
        name
        for name, _ in inspect.getmembers(IB, inspect.isfunction)
        if not name.startswith("_") and not name.endswith("Async")
    ]
    yield from known.items()
    for name in names:
        if name not in known and name not in SKIPPED:
            yield name, getattr(ib, name)


def results(port: int) -> dict[str, str]:
    """Return what became of each method: what it gave, the refusal, or that it hung."""
    # ib_async's blocking calls run the thread's own loop; one that ends here leaves no socket behind.
    with asyncio.Runner() as runner:
        asyncio.set_event_loop(runner.get_loop())
        ib = IB()
        ib.connect("127.0.0.1", port, clientId=31, timeout=10)
        try:
            return _called(ib)
        finally:
            ib.disconnect()
            asyncio.set_event_loop(None)


def _called(ib: IB) -> dict[str, str]:
    errors: list[str] = []

    def heard(_request: int, code: int, text: str, *_rest: object) -> None:
        if not 2100 <= code < 2200:  # notices
            errors.append(f"{code}: {text}")

    ib.errorEvent += heard
    ib.RequestTimeout = DEADLINE
    found: dict[str, str] = dict(SKIPPED)
    for name, call in calls(ib):
        errors.clear()
        # ib_async waits for ever on these; the refusal itself comes at once.
        ib.RequestTimeout = 1 if name in REFUSED else DEADLINE
        try:
            given = call()
        except TimeoutError:
            found[name] = f"refused, {errors[0]}" if errors else "HUNG"
        except Exception as error:  # noqa: BLE001  whatever it is goes into the table
            found[name] = f"failed: {type(error).__name__}: {error}"
        else:
            # What it is told of comes a moment later, and belongs to it and not to the next.
            ib.sleep(0.05)
            found[name] = _shape(given) + (f"; told {errors[0]}" if errors else "")
    return dict(sorted(found.items()))


def _shape(given: Any) -> str:
    if given is None:
        return "done"
    if type(given).__name__ == "list":
        return f"list of {type(given[0]).__name__}" if given else "empty list"
    return type(given).__name__


def page(found: Mapping[str, str]) -> str:
    """Return the page."""
    rows = "\n".join(
        f"| `{name}` | {text.replace('|', '/')} |" for name, text in found.items()
    )
    return (
        "# ib_async against the embedded gateway\n\n"
        "Every public method of ib_async's `IB`, called once against a gateway; made by"
        " `python tests/clients/ib_methods.py`.\n"
        "Refused means that the gateway answered at once with the broker's own code; ib_async"
        " 2.1 has no end for some of those requests and goes on waiting, so give them a time limit.\n\n"
        f"| method | result |\n|---|---|\n{rows}\n"
    )


def main() -> None:
    """Rewrite the page."""
    from rigs.gateways import Gateways  # noqa: PLC0415  on the path of tests only

    with tempfile.TemporaryDirectory() as directory:
        gateways = Gateways(Path(directory))
        try:
            PAGE.write_text(page(results(gateways.start().port)), encoding="utf-8")
        finally:
            gateways.close()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    main()
