"""The order language: text to `OrderIntent`. Words and layout are in `order.lark`.

Nothing is evaluated and no name is expanded; a wrong line is one `OrderSyntaxError` that shows where.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, NoReturn

from edgerunner_lab.core.contracts import RESERVED_WORDS, ContractSpec, Right, SecType
from edgerunner_lab.core.errors import NotSupported, OrderSyntaxError
from edgerunner_lab.core.intents import (
    Money,
    OrderIntent,
    OrderType,
    Part,
    Side,
    TimeInForce,
    Units,
)

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

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
    "TAKE": ("take",),
    "STOP": ("stop",),
    "TIF": ("day", "gtc", "ioc", "fok"),
    "CALL": ("C",),
    "PUT": ("P",),
    "PREVIEW": ("--preview",),
    "AGAIN": ("--again",),
    "OUTSIDE_RTH": ("--outside-rth",),
    "REF": ("--ref",),
    "ACCOUNT": ("--account",),
}
"""terminal -> the words that it stands for, for completion"""


def parse(text: str) -> OrderIntent:
    """Return the order that `text` phrases.

    Raises:
        OrderSyntaxError: it does not parse, or its parts do not go together; nothing was sent.
    """
    tree = _tree(text, "order")
    reader = _Reader(text)
    side, size, contract, *parts = tree.children
    intent = OrderIntent(
        side=Side(str(_first(side)).upper()),
        size=reader.size(_as_tree(size)),
        contract=reader.contract(_as_tree(contract)),
    )
    seen: set[str] = set()
    for part in map(_as_tree, parts):
        kind = "trail" if part.data.startswith("trail") else str(part.data)
        if kind in seen:
            reader.fail(
                _token(part, 0), f'expected {kind} once, found "{_token(part, 0)}" again'
            )
        seen.add(kind)
        intent = replace(intent, **reader.part(part))
    return _typed(text, intent)


def parse_contract(text: str) -> ContractSpec:
    """Return the instrument that `text` names: `SPY`, `EUR.USD`, `ES 2026-12`, `SPY 2026-12-18 700 C`.

    Raises:
        OrderSyntaxError: it names none.
    """
    return _Reader(text).contract(_tree(text, "contract"))


def completions(text: str) -> list[str]:
    """Return the words that may come after `text`, which ends before the word being typed; [] if it is wrong."""
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415  lark is loaded at the first parse

    try:
        _check_characters(text)
        state = _parser().parse_interactive(text, start="order")
        state.exhaust_lexer()
    except (OrderSyntaxError, UnexpectedInput):
        return []
    accepted = state.accepts()
    return [
        word for terminal, words in _WORDS.items() if terminal in accepted for word in words
    ]


def require_supported(intent: OrderIntent) -> None:
    """Let an intent pass if the order road can carry it.

    Raises:
        NotSupported: names what it cannot carry yet; nothing was sent.
    """
    cannot = {
        "brackets (take … stop …)": intent.take_price is not None,
        "trailing stops": intent.order_type is OrderType.TRAIL,
        "options": intent.contract.sec_type is SecType.OPTION,
        "futures": intent.contract.sec_type is SecType.FUTURE,
    }
    for name, is_asked in cannot.items():
        if is_asked:
            raise NotSupported(
                f"{name} are understood but not carried by this version: {intent}; nothing was sent"
            )


class _Reader:
    """Turns parts of the tree into parts of an intent; knows the text, to show where a part is wrong."""

    def __init__(self, text: str) -> None:
        self._text = text

    def fail(self, token: "Token", problem: str) -> NoReturn:
        raise OrderSyntaxError(self._text, (token.column or 1) - 1, problem)

    def size(self, tree: "Tree[Token]") -> Units | Money | Part:
        match tree.data:
            case "units":
                return Units(quantity=self._positive(_token(tree, 0), "a quantity above 0"))
            case "money":
                return Money(amount=self._positive(_token(tree, 0), "an amount above 0"))
            case "all":
                return Part(of_position=Fraction(1))
            case _:
                return Part(of_position=Fraction(1, 2))

    def contract(self, tree: "Tree[Token]") -> ContractSpec:
        symbol = _token(tree, 0)
        if symbol.lower() in RESERVED_WORDS:
            self.fail(
                symbol,
                f'expected a symbol, found "{symbol}" (a symbol of that name is written ={symbol.upper()})',
            )
        name = symbol.removeprefix("=").upper()
        if tree.data == "simple":
            return _stock_or_pair(name)
        is_month = tree.data == "future_month"
        expiry = self._date(_token(tree, 1), is_month=is_month)
        if tree.data != "option_contract":
            return ContractSpec(
                symbol=name, sec_type=SecType.FUTURE, expiry=expiry, expiry_month=is_month
            )
        return ContractSpec(
            symbol=name.replace(".", " "),
            sec_type=SecType.OPTION,
            expiry=expiry,
            strike=self._positive(_token(tree, 2), "a strike above 0"),
            right=Right(_token(tree, 3)[0].upper()),
        )

    def part(self, tree: "Tree[Token]") -> dict[str, Any]:
        """Return the intent's fields that one price or option sets."""
        flag = _FLAGS.get(tree.data)
        if flag is not None:
            return {flag: True}
        if tree.data == "tif":
            return {"tif": TimeInForce(_token(tree, 0).upper())}
        if tree.data == "ref":
            return {"ref": str(_token(tree, 1))}
        if tree.data == "account":
            return {"account": _token(tree, 1).upper()}
        return {_PRICES[tree.data]: self._positive(_token(tree, 1), "a price above 0")}

    def _positive(self, token: "Token", expected: str) -> Decimal:
        number = Decimal(token.strip("$%"))
        if number <= 0:
            self.fail(token, f'expected {expected}, found "{token}"')
        return number

    def _date(self, token: "Token", *, is_month: bool) -> date:
        try:
            return date.fromisoformat(f"{token}-01" if is_month else token)
        except ValueError:
            return self.fail(token, f'expected a date such as 2026-12-18, found "{token}"')


