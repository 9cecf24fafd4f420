"""Messages to payloads and back, at every server version."""

import contextlib
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.layouts import (
    VERSION_MAX,
    VERSION_MIN,
    Field,
    Group,
    Kind,
    Layout,
    Parts,
    Table,
    load_table,
)
from edgerunner_lab.sim.protocol.messages import (
    Fields,
    Malformed,
    Message,
    UnknownRequest,
    Value,
)

REQUESTS = load_requests()
REPLIES = load_replies()

VERSIONS = (
    157,
    163,
    166,
    170,
    176,
    178,
    180,
    183,
    184,
    187,
    189,
    190,
    192,
    193,
    195,
    199,
    200,
)

REQUEST_COUNTS = {
    "placeOrder": (110, 113, 114, 115, 115, 114, 114, 115, 116, 118, 119, 117, 118, 118, 118, 119, 119),
    "cancelOrder": (3, 3, 3, 4, 4, 4, 4, 4, 4, 7, 7, 4, 5, 5, 5, 5, 5),
    "reqExecutions": (*(10,) * 16, 12),
    "reqContractDetails": (18, 18, 18, 18, *(19,) * 13),
    "exerciseOptions": (18, 18, 18, 18, 18, 18, 19, 20, *(21,) * 9),
    "reqGlobalCancel": (*(2,) * 12, 3, 3, 3, 3, 3),
    "reqHistoricalData": (23,) * 17,
    "reqMktData": (20,) * 17,
    "reqWshEventData": (0, 3, 3, 3, *(10,) * 13),
}  # fmt: skip
"""Request -> fields at each of `VERSIONS`, id included, without conditional blocks; 0: not yet."""

REPLY_VERSIONS = (157, 163, 166, 170, 176, 178, 183, 187, 193, 195, 200)

REPLY_COUNTS = {
    "openOrder": (128, 131, 131, 136, 136, 135, 136, 138, 141, 154, 156),
    "completedOrder": (96, 96, 96, 101, 101, 100, 101, 102, 102, 102, 103),
    "orderStatus": (12,) * 11,
    "executionData": (31, 31, 31, 31, 31, 32, 32, 32, 32, 32, 33),
    "commissionReport": (8,) * 11,
    "contractData": (39, 40, 40, 40, 40, 40, 41, 42, 42, 42, 42),
    "bondContractData": (35, 35, 36, 36, 36, 36, 36, 36, 39, 39, 39),
    "errMsg": (5, 5, *(6,) * 9),
    "historicalData": (*(5,) * 10, 3),
    "position": (16,) * 11,
    "positionMulti": (18,) * 11,
    "portfolioValue": (20,) * 11,
    "tickPrice": (7,) * 11,
    "tickSize": (5,) * 11,
    "tickOptionComputation": (12,) * 11,
    "marketDepthL2": (10,) * 11,
    "pnl": (5,) * 11,
    "pnlSingle": (7,) * 11,
}
"""Reply -> fields at each of `REPLY_VERSIONS` as a live gateway sends a plain one."""


def pipes(text: str) -> bytes:
    """Return a payload that is written with | for NUL."""
    return text.replace("|", "\0").encode()


@pytest.mark.parametrize("name", REQUEST_COUNTS)
def test_requests_have_the_published_number_of_fields(name: str) -> None:
    """The counts come from captures of several clients, version by version."""
    counts = tuple(REQUESTS.encode(v, Message(name, {})).count(b"\0") for v in VERSIONS)

    assert counts == REQUEST_COUNTS[name]


@pytest.mark.parametrize("name", REPLY_COUNTS)
def test_replies_have_the_published_number_of_fields(name: str) -> None:
    """The counts are those that live frames match."""
    counts = tuple(
        REPLIES.encode(v, Message(name, {})).count(b"\0") for v in REPLY_VERSIONS
    )

    assert counts == REPLY_COUNTS[name]


