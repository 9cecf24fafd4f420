"""Message codes, against a transcription of RISK §4(e) made apart from the table in the code."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.codes import CODES, Effect, Severity, classify

NONE, REJ, MAYBE, CXL = (
    Effect.NONE,
    Effect.REJECTED,
    Effect.REJECTED_PROBABLY,
    Effect.CANCELLED,
)
LIVE, CANV, MODV, UNK = (
    Effect.LIVE,
    Effect.CANCEL_VERDICT,
    Effect.MODIFY_VERDICT,
    Effect.UNKNOWN,
)
LOW, MEDIUM, HIGH, CRITICAL = Severity

ROWS = (
    ("1100", HIGH, UNK),
    ("1101", MEDIUM, NONE),
    ("1102", MEDIUM, NONE),
    ("1300", CRITICAL, UNK),
    ("2110", HIGH, UNK),
    ("2103", HIGH, NONE),
    ("2105", LOW, NONE),
    ("2157", MEDIUM, NONE),
    ("2104 2106 2158 2107 2108 2119", LOW, NONE),
    ("2100 2101", HIGH, NONE),
    ("2102", MEDIUM, MODV),
    ("2109", MEDIUM, LIVE),
    ("2137", MEDIUM, LIVE),
    ("2148 2150 2152 2168 2169 2176", LOW, LIVE),
    ("2161", MEDIUM, LIVE),
    ("100", HIGH, UNK),
    ("101", MEDIUM, NONE),
    ("102 322 385 386", MEDIUM, NONE),
    ("103", HIGH, MAYBE),
    ("104", MEDIUM, MODV),
    ("105", MEDIUM, MODV),
    ("106 107 111 113", MEDIUM, MAYBE),
    ("109 163", MEDIUM, MAYBE),
    ("382 383", MEDIUM, REJ),
    ("110", MEDIUM, REJ),
    ("116 387 412", MEDIUM, MAYBE),
    ("117 160 355 10250", MEDIUM, MAYBE),
    ("388 434", MEDIUM, REJ),
    ("122 138-145", HIGH, MAYBE),
    ("125 126", MEDIUM, MAYBE),
    ("132 435 436", HIGH, MAYBE),
    ("133", HIGH, UNK),
    ("134 329 422 440 10241 10242 10341", MEDIUM, MODV),
    ("135", HIGH, CANV),
    ("136 137 161 10148", HIGH, CANV),
    ("10147", HIGH, CANV),
    ("146 158 159 168 361-364 403 10240", MEDIUM, MAYBE),
    ("147 148 398 402", MEDIUM, MAYBE),
    ("154", MEDIUM, MAYBE),
    ("162 165 166 366 420", LOW, NONE),
    ("164", MEDIUM, MAYBE),
    ("200", MEDIUM, MAYBE),
    ("201", MEDIUM, REJ),
    ("202", LOW, CXL),
    ("203", MEDIUM, REJ),
    ("460", MEDIUM, MAYBE),
    ("300 310 365", LOW, NONE),
    ("309 316 317", LOW, NONE),
    ("320 323", HIGH, UNK),
    ("321", MEDIUM, MAYBE),
    ("326", HIGH, NONE),
    ("354 10089 10090 10091 10168 10186 10187 10189 10190", MEDIUM, NONE),
    ("10167", MEDIUM, NONE),
    ("10197", HIGH, NONE),
    ("10182 10225", MEDIUM, NONE),
    ("392 10254", MEDIUM, MAYBE),
    ("395 396 397", HIGH, MAYBE),
    ("399", MEDIUM, LIVE),
    ("404", MEDIUM, LIVE),
    ("405 10006", HIGH, MAYBE),
    ("406 407 579", HIGH, MAYBE),
    ("411", MEDIUM, MAYBE),
    ("10349 10233 10311 10329 10331 10332 10333 10347", MEDIUM, LIVE),
    ("426", MEDIUM, MAYBE),
    ("438 10015", HIGH, MAYBE),
    ("439 441 442 443", MEDIUM, MAYBE),
    ("481", HIGH, LIVE),
    ("492", LOW, NONE),
    ("501", LOW, NONE),
    ("502 504", HIGH, UNK),
    ("503 506", CRITICAL, NONE),
    ("505 507 508 509 586", CRITICAL, UNK),
    ("512", HIGH, UNK),
    ("515 538", CRITICAL, UNK),
    ("510 511 513 514 516-537 539-575", MEDIUM, NONE),
    ("10000-10005 10007-10014 10016-10027", MEDIUM, MAYBE),
    ("10243 10245-10249 10251 10252 10285 10286 10318", MEDIUM, MAYBE),
    ("10244 10289 10290 10293 10317", MEDIUM, MAYBE),
    ("10268-10270 10297 10308 10316 10340 10342 10256 10257", MEDIUM, MAYBE),
    ("10276 10277", LOW, NONE),
    ("10328", CRITICAL, UNK),
)
"""Codes and ranges, severity, effect on the new order that a message names.
Where RISK has two rows for a code (10006, 10015, 10250, 10244, 538), the narrower one holds."""


def expanded() -> Iterator[tuple[int, Severity, Effect]]:
    """Yield every code of the transcription."""
    for codes, severity, effect in ROWS:
        for word in codes.split():
            first, _, last = word.partition("-")
            for code in range(int(first), int(last or first) + 1):
                yield code, severity, effect


LISTED = list(expanded())


@pytest.mark.parametrize(("code", "severity", "effect"), LISTED)
def test_every_listed_code_is_classified_as_the_table_says(
    code: int, severity: Severity, effect: Effect
) -> None:
    """For a message that names a new order of ours."""
    known = classify(code, has_order=True)

    assert (known.code, known.severity, known.effect) == (code, severity, effect)
    assert known.meaning


def test_no_code_is_listed_twice_or_only_in_one_of_the_tables() -> None:
    """A later row would silently replace an earlier one."""
    codes = [code for code, _, _ in LISTED]

    assert len(codes) == len(set(codes))
    assert set(CODES) == set(codes)


@pytest.mark.parametrize(("code", "severity", "effect"), LISTED)
def test_without_an_order_a_message_at_most_casts_doubt(
    code: int, severity: Severity, effect: Effect
) -> None:
    """A request for bars that failed validation has rejected no order."""
    known = classify(code, has_order=False)

    assert known.effect is (UNK if effect is UNK else NONE)
    assert known.severity is severity


unlisted = st.integers(min_value=-(2**31), max_value=2**31).filter(
    lambda code: code not in CODES
)


@given(unlisted.filter(lambda code: not 2100 <= code < 2200))
def test_an_unknown_code_is_a_doubt_about_the_order_it_names(code: int) -> None:
    """The broker's list is incomplete; what is not known is asked for (RISK F21)."""
    assert classify(code, has_order=True).effect is UNK
    assert classify(code, has_order=False).effect is NONE
    assert {classify(code, has_order=flag).severity for flag in (True, False)} == {MEDIUM}


