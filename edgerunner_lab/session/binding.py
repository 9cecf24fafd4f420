"""Which account a connection is for, and what that account allows; refused where anything disagrees."""

from edgerunner_lab.core.accounts import Mode, is_paper, mask
from edgerunner_lab.core.errors import ConnectFailed
from edgerunner_lab.session.link import Target
from edgerunner_lab.session.settings import MODE_HINT_BY_PORT


def account_of(target: Target, accounts: tuple[str, ...]) -> str:
    """Return the account to bind: the one asked for, or the only one there is.

    Raises:
        ConnectFailed: it is not there, or there are several and none was asked for.
    """
    account = target.account or (accounts[0] if len(accounts) == 1 else "")
    if account not in accounts:
        shown = ", ".join(mask(name) for name in accounts)
        raise ConnectFailed(
            f"account {mask(account) if account else 'not given'}, expected one of {shown}: use --account"
        )
    return account


def mode_of(target: Target, port: int, account: str, accounts: tuple[str, ...]) -> Mode:
    """Return what the connection is.

    Raises:
        ConnectFailed: profile, port and account disagree.
    """
    mode = Mode.PAPER if all(is_paper(name) for name in accounts) else Mode.LIVE
    asked = Mode.LIVE if target.is_live_profile else Mode.PAPER
    hint = MODE_HINT_BY_PORT.get(port)
    if mode is not asked or (hint is not None and hint is not mode):
        raise ConnectFailed(
            f"ACCOUNT_MISMATCH: profile {target.profile}, port {port}{f' ({hint.value} by custom)' if hint else ''}, "
            f"but account {mask(account)} is {mode.value}; refused, nothing was sent. Use the profile that matches"
        )
    return Mode.SIM if target.profile == "sim" else mode