@pytest.mark.parametrize(
    ("name", "fields", "more"),
    [
        ("openOrder", {"o.deltaNeutralOrderType": ""}, -8),
        ("completedOrder", {"o.deltaNeutralOrderType": ""}, -4),
        ("openOrder", {"o.scalePriceIncrement": Decimal("0.1")}, 7),
        ("openOrder", {"o.hedgeType": "D"}, 1),
        ("openOrder", {"dncPresent": True}, 3),
        ("openOrder", {"o.algoStrategy": "Twap"}, 1),
        ("openOrder", {"o.orderType": "PEG BENCH"}, 5),
        ("contractData", {"c.secType": "FUND"}, 17),
        ("contractData", {"secIdList": ({"tag": "ISIN", "value": "US0"},)}, 2),
        ("tickByTick", {"tickType": 1}, 5),
        ("tickByTick", {"tickType": 3}, 5),
        ("tickByTick", {"tickType": 4}, 1),
    ],
)
def test_conditional_blocks_add_their_fields(
    name: str, fields: dict[str, Value], more: int
) -> None:
    """A block is there exactly when the fields before it say so."""
    plain = REPLIES.encode(200, Message(name, {})).count(b"\0")

    assert REPLIES.encode(200, Message(name, fields)).count(b"\0") == plain + more


def test_a_published_ib_async_order_is_read() -> None:
    """The frame that ib_async 2.1.0 sends for a limit order at 178, byte by byte."""
    order = REQUESTS.decode(
        178,
        pipes(
            "3|5|265598|AAPL|STK||0.0|||SMART||USD|||||BUY|100|LMT|150.25|||||O|0||1|0|0|0|0|0|0|0||0.0"
            "|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0|||||||0|||||||||0|0|0|0|||0|||"
        ),
    )

    assert order.name == "placeOrder"
    assert {name: value for name, value in order.fields.items() if value} == {
        "orderId": 5,
        "c.conId": 265598,
        "c.symbol": "AAPL",
        "c.secType": "STK",
        "c.exchange": "SMART",
        "c.currency": "USD",
        "o.action": "BUY",
        "o.totalQuantity": Decimal(100),
        "o.orderType": "LMT",
        "o.lmtPrice": Decimal("150.25"),
        "o.openClose": "O",
        "o.transmit": True,
        "o.exemptCode": -1,
    }
    assert order.fields["c.strike"] == 0
    assert order.fields["o.auxPrice"] is None


def test_a_published_ibapi_order_is_read() -> None:
    """The frame that ibapi sends at 200 spells every unset number out."""
    unset = "1.7976931348623157e+308"
    order = REQUESTS.decode(
        200,
        pipes(
            "3|5|265598|AAPL|STK|||||SMART||USD|||||BUY|100|LMT|150.25||DAY||DU1||0||1|0|0|0|0|0|0|0||0"
            "|||||||0||-1|0|||0|||0|0||0||||||0|||||0|||||||||||0|||0|0|||0||0|0|0|0||"
            f"{unset}|{unset}|{unset}|{unset}|{unset}|0||||{unset}|||||0|0|0||2147483647|2147483647|0||||0|0|2147483647|0|"
        ),
    )

    assert {name: order.fields[f"o.{name}"] for name in ("tif", "account", "lmtPrice")} == {
        "tif": "DAY",
        "account": "DU1",
        "lmtPrice": Decimal("150.25"),
    }
    assert order.fields["o.triggerPrice"] is None
    assert order.fields["o.cashQty"] is None
    assert order.fields["o.duration"] is None
    assert order.fields["o.manualOrderIndicator"] is None
    assert order.fields["o.imbalanceOnly"] is False


