"""What an order is: total over all evidence, never wiser than the broker."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.lifecycle import (
    TRANSITIONS,
    Absent,
    CancelConfirmed,
    CancelRequested,
    Denied,
    Doubt,
    Evidence,
    Executed,
    Noticed,
    OpenReported,
    OrderState,
    Rejected,
    Reserved,
    Sent,
    Sign,
    StatusReported,
    Withdrawn,
    next_state,
)

S = OrderState
STATUSES = (
    *("ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "Inactive"),
    *("PendingCancel", "ApiCancelled", "Cancelled", "Filled", "ValidationError", ""),
)
NOTICES = (10349, 399, 404, 2109, 2161, 10311, 10329, 10333)


def status(word: str, filled: int = 0) -> StatusReported:
    """Return orderStatus of an order of 10."""
    return StatusReported(
        status=word, filled=Decimal(filled), remaining=Decimal(10 - filled)
    )


def executed(cumulative: int) -> Executed:
    """Return executions of an order of 10."""
    return Executed(cumulative=Decimal(cumulative), quantity=Decimal(10))


OURS: tuple[Evidence, ...] = (
    Reserved(),
    Denied(),
    Sent(),
    Withdrawn(reason="queued too long"),
    CancelRequested(),
    Doubt(reason="the connection broke"),
)
BROKERS: tuple[Evidence, ...] = (
    *(status(word, filled) for word in STATUSES for filled in (0, 4)),
    status("Filled", 10),
    *(OpenReported(status=word) for word in STATUSES),
    *(executed(cumulative) for cumulative in (0, 4, 10, 11)),
    Executed(cumulative=Decimal(4), quantity=Decimal(0)),
    Rejected(code=201),
    Rejected(code=201, was_working=True),
    CancelConfirmed(),
    *(Noticed(code=code) for code in NOTICES),
    Absent(was_seen=True),
    Absent(was_seen=False),
)
EVERYTHING = (*OURS, *BROKERS)
ENDED = tuple(state for state in S if not state.is_open)


def after(state: OrderState, *seen: Evidence) -> OrderState:
    """Return where `seen` leads from `state`."""
    for evidence in seen:
        state = next_state(state, evidence)
    return state


def test_ended_states_are_those_that_cannot_trade() -> None:
    """An unknown outcome counts as open: it may trade."""
    assert set(ENDED) == {
        S.DENIED,
        S.FILLED,
        S.CANCELLED,
        S.REJECTED,
        S.EXPIRED,
        S.WITHDRAWN,
    }


# The table as a whole.


def test_every_pair_of_state_and_evidence_has_an_answer() -> None:
    """No evidence, in whatever state, is an exception."""
    assert set(TRANSITIONS) == set(S)
    for state in S:
        for evidence in EVERYTHING:
            assert next_state(state, evidence) in S


def test_every_state_is_reached_from_a_draft() -> None:
    """None is there for show."""
    reached = {S.DRAFT}
    while (
        more := {
            next_state(state, evidence) for state in reached for evidence in EVERYTHING
        }
        - reached
    ):
        reached |= more

    assert reached == set(S)


def test_every_kind_of_evidence_is_sampled_here() -> None:
    """A new one must join these tests."""
    kinds = {kind.__name__ for kind in Evidence.__subclasses__()}

    assert {type(evidence).__name__ for evidence in EVERYTHING} == kinds
    assert {sign for row in TRANSITIONS.values() for sign in row} == set(Sign) - {
        Sign.NOTHING
    }


@pytest.mark.parametrize("state", S)
def test_repeated_evidence_changes_nothing_more(state: OrderState) -> None:
    """Duplicated messages are normal (RISK F10)."""
    works = (S.WORKING, S.PARTIAL, S.PENDING_CANCEL)
    for evidence in EVERYTHING:
        if evidence == Rejected(code=201) and state in works:
            continue  # Says that what works never did: asked about once, believed the second time.
        once = next_state(state, evidence)
        assert next_state(once, evidence) is once, evidence


@pytest.mark.parametrize("evidence", OURS, ids=repr)
def test_only_the_broker_leads_out_of_unknown(evidence: Evidence) -> None:
    """What we did or fear proves nothing about what the broker has (RISK §3)."""
    assert next_state(S.UNKNOWN, evidence) is S.UNKNOWN


@given(st.lists(st.sampled_from(OURS), max_size=8))
def test_without_a_word_of_the_broker_nothing_sent_ever_ends(seen: list[Evidence]) -> None:
    """A local end needs evidence (RISK I7)."""
    assert after(S.SENT, *seen).is_open


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("evidence", OURS, ids=repr)
def test_nothing_of_ours_moves_an_order_that_has_ended(
    state: OrderState, evidence: Evidence
) -> None:
    """Reservations are released exactly once."""
    assert next_state(state, evidence) is state


def _moves_of_the_ended() -> set[tuple[OrderState, OrderState]]:
    return {
        (state, next_state(state, evidence))
        for state in (S.FILLED, S.CANCELLED, S.REJECTED, S.DENIED)
        for evidence in EVERYTHING
    }


def test_ends_that_the_broker_declared_hold_but_for_executions() -> None:
    """A cancel and a fill may cross on the way (RISK F11); an execution refutes a rejection."""
    moves = {(state, to) for state, to in _moves_of_the_ended() if state is not to}

    assert moves == {
        (S.CANCELLED, S.FILLED),
        (S.REJECTED, S.FILLED),
        (S.REJECTED, S.UNKNOWN),
    }


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("code", NOTICES)
def test_a_notice_changes_nothing(state: OrderState, code: int) -> None:
    """ib_async marks an order cancelled on 10349, which is only a notice (RISK P1)."""
    assert next_state(state, Noticed(code=code)) is state


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize(
    "evidence",
    [
        status("ValidationError"),
        OpenReported(status="ApiUpdate"),
        status("", 4),
        executed(0),
    ],
    ids=repr,
)
def test_a_status_that_the_broker_does_not_have_says_nothing(
    state: OrderState, evidence: Evidence
) -> None:
    """ib_async's own inventions are not the broker's word; nor is an execution taken back whole."""
    assert next_state(state, evidence) is state


# The usual ways.


@pytest.mark.parametrize(
    ("seen", "end"),
    [
        ((Denied(),), S.DENIED),
        ((Reserved(), Withdrawn()), S.WITHDRAWN),
        ((Reserved(), Sent()), S.SENT),
        ((Reserved(), Sent(), status("PendingSubmit")), S.ACKED),
        ((Reserved(), Sent(), OpenReported(status="PreSubmitted")), S.WORKING),
        ((Reserved(), Sent(), executed(10)), S.FILLED),
        (
            (Reserved(), Sent(), status("Submitted"), executed(4), status("Submitted", 4)),
            S.PARTIAL,
        ),
        (
            (Reserved(), Sent(), status("Submitted"), executed(4), executed(10)),
            S.FILLED,
        ),
        ((Reserved(), Sent(), Rejected(code=201), status("Inactive")), S.REJECTED),
        ((Reserved(), Sent(), status("PendingSubmit"), Rejected(code=201)), S.REJECTED),
        (
            (Reserved(), Sent(), status("Submitted"), CancelRequested()),
            S.PENDING_CANCEL,
        ),
        (
            (Reserved(), Sent(), status("Submitted"), CancelRequested(), CancelConfirmed()),
            S.CANCELLED,
        ),
        ((Reserved(), Doubt(), Absent(was_seen=False)), S.WITHDRAWN),
        (
            (Reserved(), Sent(), status("Submitted"), Doubt(), Absent(was_seen=True)),
            S.EXPIRED,
        ),
        ((Reserved(), Sent(), Doubt(), status("Submitted", 4)), S.PARTIAL),
    ],
)
def test_a_life_is_told_by_its_messages(
    seen: tuple[Evidence, ...], end: OrderState
) -> None:
    """From a draft, step by step."""
    assert after(S.DRAFT, *seen) is end


# The unusual ones.


@pytest.mark.parametrize("state", [S.WORKING, S.PARTIAL, S.PENDING_CANCEL])
@pytest.mark.parametrize("late", ["PendingSubmit", "PreSubmitted", "Submitted", "Inactive"])
def test_a_late_report_never_takes_an_order_back(state: OrderState, late: str) -> None:
    """Statuses are repeated and overtake each other."""
    assert next_state(state, status(late)) is state
    assert next_state(state, OpenReported(status=late)) is state


@pytest.mark.parametrize("state", [state for state in S if state.is_open])
def test_inactive_is_never_an_end(state: OrderState) -> None:
    """It is blocked or held, and may become live again (RISK §4)."""
    assert next_state(state, status("Inactive")).is_open


@pytest.mark.parametrize("state", [S.SENT, S.ACKED, S.WORKING, S.PARTIAL])
def test_a_requested_cancel_is_not_a_cancel(state: OrderState) -> None:
    """It may come too late."""
    asked = next_state(state, CancelRequested())

    assert asked is S.PENDING_CANCEL
    assert next_state(asked, executed(4)) is S.PENDING_CANCEL
    assert next_state(asked, executed(10)) is S.FILLED


def test_a_fill_that_crossed_a_cancel_counts() -> None:
    """The cancel was confirmed, and all of it had filled before."""
    assert after(S.PENDING_CANCEL, CancelConfirmed(), executed(10)) is S.FILLED


def test_a_part_that_crossed_a_cancel_revives_nothing() -> None:
    """Its remainder stays cancelled."""
    assert after(S.PENDING_CANCEL, CancelConfirmed(), executed(4)) is S.CANCELLED


def test_executions_after_the_word_filled_do_not_reopen_an_order() -> None:
    """The status may overtake the first of several executions."""
    assert after(S.WORKING, status("Filled", 10), executed(4), executed(10)) is S.FILLED


def test_an_execution_does_not_clear_a_doubt_about_the_rest() -> None:
    """It proves what has filled; whether the remainder lives is asked."""
    assert next_state(S.UNKNOWN, executed(4)) is S.UNKNOWN
    assert next_state(S.UNKNOWN, executed(10)) is S.FILLED


def test_an_execution_of_a_total_not_known_yet_fills_nothing_whole() -> None:
    """An order placed elsewhere may show its execution before its size."""
    unknown_total = Executed(cumulative=Decimal(4), quantity=Decimal(0))

    assert next_state(S.ACKED, unknown_total) is S.PARTIAL


@pytest.mark.parametrize("state", [S.REJECTED, S.WITHDRAWN])
def test_an_execution_of_what_never_was_is_a_doubt(state: OrderState) -> None:
    """The two contradict each other, and the broker has to be asked."""
    assert next_state(state, executed(4)) is S.UNKNOWN


@pytest.mark.parametrize("state", [S.WORKING, S.PARTIAL, S.PENDING_CANCEL])
def test_a_refusal_of_what_works_is_a_doubt_not_an_end(state: OrderState) -> None:
    """It may have refused a change, and the old order lives."""
    assert next_state(state, Rejected(code=201)) is S.UNKNOWN
    refused_again = Rejected(code=201, was_working=True)
    assert after(state, refused_again, refused_again) is S.UNKNOWN


@pytest.mark.parametrize("state", [S.EXPIRED, S.WITHDRAWN])
@pytest.mark.parametrize(
    ("answer", "then"),
    [
        (status("Submitted"), S.WORKING),
        (status("Submitted", 4), S.PARTIAL),
        (status("PendingCancel"), S.PENDING_CANCEL),
        (status("Cancelled"), S.CANCELLED),
        (Rejected(code=201), S.REJECTED),
        (executed(10), S.FILLED),
    ],
)
def test_an_answer_that_was_only_slow_is_worth_more_than_absence(
    state: OrderState, answer: Evidence, then: OrderState
) -> None:
    """Missing from two snapshots is the weakest end; a live order must never pass for a dead one (RISK F14)."""
    assert next_state(state, answer) is then


def test_a_part_that_filled_before_an_order_was_gone_leaves_it_gone() -> None:
    """The broker had it, and has it no more."""
    assert next_state(S.EXPIRED, executed(4)) is S.EXPIRED


@pytest.mark.parametrize("state", [state for state in S if state is not S.UNKNOWN])
@pytest.mark.parametrize("was_seen", [True, False])
def test_absence_says_nothing_of_an_order_that_is_not_in_doubt(
    state: OrderState, *, was_seen: bool
) -> None:
    """A snapshot may be older than the order."""
    assert next_state(state, Absent(was_seen=was_seen)) is state
