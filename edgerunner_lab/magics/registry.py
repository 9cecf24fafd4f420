"""Puts the magics, their display and their completion into a shell, and takes them out again."""

from typing import Final, cast

from IPython.core.interactiveshell import InteractiveShell

from edgerunner_lab.magics.account import AccountMagics
from edgerunner_lab.magics.completion import MagicWords
from edgerunner_lab.magics.connection import ConnectionMagics
from edgerunner_lab.magics.market import MarketMagics
from edgerunner_lab.magics.orders import OrderMagics
from edgerunner_lab.magics.render import ShowEveryMagic
from edgerunner_lab.magics.risk import RiskMagics
from edgerunner_lab.magics.usages import USAGES
from edgerunner_lab.magics.verbs import Verbs

MAGICS: Final = (ConnectionMagics, MarketMagics, OrderMagics, AccountMagics, RiskMagics)


def register(ip: InteractiveShell, lab: Verbs) -> None:
    """Define every magic on `lab`; doing it again replaces the first."""
    unregister(ip)
    for magics in MAGICS:
        ip.register_magics(magics(ip, lab))
    _matchers(ip).append(MagicWords(lab))
    ip.ast_transformers.append(ShowEveryMagic())


def unregister(ip: InteractiveShell) -> None:
    """Take our magics and completion out; a magic of the same name that someone else defined stays."""
    # IPython leaves the types of both collections open.
    by_kind = cast("dict[str, dict[str, object]]", ip.magics_manager.magics)  # pyright: ignore[reportUnknownMemberType]
    for magic in USAGES:
        by_name = by_kind["cell" if magic.startswith("%%") else "line"]
        name = magic.lstrip("%")
        if isinstance(getattr(by_name.get(name), "__self__", None), MAGICS):
            del by_name[name]
    for magics in MAGICS:
        ip.magics_manager.registry.pop(magics.__name__, None)
    ip.ast_transformers[:] = [
        other for other in ip.ast_transformers if not isinstance(other, ShowEveryMagic)
    ]
    matchers = _matchers(ip)
    matchers[:] = [other for other in matchers if not isinstance(other, MagicWords)]


def _matchers(ip: InteractiveShell) -> list[object]:
    return cast("list[object]", ip.Completer.custom_matchers)  # pyright: ignore[reportUnknownMemberType]