@pytest.mark.parametrize(
    ("version", "frame"),
    [
        (168, "4|1|5|"),
        (178, "4|1|5|20261123-10:00:00|"),
        (187, "4|1|5|20261123-10:00:00|||2147483647|"),
        (190, "4|1|5|20261123-10:00:00|"),
        (192, "4|5|20261123-10:00:00|me|1|"),
    ],
)
def test_cancels_are_read_at_every_version(version: int, frame: str) -> None:
    """The version field goes at 192, which would shift everything behind it."""
    cancel = REQUESTS.decode(version, pipes(frame))

    assert cancel.name == "cancelOrder"
    assert cancel.fields["orderId"] == 5
    time = cancel.fields.get("x.manualOrderCancelTime")
    assert time == ("20261123-10:00:00" if version >= 169 else None)


@pytest.mark.parametrize(
    ("version", "frame"), [(178, "58|1|"), (192, "58|me|2147483647|"), (200, "58|||")]
)
def test_global_cancels_are_read_at_every_version(version: int, frame: str) -> None:
    """One project saw a gateway accept empty tagging fields, too."""
    assert REQUESTS.decode(version, pipes(frame)).name == "reqGlobalCancel"


def test_execution_dates_are_a_counted_group() -> None:
    """At 200 a client may ask for several days."""
    asked = REQUESTS.decode(200, pipes("7|3|7|0|||||||2147483647|2|20261119|20261120|"))

    assert asked.fields["f.lastNDays"] is None
    assert asked.fields["specificDates"] == ({"date": 20261119}, {"date": 20261120})


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        ("54|3|1|0|AAPL|OPT|20261218|200|C||SMART||USD|||1.5|190||", "calculateImpliedVolatility"),
        ("54|2|1|0|AAPL|OPT|20261218|200|C||SMART||USD|||1.5|190|0||", "calculateImpliedVolatility"),
        ("55|3|1|0|AAPL|OPT|20261218|200|C||SMART||USD|||0.2|190||", "calculateOptionPrice"),
        ("55|3|1|0|AAPL|OPT|20261218|200|C||SMART||USD|||0.2|190|0||", "calculateOptionPrice"),
        ("52|2|1|265598|AAPL|STK|SMART||USD||ReportSnapshot|0||", "reqFundamentalData"),
        ("52|2|1|265598|AAPL|STK|SMART||USD||ReportSnapshot||", "reqFundamentalData"),
    ],
)  # fmt: skip
def test_options_may_come_with_a_count_or_without(frame: str, name: str) -> None:
    """Clients differ in three requests; both forms mean the same."""
    request = REQUESTS.decode(178, pipes(frame))

    assert request.name == name
    assert request.fields["reqId"] == 1


@pytest.mark.parametrize("increment", ["0", "0.05"])
def test_a_scale_block_behind_any_increment_is_read(increment: str) -> None:
    """@stoqey/ib sends the block for an increment of 0, too."""
    fields: dict[str, Value] = {
        "o.scalePriceIncrement": Decimal(1),
        "o.scaleInitPosition": 11,
        "o.scaleTable": "end",
    }
    texts = REQUESTS.encode(178, Message("placeOrder", fields)).split(b"\0")
    texts[72] = increment.encode()

    order = REQUESTS.decode(178, b"\0".join(texts))

    assert order.fields["o.scaleInitPosition"] == 11
    assert order.fields["o.scaleTable"] == "end"


@pytest.mark.parametrize(
    ("fields", "offset"),
    [
        ({"o.orderType": "PEG MID"}, Decimal("0.01")),
        (
            {"o.orderType": "PEGBEST", "o.competeAgainstBestOffset": Decimal("Infinity")},
            Decimal("0.01"),
        ),
        ({"o.orderType": "PEG BEST", "o.competeAgainstBestOffset": Decimal("0.02")}, None),
        ({"o.orderType": "LMT"}, None),
    ],
)
def test_mid_offsets_come_with_the_orders_that_have_them(
    fields: dict[str, Value], offset: Decimal | None
) -> None:
    """Pegged to the midpoint, or pegged to the best price up to the midpoint."""
    sent = {
        **fields,
        "o.midOffsetAtWhole": Decimal("0.01"),
        "o.midOffsetAtHalf": Decimal(0),
    }

    order = REQUESTS.decode(178, REQUESTS.encode(178, Message("placeOrder", sent)))

    assert order.fields.get("o.midOffsetAtWhole") == offset


