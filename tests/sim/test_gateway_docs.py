"""The gateway's page in the documentation is made of the code."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tables_are_current() -> None:
    """After a change of requests, faults or commands, `scripts/docs/gateway.py` rewrites them."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs" / "gateway.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (done.returncode, done.stderr) == (0, "")