_FLAGS: Final = {"preview": "preview", "again": "again", "outside_rth": "outside_rth"}
_PRICES: Final = {
    "limit": "limit_price",
    "stop": "stop_price",
    "trail_amount": "trail_amount",
    "trail_percent": "trail_percent",
    "take": "take_price",
    "protect": "protect_price",
}


def _typed(text: str, intent: OrderIntent) -> OrderIntent:
    """Return the intent with the order type that its prices make."""
    is_trail = intent.trail_amount is not None or intent.trail_percent is not None
    if is_trail and (intent.limit_price is not None or intent.stop_price is not None):
        raise OrderSyntaxError(text, len(text), "expected trail without lmt or stp")
    if (intent.take_price is None) is not (intent.protect_price is None):
        raise OrderSyntaxError(
            text, len(text), "expected a bracket to have both take and stop"
        )
    return replace(intent, order_type=_order_type(intent, is_trail=is_trail))


def _order_type(intent: OrderIntent, *, is_trail: bool) -> OrderType:
    if is_trail:
        return OrderType.TRAIL
    return {
        (False, False): OrderType.MARKET,
        (True, False): OrderType.LIMIT,
        (False, True): OrderType.STOP,
        (True, True): OrderType.STOP_LIMIT,
    }[(intent.limit_price is not None, intent.stop_price is not None)]


def _stock_or_pair(name: str) -> ContractSpec:
    base, dot, quote = name.partition(".")
    if dot and base in CURRENCIES and quote in CURRENCIES:
        return ContractSpec(symbol=base, sec_type=SecType.CASH, currency=quote)
    # The broker writes share classes with a blank: `BRK B`.
    return ContractSpec(symbol=name.replace(".", " "))


def _tree(text: str, start: str) -> "Tree[Token]":
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken  # noqa: PLC0415  lark is loaded at the first parse

    _check_characters(text)
    try:
        return _parser().parse(text, start=start)
    except UnexpectedCharacters as error:
        raise _unexpected(text, error.column - 1, error.allowed or ()) from None
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        column = len(text.rstrip()) + bool(text.strip()) if at_end else error.column - 1
        raise _unexpected(text, column, error.accepts or error.expected or ()) from None


def _unexpected(text: str, column: int, allowed: Iterable[str]) -> OrderSyntaxError:
    before = text[:column].split()
    symbol = before[-1] if before else ""
    if symbol.lower() in RESERVED_WORDS and "LMT" in set(allowed) and len(before) in (1, 3):
        # `buy 10 lmt 500`: the price word stands where the symbol is missing.
        return OrderSyntaxError(
            text, text.rindex(symbol, 0, column), f'expected a symbol, found "{symbol}"'
        )
    names = set(allowed)
    expected = next(
        (words for key, words in _EXPECTED if key <= names), "the end of the line"
    )
    word = text[column:].split(maxsplit=1)[0] if text[column:].strip() else ""
    found = f'"{word}"' if word else "the end of the line"
    hint = (
        f" (write {word.replace(',', '')})"
        if "," in word and word.replace(",", "").isdigit()
        else ""
    )
    return OrderSyntaxError(text, column, f"expected {expected}, found {found}{hint}")


def _check_characters(text: str) -> None:
    if len(text) > TEXT_CHARS_MAX:
        shown = text[:40]
        raise OrderSyntaxError(
            shown,
            0,
            f"expected at most {TEXT_CHARS_MAX} characters, found {len(text)}, beginning with",
        )
    for column, character in enumerate(text):
        if character != "\t" and not (character.isascii() and character.isprintable()):
            safe = "".join(c if c.isascii() and c.isprintable() else "?" for c in text)
            raise OrderSyntaxError(
                safe,
                column,
                f"expected plain letters, digits and signs, found {character!a}",
            )


@cache
def _parser() -> "Lark":
    from lark import Lark  # noqa: PLC0415  30 ms that a session without orders saves

    source = files("edgerunner_lab.core").joinpath("order.lark").read_text(encoding="utf-8")
    return Lark(source, start=["order", "contract"], parser="lalr", lexer="contextual")


def _as_tree(node: "Tree[Token] | Token") -> "Tree[Token]":
    assert not isinstance(node, str), "the grammar gives trees here"
    return node


def _token(tree: "Tree[Token]", index: int) -> "Token":
    node = tree.children[index]
    assert isinstance(node, str), "the grammar gives tokens here"
    return node  # type: ignore[return-value]  # lark's tokens are strings


def _first(node: "Tree[Token] | Token") -> "Token":
    return _token(_as_tree(node), 0)
