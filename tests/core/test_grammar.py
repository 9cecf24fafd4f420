"""The order language: what it accepts, and what it says of what it does not."""

import random
import subprocess
import sys
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgerunner_lab.core.contracts import RESERVED_WORDS, ContractSpec, Right, SecType
from edgerunner_lab.core.errors import OrderSyntaxError, UsageError
from edgerunner_lab.core.grammar import (
    CURRENCIES,
    completions,
    parse,
    parse_contract,
)
from edgerunner_lab.core.intents import (
    Money,
    OrderIntent,
    OrderType,
    Part,
    Side,
    TimeInForce,
    Units,
)

AFTER_THE_CONTRACT = "expected lmt, stp, trail, take, stop, day, gtc, ioc, fok, an option such as --preview, or the end of the line"


def an_intent(symbol: str = "SPY", **changes: Any) -> OrderIntent:
    """Return a buy of 10 at the market, with `changes`."""
    plain = OrderIntent(
        side=Side.BUY,
        size=Units(quantity=Decimal(10)),
        contract=ContractSpec(symbol=symbol),
    )
    return replace(plain, **changes)


def the_error(text: str) -> OrderSyntaxError:
    """Return what parsing `text` raises."""
    with pytest.raises(OrderSyntaxError) as raised:
        parse(text)
    return raised.value


def understood(text: str) -> OrderIntent | OrderSyntaxError:
    """Return what a line says, or what is wrong with it; nothing else may come of it."""
    try:
        return parse(text)
    except OrderSyntaxError as error:
        return error


# What the language says.

SALES = {"side": Side.SELL}
OPTION = ContractSpec(
    symbol="SPY",
    sec_type=SecType.OPTION,
    expiry=date(2026, 12, 18),
    strike=Decimal(700),
    right=Right.CALL,
)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("buy 10 SPY", an_intent()),
        (
            "sell 5 AAPL lmt 190.50 gtc",
            an_intent(
                "AAPL",
                **SALES,
                size=Units(quantity=Decimal(5)),
                order_type=OrderType.LIMIT,
                limit_price=Decimal("190.50"),
                tif=TimeInForce.GTC,
            ),
        ),
        (
            "buy 100 MSFT stp 400",
            an_intent(
                "MSFT",
                size=Units(quantity=Decimal(100)),
                order_type=OrderType.STOP,
                stop_price=Decimal(400),
            ),
        ),
        (
            "buy 100 MSFT stp 400 lmt 401",
            an_intent(
                "MSFT",
                size=Units(quantity=Decimal(100)),
                order_type=OrderType.STOP_LIMIT,
                stop_price=Decimal(400),
                limit_price=Decimal(401),
            ),
        ),
        (
            "sell 100 AAPL trail 2%",
            an_intent(
                "AAPL",
                **SALES,
                size=Units(quantity=Decimal(100)),
                order_type=OrderType.TRAIL,
                trail_percent=Decimal(2),
            ),
        ),
        (
            "sell 100 AAPL trail 1.50",
            an_intent(
                "AAPL",
                **SALES,
                size=Units(quantity=Decimal(100)),
                order_type=OrderType.TRAIL,
                trail_amount=Decimal("1.50"),
            ),
        ),
        (
            "buy 10 SPY lmt 500 take 520 stop 490",
            an_intent(
                order_type=OrderType.LIMIT,
                limit_price=Decimal(500),
                take_price=Decimal(520),
                protect_price=Decimal(490),
            ),
        ),
        ("buy $5000 SPY", an_intent(size=Money(amount=Decimal(5000)))),
        ("sell all SPY", an_intent(**SALES, size=Part(of_position=Fraction(1)))),
        ("sell half SPY", an_intent(**SALES, size=Part(of_position=Fraction(1, 2)))),
        (
            "buy 1 SPY 2026-12-18 700 C lmt 3.20",
            an_intent(
                size=Units(quantity=Decimal(1)),
                contract=OPTION,
                order_type=OrderType.LIMIT,
                limit_price=Decimal("3.20"),
            ),
        ),
        (
            "buy 1 ES 2026-12",
            an_intent(
                size=Units(quantity=Decimal(1)),
                contract=ContractSpec(
                    symbol="ES",
                    sec_type=SecType.FUTURE,
                    expiry=date(2026, 12, 1),
                    expiry_month=True,
                ),
            ),
        ),
        (
            "buy 20000 EUR.USD",
            an_intent(
                size=Units(quantity=Decimal(20000)),
                contract=ContractSpec(symbol="EUR", sec_type=SecType.CASH, currency="USD"),
            ),
        ),
        ("buy 10 SPY day", an_intent(tif=TimeInForce.DAY)),
        ("buy 10 SPY ioc", an_intent(tif=TimeInForce.IOC)),
        ("buy 10 SPY fok", an_intent(tif=TimeInForce.FOK)),
        (
            "buy 10 SPY --preview --again --outside-rth --ref dip.1 --account DU1234567",
            an_intent(
                preview=True, again=True, outside_rth=True, ref="dip.1", account="DU1234567"
            ),
        ),
    ],
)
def test_a_line_of_the_language_is_understood(text: str, intent: OrderIntent) -> None:
    """Every form that the issue lists, field by field, and it is its own canonical text."""
    assert parse(text) == intent
    assert str(intent) == text


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("BUY 10 spy LMT 500 Gtc --PREVIEW", "buy 10 SPY lmt 500 gtc --preview"),
        ("  buy\t10   SPY ", "buy 10 SPY"),
        ("buy 010 SPY lmt 500.10", "buy 10 SPY lmt 500.10"),
        ("buy 10 SPY gtc --again lmt 5", "buy 10 SPY lmt 5 gtc --again"),
        ("buy 1 spy 2026-12-18 700.5 put", "buy 1 SPY 2026-12-18 700.5 P"),
        ("buy 1 ES 2026-12-18", "buy 1 ES 2026-12-18"),
        ("buy 1 es 0999-01", "buy 1 ES 0999-01"),
        ("buy 10 SPY --account du1234567", "buy 10 SPY --account DU1234567"),
        ("buy 10 SPY --ref GTC gtc", "buy 10 SPY gtc --ref GTC"),
        ("buy 10 =spy", "buy 10 SPY"),
        ("buy 10 =lmt lmt 5", "buy 10 =LMT lmt 5"),
        ("buy 10 c", "buy 10 C"),
    ],
)
def test_other_ways_to_say_it_have_one_canonical_text(text: str, canonical: str) -> None:
    """Case, blanks and the order of words after the contract do not matter."""
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


