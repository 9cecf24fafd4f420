"""Broker message codes: how grave, what it means, what it does to an order, and what to do.

The table is RISK.md §4(e), drawn from IBKR's published list and from what other clients have met.
"""

import enum
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final


class Severity(enum.IntEnum):
    """How grave a message is."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Effect(enum.StrEnum):
    """What a message says about the order it names."""

    NONE = "none"
    REJECTED = "rejected"
    REJECTED_PROBABLY = "probably rejected"
    CANCELLED = "cancelled"
    LIVE = "still works"
    CANCEL_VERDICT = "the cancel failed"
    MODIFY_VERDICT = "the change failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerCode:
    """One message code.

    Attributes:
        action: What the session or the user does about it; empty where nothing is to be done.
    """

    code: int
    meaning: str
    severity: Severity
    effect: Effect
    action: str = ""


_EFFECTS: Final = {
    "–": Effect.NONE,
    "REJ": Effect.REJECTED,
    "REJ?": Effect.REJECTED_PROBABLY,
    "CXL": Effect.CANCELLED,
    "LIVE": Effect.LIVE,
    "CANV": Effect.CANCEL_VERDICT,
    "MODV": Effect.MODIFY_VERDICT,
    "UNK": Effect.UNKNOWN,
}

_TABLE: Final = """
1100 | connection between the gateway and the broker lost | HIGH | UNK | new orders wait, quotes are stale
1101 | connection restored, data lost | MEDIUM | – | resubscribe and synchronise
1102 | connection restored, data kept | MEDIUM | – | synchronise orders and executions
1300 | the gateway's port was reset | CRITICAL | UNK | connect by hand to the new port
2110 | connection between the gateway and the broker broken | HIGH | UNK | new orders wait, it comes back by itself
2103 | market data farm broken | HIGH | – | quotes are stale
2105 | historical data farm broken | LOW | – |
2157 | security definition farm broken | MEDIUM | – |
2104 2106 2158 2107 2108 2119 | data farm is fine, idle or connecting | LOW | – |
2100 2101 | account updates went to another client | HIGH | – | profit and loss are unknown here
2102 | an order cannot be changed while it is processed | MEDIUM | MODV | repeat after the next status
2109 | outside-hours flag ignored | MEDIUM | LIVE |
2137 | the order crosses your own side | MEDIUM | LIVE |
2148 2150 2152 2168 2169 2176 | notice about an order or position | LOW | LIVE |
2161 | the order's price will be capped | MEDIUM | LIVE | see the capped price in %orders
100 | more than 50 messages a second | HIGH | UNK | sending pauses; the broker may disconnect
101 | no market data lines left | MEDIUM | – | close watches that are not needed
102 322 385 386 | duplicate or failed request id | MEDIUM | – |
103 | duplicate order id | HIGH | REJ? | another program may use this client id
104 | a filled order cannot be changed | MEDIUM | MODV |
105 | the change does not match the order | MEDIUM | MODV | the old order works on
106 107 111 113 | incomplete order, or type and time in force do not go together | MEDIUM | REJ? |
109 163 | a price precaution of TWS | MEDIUM | REJ? |
382 383 | a price or size precaution of TWS | MEDIUM | REJ |
110 | the price is not on a tick | MEDIUM | REJ |
116 387 412 | exchange or order type not supported for this | MEDIUM | REJ? |
117 160 355 10250 | the size is not allowed | MEDIUM | REJ? |
388 434 | the size is too small or zero | MEDIUM | REJ |
122 138-145 | the order could not be read | HIGH | REJ? |
125 126 | the price is through the market | MEDIUM | REJ? |
132 435 436 | the account is missing or wrong | HIGH | REJ? |
133 | the order could not be submitted | HIGH | UNK |
134 329 422 440 10241 10242 10341 | the change failed | MEDIUM | MODV | the old order works on
135 | no such order id | HIGH | CANV |
136 137 161 10148 | the order cannot be cancelled, it may be filled | HIGH | CANV |
10147 | the order to cancel was not found | HIGH | CANV |
146 158 159 168 361-364 403 10240 | a stop or trigger price is wrong | MEDIUM | REJ? |
147 148 398 402 | a condition is wrong | MEDIUM | REJ? |
154 | the security is halted | MEDIUM | REJ? |
162 165 166 366 420 | historical data: none, expired or too fast | LOW | – |
164 | no market data to check the price against | MEDIUM | REJ? |
200 | no or no single security fits | MEDIUM | – | see %search
201 | the order was rejected | MEDIUM | REJ |
202 | the order was cancelled | LOW | CXL |
203 | the security is not available to this account | MEDIUM | REJ |
460 | no permission to trade this | MEDIUM | REJ? |
300 310 365 | unknown request id | LOW | – |
309 316 317 | market depth: too many, halted or reset | LOW | – |
320 323 | the gateway could not read or answer a request | HIGH | UNK |
321 | a request did not pass validation | MEDIUM | REJ? |
326 | the client id is in use | HIGH | – | another one is tried
354 10089 10090 10091 10168 10186 10187 10189 10190 | no market data subscription for this | MEDIUM | – | subscribe at the broker, or use delayed data on paper
10167 | delayed market data is shown | MEDIUM | – |
10197 | a competing session has the market data | HIGH | – | quotes are stale
10182 10225 | live updates of bars broke off | MEDIUM | – | subscribe again
392 10254 | the contract has expired | MEDIUM | REJ? |
395 396 397 | the broker's system has a problem | HIGH | REJ? |
399 | a message about the order, usually that it is held | MEDIUM | LIVE |
404 | the order waits for shares to borrow | MEDIUM | LIVE |
405 10006 | parent and child orders do not fit | HIGH | REJ? |
406 407 579 | currency or characters are not allowed | HIGH | REJ? |
10349 10233 10311 10329 10331 10332 10333 10347 | a notice about presets or routing, the order works | MEDIUM | LIVE |
411 | outside-hours notice | MEDIUM | REJ? |
426 | no shares to sell short | MEDIUM | REJ? |
438 10015 | trading is locked in the gateway | HIGH | REJ? |
439 441 442 443 | an algo or its parameters are wrong | MEDIUM | REJ? |
481 | the order's size was reduced | HIGH | LIVE | synchronise
492 | scanner precision | LOW | – |
501 | already connected | LOW | – |
502 504 | not connected | HIGH | UNK |
503 506 | the gateway is too old | CRITICAL | – | update TWS or IB Gateway
505 507 508 509 586 | a message could not be read | CRITICAL | UNK | connect again
512 | the order could not be sent | HIGH | UNK |
515 538 | a cancel could not be sent | CRITICAL | UNK | cancel in TWS
510 511 513 514 516-537 539-575 | a request could not be sent | MEDIUM | – |
10000-10005 10007-10014 10016-10027 | a combination or its venue is not allowed | MEDIUM | REJ? |
10243 10245-10249 10251 10252 10285 10286 10318 | fractional sizes are not allowed here | MEDIUM | REJ? |
10244 10289 10290 10293 10317 | cash quantities are not allowed here | MEDIUM | REJ? |
10268-10270 10297 10308 10316 10340 10342 10256 10257 | an order attribute is not supported | MEDIUM | REJ? |
10276 10277 | news are not allowed | LOW | – |
10328 | connection lost, order data could not be resolved | CRITICAL | UNK | compare with TWS
"""


def _rows() -> Iterator[BrokerCode]:
    for line in _TABLE.strip().splitlines():
        codes, meaning, severity, effect, action = (
            part.strip() for part in line.split("|")
        )
        for word in codes.split():
            first, _, last = word.partition("-")
            for code in range(int(first), int(last or first) + 1):
                yield BrokerCode(
                    code=code,
                    meaning=meaning,
                    severity=Severity[severity],
                    effect=_EFFECTS[effect],
                    action=action,
                )


CODES: Final = {row.code: row for row in _rows()}
"""code -> what is known of it"""

_WARNINGS: Final = range(2100, 2200)
_NO_DEFINITION: Final = 200
_VALIDATION: Final = 321
_CHANGE_OR_NEW: Final = frozenset({110, _VALIDATION})
"""Codes that refuse whichever was asked last, a new order or a change of one that works."""

_PACED: Final = frozenset({162, 420})

# These words are the only thing that tells the cases apart; no state of an order hangs on the second.
_READ_ONLY: Final = "read-only"
_PACING: Final = "pacing"


def classify(
    code: int, *, has_order: bool, is_working: bool = False, text: str = ""
) -> BrokerCode:
    """Return what a message code means; a code that is not known says so and is not taken lightly.

    Args:
        code: The broker's.
        has_order: Whether the message names one of our orders; without one, it can at most cast doubt on all.
        is_working: Whether the broker had accepted that order before.
        text: The broker's words.
    """
    listed = CODES.get(code)
    known = _in_context(listed or _unlisted(code), text, is_working=is_working)
    if has_order:
        is_refused = code == _NO_DEFINITION
        return replace(known, effect=Effect.REJECTED_PROBABLY) if is_refused else known
    casts_doubt = listed is not None and known.effect is Effect.UNKNOWN
    return known if casts_doubt else replace(known, effect=Effect.NONE)


def _unlisted(code: int) -> BrokerCode:
    if code in _WARNINGS:
        return BrokerCode(
            code=code,
            meaning="a warning that is not known",
            severity=Severity.LOW,
            effect=Effect.LIVE,
        )
    return BrokerCode(
        code=code,
        meaning="a code that is not known",
        severity=Severity.MEDIUM,
        effect=Effect.UNKNOWN,
    )


def _in_context(known: BrokerCode, text: str, *, is_working: bool) -> BrokerCode:
    words = text.lower()
    if known.code == _VALIDATION and _READ_ONLY in words:
        known = replace(
            known,
            meaning="the gateway is in read-only mode",
            severity=Severity.HIGH,
            effect=Effect.REJECTED,
            action="orders are possible once its API settings allow them",
        )
    if known.code in _PACED and _PACING in words:
        known = replace(known, severity=Severity.MEDIUM, action="ask again in 15 seconds")
    if known.code in _CHANGE_OR_NEW and is_working:
        known = replace(known, effect=Effect.MODIFY_VERDICT)
    return known
