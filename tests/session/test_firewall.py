"""No order frame leaves without a permit that names its every field."""

import struct
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.errors import FirewallBreach
from edgerunner_lab.core.intents import OrderType
from edgerunner_lab.session import adapt
from edgerunner_lab.session.broker import encoded, extra_positions, neutral_tail
from edgerunner_lab.session.firewall import (
    HEAD_FIELDS,
    Firewall,
    Permit,
    check_unready,
)
from rigs.orders import an_order

HEAD: tuple[str, ...] = (
    "3",
    "5",
    "756733",
    "SPY",
    "STK",
    "",
    "0.0",
    "",
    "",
    "SMART",
    "",
    "USD",
    "SPY",
    "SPY",
    "",
    "",
    "BUY",
    "10",
    "LMT",
    "500.5",
    "",
    "DAY",
    "",
    "DU1000001",
    "",
    "0",
    "ELB:X",
    "1",
    "0",
    "0",
    "0",
    "0",
    "0",
    "0",
    "0",
)
TAIL: tuple[str, ...] = ("", "0.0", "", "0")


def frame(fields: tuple[str, ...]) -> bytes:
    """Return fields as they stand on the wire."""
    data = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(data)) + data


def a_firewall(*, may_trade: bool = True) -> Firewall:
    """Return the firewall of connection 1 with a permit for HEAD until second 10."""
    firewall = Firewall(generation=1, may_trade=may_trade, neutral_tail=TAIL)
    firewall.grant(a_permit())
    return firewall


def a_permit(**changes: object) -> Permit:
    """Return a permit for HEAD."""
    values = {
        "order_ref": "ELB:X",
        "order_id": 5,
        "head": HEAD,
        "expires_mono": 10.0,
        "generation": 1,
    }
    return Permit(**{**values, **changes})  # type: ignore[arg-type]


def test_the_sample_has_as_many_fields_as_are_compared() -> None:
    """The test stands on the layout of PROTOCOL §3.3."""
    assert len(HEAD) == HEAD_FIELDS


def test_the_permitted_frame_passes_once() -> None:
    """A permit is for one frame."""
    firewall = a_firewall()
    firewall.check(frame(HEAD + TAIL), 1.0)

    with pytest.raises(FirewallBreach, match="has no permit"):
        firewall.check(frame(HEAD + TAIL), 1.0)


def test_numbers_are_compared_as_numbers() -> None:
    """`10` and `10.0` are one quantity, `500.5` and `500.50` one price."""
    fields = list(HEAD)
    fields[17], fields[19] = "10.0", "500.50"

    a_firewall().check(frame((*fields, *TAIL)), 1.0)


@given(
    st.integers(0, HEAD_FIELDS - 1),
    st.sampled_from(["", "0", "1", "99", "SELL", "U1234567", "MKT", "nan", "é"]),
)
def test_any_other_value_in_any_field_is_stopped(position: int, text: str) -> None:
    """What was approved is what leaves, field by field."""
    if HEAD[position] == text or (position == 6 and text == "0"):
        return
    fields = list(HEAD)
    fields[position] = text
    if position == 0 and text != "3":
        return

    with pytest.raises(FirewallBreach):
        a_firewall().check(frame((*fields, *TAIL)), 1.0)


@given(st.integers(0, len(TAIL) - 1), st.text(alphabet="01a", min_size=2, max_size=3))
def test_any_attribute_behind_the_head_is_stopped(position: int, text: str) -> None:
    """Hidden extras such as what-if, algo or conditions were not approved."""
    tail = list(TAIL)
    tail[position] = text

    with pytest.raises(FirewallBreach, match="attributes"):
        a_firewall().check(frame((*HEAD, *tail)), 1.0)


def test_a_number_behind_the_head_passes_where_it_was_approved() -> None:
    """A trailing stop has its percentage and the price that it begins with there."""
    for text in ("490.25", "490.250"):
        firewall = Firewall(generation=1, may_trade=True, neutral_tail=TAIL)
        firewall.grant(a_permit(tail={2: Decimal("490.25")}))
        firewall.check(frame((*HEAD, "", "0.0", text, "0")), 1.0)


@pytest.mark.parametrize(
    "tail",
    [
        ("", "0.0", "490.26", "0"),
        ("", "0.0", "", "0"),
        ("", "0.0", "nan", "0"),
        ("", "0.0", "x", "0"),
        ("1", "0.0", "490.25", "0"),
        ("", "0.0", "490.25", "490.25"),
        ("", "0.0", "490.25", "0", ""),
        ("490.25", "0.0", "", "0"),
    ],
)
def test_any_other_number_or_place_behind_the_head_is_stopped(
    tail: tuple[str, ...],
) -> None:
    """One number approved is not another, and opens no other field."""
    firewall = Firewall(generation=1, may_trade=True, neutral_tail=TAIL)
    firewall.grant(a_permit(tail={2: Decimal("490.25")}))

    with pytest.raises(FirewallBreach, match="attributes"):
        firewall.check(frame((*HEAD, *tail)), 1.0)


def test_the_digest_of_a_permit_names_its_numbers_behind_the_head() -> None:
    """The journal can tell two distances apart."""
    digests = {
        a_permit(tail=tail).digest
        for tail in ({}, {2: Decimal(1)}, {2: Decimal(2)}, {1: Decimal(1)})
    }

    assert len(digests) == 4


