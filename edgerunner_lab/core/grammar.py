"""The order language: text to `OrderIntent`. Words and layout are in `order.lark`.

Nothing is evaluated and no name is expanded; a wrong line is one `OrderSyntaxError` that shows where.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from edgerunner_lab.core.contracts import ContractSpec, Right, SecType
from edgerunner_lab.core.errors import OrderSyntaxError, UsageError
from edgerunner_lab.core.intents import (
    Money,
    OrderIntent,
    OrderType,
    Part,
    Side,
    Size,
    TimeInForce,
    Units,
)
from edgerunner_lab.core.wrong_lines import check_characters, unexpected, wrong

if TYPE_CHECKING:
    from lark import Token, Tree
    from lark.parsers.lalr_interactive_parser import InteractiveParser

CURRENCIES: Final = frozenset(
    "AED AUD CAD CHF CNH CZK DKK EUR GBP HKD HUF ILS JPY KRW MXN NOK NZD PLN RUB SEK SGD TRY USD ZAR".split()  # noqa: SIM905  a column of quotes would hide the list
)
"""The currencies that IBKR trades against each other; two of them around a dot are a forex pair."""

_WORDS: Final = {
    "BUY": ("buy",),
    "SELL": ("sell",),
    "ALL": ("all",),
    "HALF": ("half",),
    "LMT": ("lmt",),
    "STP": ("stp",),
    "TRAIL": ("trail",),
    "TIF": ("day", "gtc", "ioc", "fok"),
    "CALL": ("C",),
    "PUT": ("P",),
    "PREVIEW": ("--preview",),
    "AGAIN": ("--again",),
    "OUTSIDE_RTH": ("--outside-rth",),
    "REF": ("--ref",),
    "ACCOUNT": ("--account",),
}
"""terminal -> the words that it stands for, for completion; what the order road cannot carry yet is not offered"""

_PRICES: Final = {
    "limit": "limit_price",
    "stop": "stop_price",
    "trail_amount": "trail_amount",
    "trail_percent": "trail_percent",
    "take": "take_price",
    "protect": "protect_price",
}
"""rule of `order.lark` -> field of the intent"""

_FLAGS: Final = frozenset({"preview", "again", "outside_rth"})

_ONCE: Final = {"tif": "one of day, gtc, ioc and fok"}
"""What may be said once and has no single word."""

_TYPE_BY_PRICES: Final = {
    (False, False): OrderType.MARKET,
    (True, False): OrderType.LIMIT,
    (False, True): OrderType.STOP,
    (True, True): OrderType.STOP_LIMIT,
}
"""(has a limit, has a trigger) -> order type"""


def parse(text: str) -> OrderIntent:
    """Return the order that `text` phrases.

    Raises:
        OrderSyntaxError: it does not parse, or its parts do not go together; nothing was sent.
        UsageError: `text` is no text.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # notebooks are not type-checked
        raise UsageError(
            f'{text!r} was found, expected an order as text, e.g. "buy 10 SPY"; nothing was sent'
        )
    side, size, contract, *parts = _branches(_tree(text, "order"))
    intent = OrderIntent(
        side=Side(_token(side, 0).upper()),
        size=_size(text, size),
        contract=_contract(text, contract),
    )
    seen: set[str] = set()
    for part in parts:
        word = _token(part, 0)
        kind = part.data if part.data == "tif" else word.lower()
        if kind in seen:
            once = _ONCE.get(kind, kind)
            raise wrong(text, _column(word), f'expected {once} once, found "{word}" again')
        seen.add(kind)
        intent = replace(intent, **_fields(text, part))
    return _typed(text, intent)


def parse_contract(text: str) -> ContractSpec:
    """Return the instrument that `text` names: `SPY`, `EUR.USD`, `ES 2026-12`, `SPY 2026-12-18 700 C`.

    Raises:
        OrderSyntaxError: it names none.
    """
    return _contract(text, _tree(text, "contract"))