def test_a_dot_between_two_currencies_is_a_pair_and_any_other_a_share_class() -> None:
    """`BRK.B` is the broker's `BRK B`; `EUR.USD` is forex."""
    share, pair = parse_contract("BRK.B"), parse_contract("eur.usd")

    assert (share.symbol, share.sec_type, share.currency) == (
        "BRK B",
        SecType.STOCK,
        "USD",
    )
    assert (pair.symbol, pair.sec_type, pair.currency) == ("EUR", SecType.CASH, "USD")
    assert parse_contract("BRK.B 2026-12-18 700 C").symbol == "BRK B"


# What it says of a wrong line.


@pytest.mark.parametrize(
    ("text", "word", "problem"),
    [
        ("", "", "expected buy or sell, found the end of the line"),
        ("hold 10 SPY", "hold", 'expected buy or sell, found "hold"'),
        ("buy SPY", "SPY", 'expected a quantity such as 10, $5000, all or half, found "SPY"'),
        ("buy -5 SPY", "-5", 'expected a quantity such as 10, $5000, all or half, found "-5" (buy or sell says which way)'),
        ("buy 1,000 SPY", "1,000", 'expected a quantity such as 10, $5000, all or half, found "1,000" (write 1000)'),
        ("buy $1,000.50 SPY", "$1,000.50", 'expected a quantity such as 10, $5000, all or half, found "$1,000.50" (write $1000.50)'),
        ("buy $name SPY", "$name", 'expected a quantity such as 10, $5000, all or half, found "$name" (no name is expanded: write the number)'),
        ("buy {x} SPY", "{x}", 'expected a quantity such as 10, $5000, all or half, found "{x}" (no name is expanded: write the number)'),
        ("buy nan SPY", "nan", 'expected a quantity such as 10, $5000, all or half, found "nan"'),
        ("buy 0 SPY", "0", 'expected a quantity above 0, found "0"'),
        ("buy $0.00 SPY", "$0.00", 'expected an amount above 0, found "$0.00"'),
        ("buy 10abc SPY", "10abc", 'expected a quantity such as 10, $5000, all or half, found "10abc"'),
        ("buy 1234567890123 SPY", "1234567890123", 'expected a quantity such as 10, $5000, all or half, found "1234567890123" (at most 12 digits, and 8 after the point)'),
        ("buy 10", "", "expected a symbol, found the end of the line"),
        ("buy 10 lmt 500", "lmt", 'expected a symbol, found "lmt" (a symbol of that name is written =LMT)'),
        ("buy 10 LMT", "LMT", 'expected a symbol, found "LMT" (a symbol of that name is written =LMT)'),
        ("buy 10 =", "=", 'expected a symbol, found "="'),
        ("buy 10 EUR.EUR", "EUR.EUR", 'expected two different currencies, found "EUR.EUR"'),
        ("buy 10 SPY foo", "foo", f'{AFTER_THE_CONTRACT}, found "foo"'),
        ("buy 10 SPY buy", "buy", f'{AFTER_THE_CONTRACT}, found "buy"'),
        ("buy 10 SPY 500", "500", f'{AFTER_THE_CONTRACT}, found "500" (a limit is written lmt 500)'),
        ("buy 10 SPY @500", "@500", f'{AFTER_THE_CONTRACT}, found "@500" (a limit is written lmt and the price)'),
        ("buy 10 SPY MKT", "MKT", f'{AFTER_THE_CONTRACT}, found "MKT" (leave it out: without a price it is a market order)'),
        ("buy 10 SPY lmt", "", "expected a price such as 500.25, found the end of the line"),
        ("buy 10 SPY lmt gtc", "gtc", 'expected a price such as 500.25, found "gtc"'),
        ("buy 10 SPY lmt 1e5", "1e5", 'expected a price such as 500.25, found "1e5"'),
        ("buy 10 SPY lmt .5", ".5", 'expected a price such as 500.25, found ".5" (write 0.5)'),
        ("buy 10 SPY lmt 1.123456789", "1.123456789", 'expected a price such as 500.25, found "1.123456789" (at most 12 digits, and 8 after the point)'),
        ("buy 10 SPY lmt 0", "0", 'expected a price above 0, found "0"'),
        ("buy 10 SPY trail x", "x", 'expected a distance such as 1.50 or 2%, found "x"'),
        ("buy 10 SPY trail 0%", "0%", 'expected a price above 0, found "0%"'),
        ("buy 10 SPY trail 1 stp 2", "", "expected trail alone, found it with lmt or stp"),
        ("buy 10 SPY trail 2% lmt 2", "", "expected trail alone, found it with lmt or stp"),
        ("buy 10 SPY take 5", "", "expected both take and stop, or neither; found only take"),
        ("buy 10 SPY lmt 4 stop 3", "", "expected both take and stop, or neither; found only stop"),
        ("buy 10 SPY stp 5 stp 6", "stp", 'expected stp once, found "stp" again'),
        ("buy 10 SPY trail 5 trail 6%", "trail", 'expected trail once, found "trail" again'),
        ("buy 10 SPY gtc DAY", "DAY", 'expected one of day, gtc, ioc and fok once, found "DAY" again'),
        ("buy 10 SPY --again --again", "--again", 'expected --again once, found "--again" again'),
        ("buy 10 SPY --foo", "--foo", f'{AFTER_THE_CONTRACT}, found "--foo"'),
        ("buy 10 SPY --ref", "", "expected a name of at most 12 letters, digits, _ . or -, found the end of the line"),
        ("buy 10 SPY --ref --again", "--again", 'expected a name of at most 12 letters, digits, _ . or -, found "--again"'),
        ("buy 10 SPY --ref thirteen_long", "thirteen_long", 'expected a name of at most 12 letters, digits, _ . or -, found "thirteen_long"'),
        ("buy 10 SPY --account", "", "expected an account such as DU1234567, found the end of the line"),
        ("buy 1 SPY 2026-12-18 x", "x", 'expected a strike such as 700, a word such as lmt or gtc, or the end of the line, found "x"'),
        ("buy 1 SPY 2026-12-18 0 C", "0", 'expected a strike above 0, found "0"'),
        ("buy 1 SPY 2026-12-18 700", "", "expected C or P, found the end of the line"),
        ("buy 1 SPY 2026-12-18 700 X", "X", 'expected C or P, found "X"'),
        ("buy 1 ES 2026-13", "2026-13", 'expected a date that exists, found "2026-13"'),
        ("buy 1 SPY 2026-02-30 700 C", "2026-02-30", 'expected a date that exists, found "2026-02-30"'),
        ("buy 1 ES 20261218", "20261218", f'{AFTER_THE_CONTRACT}, found "20261218" (a date is written 2026-12-18, a month 2026-12)'),
        ("buy 1 ES 2026-1", "2026-1", f'{AFTER_THE_CONTRACT}, found "2026-1" (a date is written 2026-12-18, a month 2026-12)'),
    ],
)  # fmt: skip
def test_a_wrong_line_is_shown_with_what_was_expected_where(
    text: str, word: str, problem: str
) -> None:
    """The caret stands under the wrong word, or behind the last one where something is missing."""
    error = the_error(text)
    column = text.rindex(word) if word else len(text)

    assert error.problem == problem
    assert str(error) == f"{problem}\n  {text}\n  {' ' * column}^ nothing was sent"


