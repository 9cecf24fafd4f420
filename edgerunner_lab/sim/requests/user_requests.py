"""What a client asks about its user: white branding, families, soft dollars and display groups."""

from collections.abc import Iterator, Mapping
from typing import Final

from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import number_of
from edgerunner_lab.sim.requests.clients import Client
from edgerunner_lab.sim.requests.desk import Desk, Handler


def user_info(_: Desk, __: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqUserInfo: no white branding."""
    yield Message(
        "userInfo", {"reqId": number_of(fields, "reqId", -1), "whiteBrandingId": ""}
    )


def family_codes(desk: Desk, _: Client, __: Fields) -> Iterator[Message]:
    """Answer reqFamilyCodes: the account belongs to no family."""
    rows = ({"accountID": desk.account.account_id, "familyCodeStr": ""},)
    yield Message("familyCodes", {"familyCodes": rows})


def soft_dollar_tiers(_: Desk, __: Client, fields: Fields) -> Iterator[Message]:
    """Answer reqSoftDollarTiers: there are none."""
    yield Message("softDollarTiers", {"reqId": number_of(fields, "reqId", -1), "tiers": ()})


def display_groups(_: Desk, __: Client, fields: Fields) -> Iterator[Message]:
    """Answer queryDisplayGroups: a gateway has no windows, so there are none."""
    yield Message(
        "displayGroupList", {"reqId": number_of(fields, "reqId", -1), "groups": ""}
    )


HANDLERS: Final[Mapping[str, Handler]] = {
    "reqUserInfo": user_info,
    "reqFamilyCodes": family_codes,
    "reqSoftDollarTiers": soft_dollar_tiers,
    "queryDisplayGroups": display_groups,
}
"""Request -> answer."""
