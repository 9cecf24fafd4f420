"""What the journal says of an intent, a denial and a fill."""

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.core.facts import Fill
from edgerunner_lab.core.intents import ProposedOrder
from edgerunner_lab.guard.gate import ApprovedOrder
from edgerunner_lab.ledger.columns import digits, digits_or_none, stamp
from edgerunner_lab.ledger.journal import JSON


def intent_facts(approved: ApprovedOrder) -> dict[str, JSON]:
    """Return the order, the market it was measured by, the limits and how much of each it uses."""
    return {
        **_order_facts(approved.order),
        "bid": digits_or_none(approved.quote.bid),
        "ask": digits_or_none(approved.quote.ask),
        "reference_price": digits(approved.reference_price),
        "notional": digits(approved.notional),
        "limits": approved.limits_sha256,
        "checks": [str(check) for check in approved.checks],
        "warnings": list(approved.warnings),
    }


def denial_facts(order: ProposedOrder, denied: OrderDenied) -> dict[str, JSON]:
    """Return the order and every rule that refused it."""
    return {
        **_order_facts(order),
        "denials": [str(denial) for denial in denied.denials],
        "nearest": denied.nearest,
    }


def fill_facts(fill: Fill) -> dict[str, JSON]:
    """Return the execution and, as far as it is known, what it cost."""
    return {
        "execution_id": fill.execution_id,
        "account": fill.account,
        "perm_id": fill.perm_id,
        "con_id": fill.con_id,
        "symbol": fill.symbol,
        "currency": fill.currency,
        "side": fill.side.value,
        "quantity": digits(fill.quantity),
        "price": digits(fill.price),
        "exchange": fill.exchange,
        "time": stamp(fill.time),
        "commission": digits_or_none(fill.commission),
        "realized_pnl": digits_or_none(fill.realized_pnl),
    }


def _order_facts(order: ProposedOrder) -> dict[str, JSON]:
    source = order.source
    return {
        "order": str(order.intent),
        "account": order.account,
        "con_id": order.instrument.con_id,
        "symbol": str(order.instrument),
        "side": order.side.value,
        "quantity": digits(order.quantity),
        "type": order.order_type.value,
        "limit_price": digits_or_none(order.limit_price),
        "stop_price": digits_or_none(order.stop_price),
        "trail_amount": digits_or_none(order.trail_amount),
        "trail_percent": digits_or_none(order.trail_percent),
        "tif": order.tif.value,
        "outside_rth": order.outside_rth,
        "replaces": order.replaces,
        "parent_ref": order.attached.parent_ref if order.attached is not None else None,
        "source": {
            "kind": source.kind,
            "notebook": source.notebook,
            "cell_id": source.cell_id,
            "code_sha256": source.code_sha256,
            "pid": source.kernel_pid,
        },
    }
