"""Executions as they are heard: each stem once, a correction in place of what it corrects, commissions when they come."""

from dataclasses import replace

from ib_async.objects import CommissionReport

from edgerunner_lab.core.facts import Fill
from edgerunner_lab.session import adapt


class Executions:
    """Every execution of the session, by the part of its id that corrections share."""

    def __init__(self) -> None:
        self._by_stem: dict[str, Fill] = {}

    @property
    def by_time(self) -> list[Fill]:
        """Every execution once, oldest first."""
        return sorted(self._by_stem.values(), key=lambda fill: fill.time)

    def of_order(self, ref: str) -> list[Fill]:
        """Return the executions that name an order."""
        return [fill for fill in self._by_stem.values() if fill.order_ref == ref]

    def hear(self, fill: Fill) -> tuple[Fill, bool]:
        """Take an execution in; return it as it is known now, and whether that is news."""
        stem = stem_of(fill)
        known = self._by_stem.get(stem)
        if known is not None and version_of(known) >= version_of(fill):
            return known, False
        if known is not None and known.commission is not None:
            fill = replace(
                fill, commission=known.commission, realized_pnl=known.realized_pnl
            )
        self._by_stem[stem] = fill
        return fill, True

    def charge(self, report: CommissionReport) -> Fill | None:
        """Take in what an execution cost; return it, or None for one that was not heard of."""
        stem = _stem(report.execId)
        fill = self._by_stem.get(stem)
        if fill is None:
            return None
        fill = replace(
            fill,
            commission=adapt.decimal(report.commission),
            realized_pnl=adapt.decimal(report.realizedPNL),
        )
        self._by_stem[stem] = fill
        return fill

    def clear(self) -> None:
        """Forget them all."""
        self._by_stem.clear()


def stem_of(fill: Fill) -> str:
    """Return what an execution and its corrections share; an id without a version is its own stem."""
    return _stem(fill.execution_id)


def version_of(fill: Fill) -> int:
    """Return which correction of an execution it is; 0 where the id names none."""
    text = fill.execution_id.rpartition(".")[2]
    return int(text) if text.isdigit() else 0


def _stem(execution_id: str) -> str:
    stem, _, version = execution_id.rpartition(".")
    return stem if stem and version.isdigit() else execution_id
