"""Several orders that are one decision: judged together, each as if those before it worked, sent together or not at all."""

import asyncio
from dataclasses import replace
from typing import Final

from edgerunner_lab.core.errors import OrderSyntaxError, UsageError
from edgerunner_lab.core.facts import OrderUpdate
from edgerunner_lab.core.grammar import parse
from edgerunner_lab.core.intents import OrderIntent, ProposedOrder, Source
from edgerunner_lab.session.proposals import Present, proposed, with_exits
from edgerunner_lab.session.verbs.market import QUOTE_SECONDS
from edgerunner_lab.session.verbs.modifying import ModifyVerbs
from edgerunner_lab.tables import layouts, reports
from edgerunner_lab.tables.table import Table

ORDERS_MAX: Final = 24
"""Most orders of a basket, the exits of brackets with them: what leaves within one second at the broker's rate."""

COMMENT: Final = "#"


class BasketVerbs(ModifyVerbs):
    """Baskets."""

    async def basket(
        self, text: str, *, source: Source, preview: bool = False, again: bool = False
    ) -> Table[OrderUpdate] | Table[reports.Preview]:
        """Send every order of a basket, or none; with `preview` only judge them.

        Args:
            text: One order of the order language a line; empty lines and what begins with `#` are passed over.
            source: Where it comes from.
            preview: Send nothing.
            again: Repeat each of them knowingly.

        Raises:
            UsageError: no line, a wrong line or too many; every wrong one is named, and nothing was sent.
            OrderDenied: one or more, each with every failed rule; nothing was sent.
            OutcomeUnknown: they were sent, and the broker has not answered on all of them.
        """
        intents = [replace(intent, again=again or intent.again) for intent in _parsed(text)]
        engine = self._engine
        await engine.linked()
        orders = await self._proposed(intents, source)
        if len(orders) > ORDERS_MAX:
            raise UsageError(
                f"{len(orders)} orders were found, the exits of brackets with them, expected at most {ORDERS_MAX}, which "
                "leave together; nothing was sent"
            )
        judgements = await engine.judgements(orders)
        most = int(judgements[0].limits.max_orders_10s)
        if len(intents) > most:
            # The rule about the rate would deny it, too, and offer to try again later, which never helps.
            raise UsageError(
                f"{len(intents)} lines were found, expected at most {most}: `max_orders_10s` in limits.toml; nothing was sent"
            )
        if preview:
            return reports.preview(await self._previewed(judgements))
        sent = await engine.orders.send_together(judgements)
        notes = [f"{each.update.symbol}: {note}" for each in sent for note in each.warnings]
        return layouts.orders([each.update for each in sent], notes=tuple(notes))

    async def _proposed(
        self, intents: list[OrderIntent], source: Source
    ) -> list[ProposedOrder]:
        """Return every order with its size in units, brackets with their exits, in the order of the lines."""
        engine = self._engine
        link = await engine.linked()
        instruments = await asyncio.gather(
            *(engine.instruments.resolve(intent.contract) for intent in intents)
        )
        quotes = await asyncio.gather(
            *(engine.market.fresh_quote(each, QUOTE_SECONDS) for each in instruments)
        )
        now = self._clock()
        orders: list[ProposedOrder] = []
        for intent, instrument, quote in zip(intents, instruments, quotes, strict=True):
            present = Present(
                quote=quote,
                position=engine.portfolio.quantity(instrument.con_id),
                account=link.account,
                now=now,
            )
            entry = proposed(intent, instrument, source, present)
            orders += with_exits(entry, quote, now)
        return orders


def _parsed(text: str) -> list[OrderIntent]:
    """Return the orders of a basket.

    Raises:
        UsageError: with every wrong line.
    """
    intents: list[OrderIntent] = []
    wrong: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith(COMMENT):
            continue
        try:
            intent = parse(line.strip())
        except OrderSyntaxError as error:
            wrong.append(f"line {number}, {line.strip()[:60]!r}: {error.problem}")
            continue
        if intent.preview:
            wrong.append(
                f"line {number}: --preview is for the whole basket, not for a line"
            )
        intents.append(intent)
    if wrong:
        raise UsageError("\n".join([*wrong, "nothing was sent"]))
    if not intents:
        raise UsageError(
            "a basket without an order was found, expected one a line, such as buy 10 SPY; nothing was sent"
        )
    return intents
