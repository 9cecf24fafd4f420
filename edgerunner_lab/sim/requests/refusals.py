"""What the broker does not serve an ordinary customer, in the broker's own words and codes."""

from collections.abc import Iterable, Mapping
from typing import Final

from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk, Handler

_ADVISERS: Final = (
    321,
    "Error validating request.-'cA' : cause - FA data operations ignored for non FA customers.",
)
_CALENDAR: Final = (10276, "News feed is not allowed.")
_VERIFICATION: Final = (
    531,
    "Error while processing verification request: no third party is known here",
)
_NO_WINDOWS: Final = (
    321,
    "Error validating request.-'bX' : cause - a gateway has no display groups",
)

REFUSALS: Final[Mapping[str, tuple[int, str]]] = {
    "requestFA": _ADVISERS,
    "replaceFA": _ADVISERS,
    "reqFundamentalData": (
        430,
        "We are sorry, but fundamentals data for the security specified is not available.",
    ),
    "reqWshMetaData": _CALENDAR,
    "reqWshEventData": _CALENDAR,
    "verifyRequest": _VERIFICATION,
    "verifyMessage": _VERIFICATION,
    "verifyAndAuthRequest": _VERIFICATION,
    "verifyAndAuthMessage": _VERIFICATION,
    "subscribeToGroupEvents": _NO_WINDOWS,
    "updateDisplayGroup": _NO_WINDOWS,
}
"""Request -> code and text."""

UNSERVED: Final = (
    321,
    "Error validating request.-'a' : cause - {name} is not served by this gateway",
)
"""For a request that is in no table; a test holds that there is none."""

SILENT: Final = frozenset(
    {
        "setServerLogLevel",
        "startApi",
        "unsubscribeFromGroupEvents",
        "cancelFundamentalData",
        "cancelWshMetaData",
        "cancelWshEventData",
    }
)
"""Requests that the broker does not answer either, when there is nothing to tell."""


def unserved(name: str) -> Handler:
    """Return the handler of a request that is not served."""

    def refuse(_: Desk, __: Client, ___: Fields) -> Iterable[Message]:
        if name in SILENT:
            return ()
        code, text = REFUSALS.get(name, UNSERVED)
        raise Refused(code, text.format(name=name))

    return refuse