@pytest.mark.parametrize("version", range(157, 179))
@pytest.mark.parametrize("shape", ["amount", "percent", "plain"])
def test_what_is_approved_is_what_ib_async_sends_at_every_version(
    version: int, shape: str
) -> None:
    """The places of a trailing stop's numbers are found, not counted; here for each version that is spoken."""
    stopped = an_order(order_type=OrderType.STOP, stop_price=Decimal("99.00"))
    order = {
        "plain": stopped,
        "amount": replace(
            stopped,
            order_type=OrderType.TRAIL,
            trail_amount=Decimal("1.50"),
        ),
        "percent": replace(stopped, order_type=OrderType.TRAIL, trail_percent=Decimal(2)),
    }[shape]
    positions = extra_positions(version)
    firewall = Firewall(generation=1, may_trade=True, neutral_tail=neutral_tail(version))
    firewall.grant(
        a_permit(
            order_ref=order.order_ref,
            head=adapt.order_head(order, adapt.Place(order_id=5)),
            tail={
                positions[name]: value for name, value in adapt.order_extras(order).items()
            },
        )
    )
    contract = adapt.instrument_contract(order.instrument)
    sent = encoded(version, 5, contract, adapt.to_order(order, adapt.Place(order_id=5)))

    firewall.check(frame(sent), 1.0)


def test_a_surplus_field_is_stopped() -> None:
    """A NUL in a text shifts fields; the count gives it away (RISK P5)."""
    with pytest.raises(FirewallBreach):
        a_firewall().check(frame((*HEAD, *TAIL, "")), 1.0)


def test_a_late_frame_is_not_sent_late() -> None:
    """A permit holds for a second."""
    with pytest.raises(FirewallBreach, match="expired"):
        a_firewall().check(frame(HEAD + TAIL), 10.1)


def test_a_permit_of_an_earlier_connection_is_void() -> None:
    """After a reconnect nothing of before may trade (RISK I16)."""
    firewall = Firewall(generation=2, may_trade=True, neutral_tail=TAIL)
    firewall.grant(a_permit())

    with pytest.raises(FirewallBreach, match="earlier connection"):
        firewall.check(frame(HEAD + TAIL), 1.0)


def test_no_permit_helps_on_a_live_account_that_is_not_armed() -> None:
    """Observing is observing (RISK I2)."""
    with pytest.raises(FirewallBreach, match="live and not armed"):
        a_firewall(may_trade=False).check(frame(HEAD + TAIL), 1.0)


@pytest.mark.parametrize("message_id", ["19", "21"])
def test_other_messages_that_can_trade_are_stopped(message_id: str) -> None:
    """There is no road for them yet."""
    with pytest.raises(FirewallBreach):
        a_firewall().check(frame((message_id, "1", "7")), 1.0)


@pytest.mark.parametrize(
    "fields", [("4", "1", "5", ""), ("58", "1"), ("61", "1"), ("71", "2", "1", "")]
)
def test_cancels_and_questions_always_pass(fields: tuple[str, ...]) -> None:
    """No rule stands between a trader and a cancel."""
    a_firewall(may_trade=False).check(frame(fields), 1.0)


def test_the_handshake_passes_before_there_is_a_firewall_and_never_again() -> None:
    """It has no message id, and later only something that hides behind it would look like it."""
    hello = b"API\0" + frame(("v157..178 +PACEAPI",))
    check_unready(hello)
    check_unready(frame(("71", "2", "1", "")))

    with pytest.raises(FirewallBreach):
        a_firewall().check(hello, 1.0)


@pytest.mark.parametrize(
    "data",
    [
        frame(HEAD + TAIL),
        frame(("21", "1", "7")),
        b"API\0" + frame(HEAD + TAIL),
        b"API\0" + frame(("v157..178",)) + frame(HEAD + TAIL),
        frame(("71", "2", "1", "")) + frame(HEAD + TAIL),
        b"API\0",
        b"",
    ],
)
def test_nothing_that_trades_leaves_while_a_connection_is_made(data: bytes) -> None:
    """Alone, behind the handshake, or behind something harmless."""
    with pytest.raises(FirewallBreach):
        check_unready(data)


@pytest.mark.parametrize(
    "data",
    [
        frame(("49", "1")) + frame(HEAD + TAIL),
        frame(HEAD + TAIL) + frame(HEAD + TAIL),
        frame(("9999",)) + frame(HEAD + TAIL) + frame(("49", "1")),
        b"API\0" + frame(HEAD + TAIL),
        frame(HEAD + TAIL)[:-1],
        frame(("49", "1"))[:3],
        b"\0\0\0\2" + frame(HEAD + TAIL)[4:],
    ],
)
def test_more_or_less_than_one_frame_is_stopped(data: bytes) -> None:
    """An order that stands behind a harmless frame would be judged by that."""
    with pytest.raises(FirewallBreach):
        a_firewall().check(data, 1.0)


@pytest.mark.parametrize(
    "data", [b"\0\0\0\2x\0", b"\0\0\0\0", b"\0\0\0\3abc", b"\0\0\0\4\x00\x00\x00\x03"]
)
def test_what_has_no_message_id_is_stopped(data: bytes) -> None:
    """A frame that cannot be judged is not sent."""
    with pytest.raises(FirewallBreach):
        a_firewall().check(data, 1.0)


def test_a_short_order_frame_is_stopped() -> None:
    """It cannot be compared."""
    with pytest.raises(FirewallBreach, match="3 fields"):
        a_firewall().check(frame(("3", "5", "756733")), 1.0)
