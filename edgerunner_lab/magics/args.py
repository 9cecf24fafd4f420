"""What each magic was asked, as frozen objects; wrong use ends in one line, and nothing is sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.magics.usages import BAR_KINDS, CANCEL_ALL, EVERYTHING, PROFILES, USAGES
from edgerunner_lab.magics.words import Usage, Words, quoted, read
from edgerunner_lab.tables.cells import plain

SYMBOLS_MAX: Final = 100
"""Most symbols in one line: the broker's usual allowance of market-data lines (REQUIREMENTS C7)."""

PATTERN_CHARS_MAX: Final = 64
"""Longest text to search for; the broker compares it with names, which are shorter."""

REASON_CHARS_MAX: Final = 200
"""Longest reason kept in the journal; a sentence or two."""

NEW_TERMS: Final = {"qty": "quantity", "lmt": "limit", "stp": "stop", "ioc": "tif"}
"""word of `%modify` -> what it changes"""

_DECIMAL: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?", re.ASCII)
_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9 ./-]{0,39}")
_NUMBER_AND_UNIT: Final = re.compile(r"[0-9]{1,6}[a-z]{1,4}")
_ACCOUNT: Final = re.compile(r"[A-Z0-9]{2,20}")
_HOST: Final = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
_LIMIT_NAME: Final = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_. -]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectArgs:
    """Where to connect; None leaves it to the profile and the settings file."""

    profile: str = "sim"
    host: str | None = None
    port: int | None = None
    account: str | None = None
    client_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsArgs:
    """Which history; `duration` and `size` are a whole number and a unit, e.g. "30d" and "1h".

    Attributes:
        what: One of BAR_KINDS; None for trades, or midpoints where the instrument has no trades.
    """

    symbol: str
    duration: str = "30d"
    size: str = "1h"
    rth: bool = True
    what: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasketArgs:
    """How a basket is to be sent."""

    preview: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyArgs:
    """Which order to change, and how; `terms` are quantity, limit, stop and tif, as typed."""

    what: str
    terms: Mapping[str, str]
    preview: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HaltArgs:
    """Why to halt, empty if nobody said; and whether to cancel what other programs have working as well."""

    reason: str = ""
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskArgs:
    """Show the limits, or set one; `name` and `value` are empty when showing."""

    action: str = "show"
    name: str = ""
    value: str = ""


def connect_args(line: str) -> ConnectArgs:
    """Read `[sim|paper|live] [--host H --port N --account A --client-id N]`.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%connect"]
    words = read(line, usage)
    profiles = f"one of {', '.join(PROFILES)}"
    profile = _at_most_one(words, usage, profiles).lower() or "sim"
    if profile not in PROFILES:
        usage.wrong(quoted(profile), profiles)
    return ConnectArgs(
        profile=profile,
        host=_matching(words, "--host", _HOST, "a host name or address", usage),
        port=_whole(words, "--port", 65_535, usage),
        account=_account(words, usage),
        client_id=_whole(words, "--client-id", 2_000_000_000, usage),
    )


def no_args(line: str, magic: str) -> None:
    """Read an empty line.

    Raises:
        UsageError: it is not empty.
    """
    if line.strip():
        USAGES[magic].wrong(quoted(line.strip()), "nothing after it")


def symbols(line: str, magic: str) -> tuple[str, ...]:
    """Read symbols, upper-cased, each once, in order; spaces or commas between them; may be none.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES[magic]
    found = (part for word in read(line, usage).plain for part in word.split(","))
    unique = tuple(dict.fromkeys(_symbol(part, usage) for part in found if part))
    if len(unique) > SYMBOLS_MAX:
        usage.wrong(f"{len(unique)} symbols", f"at most {SYMBOLS_MAX}")
    return unique


def some_symbols(line: str, magic: str) -> tuple[str, ...]:
    """Read one or more symbols, as `symbols` does.

    Raises:
        UsageError: see the module.
    """
    found = symbols(line, magic)
    if not found:
        USAGES[magic].wrong("nothing", "one or more symbols")
    return found