def test_an_unknown_kind_of_condition_is_malformed() -> None:
    """What follows it could not be told apart."""
    sent: dict[str, Value] = {"orderId": 5, "conditions": ({"condType": 2},)}
    payload = REQUESTS.encode(178, Message("placeOrder", sent))

    with pytest.raises(Malformed, match="'condType' for input string: '2'") as caught:
        REQUESTS.decode(178, payload)
    assert caught.value.req_id == 5


def test_a_frame_that_ends_early_names_the_missing_field_and_the_request() -> None:
    """The answer can carry the id that the client knows, once it has been read."""
    with pytest.raises(Malformed) as caught:
        REQUESTS.decode(178, pipes("2|2|"))
    assert (caught.value.request, caught.value.req_id) == ("cancelMktData", None)

    with pytest.raises(Malformed) as caught:
        REQUESTS.decode(178, pipes("94|7|DU1|"))
    assert (caught.value.request, caught.value.req_id) == ("reqPnLSingle", 7)
    assert caught.value.reason == "Unable to parse field: 'modelCode': the message ended"


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ("2|2|AAPL|", "Unable to parse field: 'reqId' for input string: 'AAPL'"),
        ("2|2|1|extra|", "1 fields are left over"),
        (
            "7|3|7|0|||||||1|5|20261119|",
            "Unable to parse field: 'specificDates': 5 elements",
        ),
        ("7|3|7|0|||||||1|-1|", "Unable to parse field: 'specificDates': -1 elements"),
        ("2|2", "does not end in NUL"),
    ],
)
def test_malformed_frames_say_what_was_found(frame: str, reason: str) -> None:
    """TWS's own words where they are known."""
    with pytest.raises(Malformed, match=reason):
        REQUESTS.decode(200, pipes(frame))


@pytest.mark.parametrize("frame", ["777|", "|", "x|1|", "-1|", "01|", "105|"])
def test_unknown_ids_are_told_apart(frame: str) -> None:
    """105 exists, but only from 197 on."""
    with pytest.raises(UnknownRequest, match="Unknown message id"):
        REQUESTS.decode(178, pipes(frame))


def test_a_reply_that_the_client_does_not_know_is_empty() -> None:
    """HistoricalDataEnd begins at 196."""
    end = Message("historicalDataEnd", {"reqId": 1})

    assert REPLIES.encode(195, end) == b""
    assert REPLIES.encode(196, end) == pipes("108|1|||")


def test_sizes_are_whole_before_fractional_sizes() -> None:
    """Clients older than 163 read sizes as integers."""
    size = Message("tickSize", {"reqId": 1, "tickType": 0, "size": Decimal("2.5")})

    assert REPLIES.encode(162, size) == pipes("2|6|1|0|2|")
    assert REPLIES.encode(163, size) == pipes("2|6|1|0|2.5|")


def test_text_is_ascii_from_153_on() -> None:
    """Before, the bytes are UTF-8."""
    name = Message("tickString", {"reqId": 1, "tickType": 45, "value": "Zürich €"})

    assert REPLIES.encode(153, name) == pipes("46|6|1|45|Z\\u00fcrich \\u20ac|")
    assert REPLIES.encode(152, name) == pipes("46|6|1|45|Zürich €|")


@pytest.mark.parametrize(
    "fields", [{"orderId": (), "whyHeld": ""}, {"orderId": [1]}, {"conditions": 3}]
)
def test_values_of_the_wrong_shape_are_our_mistake(fields: dict[str, Value]) -> None:
    """They raise here, where the server turns them into a broker error."""
    name = "openOrder" if "conditions" in fields else "orderStatus"

    with pytest.raises(TypeError, match="expected"):
        REPLIES.encode(178, Message(name, fields))


