"""Rewrites the tables of docs/gateway.md from the code; with --check it only says whether they are current."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from edgerunner_lab.sim.exchange import HANDLERS
from edgerunner_lab.sim.faults.fault_shapes import PARAMETERS, SHAPES
from edgerunner_lab.sim.faults.faults import NOTICES
from edgerunner_lab.sim.protocol.layouts import VERSION_MAX, Table, load_table
from edgerunner_lab.sim.requests.refusals import REFUSALS, SILENT, UNSERVED
from edgerunner_lab.sim.server.commands import COMMANDS

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "gateway.md"

VERSION_SHOWN_MIN: Final = 151
"""Server versions below it are not offered."""

ASKS: Final[Mapping[str, str]] = {
    "reqMktData": "quotes of an instrument, or a snapshot",
    "cancelMktData": "end of quotes",
    "placeOrder": "an order, a change of one, or a what-if",
    "cancelOrder": "end of an order",
    "reqOpenOrders": "own working orders",
    "reqAccountUpdates": "account values and portfolio",
    "reqExecutions": "fills",
    "reqIds": "next order id",
    "reqContractDetails": "instruments that fit a description",
    "reqMktDepth": "the order book",
    "cancelMktDepth": "end of the order book",
    "reqNewsBulletins": "the broker's bulletins",
    "cancelNewsBulletins": "end of bulletins",
    "setServerLogLevel": "the server's log level",
    "reqAutoOpenOrders": "orders made by hand, for client 0",
    "reqAllOpenOrders": "working orders of all clients",
    "reqManagedAccts": "account numbers",
    "requestFA": "an adviser's configuration",
    "replaceFA": "a new adviser's configuration",
    "reqHistoricalData": "bars, and their continuation",
    "exerciseOptions": "exercise or lapse of options",
    "reqScannerSubscription": "a market scan",
    "cancelScannerSubscription": "end of a scan",
    "reqScannerParameters": "what can be scanned",
    "cancelHistoricalData": "end of bars",
    "reqCurrentTime": "the time in seconds",
    "reqRealTimeBars": "five-second bars",
    "cancelRealTimeBars": "end of five-second bars",
    "reqFundamentalData": "company reports",
    "cancelFundamentalData": "end of reports",
    "calculateImpliedVolatility": "volatility from an option's price",
    "calculateOptionPrice": "an option's price from volatility",
    "cancelCalculateImpliedVolatility": "end of that",
    "cancelCalculateOptionPrice": "end of that",
    "reqGlobalCancel": "end of all orders",
    "reqMarketDataType": "live, frozen or delayed data",
    "reqPositions": "positions",
    "reqAccountSummary": "some account values",
    "cancelAccountSummary": "end of them",
    "cancelPositions": "end of positions",
    "verifyRequest": "verification of the program",
    "verifyMessage": "its second step",
    "queryDisplayGroups": "window groups",
    "subscribeToGroupEvents": "a group's instrument",
    "updateDisplayGroup": "another instrument for a group",
    "unsubscribeFromGroupEvents": "end of that",
    "startApi": "begin with a client id",
    "verifyAndAuthRequest": "verification and login",
    "verifyAndAuthMessage": "its second step",
    "reqPositionsMulti": "positions of one account or model",
    "cancelPositionsMulti": "end of them",
    "reqAccountUpdatesMulti": "values of one account or model",
    "cancelAccountUpdatesMulti": "end of them",
    "reqSecDefOptParams": "an underlying's expiries and strikes",
    "reqSoftDollarTiers": "soft-dollar tiers",
    "reqFamilyCodes": "family codes",
    "reqMatchingSymbols": "instruments by part of a name",
    "reqMktDepthExchanges": "exchanges with order books",
    "reqSmartComponents": "exchanges behind a quote's letters",
    "reqNewsArticle": "an article",
    "reqNewsProviders": "news providers",
    "reqHistoricalNews": "headlines",
    "reqHeadTimeStamp": "where history begins",
    "reqHistogramData": "volume by price",
    "cancelHistogramData": "end of that",
    "cancelHeadTimeStamp": "end of that",
    "reqMarketRule": "price increments",
    "reqPnL": "profit and loss of the account",
    "cancelPnL": "end of it",
    "reqPnLSingle": "profit and loss of a position",
    "cancelPnLSingle": "end of it",
    "reqHistoricalTicks": "past ticks",
    "reqTickByTickData": "every tick",
    "cancelTickByTickData": "end of ticks",
    "reqCompletedOrders": "ended orders",
    "reqWshMetaData": "the event calendar's schema",
    "cancelWshMetaData": "end of that",
    "reqWshEventData": "the event calendar",
    "cancelWshEventData": "end of that",
    "reqUserInfo": "the user's branding id",
    "reqCurrentTimeInMillis": "the time in milliseconds",
}
"""Request -> what a client asks for with it; every request has an entry."""

BY_CONNECTION: Final = {
    "startApi": "Begins the conversation: the account, the next order id, and the farms' notices; 501 when sent twice, 326 when the client id is in use."
}
"""Requests that the connection itself answers."""


def _rows(heads: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    ]
    return "\n".join(lines)


def _requests() -> str:
    """Return the table of every request: number, versions, and what the code says it does."""
    table = Table(load_table("requests"))
    seen: dict[str, tuple[int, int, int]] = {}
    for version in range(VERSION_SHOWN_MIN, VERSION_MAX + 1):
        for layout in table.at(version):
            first = seen.get(layout.name, (layout.id, version, version))[1]
            seen[layout.name] = (layout.id, first, version)

    def rows() -> Iterator[tuple[str, ...]]:
        for name, (number, first, last) in sorted(seen.items(), key=lambda row: row[1]):
            versions = _versions(first, last)
            yield str(number), f"`{name}`", versions, ASKS[name], _meaning(name)

    if missing := set(seen) - set(ASKS):
        sys.exit(f"ASKS in {__file__} lacks {', '.join(sorted(missing))}")
    heads = ("id", "request", "server versions", "asks for", "what the gateway does")
    return _rows(heads, rows())


def _versions(first: int, last: int) -> str:
    if (first, last) == (VERSION_SHOWN_MIN, VERSION_MAX):
        return "all"
    return f"from {first}" if last == VERSION_MAX else f"{first} to {last}"


def _meaning(name: str) -> str:
    handler = HANDLERS.get(name)
    if name in BY_CONNECTION:
        return BY_CONNECTION[name]
    if handler is not None:
        line = (handler.__doc__ or "").strip().split("\n")[0]
        rest = re.sub(rf"^Answer {name}\b( and \w+)?", "", line)
        if rest.strip(". ") and rest != line:
            return f"Answered{rest}"
        return "Answered."
    if name in SILENT:
        return "Taken; no answer is due."
    code, text = REFUSALS.get(name, UNSERVED)
    return f"Refused with {code}: {text.format(name=name)}"


def _faults() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for what, shape in SHAPES.items():
            needs = [f"**`{name}`**" for name in shape.needs]
            takes = [f"`{name}`" for name in shape.takes]
            yield f"`{what}`", shape.meaning, ", ".join(needs + takes) or "–"

    return _rows(("what", "what happens", "parameters (needed ones in bold)"), rows())


def _parameters() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, parameter in PARAMETERS.items():
            yield f"`{name}`", parameter.kind.value, parameter.meaning

    return _rows(("parameter", "is", "meaning"), rows())


def _notices() -> str:
    rows = ((str(code), text) for code, text in NOTICES.items())
    return _rows(("code", "words unless the script has its own"), rows)


def _commands() -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        for name, command in COMMANDS.items():
            takes = [
                f"`{field.rstrip('?')}`{' (may be left out)' if field[-1] == '?' else ''}: {text}"
                for field, text in command.takes.items()
            ]
            yield f"`{name}`", "; ".join(takes) or "–", command.meaning

    return _rows(("do", "takes", "does"), rows())


SECTIONS: Final[Mapping[str, Callable[[], str]]] = {
    "requests": _requests,
    "faults": _faults,
    "parameters": _parameters,
    "notices": _notices,
    "commands": _commands,
}


def _written(page: str) -> str:
    for name, section in SECTIONS.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if page.count(begin) != 1 or page.count(end) != 1:
            sys.exit(f"{PAGE} has no section between {begin} and {end}")
        before, _, rest = page.partition(begin)
        after = rest.partition(end)[2]
        page = f"{before}{begin}\n{section()}\n{end}{after}"
    return page


def main() -> int:
    """Rewrite the page, or check it."""
    page = PAGE.read_text(encoding="utf-8")
    written = _written(page)
    if "--check" in sys.argv[1:]:
        if written != page:
            print(
                f"{PAGE.name} is not current: run scripts/docs/gateway.py", file=sys.stderr
            )
        return int(written != page)
    PAGE.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
