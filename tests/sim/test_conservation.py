"""Whatever clients ask, the bytes they are sent add up: money, positions, orders, the queue, and a restart."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from edgerunner_lab.sim.market.moves import Regime
from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.orders.order_types import OrderType
from edgerunner_lab.sim.process.state import StateFile
from edgerunner_lab.sim.protocol.messages import Message
from rigs.audits import (
    HALF_CENT,
    Journal,
    Party,
    Statement,
    expected_cash,
    expected_positions,
    owned_lines,
)
from rigs.wires import Wires

CASH: Final = "3000000"
MASTER: Final = 9
VERSIONS: Final = {0: 200, 1: 157, 2: 112}
"""API client id -> server version that it speaks."""

ORDER_IDS: Final = 12

CONTRACTS: Final[dict[str, dict[str, Any]]] = {
    "SPY": {"c_conId": 756733, "c_exchange": "SMART"},
    "F": {"c_conId": 9599491, "c_exchange": "SMART"},
    "EUR.USD": {"c_conId": 12087792, "c_exchange": "IDEALPRO"},
    "VOD": {"c_conId": 900000301, "c_exchange": "SMART"},
    "SAP": {"c_conId": 900000311, "c_exchange": "SMART"},
    "ESZ6": {
        "c_symbol": "ES",
        "c_secType": "FUT",
        "c_exchange": "CME",
        "c_currency": "USD",
        "c_lastTradeDateOrContractMonth": "202612",
    },
    "SPY call": {
        "c_symbol": "SPY",
        "c_secType": "OPT",
        "c_exchange": "SMART",
        "c_currency": "USD",
        "c_lastTradeDateOrContractMonth": "20261218",
        "c_strike": Decimal(690),
        "c_right": "C",
    },
}
SIZES: Final = {
    "EUR.USD": (20_000, 25_001),
    "ESZ6": (1, 3),
    "SPY call": (1, 7, 40),
}
"""Units of an order; of shares 1, 30, 100, 2500."""

RESTART_QUESTIONS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("reqOpenOrders", {}),
    ("reqAllOpenOrders", {}),
    ("reqExecutions", {"reqId": 901}),
    ("reqPositions", {}),
    ("cancelPositions", {}),
)

MOVED: Final = ("SPY", "F", "EUR.USD", "VOD", "SAP")
"""What has a price of its own: the others follow."""

names = st.sampled_from(["SPY", "SPY", *CONTRACTS])
client_ids = st.sampled_from(list(VERSIONS))
sides = st.sampled_from(["BUY", "SELL"])
ticks = st.integers(-12, 12)
order_ids = st.integers(1, ORDER_IDS)


@st.composite
def extras(draw: st.DrawFn) -> dict[str, Any]:
    """Return the rarer terms of an order, most often none."""
    possible: dict[str, st.SearchStrategy[Any]] = {
        "o_ocaGroup": st.sampled_from(["a", "b"]),
        "o_parentId": order_ids,
        "o_allOrNone": st.just(value=True),
        "o_minQty": st.integers(1, 30),
        "o_displaySize": st.integers(10, 20),
        "o_algoStrategy": st.sampled_from(["Twap", "Adaptive"]),
        "o_transmit": st.just(value=False),
    }
    chosen = draw(st.sets(st.sampled_from(["", "", "", *possible]), max_size=2)) - {""}
    return {name: draw(possible[name]) for name in sorted(chosen)}


class Gateway(RuleBasedStateMachine):
    """Three clients trade on one account; a fourth, the master, hears of every order and keeps the books."""

    @initialize()
    def open(self) -> None:
        """Connect everybody and learn the contracts."""
        self.wires = Wires(cash=CASH)
        self.wires.exchange.desk.choose(OrderRules(master_client_id=MASTER))
        self.master = Party(self.wires, MASTER, 178)
        self.journal = Journal()
        self.parties: dict[int, Party] = {}
        for client_id in VERSIONS:
            self.come(client_id)
        self.details = {name: self._learnt(name) for name in CONTRACTS}
        self.magnifiers = {
            fields["c.conId"]: fields["d.priceMagnifier"]
            for fields in self.details.values()
        }

    def _learnt(self, name: str) -> Any:
        told = self.master.ask("reqContractDetails", reqId=1, **CONTRACTS[name])
        return next(m.fields for m in told if m.name == "contractData")

    def come(self, client_id: int) -> None:
        """Connect a client."""
        self.parties[client_id] = Party(self.wires, client_id, VERSIONS[client_id])

    def _price(self, name: str, away: int) -> Decimal:
        """Return a price so many ticks from the bid, as a client can see it."""
        told = self.master.ask("reqMktData", reqId=5, **CONTRACTS[name])
        self.master.send("cancelMktData", reqId=5)
        tick = self.details[name]["d.minTick"]
        shown: list[Any] = [m.fields for m in told if m.name == "tickPrice"]
        seen = {fields["tickType"]: fields["price"] for fields in shown}
        bid = max(seen.get(1, Decimal(0)), Decimal(0)) or seen.get(4) or seen.get(9)
        return max(tick, (bid or tick) + away * tick)

    @rule(
        client_id=client_ids,
        order_id=order_ids,
        name=names,
        side=sides,
        kind=st.sampled_from(["LMT", "LMT", "LMT", "MKT", *OrderType]),
        size=st.integers(0, 3),
        away=ticks,
        tif=st.sampled_from(["DAY", "DAY", "DAY", "GTC", "IOC", "FOK"]),
        more=extras(),
    )
    def place(  # noqa: PLR0913, PLR0917  an order has many terms
        self,
        client_id: int,
        order_id: int,
        name: str,
        side: str,
        kind: str,
        size: int,
        away: int,
        tif: str,
        more: dict[str, Any],
    ) -> None:
        """Place an order, or change the one that has this id."""
        if client_id not in self.parties:
            return
        sizes = SIZES.get(name, (1, 30, 100, 2500))
        price = self._price(name, away)
        trails = kind.startswith(("TRAIL", "REL", "PEG"))
        tick = self.details[name]["d.minTick"]
        terms: dict[str, Any] = {
            "o_action": side,
            "o_totalQuantity": Decimal(sizes[size % len(sizes)]),
            "o_orderType": str(kind),
            "o_lmtPrice": None if kind in ("MKT", "TRAIL LIMIT") else price,
            "o_auxPrice": tick * 3 if trails else price,
            "o_lmtPriceOffset": tick,
            "o_tif": tif,
            "o_transmit": True,
            "o_outsideRth": True,
        }
        contract = CONTRACTS[name]
        party = self.parties[client_id]
        party.send("placeOrder", **{"orderId": order_id, **contract, **terms, **more})

    @rule(client_id=client_ids, order_id=order_ids)
    def cancel(self, client_id: int, order_id: int) -> None:
        """Cancel an order, if there is one."""
        if client_id in self.parties:
            self.parties[client_id].send("cancelOrder", orderId=order_id)

    @rule(client_id=client_ids)
    def cancel_everything(self, client_id: int) -> None:
        """Cancel the orders of all."""
        if client_id in self.parties:
            self.parties[client_id].send("reqGlobalCancel")

    @rule(client_id=client_ids)
    def leave_or_return(self, client_id: int) -> None:
        """Hang up, or come back."""
        party = self.parties.pop(client_id, None)
        if party is None:
            self.come(client_id)
            return
        self.wires.exchange.detach(party.line.key)
        party.line.closed = "left"

    @rule(seconds=st.sampled_from([0.25, 1, 3]))
    def wait(self, seconds: float) -> None:
        """Let the market go on."""
        self.wires.wait(seconds)

    @rule(seconds=st.sampled_from([10, 70]))
    def sleep(self, seconds: int) -> None:
        """Let time pass in which nobody looks."""
        self.wires.now += timedelta(seconds=seconds)
        self.wires.wait(0.25)

    @rule(name=st.sampled_from(MOVED), away=st.integers(-40, 40))
    def move(self, name: str, away: int) -> None:
        """Have a price jump."""
        self.wires.exchange.move_price(name, self._price(name, away))
        self.wires.wait(0.25)

    @rule(name=st.sampled_from([None, *MOVED]), regime=st.sampled_from(list(Regime)))
    def turn(self, name: str | None, regime: Regime) -> None:
        """Change how prices go."""
        self.wires.exchange.set_regime(regime, name)
        self.wires.wait(1)

    @rule()
    def restart(self) -> None:
        """End the process and start it from what is on disk: everybody is told the same as before."""
        before = self._answers()
        with TemporaryDirectory() as directory:
            StateFile(Path(directory)).save(self.wires.exchange.snapshot(), self.wires.now)
            saved = StateFile(Path(directory)).load()
        assert saved is not None
        now = self.wires.now
        self.wires = Wires(cash=CASH)
        self.wires.now = now
        self.wires.exchange.desk.choose(OrderRules(master_client_id=MASTER))
        self.wires.exchange.restore(saved)
        self.master = Party(self.wires, MASTER, 178)
        for client_id in list(self.parties):
            self.come(client_id)
        after = self._answers()
        assert after == before, _differences(before, after)

    def _answers(self) -> list[list[Message]]:
        return [
            party.ask(name, **fields)
            for party in (self.master, *self.parties.values())
            for name, fields in RESTART_QUESTIONS
        ]

    @invariant()
    @precondition(lambda self: hasattr(self, "details"))
    def every_order_is_told_right(self) -> None:
        """Fills add up to filled, filled and remaining to the total, and no order comes back or jumps the queue."""
        heard = list(self.master.heard())
        for message in heard:
            self.journal.take(message)
        self.journal.finish()
        seen = owned_lines(heard)
        assert self.journal.faults == [], self.journal.faults
        assert self.journal.unpaid == set()
        for client_id, party in self.parties.items():
            assert [line for _, line in owned_lines(party.heard())] == [
                line for owner, line in seen if owner == client_id
            ]

    @invariant()
    @precondition(lambda self: hasattr(self, "details"))
    def money_and_positions_are_what_the_fills_make(self) -> None:
        """To the rounding of each fill to a cent, in every currency."""
        statement = Statement.asked(self.master)
        assert statement.executions.keys() == self.journal.executed.keys()
        assert statement.reports.keys() >= self.journal.paid.keys()
        assert statement.positions == expected_positions(statement)
        cash = expected_cash(statement, Decimal(CASH), self.magnifiers)
        room = HALF_CENT * (2 * len(statement.executions) + 1)
        assert all(
            abs(cash.get(currency, 0) - statement.cash.get(currency, 0)) <= room
            for currency in cash.keys() | statement.cash.keys()
        ), (cash, statement.cash)


def _differences(before: list[list[Message]], after: list[list[Message]]) -> list[str]:
    """Return what two rounds of answers say differently, for a reader."""
    return [
        f"{old.name}: {sorted(old.fields.items() ^ new.fields.items())}"
        if old.name == new.name
        else f"{old.name} became {new.name}"
        for olds, news in zip(before, after, strict=True)
        for old, new in zip(olds, news, strict=False)
        if old != new
    ]


Gateway.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, derandomize=True, deadline=None
)
test_the_books_add_up = Gateway.TestCase
