"""What each magic's line means."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.magics import args
from edgerunner_lab.magics.args import BarsArgs, ConnectArgs, HaltArgs, RiskArgs
from edgerunner_lab.magics.usages import USAGES

Reader = Callable[[str], object]

READERS: dict[str, Reader] = {
    "%connect": args.connect_args,
    "%disconnect": lambda line: args.no_args(line, "%disconnect"),
    "%status": lambda line: args.no_args(line, "%status"),
    "%quote": lambda line: args.some_symbols(line, "%quote"),
    "%watch": lambda line: args.symbols(line, "%watch"),
    "%search": args.pattern,
    "%bars": args.bars_args,
    "%order": args.order_text,
    "%%basket": args.basket_args,
    "%modify": args.modify_args,
    "%cancel": args.cancel_what,
    "%orders": lambda line: args.no_args(line, "%orders"),
    "%fills": lambda line: args.no_args(line, "%fills"),
    "%blotter": lambda line: args.no_args(line, "%blotter"),
    "%resolve": args.resolve_ref,
    "%positions": lambda line: args.no_args(line, "%positions"),
    "%account": lambda line: args.no_args(line, "%account"),
    "%risk": args.risk_args,
    "%why": args.why_ref,
    "%close": args.close_symbol,
    "%flatten": lambda line: args.halt_reason(line, "%flatten"),
    "%halt": args.halt_args,
    "%resume": args.resume_reason,
}


def test_every_magic_has_a_reader_and_a_usage() -> None:
    """The tables of this module and of the product name the same magics."""
    assert set(READERS) == set(USAGES)


@pytest.mark.parametrize("magic", USAGES)
def test_every_example_is_right(magic: str) -> None:
    """The line that a message offers is one that works."""
    usage = USAGES[magic]
    name, _, line = usage.example.partition(" ")

    assert name == magic
    READERS[magic](line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ConnectArgs()),
        ("sim", ConnectArgs(profile="sim")),
        ("PAPER", ConnectArgs(profile="paper")),
        ("live-gateway", ConnectArgs(profile="live-gateway")),
        ("paper --port 4002", ConnectArgs(profile="paper", port=4002)),
        ("--port=1 live", ConnectArgs(profile="live", port=1)),
        ("--port 65535", ConnectArgs(port=65535)),
        ("--host ::1", ConnectArgs(host="::1")),
        ("--host gw.example.org", ConnectArgs(host="gw.example.org")),
        ("--account du1234567", ConnectArgs(account="DU1234567")),
        ("--client-id 12", ConnectArgs(client_id=12)),
    ],
)
def test_connect_reads_a_profile_and_options(line: str, expected: ConnectArgs) -> None:
    """What is not said stays None, for the settings file to say."""
    assert args.connect_args(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("real", 'found "real", expected one of sim, paper'),
        ("paper live", 'found "paper live", expected one of sim, paper'),
        ("--port", 'found "--port" alone, expected a value after --port'),
        ("--port 0", 'found "0" after --port, expected a whole number from 1 to 65535'),
        ("--port 65536", 'found "65536" after --port'),
        ("--port 74_97", 'found "74_97" after --port'),
        ("--port +7497", "after --port"),
        ("--port \u0667", "after --port"),
        ("--port 7497.0", "after --port"),
        ("--port 999999999999999999999", "after --port"),
        (
            "--client-id 0",
            "after --client-id, expected a whole number from 1 to 2000000000",
        ),
        ("--host 'a b'", 'found "a b" after --host, expected a host name or address'),
        ("--host ''", 'found "" after --host'),
        ("--user x", 'found "--user", expected one of --host, --port'),
        ("--account 'DU 1'", "expected an account such as DU1234567"),
    ],
)
def test_connect_refuses_what_it_does_not_know(line: str, message: str) -> None:
    """Each wrong part has its own line."""
    with pytest.raises(UsageError) as caught:
        args.connect_args(line)

    assert message in str(caught.value)


def test_a_mistyped_account_is_not_repeated() -> None:
    """An account number with one wrong character is still nearly an account number."""
    with pytest.raises(UsageError) as caught:
        args.connect_args("--account DU1234567!")

    assert "1234567!" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SPY", ("SPY",)),
        ("spy qqq", ("SPY", "QQQ")),
        ("SPY, QQQ,AAPL", ("SPY", "QQQ", "AAPL")),
        ("SPY spy SPY", ("SPY",)),
        ("eur.usd", ("EUR.USD",)),
        ('"BRK B" SPY', ("BRK B", "SPY")),
        ("ES 2026-12", ("ES", "2026-12")),
        ('"SPY 2026-12-18 700 C"', ("SPY 2026-12-18 700 C",)),
    ],
)
def test_symbols_are_upper_case_and_each_once(line: str, expected: tuple[str, ...]) -> None:
    """Spaces and commas separate; quotes keep a name of several words together."""
    assert args.some_symbols(line, "%quote") == expected


@pytest.mark.parametrize(
    "line", ["", "  ", ",", "$x", "<b>", "{x}", "SPY;", "ŚPY", "A" * 41, '""', "--x"]
)
def test_what_is_not_a_symbol_is_refused(line: str) -> None:
    """Names, markup and nothing at all are told apart from symbols before anything is asked."""
    with pytest.raises(UsageError, match=r"^%quote: found "):
        args.some_symbols(line, "%quote")


def test_too_many_symbols_are_refused() -> None:
    """One line asks for no more than the broker's usual allowance."""
    line = " ".join(f"A{number}" for number in range(101))

    with pytest.raises(UsageError, match="found 101 symbols, expected at most 100"):
        args.some_symbols(line, "%quote")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SPY", BarsArgs(symbol="SPY")),
        ("spy 5D", BarsArgs(symbol="SPY", duration="5d")),
        ("SPY 30d 1H", BarsArgs(symbol="SPY", duration="30d", size="1h")),
        ("SPY --all-hours", BarsArgs(symbol="SPY", rth=False)),
        ("SPY --what bid_ask", BarsArgs(symbol="SPY", what="BID_ASK")),
        (
            "EUR.USD 2d 5m --what midpoint",
            BarsArgs(symbol="EUR.USD", duration="2d", size="5m", what="MIDPOINT"),
        ),
    ],
)
def test_bars_reads_symbol_duration_and_size(line: str, expected: BarsArgs) -> None:
    """What is not said is 30 days of hours in regular hours."""
    assert args.bars_args(line) == expected


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "found nothing, expected a symbol"),
        ("SPY 1 2 3", 'found "SPY 1 2 3", expected a symbol'),
        ("SPY day", 'found "day", expected a duration such as 30d'),
        ("SPY 30 d", 'found "30", expected a duration'),
        ("SPY 30d 1", 'found "1", expected a bar size'),
        ("SPY 30d -1h", 'found "-1h", expected a bar size'),
        ("SPY --what volume", 'found "volume" after --what, expected one of TRADES'),
        ("<b> 1d", 'found "<b>", expected a symbol such as SPY'),
    ],
)
def test_bars_refuses_what_it_does_not_know(line: str, message: str) -> None:
    """Each wrong part has its own line."""
    with pytest.raises(UsageError) as caught:
        args.bars_args(line)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("apple", "apple"),
        ("berkshire   hathaway", "berkshire hathaway"),
        ("'at & t'", "at & t"),
    ],
)
def test_search_takes_words(line: str, expected: str) -> None:
    """Several words are one pattern."""
    assert args.pattern(line) == expected