@pytest.mark.parametrize("code", [2111, 2199])
def test_an_unknown_warning_is_only_a_warning(code: int) -> None:
    """2100 to 2199 are warnings by the broker's own numbering."""
    known = classify(code, has_order=True)

    assert (known.severity, known.effect) == (LOW, LIVE)
    assert classify(code, has_order=False).effect is NONE


READ_ONLY = "Error validating request.-'bF' : cause - The API interface is currently in Read-Only mode."


def test_read_only_mode_is_told_apart_by_its_words() -> None:
    """Nothing else tells, and only a human can change it."""
    known = classify(321, has_order=True, text=READ_ONLY)

    assert (known.severity, known.effect) == (HIGH, REJ)
    assert "read-only" in known.meaning
    assert known.action
    assert classify(321, has_order=False, text=READ_ONLY).severity is HIGH


@pytest.mark.parametrize("code", [110, 321])
def test_a_refusal_of_an_order_that_works_is_a_verdict_on_its_change(code: int) -> None:
    """The old order lives, whatever the words."""
    for text in ("", READ_ONLY):
        assert classify(code, has_order=True, is_working=True, text=text).effect is MODV


@pytest.mark.parametrize("code", [162, 420])
def test_too_many_requests_for_history_are_graver_than_none_to_give(code: int) -> None:
    """The first needs a pause, the second nothing."""
    words = "Historical Market Data Service error message:API historical data query: pacing violation"

    assert classify(code, has_order=False, text=words).severity is MEDIUM
    assert (
        classify(code, has_order=False, text="HMDS query returned no data").severity is LOW
    )


def test_severities_are_ordered() -> None:
    """So that the gravest of several can be taken."""
    assert max(LOW, CRITICAL, MEDIUM, HIGH) is CRITICAL