def pattern(line: str) -> str:
    """Read what to search for: words of a company's name, or the beginning of a symbol.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%search"]
    text = " ".join(read(line, usage).plain)
    if not text.strip():
        usage.wrong("nothing", "part of a name or symbol")
    if len(text) > PATTERN_CHARS_MAX or not text.isprintable():
        usage.wrong(quoted(text), f"at most {PATTERN_CHARS_MAX} printable characters")
    return text


def bars_args(line: str) -> BarsArgs:
    """Read `SYMBOL [DURATION [SIZE]] [--all-hours] [--what KIND]`.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%bars"]
    words = read(line, usage)
    if len(words.plain) not in {1, 2, 3}:
        usage.wrong(
            quoted(" ".join(words.plain)) if words.plain else "nothing",
            "a symbol, then a duration and a bar size",
        )
    symbol, duration, size = (*words.plain, *("30d", "1h")[len(words.plain) - 1 :])
    for text, expected in (
        (duration, "a duration such as 30d, 6mo or 1y"),
        (size, "a bar size such as 5s, 1m, 1h or 1d"),
    ):
        if not _NUMBER_AND_UNIT.fullmatch(text.lower()):
            usage.wrong(quoted(text), expected)
    what = words.values.get("--what")
    if what is not None and what.upper() not in BAR_KINDS:
        usage.wrong(f"{quoted(what)} after --what", f"one of {', '.join(BAR_KINDS)}")
    return BarsArgs(
        symbol=_symbol(symbol, usage),
        duration=duration.lower(),
        size=size.lower(),
        rth="--all-hours" not in words.flags,
        what=None if what is None else what.upper(),
    )


def order_text(line: str) -> str:
    """Return the order as typed; the order language judges its words.

    Raises:
        UsageError: there are none.
    """
    text = line.strip()
    if not text:
        USAGES["%order"].wrong("nothing", "an order")
    return text


def basket_args(line: str) -> BasketArgs:
    """Read what stands behind `%%basket`.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%%basket"]
    words = read(line, usage)
    if words.plain:
        usage.wrong(quoted(words.plain[0]), "the orders on the lines below")
    return BasketArgs(preview="--preview" in words.flags, again="--again" in words.flags)


def cancel_what(line: str) -> str:
    """Read what to cancel: an order's reference, a symbol, or "all".

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%cancel"]
    expected = "an order's reference, a symbol, or all"
    what = _at_most_one(read(line, usage), usage, expected)
    if not what:
        usage.wrong("nothing", expected)
    if not what.isprintable():
        usage.wrong(quoted(what), expected)
    return CANCEL_ALL if what.lower() == CANCEL_ALL else what


def modify_args(line: str) -> ModifyArgs:
    """Read `REF [qty N] [lmt PRICE] [stp PRICE] [ioc] [--preview]`.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%modify"]
    words = read(line, usage)
    what, *rest = words.plain or ("",)
    if not what or not what.isprintable():
        usage.wrong(quoted(what) if what else "nothing", "an order's reference or name")
    terms: dict[str, str] = {}
    while rest:
        word = rest.pop(0)
        name = NEW_TERMS.get(word.lower())
        if name is None or name in terms:
            usage.wrong(quoted(word), "each of qty, lmt, stp and ioc at most once")
        if name == "tif":
            terms[name] = word.upper()
        elif rest and _DECIMAL.fullmatch(rest[0]):
            terms[name] = rest.pop(0)
        else:
            found = quoted(rest[0]) if rest else "nothing"
            usage.wrong(f"{found} after {word}", "a number such as 501.25")
    if not terms:
        usage.wrong("nothing to change", "qty, lmt, stp or ioc")
    return ModifyArgs(what=what, terms=terms, preview="--preview" in words.flags)


def risk_args(line: str) -> RiskArgs:
    """Read `[show]` or `set NAME VALUE`.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%risk"]
    words = read(line, usage).plain
    if not words or (len(words) == 1 and words[0].lower() == "show"):
        return RiskArgs()
    if len(words) != 3 or words[0].lower() != "set":  # noqa: PLR2004  set, name, value
        usage.wrong(quoted(" ".join(words)), "show, or set with a limit and its value")
    _, name, value = words
    if not _LIMIT_NAME.fullmatch(name):
        usage.wrong(quoted(name), "a limit's name as %risk shows it")
    if not value or not value.isprintable():
        usage.wrong(quoted(value), "the limit's value")
    return RiskArgs(action="set", name=name, value=value)


