"""What an order is comes from the broker's raw messages, in whatever order and number they arrive."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from ib_async import Contract, Execution, Order
from ib_async import OrderState as IbOrderState
from ib_async.objects import CommissionReport

from edgerunner_lab.core import lifecycle
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session import adapt
from edgerunner_lab.session.broker import RawStatus
from edgerunner_lab.session.tracking import Tracker
from rigs.clocks import ManualClock
from rigs.orders import an_order

CLIENT, ORDER_ID, PERM = 105, 7, 1_000_001
SPY = Contract(conId=756733, symbol="SPY", secType="STK", exchange="SMART", currency="USD")


@dataclass
class Broker:
    """Says what a broker says about one order of 10 SPY, and keeps what came of it."""

    tracker: Tracker
    ref: str
    journal: list[tuple[OrderState, str]] = field(
        default_factory=list[tuple[OrderState, str]]
    )
    doubts: list[str] = field(default_factory=list[str])

    def status(self, status: str, filled: float = 0, client: int = CLIENT) -> None:
        """Send orderStatus."""
        price = 500.0 if filled else 0.0
        fields = (
            ORDER_ID,
            status,
            filled,
            10 - filled,
            price,
            PERM,
            0,
            price,
            client,
            "",
            0.0,
        )
        self.tracker.order_status(RawStatus(*fields))

    def open(self, status: str) -> None:
        """Send openOrder."""
        order = Order(orderId=ORDER_ID, clientId=CLIENT, permId=PERM, action="BUY", totalQuantity=10, orderType="MKT", orderRef=self.ref, account="DU1000001", tif="DAY")  # fmt: skip
        self.tracker.open_order(SPY, order, IbOrderState(status=status))

    def fill(
        self, quantity: float, number: int = 1, version: int = 1, price: float = 500.0
    ) -> None:
        """Send execDetails."""
        self.tracker.execution(
            SPY,
            Execution(
                execId=f"0000e0d5.{number:08x}.01.{version:02d}",
                time=datetime(2026, 11, 23, 15, 0, tzinfo=UTC),
                acctNumber="DU1000001",
                exchange="ARCA",
                side="BOT",
                shares=quantity,
                price=price,
                permId=PERM,
                clientId=CLIENT,
                orderId=ORDER_ID,
                orderRef=self.ref,
            ),
        )

    def commission(self, number: int = 1, amount: float = 1.0) -> None:
        """Send commissionReport."""
        self.tracker.commission(CommissionReport(execId=f"0000e0d5.{number:08x}.01.01", commission=amount, currency="USD", realizedPNL=1.7976931348623157e308))  # fmt: skip

    def code(self, code: int, text: str = "words") -> bool:
        """Send errMsg."""
        return self.tracker.order_error(ORDER_ID, code, text)

    @property
    def order(self) -> OrderUpdate:
        """The order as it stands."""
        found = self.tracker.order(self.ref)
        assert found is not None
        return found


@pytest.fixture
def broker(clock: ManualClock) -> Broker:
    """An order of 10 SPY that has just been sent."""
    order = an_order()
    told: list[tuple[OrderState, str]] = []
    doubts: list[str] = []
    tracker = Tracker(
        clock=clock,
        journal=lambda update, kind, _facts: told.append((update.state, kind)),
        on_fill=lambda _fill: None,
        on_doubt=doubts.append,
        name_of=adapt.contract_name,
    )
    tracker.client_id = CLIENT
    tracker.begin(order, ORDER_ID, CLIENT)
    tracker.conclude(order.order_ref, lifecycle.Sent())
    return Broker(tracker, order.order_ref, told, doubts)


def test_five_messages_in_any_order_end_in_the_same_truth(
    broker: Broker, clock: ManualClock
) -> None:
    """All 120 orders of arrival converge (RISK F11)."""
    steps = ("open", "submitted", "fill", "filled", "commission")
    ends: set[tuple[OrderState, Decimal, Decimal | None]] = set()
    for arrival in itertools.permutations(steps):
        order = an_order()
        tracker = Tracker(clock=clock, journal=lambda _update, _kind, _facts: None, on_fill=lambda _: None, on_doubt=lambda _: None, name_of=adapt.contract_name)  # fmt: skip
        tracker.client_id = CLIENT
        tracker.begin(order, ORDER_ID, CLIENT)
        tracker.conclude(order.order_ref, lifecycle.Sent())
        said = Broker(tracker, order.order_ref)
        say = {
            "open": lambda said=said: said.open("Submitted"),
            "submitted": lambda said=said: said.status("Submitted"),
            "fill": lambda said=said: said.fill(10),
            "filled": lambda said=said: said.status("Filled", 10),
            "commission": lambda said=said: said.commission(),
        }
        for step in arrival:
            say[step]()
        ends.add((said.order.state, said.order.filled, said.order.average_price))

    assert ends == {(OrderState.FILLED, Decimal(10), Decimal("500.0"))}
    assert broker.order.state is OrderState.SENT


def test_a_notice_about_presets_leaves_the_order_alive(broker: Broker) -> None:
    """ib_async marks it cancelled on 10349, which is only a notice (RISK P1)."""
    broker.status("Submitted")
    broker.code(10349, "Order TIF was set to DAY based on order preset.")

    assert broker.order.state is OrderState.WORKING
    broker.fill(10)
    assert broker.order.state is OrderState.FILLED


def test_a_rejection_ends_a_new_order(broker: Broker) -> None:
    """And its words are kept."""
    broker.code(201, "Order rejected - reason: no")

    assert broker.order.state is OrderState.REJECTED
    assert "201" in broker.order.reason


def test_a_verdict_on_a_cancel_is_a_doubt_not_an_end(broker: Broker) -> None:
    """10148 may mean that it has filled (RISK P2, F45)."""
    broker.status("Submitted")
    broker.tracker.conclude(broker.ref, lifecycle.CancelRequested())
    broker.code(
        10148, "OrderId 7 that needs to be cancelled cannot be cancelled, state: Filled."
    )

    assert broker.order.state is OrderState.UNKNOWN
    assert broker.doubts == [broker.ref]
    broker.fill(10)
    assert broker.order.state is OrderState.FILLED


def test_an_unknown_code_is_a_doubt(broker: Broker) -> None:
    """What is not known is asked for (RISK F21)."""
    broker.code(99999)

    assert broker.order.state is OrderState.UNKNOWN
    assert broker.doubts == [broker.ref]


def test_a_duplicated_execution_counts_once(broker: Broker) -> None:
    """The same stem is the same execution (RISK F10)."""
    broker.fill(4)
    broker.fill(4)

    assert broker.order.filled == 4
    assert broker.order.state is OrderState.PARTIAL


def test_a_corrected_execution_replaces_what_it_corrects(broker: Broker) -> None:
    """`….01.02` is `….01.01` put right (RISK P7)."""
    broker.fill(10, price=500.0)
    broker.fill(10, version=2, price=499.0)

    assert broker.order.filled == 10
    assert broker.order.average_price == Decimal("499.0")
    assert len(broker.tracker.fills) == 1


def test_an_older_version_after_its_correction_changes_nothing(broker: Broker) -> None:
    """Late messages are late."""
    broker.fill(10, version=2, price=499.0)
    broker.fill(10, version=1, price=500.0)

    assert broker.order.average_price == Decimal("499.0")


def test_a_fill_after_a_cancel_confirmation_counts(broker: Broker) -> None:
    """A cancel and a fill may cross on the way."""
    broker.status("Submitted")
    broker.code(202, "Order Canceled - reason:")
    assert broker.order.state is OrderState.CANCELLED

    broker.fill(10)

    assert broker.order.state is OrderState.FILLED


def test_a_line_that_breaks_puts_what_is_in_flight_in_doubt(broker: Broker) -> None:
    """Sent and not acknowledged is neither alive nor dead."""
    broker.tracker.doubt_all_in_flight("the connection broke")

    assert broker.order.state is OrderState.UNKNOWN
    broker.open("Submitted")
    assert broker.order.state is OrderState.WORKING


def test_a_working_order_stays_working_when_the_line_breaks(broker: Broker) -> None:
    """The broker keeps it; a lost connection cancels nothing."""
    broker.status("Submitted")
    broker.tracker.doubt_all_in_flight("the connection broke")

    assert broker.order.state is OrderState.WORKING


def test_every_change_of_our_order_reaches_the_journal_once(broker: Broker) -> None:
    """Repeated statuses are normal and are no news."""
    for _ in range(3):
        broker.status("Submitted")

    assert [state for state, _ in broker.journal].count(OrderState.WORKING) == 1


def test_a_foreign_order_is_known_but_not_journaled(broker: Broker) -> None:
    """TWS orders count for the limits and are nobody's intent of ours."""
    order = Order(orderId=0, clientId=0, permId=55, action="SELL", totalQuantity=3, orderType="LMT", lmtPrice=510.0, account="DU1000001", tif="GTC")  # fmt: skip
    before = len(broker.journal)
    broker.tracker.open_order(SPY, order, IbOrderState(status="Submitted"))

    foreign = broker.tracker.order("perm:55")
    assert foreign is not None
    assert (foreign.remaining, foreign.limit_price) == (Decimal(3), Decimal("510.0"))
    assert len(broker.journal) == before
    broker.tracker.forget_foreign([broker.ref])
    assert broker.tracker.order("perm:55") is None