def completions(text: str) -> list[str]:
    """Return the words that may come after `text`, which ends before the word being typed; [] if it is wrong."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415  lark is loaded at the first parse

    try:
        check_characters(text)
        state = _parser().parse_interactive(text, start="order")
        said = {token.type for token in state.exhaust_lexer()}
    except (OrderSyntaxError, UnexpectedInput):
        return []
    possible = cast("set[str]", state.accepts()) - said
    return [
        word for terminal, words in _WORDS.items() if terminal in possible for word in words
    ]


def _size(text: str, tree: "Tree[Token]") -> Size:
    match tree.data:
        case "units":
            return Units(quantity=_positive(text, _token(tree, 0), "a quantity"))
        case "money":
            return Money(amount=_positive(text, _token(tree, 0), "an amount"))
        case "all":
            return Part(of_position=Fraction(1))
        case _:
            return Part(of_position=Fraction(1, 2))


def _contract(text: str, tree: "Tree[Token]") -> ContractSpec:
    name = _token(tree, 0).removeprefix("=").upper()
    if tree.data == "simple":
        return _stock_or_pair(text, _token(tree, 0), name)
    # The broker writes classes of a share with a blank: `BRK B`.
    symbol = name.replace(".", " ")
    is_month = tree.data == "future_month"
    expiry = _date(text, _token(tree, 1), is_month=is_month)
    if tree.data != "option_contract":
        return ContractSpec(
            symbol=symbol, sec_type=SecType.FUTURE, expiry=expiry, expiry_month=is_month
        )
    return ContractSpec(
        symbol=symbol,
        sec_type=SecType.OPTION,
        expiry=expiry,
        strike=_positive(text, _token(tree, 2), "a strike"),
        right=Right(_token(tree, 3)[0].upper()),
    )


def _stock_or_pair(text: str, word: "Token", name: str) -> ContractSpec:
    base, _, quote = name.partition(".")
    if base not in CURRENCIES or quote not in CURRENCIES:
        return ContractSpec(symbol=name.replace(".", " "))
    if base == quote:
        raise _wrong_word(text, word, "expected two different currencies")
    return ContractSpec(symbol=base, sec_type=SecType.CASH, currency=quote)


def _fields(text: str, tree: "Tree[Token]") -> dict[str, Any]:
    """Return the fields of the intent that one price or option sets."""
    kind = tree.data
    if kind in _FLAGS:
        return {kind: True}
    if kind == "tif":
        return {"tif": TimeInForce(_token(tree, 0).upper())}
    if kind == "ref":
        return {"ref": str(_token(tree, 1))}
    if kind == "account":
        return {"account": _token(tree, 1).upper()}
    return {_PRICES[kind]: _positive(text, _token(tree, 1), "a price")}


def _typed(text: str, intent: OrderIntent) -> OrderIntent:
    """Return the intent with the order type that its prices make."""
    end = len(text.rstrip())
    if (intent.take_price is None) is not (intent.protect_price is None):
        there = "take" if intent.protect_price is None else "stop"
        raise wrong(
            text, end, f"expected both take and stop, or neither; found only {there}"
        )
    order_type = _TYPE_BY_PRICES[
        intent.limit_price is not None, intent.stop_price is not None
    ]
    if intent.trail_amount is not None or intent.trail_percent is not None:
        if order_type is not OrderType.MARKET:
            raise wrong(text, end, "expected trail alone, found it with lmt or stp")
        order_type = OrderType.TRAIL
    return replace(intent, order_type=order_type)


def _positive(text: str, token: "Token", what: str) -> Decimal:
    number = Decimal(token.strip("$%"))
    if number <= 0:
        raise _wrong_word(text, token, f"expected {what} above 0")
    return number


def _date(text: str, token: "Token", *, is_month: bool) -> date:
    try:
        return date.fromisoformat(f"{token}-01" if is_month else token)
    except ValueError:
        raise _wrong_word(text, token, "expected a date that exists") from None


def _wrong_word(text: str, word: "Token", expected: str) -> OrderSyntaxError:
    return wrong(text, _column(word), f'{expected}, found "{word}"')


def _column(word: "Token") -> int:
    assert word.column is not None, "the parser places every word"
    return word.column - 1


def _tree(text: str, start: str) -> "Tree[Token]":
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken  # noqa: PLC0415  lark is loaded at the first parse

    check_characters(text)
    try:
        return _parser().parse(text, start=start)
    except UnexpectedCharacters as error:
        raise unexpected(text, error.column - 1, error.allowed or ()) from None
    except UnexpectedToken as error:
        token = cast("Token", error.token)
        is_end = token.type == "$END"
        column = len(text.rstrip()) if is_end else _column(token)
        raise unexpected(text, column, error.accepts or error.expected) from None


class _Parser(Protocol):
    """What is used of `lark.Lark`, with the types that it leaves out."""

    def parse(self, text: str, start: str) -> "Tree[Token]": ...

    def parse_interactive(self, text: str, start: str) -> "InteractiveParser": ...


@cache
def _parser() -> _Parser:
    from lark import Lark  # noqa: PLC0415  30 ms that a session without orders saves

    source = files("edgerunner_lab.core").joinpath("order.lark").read_text(encoding="utf-8")
    parser = Lark(source, start=["order", "contract"], parser="lalr", lexer="contextual")
    return cast("_Parser", parser)


def _branches(tree: "Tree[Token]") -> list["Tree[Token]"]:
    return cast("list[Tree[Token]]", tree.children)


def _token(tree: "Tree[Token]", index: int) -> "Token":
    return cast("Token", tree.children[index])