def why_ref(line: str) -> str:
    """Read a reference, a piece of one or a name; empty for the last order.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%why"]
    ref = _at_most_one(read(line, usage), usage, "one reference")
    if not ref.isprintable():
        usage.wrong(quoted(ref), "a reference as %orders shows it")
    return ref


def resolve_ref(line: str) -> str:
    """Read the reference, a piece of one or the name of an order whose outcome is unknown.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%resolve"]
    ref = _at_most_one(read(line, usage), usage, "one reference")
    if not ref:
        usage.wrong("nothing", "a reference as %blotter shows it")
    if not ref.isprintable():
        usage.wrong(quoted(ref), "a reference as %blotter shows it")
    return ref


def close_symbol(line: str) -> str:
    """Read the symbol of a position.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%close"]
    text = _at_most_one(read(line, usage), usage, "one symbol")
    return _symbol(text, usage)


def halt_args(line: str) -> HaltArgs:
    """Read `[--all] [--reason "words"]`; like `halt_reason` it never raises."""
    return HaltArgs(reason=halt_reason(line), everything=EVERYTHING in line.split())


def halt_reason(line: str, magic: str = "%halt") -> str:
    """Return the reason for a halt or for flattening, empty if none was given.

    It never raises: neither is refused for its wording.
    """
    try:
        words = read(line, USAGES[magic])
    except UsageError:
        return plain(line.strip(" \"'"))[:REASON_CHARS_MAX]
    given = [words.values["--reason"]] if "--reason" in words.values else []
    return plain(" ".join([*given, *words.plain]).strip())[:REASON_CHARS_MAX]


def resume_reason(line: str) -> str:
    """Read `--reason "words"`, which a person has to give.

    Raises:
        UsageError: see the module.
    """
    usage = USAGES["%resume"]
    words = read(line, usage)
    reason = words.values.get("--reason", "").strip()
    if words.plain:
        usage.wrong(quoted(" ".join(words.plain)), "the reason in quotes after --reason")
    if not reason:
        usage.wrong("no reason", "why trading may go on, after --reason")
    if len(reason) > REASON_CHARS_MAX or not reason.isprintable():
        usage.wrong(quoted(reason), f"at most {REASON_CHARS_MAX} printable characters")
    return reason


def _at_most_one(words: Words, usage: Usage, expected: str) -> str:
    if len(words.plain) > 1:
        usage.wrong(quoted(" ".join(words.plain)), expected)
    return words.plain[0].strip() if words.plain else ""


def _symbol(text: str, usage: Usage) -> str:
    symbol = text.strip().upper()
    if not _SYMBOL.fullmatch(symbol):
        usage.wrong(quoted(text), "a symbol such as SPY or EUR.USD")
    return symbol


def _whole(words: Words, name: str, most: int, usage: Usage) -> int | None:
    text = words.values.get(name)
    if text is None:
        return None
    # Only ASCII digits: int() would also take "+7", "7_4" and other scripts' digits.
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        usage.wrong(f"{quoted(text)} after {name}", f"a whole number from 1 to {most}")
    if not 1 <= int(text) <= most:
        usage.wrong(f"{quoted(text)} after {name}", f"a whole number from 1 to {most}")
    return int(text)


def _matching(
    words: Words, name: str, form: re.Pattern[str], expected: str, usage: Usage
) -> str | None:
    text = words.values.get(name)
    if text is not None and not form.fullmatch(text):
        usage.wrong(f"{quoted(text)} after {name}", expected)
    return text


def _account(words: Words, usage: Usage) -> str | None:
    text = words.values.get("--account")
    if text is None:
        return None
    if not _ACCOUNT.fullmatch(text.upper()):
        # What was typed may be nearly an account's number, so the message leaves it out.
        usage.wrong("another form after --account", "an account such as DU1234567")
    return text.upper()