def test_a_status_for_an_order_nobody_introduced_is_ignored(broker: Broker) -> None:
    """It will come with openOrder when it is asked for."""
    broker.tracker.order_status(
        RawStatus(99, "Submitted", 0, 1, 0.0, 77, 0, 0.0, 3, "", 0.0)
    )

    assert [update.order_ref for update in broker.tracker.orders] == [broker.ref]


def test_errors_about_other_requests_are_not_about_orders(broker: Broker) -> None:
    """An id that is no order of this client is somebody else's."""
    assert not broker.tracker.order_error(8, 200, "No security definition")


async def test_waiting_ends_with_the_change_or_with_the_time(broker: Broker) -> None:
    """Nobody waits for ever."""
    update = await broker.tracker.wait_until(
        broker.ref, lambda now: not now.state.is_open, 0.01
    )

    assert update.state is OrderState.SENT


def test_executions_heard_before_the_order_is_known_count_for_it(
    clock: ManualClock, broker: Broker
) -> None:
    """After a restart the download of executions comes before the ledger's orders are taken in."""
    tracker = Tracker(clock=clock, journal=lambda _update, _kind, _facts: None, on_fill=lambda _: None, on_doubt=lambda _: None, name_of=adapt.contract_name)  # fmt: skip
    early = Broker(tracker, broker.ref)
    early.fill(10)

    tracker.own([broker.order])

    assert (early.order.filled, early.order.state) == (Decimal(10), OrderState.FILLED)


def test_a_busted_execution_leaves_no_average(broker: Broker) -> None:
    """Nothing has no mean price, and nothing breaks."""
    broker.fill(10)
    broker.fill(0, version=2)

    assert broker.order.average_price is None


def test_leaving_a_gateway_forgets_what_says_nothing_about_the_next(broker: Broker) -> None:
    """An order that works elsewhere is not declared dead because it is not here."""
    before = len(broker.journal)
    broker.tracker.leave()

    assert broker.tracker.orders == []
    assert len(broker.journal) == before