@pytest.mark.parametrize("word", sorted(RESERVED_WORDS))
def test_a_word_of_the_language_is_no_symbol_unless_it_says_so(word: str) -> None:
    """`buy 10 lmt` misses its symbol; `=` in front means the symbol of that name."""
    assert f'expected a symbol, found "{word}"' in the_error(f"buy 10 {word}").problem
    assert parse(f"buy 10 ={word}").contract.symbol == word.upper()


@pytest.mark.parametrize(
    ("text", "shown", "found"),
    [
        ("buy 10\u00a0SPY", "buy 10?SPY", "U+00A0 (NO-BREAK SPACE)"),
        ("buy 10 S\0Y", "buy 10 S?Y", "U+0000 (a control character)"),
        ("buy 10 SPY\n", "buy 10 SPY?", "U+000A (a control character)"),
        ("buy 10 \x1b[31mSPY", "buy 10 ?[31mSPY", "U+001B (a control character)"),
        ("buy \u06611 SPY", "buy ?1 SPY", "U+0661 (ARABIC-INDIC DIGIT ONE)"),
        ("buy 10 SP\u00dc", "buy 10 SP?", "U+00DC (LATIN CAPITAL LETTER U WITH DIAERESIS)"),
        ("buy\t10 \u202eYPS", "buy 10 ?YPS", "U+202E (RIGHT-TO-LEFT OVERRIDE)"),
        ("buy 10 \ud800", "buy 10 ?", "U+D800 (a control character)"),
    ],
)  # fmt: skip
def test_characters_that_hide_or_mislead_are_named_and_not_shown(
    text: str, shown: str, found: str
) -> None:
    """They are what a copied line brings along; the caret stands under them."""
    error = the_error(text)

    assert error.problem == (
        f"expected plain letters, digits and signs on one line, found {found}"
    )
    assert error.text == shown
    assert shown[error.column] == "?"