@pytest.mark.parametrize("line", ["", "''", "x" * 65, "a\x00b"])
def test_search_needs_printable_words(line: str) -> None:
    """Nothing, too much and control characters are refused."""
    with pytest.raises(UsageError, match=r"^%search: found "):
        args.pattern(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("all", "all"),
        ("ALL", "all"),
        ("SPY", "SPY"),
        ("ELB:01JABCDEFGH", "ELB:01JABCDEFGH"),
        ("perm:123", "perm:123"),
        ("'BRK B'", "BRK B"),
    ],
)
def test_cancel_takes_one_thing(line: str, expected: str) -> None:
    """A reference keeps its case."""
    assert args.cancel_what(line) == expected


@pytest.mark.parametrize("line", ["", "''", "SPY QQQ", "a\x07b", "--all"])
def test_cancel_refuses_anything_else(line: str) -> None:
    """It never guesses which orders were meant."""
    with pytest.raises(UsageError, match=r"^%cancel: found "):
        args.cancel_what(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", RiskArgs()),
        ("show", RiskArgs()),
        ("SHOW", RiskArgs()),
        (
            "set max_order_qty.STK 100",
            RiskArgs(action="set", name="max_order_qty.STK", value="100"),
        ),
        ("SET a '1 %'", RiskArgs(action="set", name="a", value="1 %")),
    ],
)
def test_risk_shows_or_sets(line: str, expected: RiskArgs) -> None:
    """The value stays text; the guard knows what each limit takes."""
    assert args.risk_args(line) == expected


