"""The schedule of the past: on which days an instrument traded, from when to when."""

from collections.abc import Iterator
from typing import Final

from edgerunner_lab.sim.listing.instrument import Instrument
from edgerunner_lab.sim.protocol.messages import Fields, Message
from edgerunner_lab.sim.protocol.replies import Refused, number_of, text_of
from edgerunner_lab.sim.protocol.stamps import day_stamp, stamp
from edgerunner_lab.sim.requests.desk import Desk
from edgerunner_lab.sim.requests.history_terms import duration, period

SCHEDULE: Final = "SCHEDULE"
"""What to show, for which a history request is answered with sessions."""

DAY_BARS: Final = "1 DAY"


def historical_schedule(
    desk: Desk, instrument: Instrument, fields: Fields, end: float
) -> Iterator[Message]:
    """Answer reqHistoricalData for a schedule.

    Raises:
        Refused: Another bar size than a day was asked for.
    """
    size = text_of(fields, "barSizeSetting")
    if size.upper() != DAY_BARS:
        raise Refused(
            321,
            "Error validating request.-'bP' : cause - Historical schedule requests support"
            f" only a bar size of 1 day, found '{size}'",
        )
    back = duration(text_of(fields, "durationStr"))
    span = period(desk.market.sessions, instrument, back, end, is_daily=True)
    zone = instrument.time_zone
    rows: list[Fields] = []
    for session in span.sessions:
        opened, closed = session.span(regular=bool(fields.get("useRTH")))
        rows.append(
            {
                "startDateTime": _dashed(opened, zone),
                "endDateTime": _dashed(closed, zone),
                "refDate": day_stamp(session.day),
            }
        )
    if not rows:
        raise Refused(
            162, "Historical Market Data Service error message:No sessions in this time"
        )
    yield Message(
        "historicalSchedule",
        {
            "reqId": number_of(fields, "reqId", -1),
            "startDateTime": rows[0]["startDateTime"],
            "endDateTime": rows[-1]["endDateTime"],
            "timeZone": zone,
            "sessions": tuple(rows),
        },
    )


def _dashed(second: int, zone: str) -> str:
    day, clock, *_ = stamp(second, zone).split()
    return f"{day}-{clock}"
