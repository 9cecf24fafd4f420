"""What a program on the broker's own old Python API does: run by its own interpreter with `PORT`; prints one JSON object."""

import json
import sys
import threading

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

DEADLINE = 15


class Program(EWrapper, EClient):
    """Buys two shares of SPY when it is told the first order id."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.seen: dict[str, object] = {"bars": 0}
        self.done = threading.Event()

    def nextValidId(self, orderId: int) -> None:
        """Begin."""
        self.seen["version"] = self.serverVersion()
        spy = Contract()
        spy.symbol, spy.secType, spy.exchange, spy.currency = "SPY", "STK", "SMART", "USD"
        self.spy = spy
        self.order_id = orderId
        self.reqContractDetails(1, spy)
        self.reqHistoricalData(
            2, spy, "", "1 D", "1 hour", "TRADES", 0, 1, keepUpToDate=False, chartOptions=[]
        )

    def contractDetails(self, reqId: int, contractDetails: object) -> None:
        """Note the contract."""
        self.seen["con_id"] = contractDetails.contract.conId

    def historicalData(self, reqId: int, bar: object) -> None:
        """Count a bar."""
        self.seen["bars"] = int(str(self.seen["bars"])) + 1

    def historicalDataEnd(self, reqId: int, start: str, end: str) -> None:
        """Trade."""
        order = Order()
        order.action, order.orderType, order.totalQuantity = "BUY", "MKT", 2
        order.eTradeOnly = order.firmQuoteOnly = False
        self.placeOrder(self.order_id, self.spy, order)

    def orderStatus(self, orderId: int, status: str, *rest: object) -> None:
        """Note the state."""
        self.seen["status"] = status
        if status == "Filled":
            self.reqPositions()

    def position(
        self, account: str, contract: object, position: float, avgCost: float
    ) -> None:
        """Note the position."""
        self.seen["position"] = float(position)

    def positionEnd(self) -> None:
        """End."""
        self.done.set()


def main(port: int) -> dict[str, object]:
    """Run the program and say what it saw."""
    program = Program()
    program.connect("127.0.0.1", port, 22)
    threading.Thread(target=program.run, daemon=True).start()
    program.seen["done"] = program.done.wait(DEADLINE)
    program.disconnect()
    return program.seen


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))
