"""Every magic's form: its options and one right line, for reading, for messages and for tab completion."""

from typing import Final

from edgerunner_lab.magics.words import Usage
from edgerunner_lab.session.settings import DEFAULT_PORTS

PROFILES: Final = tuple(DEFAULT_PORTS)
BAR_KINDS: Final = ("TRADES", "MIDPOINT", "BID", "ASK", "BID_ASK", "ADJUSTED_LAST")
RISK_ACTIONS: Final = ("show", "set")
CANCEL_ALL: Final = "all"
EVERYTHING: Final = "--all"

USAGES: Final = {
    usage.magic: usage
    for usage in (
        Usage(
            magic="%connect",
            example="%connect paper --port 7497",
            options=("--host", "--port", "--account", "--client-id"),
        ),
        Usage(magic="%disconnect", example="%disconnect"),
        Usage(magic="%status", example="%status"),
        Usage(magic="%quote", example="%quote SPY QQQ"),
        Usage(magic="%watch", example="%watch SPY QQQ"),
        Usage(magic="%search", example="%search apple"),
        Usage(
            magic="%bars",
            example="%bars SPY 30d 1h",
            options=("--what",),
            flags=("--all-hours",),
        ),
        Usage(magic="%order", example="%order buy 10 SPY"),
        Usage(
            magic="%%basket", example="%%basket --preview", flags=("--preview", "--again")
        ),
        Usage(magic="%modify", example="%modify probe lmt 501", flags=("--preview",)),
        Usage(magic="%cancel", example="%cancel SPY"),
        Usage(magic="%orders", example="%orders"),
        Usage(magic="%fills", example="%fills"),
        Usage(magic="%why", example="%why probe"),
        Usage(magic="%blotter", example="%blotter"),
        Usage(magic="%resolve", example="%resolve probe"),
        Usage(magic="%positions", example="%positions"),
        Usage(magic="%account", example="%account"),
        Usage(magic="%risk", example="%risk set max_order_qty.STK 100"),
        Usage(magic="%close", example="%close SPY"),
        Usage(
            magic="%flatten",
            example='%flatten --reason "leaving early"',
            options=("--reason",),
        ),
        Usage(
            magic="%halt",
            example='%halt --reason "bad feed"',
            options=("--reason",),
            flags=(EVERYTHING,),
        ),
        Usage(
            magic="%resume",
            example='%resume --reason "feed is back"',
            options=("--reason",),
        ),
    )
}
"""Magic → its usage; completion reads the same options from here."""
