"""What faults make of a request before the market sees it: refused, made to wait, or let through."""

from dataclasses import dataclass
from typing import Final

from edgerunner_lab.sim.faults.fault_effects import Effects, Link
from edgerunner_lab.sim.faults.fault_pacing import STRIKES_MAX, Pace, pace_of
from edgerunner_lab.sim.faults.faults import HISTORY_PACING_TEXT, REJECTIONS, What
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.protocol.replies import error, request_of

PACED_BY_US: Final = "+PACEAPI"
"""Connect option of a client that would rather wait than be refused."""

TOO_FAST: Final = 100
HISTORY_REFUSED: Final = 162
COMPETING: Final = 10197

DATA_REQUESTS: Final = frozenset({"reqMktData", "reqTickByTickData", "reqRealTimeBars"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a request.

    Attributes:
        wait: Gateway seconds until the market sees it.
        refusal: What the client is told instead of an answer.
        reason: Why the connection ends with it; empty when it does not.
    """

    wait: float = 0.0
    refusal: Message | None = None
    reason: str = ""


PASSED: Final = Verdict()


class Gatekeeper:
    """Judges requests by the faults in force."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._paces: dict[int, Pace] = {}

    def forget(self, key: int) -> None:
        """Forget a connection."""
        self._paces.pop(key, None)

    def judged(self, link: Link, message: Message, options: str, now: float) -> Verdict:
        """Return what becomes of a request; `options` are the client's connect options."""
        effects, name = self._effects, message.name
        verdict = self._paced(link, options, now)
        if verdict.refusal is not None:
            return verdict
        code, text = 0, ""
        rejected = effects.find(What.REJECT, link, now, name)
        if rejected is not None:
            effects.hit(rejected)
            code, text = rejected.fault.code, rejected.fault.text
        elif name == "reqHistoricalData" and self._is_history_late(link, message, now):
            code, text = HISTORY_REFUSED, HISTORY_PACING_TEXT
        elif name in DATA_REQUESTS and effects.find(What.COMPETING_SESSION, link, now):
            code = COMPETING
        if not code:
            return verdict
        words = text or REJECTIONS.get(code, "Refused by a fault script.")
        return Verdict(refusal=error(request_of(message.fields), code, words, now))

    def _pace(self, link: Link, rate: int | None, history_rate: int | None) -> Pace:
        pace = self._paces.get(link.key)
        if pace is None:
            pace = self._paces[link.key] = pace_of(rate, history_rate)
        if rate is not None:
            pace.messages.rate = rate
        if history_rate is not None:
            pace.histories.rate = history_rate
        return pace

    def _paced(self, link: Link, options: str, now: float) -> Verdict:
        paced = self._effects.find(What.PACING, link, now)
        if paced is None:
            return PASSED
        pace = self._pace(link, paced.fault.rate, None)
        wait = pace.messages.wait(now)
        if not wait or PACED_BY_US in options.split():
            pace.messages.add(now + wait)
            return Verdict(wait=wait)
        pace.strikes += 1
        rate = pace.messages.rate
        text = (
            f"Max rate of messages per second has been exceeded:max={rate} rec={rate + 1}"
        )
        reason = f"{pace.strikes} times over {rate} messages a second"
        return Verdict(
            refusal=error(-1, TOO_FAST, text, now),
            reason=reason if pace.strikes >= STRIKES_MAX else "",
        )

    def _is_history_late(self, link: Link, message: Message, now: float) -> bool:
        late = self._effects.find(What.HISTORY_PACING, link, now)
        if late is None:
            return False
        pace = self._pace(link, None, late.fault.rate)
        return pace.refuses_history(message, now)
