"""Attached orders: whose child an order is, and which orders of a family go out together."""

from dataclasses import replace

from edgerunner_lab.sim.orders.orders import Order, Status, Terms
from edgerunner_lab.sim.orders.registry import Registry
from edgerunner_lab.sim.protocol.replies import Refused
from edgerunner_lab.sim.requests.desk import Desk

GENERATIONS_MAX = 8
"""Longest chain of attached orders; the broker's own tickets make two, and without a limit a chain could be as long as the memory."""


def attached(desk: Desk, client_id: int, terms: Terms) -> Terms:
    """Return a new child's terms with the group that its broker puts it into; others unchanged.

    The exits of one parent cancel or reduce each other, even when the client names no group.

    Raises:
        Refused: 10006 if there is no such parent.
    """
    if not terms.parent_id:
        return terms
    parent = desk.registry.live.get((client_id, terms.parent_id))
    if parent is None:
        ended = desk.registry.finished(client_id, terms.parent_id)
        if ended is None or ended.status is not Status.FILLED:
            raise Refused(10006, "Missing parent order.")
        parent = ended
    elif _generation(desk.registry, parent) >= GENERATIONS_MAX:
        raise Refused(
            321,
            "Error validating request.-'bF' : cause - Attached orders form a chain of more"
            f" than {GENERATIONS_MAX}",
        )
    if terms.oca_group or terms.side is parent.terms.side:
        return terms
    return replace(terms, oca_group=str(parent.perm_id), oca_type=3)


def kept_links(known: Order, terms: Terms) -> Terms:
    """Return changed terms with the links of the order as it was placed: a change does not move it elsewhere."""
    group = terms.oca_group or known.terms.oca_group
    oca_type = terms.oca_type if terms.oca_group else known.terms.oca_type
    return replace(
        terms, parent_id=known.terms.parent_id, oca_group=group, oca_type=oca_type
    )


def transmitted_with(registry: Registry, order: Order) -> list[Order]:
    """Return what goes out with an order: held parents first, then held children, oldest first."""
    first = order
    while (parent := registry.parent(first)) is not None and (
        parent.status is Status.HELD or first is order
    ):
        first = parent
    family = [first]
    for member in family:
        family += (c for c in registry.children(member) if c.status is Status.HELD)
    return [member for member in family if member.status is Status.HELD]


def waits_for_entry(registry: Registry, order: Order) -> bool:
    """Return whether an order only closes what its live parent will have opened."""
    parent = registry.parent(order)
    return parent is not None and parent.terms.side is not order.terms.side


def _generation(registry: Registry, order: Order) -> int:
    count = 1
    while (parent := registry.parent(order)) is not None:
        order = parent
        count += 1
    return count
