"""Fault scripts: what they may say, and one clear line for what they may not."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.faults.fault_plan import Plan
from edgerunner_lab.sim.faults.fault_script import ScriptError, fault_of, script_faults
from edgerunner_lab.sim.faults.fault_shapes import PARAMETERS, SHAPES
from edgerunner_lab.sim.faults.faults import Fault, What, When
from edgerunner_lab.sim.faults.vocabulary import load_vocabulary
from rigs.stages import VOCABULARY

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def test_a_script_is_read_in_its_order() -> None:
    """Every kind of `when`, and parameters of every kind."""
    faults = script_faults(
        """
[[fault]]
what = "delay"
seconds = 0.5
lasting = 60
messages = ["orderStatus", "openOrder"]
client = 3
when = {message = "placeOrder", nth = 2, connect = 1}
[[fault]]
what = "correct"
price = 101.55
when = {daily = "23:45:30"}
""",
        VOCABULARY,
    )

    assert faults == (
        Fault(
            what=What.DELAY,
            seconds=0.5,
            lasting=60,
            messages=frozenset({"orderStatus", "openOrder"}),
            client=3,
            when=When(message="placeOrder", nth=2, connect=1),
        ),
        Fault(what=What.CORRECT, price=Decimal("101.55"), when=When(daily=85_530)),
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[[fault", "it is not TOML: "),
        ("[fault]\nwhat = 'drop'", "found 'fault', expected nothing but [[fault]] tables"),
        ("faults = 1", "found 'faults', expected nothing but [[fault]] tables"),
        ("[[fault]]\nwhen = {}", "fault 1: what was None, expected one of drop, reset,"),
        (
            "[[fault]]\nwhat = 'drop'\n[[fault]]\nwhat = 'x'",
            "fault 2: what was 'x', expected",
        ),
        (
            "[[fault]]\nwhat = 'drop'\nbytes = 1",
            "fault 1: drop does not take 'bytes', expected",
        ),
        (
            "[[fault]]\nwhat = 'notice'",
            "fault 1: notice needs 'code': the broker's message",
        ),
        (
            "[[fault]]\nwhat = 'notice'\ncode = 0",
            "fault 1: code was 0, expected a whole number",
        ),
        (
            "[[fault]]\nwhat = 'notice'\ncode = true",
            "fault 1: code was True, expected a whole",
        ),
        (
            "[[fault]]\nwhat = 'delay'\nseconds = 'a'",
            "fault 1: seconds was 'a', expected a",
        ),
        (
            "[[fault]]\nwhat = 'delay'\nseconds = nan",
            "fault 1: seconds was nan, expected a",
        ),
        (
            "[[fault]]\nwhat = 'lose'\nmessages = 'x'",
            "fault 1: messages was 'x', expected a list",
        ),
        (
            "[[fault]]\nwhat = 'lose'\nmessages = ['x']",
            "fault 1: messages was 'x', expected a",
        ),
        (
            "[[fault]]\nwhat = 'correct'\nprice = 'x'",
            "fault 1: price was 'x', expected a number",
        ),
        (
            "[[fault]]\nwhat = 'outage'\nlasting = 1\ndata_lost = 1",
            "fault 1: data_lost was 1",
        ),
        (
            "[[fault]]\nwhat = 'bust'\nexec_id = 1",
            "fault 1: exec_id was 1, expected a text",
        ),
        ("[[fault]]\nwhat = 'reject'\ncode = 1\nrequest = 'x'", "fault 1: request was 'x'"),
        ("[[fault]]\nwhat = 'drop'\nwhen = 5", "fault 1: when was 5, expected a table"),
        (
            "[[fault]]\nwhat = 'drop'\nwhen = {x = 1}",
            "fault 1: when has 'x', expected one of",
        ),
        ("[[fault]]\nwhat = 'drop'\nwhen = {nth = 1}", "fault 1: when has 'nth' without"),
        (
            "[[fault]]\nwhat = 'drop'\nwhen = {daily = '25:00'}",
            "fault 1: daily was '25:00'",
        ),
        (
            "[[fault]]\nwhat = 'drop'\nwhen = {after = -1}",
            "fault 1: after was -1, expected",
        ),
        (
            "[[fault]]\nwhat = 'drop'\nwhen = {connect = 0}",
            "fault 1: connect was 0, expected",
        ),
        (
            "[[fault]]\nwhat = 'drop'\nwhen = {message = 'x'}",
            "fault 1: message was 'x', expec",
        ),
        (
            "[[fault]]\nwhat = 'drop'\nclient = 2\nwhen = {connect = 1}",
            "fault 1: a new connection has no client id yet, expected",
        ),
        (
            "[[fault]]\nwhat = 'drop'\nwhen = {after = 1, connect = 1}",
            "fault 1: when has ['after', 'connect'], expected 'after' or 'daily' alone",
        ),
    ],
)
def test_what_cannot_be_read_is_one_line(text: str, line: str) -> None:
    """Which fault, what was found and what was expected."""
    with pytest.raises(ScriptError) as refused:
        script_faults(text, VOCABULARY)

    assert str(refused.value).startswith(line)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["U1234567", "U7654321", "U" + "1" * 7, "DU12", "F1", ""])
def test_an_account_that_looks_live_needs_a_test_that_asks_for_it(name: str) -> None:
    """And even then there are two numbers, both made up."""
    row = {"what": "account", "name": name}
    with pytest.raises(ScriptError, match="the account"):
        fault_of(row, load_vocabulary())
    if name in ("U1234567", "U7654321"):
        assert fault_of(row, VOCABULARY).name == name
    else:
        with pytest.raises(
            ScriptError, match="expected DU and five to eight digits, or U12"
        ):
            fault_of(row, VOCABULARY)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["what", "when", "after", *PARAMETERS])
                | st.text(max_size=3),
                inner | st.sampled_from(list(What)),
                max_size=5,
            )
        ),
    )
)
def test_any_table_is_a_fault_or_refused(row: object) -> None:
    """Nothing that JSON can hold does anything else."""
    try:
        fault = fault_of(row, VOCABULARY)
    except ScriptError as refused:
        assert str(refused)  # noqa: PT017  either way is right
    else:
        assert fault.what in SHAPES


def test_every_kind_has_a_shape_and_every_parameter_is_taken() -> None:
    """The documentation is made of these tables."""
    taken = {name for shape in SHAPES.values() for name in (*shape.takes, *shape.needs)}

    assert set(SHAPES) == set(What)
    assert taken == set(PARAMETERS)


def test_daily_faults_follow_new_york_through_the_change_of_clocks() -> None:
    """23:45 there is 03:45 UTC in October and 04:45 in November."""
    plan = Plan((), NOON)
    october = datetime(2026, 10, 31, 12, tzinfo=UTC)
    fault = Fault(what=What.DROP, when=When(daily=23 * 3600 + 45 * 60))
    plan.add(fault, october)

    first = plan.next_due()
    assert first is not None
    assert first == datetime(2026, 11, 1, 3, 45, tzinfo=UTC)
    assert plan.due(first) == [fault]
    assert plan.next_due() == first + timedelta(hours=25)


def test_a_message_is_counted_on_the_connection_and_client_that_are_meant() -> None:
    """Others do not set it off, nor do they count."""
    fault = Fault(what=What.DROP, client=5, when=When(message="reqIds", nth=2, connect=3))
    plan = Plan((fault,), NOON)
    for connection, client_id in ((3, 4), (2, 5), (3, 5), (1, 5)):
        assert plan.named("reqIds", connection, client_id) == []

    assert plan.named("placeOrder", 3, 5) == []
    assert plan.named("reqIds", 3, 5) == [fault]
    assert plan.waiting == []