def test_512_characters_are_a_line_and_513_are_not() -> None:
    """A longer one was pasted by mistake; its beginning is enough to see which."""
    longest = "buy 10 SPY".ljust(512)
    error = the_error(longest + "\x1b")

    assert parse(longest) == an_intent()
    assert error.problem == "expected at most 512 characters, found 513, which begin with"
    assert error.text == longest[:40]


def test_a_tab_takes_one_column_in_the_error() -> None:
    """So that the caret stands under the wrong word in every terminal."""
    assert "\n  buy 10 SPY foo\n             ^ " in str(the_error("buy\t10\tSPY\tfoo"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected a symbol, found the end of the line"),
        ("SPY QQQ", 'expected a date such as 2026-12-18, or the end of the line, found "QQQ"'),
        ("SPY lmt", 'expected the end of the line, found "lmt"'),
        ("ES 2026-12 5", 'expected the end of the line, found "5"'),
        ("SPY 2026-12-18 x", 'expected a strike such as 700, or the end of the line, found "x"'),
        ("SPY 2026-12-18 700", "expected C or P, found the end of the line"),
        ("day", 'expected a symbol, found "day" (a symbol of that name is written =DAY)'),
    ],
)  # fmt: skip
def test_a_wrong_instrument_is_shown_as_a_wrong_order_is(text: str, problem: str) -> None:
    """An instrument is named the same way outside an order, and never with an order's words."""
    with pytest.raises(OrderSyntaxError) as raised:
        parse_contract(text)

    assert raised.value.problem == problem


