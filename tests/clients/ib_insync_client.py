"""What a program on ib_insync does first: run by its own interpreter with `PORT`; prints one JSON object."""

import json
import sys

from ib_insync import IB, LimitOrder, MarketOrder, Option, Stock


def main(port: int) -> dict[str, object]:
    """Connect, look around, trade, and say what was seen."""
    ib = IB()
    ib.connect("127.0.0.1", port, clientId=21, timeout=10)
    ib.RequestTimeout = 10
    (spy,) = ib.qualifyContracts(Stock("SPY", "SMART", "USD"))
    chain = ib.reqSecDefOptParams("SPY", "", "STK", spy.conId)[0]
    expiry, strike = chain.expirations[-1], chain.strikes[len(chain.strikes) // 2]
    (call,) = ib.qualifyContracts(Option("SPY", expiry, strike, "C", "SMART"))
    ticker = ib.reqTickers(spy)[0]
    bars = ib.reqHistoricalData(spy, "", "1 D", "1 hour", "TRADES", False)
    bought = ib.placeOrder(spy, MarketOrder("BUY", 3))
    resting = ib.placeOrder(spy, LimitOrder("BUY", 1, round(ticker.bid * 0.9, 2)))
    while not bought.isDone() or resting.orderStatus.status != "Submitted":
        ib.waitOnUpdate(timeout=10)
    ib.cancelOrder(resting.order)
    while not resting.isDone():
        ib.waitOnUpdate(timeout=10)
    seen = {
        "version": ib.client.serverVersion(),
        "accounts": ib.managedAccounts(),
        "option": call.localSymbol,
        "bid_below_ask": ticker.bid < ticker.ask,
        "bars": len(bars),
        "filled": bought.orderStatus.status,
        "cancelled": resting.orderStatus.status,
        "position": ib.positions()[0].position,
        "net_liquidation": any(v.tag == "NetLiquidation" for v in ib.accountSummary()),
    }
    ib.disconnect()
    return seen


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
