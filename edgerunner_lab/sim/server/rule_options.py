"""Options of the command line about what the account allows: precautions, subscriptions and delays."""

import argparse
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from edgerunner_lab.sim.orders.order_rules import OrderRules
from edgerunner_lab.sim.requests.data_rules import LINES_MAX, DataRules
from edgerunner_lab.sim.server.option_types import Number, names, whole

MONEY_MAX: Final = Decimal(10) ** 12
ANSWER_SECONDS_MAX: Final = 3600
CLIENT_ID_MAX: Final = 2**31 - 1
LINES_HIGHEST: Final = 10_000


def add_rules(add: Callable[..., object]) -> None:
    """Add the options; `add` is a group's `add_argument`."""
    add(
        "--master-client-id",
        type=whole(0, CLIENT_ID_MAX),
        metavar="N",
        help="this client hears of everybody's orders (nobody does)",
    )
    add("--fractions", action="store_true", help="take orders for fractions of a share")
    for option, help_ in (
        (
            "--price-percent-max",
            "refuse limits further beyond the market, in percent (any)",
        ),
        ("--size-max", "refuse larger orders, in units (any)"),
        ("--value-max", "refuse orders worth more, in their currency (any)"),
    ):
        add(option, type=Number(Decimal(0), MONEY_MAX), metavar="X", help=help_)
    add(
        "--side-orders-max",
        type=whole(1, LINES_HIGHEST),
        metavar="N",
        help="working orders of a side of a contract, 15 at the broker (any)",
    )
    add(
        "--answer-seconds",
        type=whole(0, ANSWER_SECONDS_MAX),
        default=0,
        metavar="N",
        help="the market takes so long to accept or cancel an order (%(default)s)",
    )
    add(
        "--liquidation-seconds",
        type=whole(0, ANSWER_SECONDS_MAX),
        default=OrderRules().liquidation_seconds,
        metavar="N",
        help="positions are closed so long after excess liquidity fell below 0 (%(default)s)",
    )
    add(
        "--no-liquidation",
        action="store_true",
        help="let excess liquidity be negative for as long as it is",
    )
    add(
        "--lines",
        type=whole(1, LINES_HIGHEST),
        default=LINES_MAX,
        metavar="N",
        help="market-data lines of a client (%(default)s)",
    )
    add(
        "--unsubscribed",
        type=names,
        default=frozenset[str](),
        metavar="NAMES",
        help="instruments whose data is delayed or refused, such as TSLA,QQQ (none)",
    )


def order_rules_of(parsed: argparse.Namespace) -> OrderRules:
    """Return the rules about orders that the options ask for."""
    given: dict[str, Any] = vars(parsed)
    return OrderRules(
        master_client_id=given["master_client_id"],
        takes_fractions=given["fractions"],
        price_percent_max=given["price_percent_max"],
        size_max=given["size_max"],
        value_max=given["value_max"],
        side_orders_max=given["side_orders_max"],
        answer_seconds=given["answer_seconds"],
        liquidation_seconds=None
        if given["no_liquidation"]
        else given["liquidation_seconds"],
    )


def data_rules_of(parsed: argparse.Namespace) -> DataRules:
    """Return the rules about market data that the options ask for."""
    given: dict[str, Any] = vars(parsed)
    return DataRules(lines_max=given["lines"], unsubscribed=given["unsubscribed"])