# Properties.


def numbers(digits: int = 12) -> st.SearchStrategy[Decimal]:
    """Return positive decimals as the language writes them."""
    whole = st.integers(min_value=0, max_value=10**digits - 1)
    fraction = st.text("0123456789", max_size=8)
    texts = st.tuples(whole, fraction).map(
        lambda parts: f"{parts[0]}.{parts[1]}" if parts[1] else str(parts[0])
    )
    return texts.map(Decimal).filter(lambda number: number > 0)


symbols = st.one_of(
    st.sampled_from(["SPY", "BRK B", "C", "P", *(word.upper() for word in RESERVED_WORDS)]),
    st.from_regex(r"[A-Z][A-Z0-9]{0,11}( [A-Z]{1,3})?", fullmatch=True),
).filter(
    lambda symbol: not {*symbol.split(" ")} <= CURRENCIES or " " not in symbol
)  # fmt: skip
days = st.dates()
contracts = st.one_of(
    st.builds(ContractSpec, symbol=symbols),
    st.lists(st.sampled_from(sorted(CURRENCIES)), min_size=2, max_size=2, unique=True).map(
        lambda pair: ContractSpec(symbol=pair[0], sec_type=SecType.CASH, currency=pair[1])
    ),
    st.builds(ContractSpec, symbol=symbols, sec_type=st.just(SecType.FUTURE), expiry=days),
    st.builds(
        ContractSpec,
        symbol=symbols,
        sec_type=st.just(SecType.FUTURE),
        expiry=days.map(lambda day: day.replace(day=1)),
        expiry_month=st.just(True),  # noqa: FBT003  a strategy of one value
    ),
    st.builds(
        ContractSpec,
        symbol=symbols,
        sec_type=st.just(SecType.OPTION),
        expiry=days,
        strike=numbers(),
        right=st.sampled_from(Right),
    ),
)
Fields = dict[str, Any]


def typed(
    order_type: OrderType, **prices: st.SearchStrategy[Decimal]
) -> st.SearchStrategy[Fields]:
    """Return the fields of one order type."""
    return st.fixed_dictionaries({"order_type": st.just(order_type), **prices})


nothing: st.SearchStrategy[Fields] = st.just({})
prices = st.one_of(
    nothing,
    typed(OrderType.LIMIT, limit_price=numbers()),
    typed(OrderType.STOP, stop_price=numbers()),
    typed(OrderType.STOP_LIMIT, stop_price=numbers(), limit_price=numbers()),
    typed(OrderType.TRAIL, trail_amount=numbers()),
    typed(OrderType.TRAIL, trail_percent=numbers(3)),
)
brackets: st.SearchStrategy[Fields] = nothing | st.fixed_dictionaries(
    {"take_price": numbers(), "protect_price": numbers()}
)
options: st.SearchStrategy[Fields] = st.fixed_dictionaries(
    {
        "tif": st.none() | st.sampled_from(TimeInForce),
        "preview": st.booleans(),
        "again": st.booleans(),
        "outside_rth": st.booleans(),
        "ref": st.none()
        | st.from_regex(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,11}", fullmatch=True),
        "account": st.none() | st.from_regex(r"[A-Z][A-Z0-9]{2,15}", fullmatch=True),
    }
)
sizes = st.one_of(
    numbers().map(lambda quantity: Units(quantity=quantity)),
    numbers().map(lambda amount: Money(amount=amount)),
    st.sampled_from([Fraction(1), Fraction(1, 2)]).map(lambda part: Part(of_position=part)),
)


