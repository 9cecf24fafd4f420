"""Cutting a magic's line into words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.magics.words import LINE_CHARS_MAX, Usage, Words, quoted, read

USAGE = Usage(
    magic="%probe",
    example="%probe a --host H",
    options=("--host", "--port"),
    flags=("--loud",),
)


CUT: list[tuple[str, tuple[str, ...], dict[str, str], set[str]]] = [
    ("", (), {}, set()),
    ("   ", (), {}, set()),
    ("a b", ("a", "b"), {}, set()),
    ("  a \t b  ", ("a", "b"), {}, set()),
    ('"two words" a', ("two words", "a"), {}, set()),
    ("'it is \"quoted\"'", ('it is "quoted"',), {}, set()),
    ("a --host h b", ("a", "b"), {"--host": "h"}, set()),
    ("--host=h", (), {"--host": "h"}, set()),
    ("--host=", (), {"--host": ""}, set()),
    ('--host "--port"', (), {"--host": "--port"}, set()),
    ('--host="two words" a', ("a",), {"--host": "two words"}, set()),
    ("--host=a=b", (), {"--host": "a=b"}, set()),
    ("--loud --port 1", (), {"--port": "1"}, {"--loud"}),
    ("$name {name}", ("$name", "{name}"), {}, set()),
    ("-5", ("-5",), {}, set()),
]


@pytest.mark.parametrize(("line", "plain", "values", "flags"), CUT)
def test_lines_are_cut_at_spaces_and_quotes(
    line: str, plain: tuple[str, ...], values: dict[str, str], flags: set[str]
) -> None:
    """Words, options and flags come out in order, with nothing expanded."""
    assert read(line, USAGE) == Words(plain=plain, values=values, flags=frozenset(flags))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("--what x", '"--what"'),
        ("--host", '"--host" alone'),
        ("--host --port 1", '"--host" alone'),
        ("--host a --host b", '"--host" twice'),
        ("--loud --loud", '"--loud" twice'),
        ("--loud=yes", '"--loud=yes"'),
        ('a "b', '""b" with its quote left open'),
        ("--host='b", "with its quote left open"),
        ("x" * (LINE_CHARS_MAX + 1), "513 characters"),
        ("--\x1b[31m", "\\x1b[31m"),
    ],
)
def test_wrong_lines_say_what_was_found_on_one_line(line: str, found: str) -> None:
    """The message repeats the part that was wrong, and gives a right example."""
    with pytest.raises(UsageError) as caught:
        read(line, USAGE)

    message = str(caught.value)
    assert found in message
    assert message.startswith("%probe: found ")
    assert message.endswith("for example: %probe a --host H")
    assert message.isprintable()


def test_a_magic_without_options_says_so() -> None:
    """An option where none exists is answered with that fact."""
    with pytest.raises(UsageError, match="expected no options"):
        read("--host h", Usage(magic="%status", example="%status"))


def test_a_long_word_is_repeated_in_part() -> None:
    """What was found never fills the page."""
    assert len(quoted("y" * 400)) == 42


@given(st.text(max_size=LINE_CHARS_MAX + 20))
def test_any_line_is_cut_or_refused_on_one_line(line: str) -> None:
    """Whatever is typed, the only exception is a UsageError that is one printable line."""
    try:
        words = read(line, USAGE)
    except UsageError as error:
        assert str(error).isprintable()  # noqa: PT017  both outcomes are right
    else:
        assert set(words.values) <= {"--host", "--port"}
        assert words.flags <= {"--loud"}
