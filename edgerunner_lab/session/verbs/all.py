"""The user's verbs as coroutines on the session's loop; `session.py` makes them blocking, `lab.aio` awaitable."""

from edgerunner_lab.session.verbs.blotter import BlotterVerbs


class Verbs(BlotterVerbs):
    """What a user can ask for: connection, market, orders and risk, each group standing on the one before."""
