"""What a market leaves behind when it ends, and what the next one takes over."""

from collections.abc import Mapping
from typing import Any, Final

from edgerunner_lab.sim.accounts.accounts import Account
from edgerunner_lab.sim.orders.registry import Registry
from edgerunner_lab.sim.requests.desk import Desk

SNAPSHOT_SCHEMA: Final = 1


def taken(desk: Desk, seed: int) -> dict[str, Any]:
    """Return the account, its orders and all counters as JSON can hold them."""
    return {
        "schema": SNAPSHOT_SCHEMA,
        "seed": seed,
        "recorded": _recorded(desk),
        "day": desk.day,
        "matched": desk.engine.matched,
        "account": desk.account.snapshot(),
        "orders": desk.registry.snapshot(),
        "combos": desk.market.universe.combos.snapshot(),
        "moves": desk.market.moves.snapshot(),
        "bulletins": desk.bulletins.snapshot(),
    }


def take_over(desk: Desk, seed: int, snapshot: Mapping[str, Any]) -> None:
    """Go on from what `taken` returned earlier.

    Raises:
        ValueError: The snapshot is of another schema, seed or recording, or names instruments that are not listed.
    """
    if snapshot.get("schema") != SNAPSHOT_SCHEMA:
        raise ValueError(
            f"saved state has schema {snapshot.get('schema')!r}, expected {SNAPSHOT_SCHEMA}"
        )
    if snapshot.get("seed") != seed:
        raise ValueError(
            f"saved state belongs to seed {snapshot.get('seed')!r}, expected {seed}:"
            " its prices would not fit this market"
        )
    match snapshot.get("recorded", {}):
        case {**recorded}:
            _check_recordings(desk, recorded)
        case other:
            raise ValueError(f"saved state cannot be read: recorded is {other!r}")
    listed = desk.market.universe.by_con_id
    try:
        # Positions and orders in combos are found once the combos are known again.
        desk.market.universe.combos.restore(snapshot.get("combos", []))
        desk.market.moves.restore(snapshot.get("moves", []))
        desk.market.forget()
        desk.bulletins.restore(snapshot.get("bulletins", []))
        account = Account.restored(snapshot["account"], listed)
        registry = Registry.restored(snapshot["orders"])
        orders = [*registry.live.values(), *registry.completed]
        day, matched = int(snapshot["day"]), int(snapshot.get("matched", -1))
    except (KeyError, TypeError, ValueError, ArithmeticError) as reason:
        raise ValueError(f"saved state cannot be read: {reason!r}") from reason
    asked = {order.terms.con_id for order in orders}
    if unknown := sorted(con_id for con_id in asked if listed.get(con_id) is None):
        raise ValueError(f"saved state has orders in {unknown}, which are not listed")
    desk.adopt(account, registry)
    desk.engine.matched = matched
    desk.day = day
    desk.is_changed = True


def _recorded(desk: Desk) -> dict[str, str]:
    """Return contract id -> digest of the recordings that drive prices."""
    return {str(key): held.digest for key, held in desk.market.prices.recordings.items()}


def _check_recordings(desk: Desk, saved: dict[str, Any]) -> None:
    given = _recorded(desk)
    other = {key for key in {*saved, *given} if saved.get(key) != given.get(key)}
    if not other:
        return
    listed = desk.market.universe.by_con_id.values()
    names = sorted(held.name for held in listed if str(held.con_id) in other)
    raise ValueError(
        f"saved state belongs to other recorded prices of {', '.join(names or other)};"
        " start it with the --recorded files that it began with"
    )
