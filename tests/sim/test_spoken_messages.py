"""What the exchange says fits the layouts: every message can be written, and no field is misspelt."""

from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.sim.protocol.codec import load_replies
from edgerunner_lab.sim.protocol.messages import Message

CODEC = load_replies()
SPY = {"c_conId": 756733, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}
BARS = {
    "endDateTime": "",
    "barSizeSetting": "5 secs",
    "durationStr": "60 S",
    "useRTH": 0,
    "whatToShow": "TRADES",
    "formatDate": 1,
}
BUILT_FOR_ALL_VERSIONS = {
    "advancedOrderRejectJson",
    "errorTime",
    "startDateStr",
    "endDateStr",
}


def conversation(trader: Any) -> list[Message]:
    """Return everything a busy client hears, one of each kind at least."""
    trader.ask("reqAccountUpdates", subscribe=True, acctCode="")
    trader.ask("reqAccountUpdatesMulti", reqId=1, account="")
    trader.ask("reqAccountSummary", reqId=2, groupName="All", tags="NetLiquidation,$LEDGER")
    trader.ask("reqPnL", reqId=3, account="")
    trader.ask("reqPnLSingle", reqId=4, account="", conid=756733)
    trader.ask("reqContractDetails", reqId=5, **SPY)
    trader.ask("reqMatchingSymbols", reqId=6, pattern="a")
    trader.ask("reqMarketRule", marketRuleId=26)
    trader.ask("reqSecDefOptParams", reqId=7, underlyingConId=756733)
    trader.ask("reqHeadTimeStamp", reqId=8, **SPY)
    trader.ask("reqMktData", reqId=9, genericTickList="233,236", **SPY)
    trader.ask("reqMktData", reqId=10, snapshot=True, **SPY)
    trader.ask("reqHistoricalData", reqId=11, keepUpToDate=True, **BARS, **SPY)
    trader.ask("reqRealTimeBars", reqId=12, whatToShow="TRADES", **SPY)
    for number, kind in enumerate(("Last", "BidAsk", "MidPoint"), start=13):
        trader.ask("reqTickByTickData", reqId=number, tickType=kind, **SPY)
    trader.place(1, "BUY", 10)
    trader.place(2, "BUY", 10, o_whatIf=True)
    trader.place(2, "BUY", 10, o_orderType="LMT", o_lmtPrice=Decimal(600))
    trader.place(3, "BUY", 20_000, **EUR)
    for name in ("reqPositions", "reqOpenOrders", "reqCompletedOrders", "reqExecutions"):
        trader.ask(name, reqId=20)
    for name in ("reqCurrentTime", "reqCurrentTimeInMillis", "reqIds", "reqManagedAccts"):
        trader.ask(name)
    trader.ask("cancelOrder", orderId=2)
    trader.wait(7)
    return trader.heard


@pytest.mark.parametrize("version", [157, 178, 200])
def test_everything_said_can_be_written_and_read_again(trader: Any, version: int) -> None:
    """Each message passes the codec, and at 200 no field that was given gets lost."""
    trader.stage.exchange.detach(trader.key)
    said = conversation(trader.stage.trader(client_id=9, version=version))

    for message in said:
        name, fields = message.name, message.fields
        payload = CODEC.encode(version, message)
        if name == "currentTimeInMillis" and version < 197:
            assert payload == b""  # clients of this version do not know it
            continue
        again = CODEC.decode(version, payload)
        assert again.name == name
        if version == 200:
            assert set(fields) - BUILT_FOR_ALL_VERSIONS - set(again.fields) == set(), name
    kinds = {message.name for message in said}
    assert len(kinds) >= 35, sorted(kinds)
