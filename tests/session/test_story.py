"""What the journal tells of an order."""

import pytest

from edgerunner_lab.core.errors import OrderDenied, UsageError
from edgerunner_lab.session.session import Session


def details(session: Session, ref: str = "") -> str:
    """Return the lines of an order's story as one text."""
    return "\n".join(line for row in session.why(ref) for line in row.details)


def test_a_filled_order_has_a_story_from_intent_to_commission(session: Session) -> None:
    """What was asked, the market, every limit, what the broker said, what it cost."""
    order = session.order("buy 10 SPY --ref probe")

    rows = session.why(order.order_ref)
    assert rows[0].what == "intent"
    assert [row.what for row in rows if row.what == "fill"]
    text = details(session, "probe")
    assert "asked: buy 10 SPY --ref probe" in text
    assert "within MAX_ORDER_QTY: 10 of 1000" in text
    assert "BUY 10 at " in text
    assert "commission 1" in text
    assert "DU1000001" not in repr(session.why())


def test_the_last_order_is_the_one_that_was_denied(session: Session) -> None:
    """With every rule that refused it, and what would have passed."""
    session.order("buy 1 SPY")
    with pytest.raises(OrderDenied):
        session.order("buy 5000 SPY")

    text = details(session)
    assert session.why()[0].what == "denied"
    assert "asked: buy 5000 SPY" in text
    assert "MAX_ORDER_QTY: qty=5000, max=1000" in text
    assert "would have passed: buy " in text


def test_a_piece_of_a_reference_is_enough_where_it_fits_one(session: Session) -> None:
    """Otherwise those that it fits are named."""
    first, second = session.order("buy 1 SPY"), session.order("buy 1 QQQ")

    assert "buy 1 SPY" in details(session, first.order_ref[-6:])
    with pytest.raises(UsageError, match=r"fits ELB:.*, ELB:"):
        session.why("ELB:")
    assert "buy 1 QQQ" in details(session, second.order_ref)


def test_nothing_that_fits_is_said(session: Session) -> None:
    """Also before the first order."""
    with pytest.raises(UsageError, match="no order was tried yet"):
        session.why()
    with pytest.raises(UsageError, match="no order '%' was found"):
        session.why("%")