TABLES = {
    "requests": (REQUESTS, Table(load_table("requests"))),
    "replies": (REPLIES, Table(load_table("replies"))),
}

SCALARS = {
    Kind.TEXT: st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8),
    Kind.INTEGER: st.integers(-(2**31), 2**31 - 2),
    Kind.LONG: st.integers(-(2**31), 2**53),
    Kind.FLOAT: st.decimals(-(10**9), 10**9, places=4),
    Kind.DECIMAL: st.decimals(-(10**9), 10**9, places=4),
    Kind.SIZE: st.decimals(0, 10**9, places=4),
    Kind.WHOLE: st.integers(0, 10**9).map(Decimal),
    Kind.BOOL: st.booleans(),
}

SPECIAL = {
    "condType": st.sampled_from([1, 3, 4, 5, 6, 7]),
    "tickType": st.sampled_from([1, 2, 3, 4]),
    "c.secType": st.sampled_from(["STK", "BAG", "FUND"]),
    "c.exchange": st.sampled_from(["SMART", "IBKRATS"]),
    "o.orderType": st.sampled_from(["LMT", "PEG BENCH", "PEG BEST", "PEG MID"]),
    "o.competeAgainstBestOffset": st.sampled_from([Decimal("Infinity"), Decimal("0.02")]),
}
"""Fields that decide about blocks."""


def flat(parts: Parts) -> Iterator[Field | Group]:
    """Yield every field and group that could be on the wire."""
    for part in parts:
        if isinstance(part, Field | Group):
            yield part
        else:
            yield from flat(part.parts)


@st.composite
def values(draw: st.DrawFn, parts: Parts) -> dict[str, Value]:
    """Draw a value for every field."""
    drawn: dict[str, Value] = {}
    for part in flat(parts):
        if isinstance(part, Group):
            drawn[part.name] = tuple(draw(st.lists(values(part.parts), max_size=3)))
        elif not part.is_constant:
            # The tick type of a request is a word, not a number.
            special = SPECIAL if (part.name, part.kind) != ("tickType", Kind.TEXT) else {}
            drawn[part.name] = draw(special.get(part.name, SCALARS[part.kind]))
    return drawn


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, int, Layout]:
    """Draw a direction, a version and one of its layouts."""
    direction = draw(st.sampled_from(sorted(TABLES)))
    version = draw(st.integers(VERSION_MIN, VERSION_MAX))
    return direction, version, draw(st.sampled_from(TABLES[direction][1].at(version)))


def holds(read: Fields, sent: Fields) -> bool:
    """Return True when everything that was read is what was sent."""
    for name, value in read.items():
        other = sent[name]
        if isinstance(value, tuple) and isinstance(other, tuple):
            if not all(holds(*pair) for pair in zip(value, other, strict=True)):
                return False
        elif value != other:
            return False
    return True


@given(layouts(), st.data())
def test_every_message_reads_back_as_it_was_written(
    chosen: tuple[str, int, Layout], data: st.DataObject
) -> None:
    """At every version, with any block and any number of elements, for both directions."""
    direction, version, layout = chosen
    codec = TABLES[direction][0]
    sent = Message(layout.name, data.draw(values(layout.parts)))

    read = codec.decode(version, codec.encode(version, sent))

    assert read.name == sent.name
    assert holds(read.fields, sent.fields)


@given(
    st.integers(VERSION_MIN, VERSION_MAX),
    st.integers(0, 120),
    st.lists(
        st.sampled_from(
            ["", "0", "1", "5", "-1", "x", "BAG", "PEG BEST", "1e308", "Infinity"]
        ),
        max_size=160,
    ),
)
def test_no_frame_does_more_than_be_malformed(
    version: int, number: int, texts: list[str]
) -> None:
    """Whatever a client sends, the codec answers with a message or with what is wrong."""
    payload = b"".join(text.encode() + b"\0" for text in [str(number), *texts])
    with contextlib.suppress(Malformed):
        assert REQUESTS.decode(version, payload).name
