"""A process that trades until it is killed: `python trader.py PORT`; its home is EDGERUNNER_HOME."""

import itertools
import sys

from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session

NOTEBOOK = "crash.ipynb"


def main(port: int) -> None:
    """Buy and sell one share in turn, printing each reference when its verb has returned."""
    session = Session(paths=Paths.default(), notebook=NOTEBOOK)
    session.connect("sim", port=port)
    for line in itertools.cycle(("buy 1 SPY", "sell 1 SPY")):
        print(session.order(line).order_ref, flush=True)  # noqa: T201  its parent reads this


if __name__ == "__main__":
    main(int(sys.argv[1]))
