"""`why`: the whole story of one order, from the journal."""

from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.session.verbs.closing import ClosingVerbs
from edgerunner_lab.tables import stories
from edgerunner_lab.tables.table import Table


class StoryVerbs(ClosingVerbs):
    """What the journal tells."""

    async def why(self, ref: str = "") -> Table[stories.Line]:
        """Return what is written about one order; without a reference, about the last one that was tried.

        Args:
            ref: The reference, a piece of it that fits no other, or the order's name.

        Raises:
            UsageError: none fits, or several do.
        """
        ledger = self._engine.records.ledger
        piece = ref.strip().replace("…", "")
        found = await self._engine.records.call(lambda: ledger.refs_like(piece))
        if not found:
            asked = f"no order {piece!r} was found" if piece else "no order was tried yet"
            raise UsageError(f"{asked}, expected a reference as %orders shows it")
        if piece and len(found) > 1 and piece not in found:
            raise UsageError(
                f"{piece!r} fits {', '.join(found)}, expected more of one of them"
            )
        chosen = piece if piece in found else found[0]
        entries = await self._engine.records.call(lambda: ledger.story(chosen))
        return stories.story(entries, order_ref=chosen)
