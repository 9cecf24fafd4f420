"""exerciseOptions: turning options into shares before they end, or leaving them to lapse."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from edgerunner_lab.sim.accounts.book import ZERO
from edgerunner_lab.sim.listing.endings import has_ended
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, number_of
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk, Handler

EXERCISE, LAPSE = 1, 2

_CAUSE: Final = "Error processing request.-'b7' : cause - "


def exercise_options(desk: Desk, client: Client, fields: Fields) -> Iterable[Message]:
    """Answer exerciseOptions: executions of the option and of its shares, or nothing for a lapse.

    An option that is not in the money is exercised only with `override`.
    """
    option = desk.instrument_in(fields)
    account = desk.own_account(fields, "account")
    held = desk.account.quantity(option)
    count = Decimal(number_of(fields, "exerciseQuantity"))
    if not option.right or held <= 0 or has_ended(option, desk.market.second):
        raise Refused(
            322, f"{_CAUSE}No unlapsed position exists in this option in account {account}"
        )
    if not 0 < count <= held:
        raise Refused(
            322,
            f"{_CAUSE}The number of contracts was {count:f}, expected 1 to {held:f}",
        )
    action = number_of(fields, "exerciseAction")
    if action == LAPSE:
        desk.registry.lapses.add(option.con_id)
        desk.is_changed = True
        return ()
    if action != EXERCISE:
        raise Refused(
            322,
            f"{_CAUSE}Invalid action: found {action}, expected 1 (exercise) or 2 (lapse)",
        )
    second = desk.market.second
    is_forced = number_of(fields, "override") == 1
    if not is_forced and desk.engine.settlement.intrinsic(option, second) <= ZERO:
        raise Refused(
            322, f"{_CAUSE}The option is not in the money and override is not set"
        )
    desk.report(desk.engine.settlement.exercise(option, count, second, client.client_id))
    return ()


HANDLERS: Final[Mapping[str, Handler]] = {"exerciseOptions": exercise_options}
"""Request -> answer."""