@st.composite
def intents(draw: st.DrawFn) -> OrderIntent:
    """Draw anything that the language can say."""
    fields: Fields = {**draw(prices), **draw(brackets), **draw(options)}
    return OrderIntent(
        side=draw(st.sampled_from(Side)),
        size=draw(sizes),
        contract=draw(contracts),
        **fields,
    )


@given(intents())
def test_the_canonical_text_parses_to_the_same_intent(intent: OrderIntent) -> None:
    """Over everything that the language can say; upper and lower case alike, names aside."""
    assert parse(str(intent)) == intent
    assert parse(str(replace(intent, ref=None)).upper()) == replace(intent, ref=None)


@given(st.text(max_size=600))
@example("buy 10 SPY" * 60)
@example("\u2028")
def test_any_text_is_an_order_or_an_order_syntax_error(text: str) -> None:
    """Whatever is typed, no other exception comes out, and its message shows printable ASCII only."""
    found = understood(text)

    if isinstance(found, OrderSyntaxError):
        assert 0 <= found.column <= len(found.text)
        assert str(found).replace("\n", "").isascii()
    else:
        assert parse(str(found)) == found


VOCABULARY = (
    *(["buy", "sell", "all", "half", "lmt", "stp", "trail", "take", "stop", "day", "gtc", "ioc", "fok", "c", "p", "call", "put", "SPY", "BRK.B", "EUR.USD", "=DAY"]),
    *(["10", "0", "-1", "1.5", "1,000", "$5000", "$x", "{x}", "2%", "0%", "nan", "inf", "1e5", ".5", "5.", "2026-12", "2026-13", "2026-12-18", "700", "999999999999"]),
    *(["--preview", "--again", "--outside-rth", "--ref", "--account", "--foo", "DU1234567", "a_b", "@", "=", "%", "$", ";", "'", '"', "\\", "#", "(", ")", "\t"]),
)  # fmt: skip
FUZZED_LINES = 20_000


def test_twenty_thousand_shuffled_lines_end_in_an_order_or_a_syntax_error() -> None:
    """Words of the language in any order and number (RISK §5), mostly after a right beginning."""
    dice = random.Random(20_000)  # noqa: S311  repeatable, and nothing secret
    orders = 0
    for _ in range(FUZZED_LINES):
        start = dice.choice(("", "buy 10 SPY ", "sell ", "buy 1 SPY 2026-12-18 "))
        line = start + " ".join(dice.choices(VOCABULARY, k=dice.randrange(6)))
        found = understood(line)
        if isinstance(found, OrderIntent):
            orders += 1
            assert parse(str(found)) == found, line

    assert 1000 < orders < FUZZED_LINES / 2


# What may come next, and what this version carries.


@pytest.mark.parametrize(
    ("before", "words"),
    [
        ("", ["buy", "sell"]),
        ("buy", ["all", "half"]),
        ("buy 10", []),
        ("buy 1 SPY 2026-12-18 700", ["C", "P"]),
        (
            "buy 10 SPY lmt 5 gtc --ref x",
            ["stp", "trail", "--preview", "--again", "--outside-rth", "--account"],
        ),
        ("buy 10 SPY lmt", []),
        ("buy 10 lmt", []),
        ("buy 10 SPY foo", []),
        ("buy 10\u00a0", []),
    ],
)  # fmt: skip
def test_the_words_that_may_come_next_are_known(before: str, words: list[str]) -> None:
    """What was said once is not offered again; after a wrong beginning nothing is."""
    assert completions(before) == words


def test_importing_the_language_does_not_load_the_parser() -> None:
    """A session that sends no order does not pay for lark."""
    code = "import sys; import edgerunner_lab.core.grammar; print('lark' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False\n"


@pytest.mark.parametrize("text", [None, 10, b"buy 10 SPY"])
def test_what_is_no_text_is_refused_in_one_line(text: Any) -> None:
    """`lab.order(None)` is told what was expected."""
    with pytest.raises(UsageError, match=r"expected an order as text.*nothing was sent"):
        parse(text)
