"""`QuotesTable` in a real kernel."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rigs.kernels import REPLY_SECONDS_MAX, Kernel

TABLE = f"""
import json, sys, time
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from edgerunner_lab.widgets.quotes import QuotesTable
from rigs.quote_feed import instrument, row
table = QuotesTable([instrument("SPY", 1)])
views, cells = [], []
table.on_views(views.append)
get_ipython().events.register("post_execute", lambda: cells.append(1))
print(table.comm.comm_id)
"""


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel."""
    started = Kernel(tmp_path)
    started.start(dict(os.environ))
    try:
        yield started
    finally:
        started.close()


def test_a_message_of_the_table_is_no_end_of_a_cell(kernel: Kernel) -> None:
    """At the end of a cell matplotlib takes the figures away; acknowledgements come four times a second."""
    comm_id = kernel.run(TABLE).text.strip()
    assert kernel.client is not None
    content = {"type": "hello", "page": "p", "views": 1}
    data = {"method": "custom", "content": content}
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm_id, "data": data})
    kernel.client.shell_channel.send(message)
    while True:
        heard = kernel.client.get_iopub_msg(timeout=REPLY_SECONDS_MAX)
        is_ours = heard["parent_header"].get("msg_id") == message["header"]["msg_id"]
        if is_ours and heard["content"].get("execution_state") == "idle":
            break
    seen = json.loads(kernel.run("print(json.dumps([views, len(cells)]))").text)

    assert seen == [[1], 1], "one view was heard, and one cell has ended: the first"