@pytest.mark.parametrize(
    "line",
    ["sho", "set", "set a", "set a 1 2", "show me", "set <b> 1", "set a ''", "set a '\t'"],
)
def test_risk_refuses_anything_else(line: str) -> None:
    """Half a line sets nothing."""
    with pytest.raises(UsageError, match=r"^%risk: found "):
        args.risk_args(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ""),
        ("bad feed", "bad feed"),
        ('--reason "bad feed"', "bad feed"),
        ("--reason=feed now", "feed now"),
        ("--now", "--now"),
        ('"open', "open"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("x" * 900, "x" * 200),
    ],
)
def test_halt_is_never_refused(line: str, expected: str) -> None:
    """Whatever stands after it is its reason."""
    assert args.halt_reason(line) == expected


@pytest.mark.parametrize(
    "line", ["", "ok", "--reason", "--reason ''", "--reason ok then", "--now"]
)
def test_resume_needs_its_reason(line: str) -> None:
    """Trading goes on only for words that a person gave, whole."""
    with pytest.raises(UsageError, match=r"^%resume: found "):
        args.resume_reason(line)


@pytest.mark.parametrize("reason", ["x" * 201, "a\nb", "\u202eb"])
def test_resume_refuses_unprintable_and_endless_reasons(reason: str) -> None:
    """The reason is kept in the journal and shown to people."""
    with pytest.raises(UsageError, match="expected at most 200 printable"):
        args.resume_reason(f'--reason "{reason}"')


def test_resume_reads_its_reason() -> None:
    """Quotes keep the words together."""
    assert args.resume_reason('--reason "feed is back"') == "feed is back"


def test_an_order_needs_words() -> None:
    """An empty line is answered here; every other is judged by the order language."""
    with pytest.raises(UsageError, match=r"^%order: found nothing, expected an order"):
        args.order_text("  ")

    assert args.order_text("  buy $5000 {x}  ") == "buy $5000 {x}"


LINES = st.one_of(
    st.text(max_size=560),
    st.lists(
        st.sampled_from(
            [
                "SPY",
                "--host",
                "--port",
                "--reason",
                "set",
                "all",
                "30d",
                '"',
                "=",
                "$x",
                "\x1b",
            ]
        ),
        max_size=8,
    ).map(" ".join),
)


@pytest.mark.parametrize("magic", READERS)
@given(line=LINES)
def test_any_line_is_understood_or_refused_on_one_line(magic: str, line: str) -> None:
    """Whatever is typed, nothing but a UsageError of one printable line comes out."""
    try:
        READERS[magic](line)
    except UsageError as error:
        assert str(error).isprintable()  # noqa: PT017  both outcomes are right
        assert str(error).startswith(f"{magic}: found ")  # noqa: PT017  both outcomes are right


# %%basket


def test_a_basket_knows_its_flags() -> None:
    """Neither, one or both."""
    assert args.basket_args("") == args.BasketArgs()
    assert args.basket_args("--preview --again") == args.BasketArgs(
        preview=True, again=True
    )


@pytest.mark.parametrize("line", ["buy 10 SPY", "--preview SPY", "--send", "--preview=1"])
def test_a_basket_with_more_on_its_first_line_is_refused(line: str) -> None:
    """The orders stand below."""
    with pytest.raises(UsageError, match=r"%%basket: found .*; for example: %%basket"):
        args.basket_args(line)


# %modify


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", "found nothing"),
        ("probe", "found nothing to change"),
        ("probe lmt", "found nothing after lmt"),
        ("probe lmt soon", 'found "soon" after lmt'),
        ("probe lmt -5", 'found "-5" after lmt'),
        ("probe lmt 1e5", 'found "1e5" after lmt'),
        ("probe lmt 5 lmt 6", 'found "lmt"'),
        ("probe 5", 'found "5"'),
        ("probe lmt 5 --again", 'found "--again"'),
        ("pro\x1bbe lmt 5", "found"),
    ],
)
def test_a_change_that_says_nothing_clear_is_refused(line: str, found: str) -> None:
    """Nothing is sent, and an example is given."""
    with pytest.raises(UsageError, match="%modify") as refused:
        args.modify_args(line)

    assert found in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", HaltArgs()),
        ("--all", HaltArgs(everything=True)),
        ('--all --reason "now then"', HaltArgs(reason="now then", everything=True)),
        ('"so wrong --all', HaltArgs(reason="so wrong --all", everything=True)),
        ("--allofit", HaltArgs(reason="--allofit")),
    ],
)
def test_a_halt_of_everything_is_heard_in_any_wording(
    line: str, expected: HaltArgs
) -> None:
    """Also where the rest of the line cannot be read."""
    assert args.halt_args(line) == expected
