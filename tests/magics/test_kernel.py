"""The magics in a real kernel, as a front end sees them."""

# IPython and jupyter_client leave the types of many parameters open.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

import os
from collections.abc import Iterator
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

REPLY_SECONDS_MAX = 20

SETUP = """
from edgerunner_lab.magics.registry import register
from edgerunner_lab.tables.reports import Status, status

class Desk:
    def known_symbols(self):
        return ["TSLA"]
    def status(self):
        return status(Status(version="0", state="connected", account="DU7654321"))
    def quote(self, *symbols):
        raise AssertionError("wrong use asks nothing")
    def magic_order(self, text):
        raise KeyboardInterrupt

register(get_ipython(), Desk())
"""


@pytest.fixture(scope="module")
def client() -> Iterator[BlockingKernelClient]:
    """Return a client of a new kernel that has the magics."""
    # A socket's path has room for about a hundred characters, fewer than pytest's directories may take.
    with TemporaryDirectory(prefix="magics") as directory:
        manager = KernelManager(
            kernel_name="python3",
            transport="ipc",
            connection_file=f"{directory}/kernel.json",
        )
        manager.start_kernel(env={**os.environ, "IPYTHONDIR": directory})
        client = manager.client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=REPLY_SECONDS_MAX)
            assert run(client, SETUP)[0]["status"] == "ok"
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()
            manager.context.term()


def run(
    client: BlockingKernelClient, code: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the reply to a cell and the outputs that a notebook would keep."""
    outputs: list[dict[str, Any]] = []
    reply = client.execute_interactive(
        code, timeout=REPLY_SECONDS_MAX, output_hook=outputs.append, store_history=True
    )
    kept = {"execute_result", "display_data", "stream", "error"}
    return reply["content"], [
        {"type": output["msg_type"], **output["content"]}
        for output in outputs
        if output["msg_type"] in kept
    ]


def reply_to(client: BlockingKernelClient, message_id: str) -> dict[str, Any]:
    """Return the content of the reply to `message_id`."""
    try:
        while True:
            message = client.get_shell_msg(timeout=REPLY_SECONDS_MAX)
            if message["parent_header"].get("msg_id") == message_id:
                return message["content"]
    except Empty:
        pytest.fail(f"no reply within {REPLY_SECONDS_MAX} s")


def test_a_value_shows_as_text_and_as_html(client: BlockingKernelClient) -> None:
    """A notebook draws the table, a terminal prints the text, and both have the account masked."""
    reply, outputs = run(client, "%status")

    assert reply["status"] == "ok"
    assert [output["type"] for output in outputs] == ["execute_result"]
    data = outputs[0]["data"]
    assert set(data) == {"text/plain", "text/html"}
    assert "DU***4321" in data["text/plain"]
    assert '<table class="edgerunner-table' in data["text/html"]
    assert "7654321" not in str(outputs)


def test_two_magics_in_a_cell_show_two_values(client: BlockingKernelClient) -> None:
    """Each is an output of the cell."""
    _, outputs = run(client, "%status\n%status")

    assert [output["type"] for output in outputs] == ["execute_result", "execute_result"]


def test_wrong_use_is_an_error_of_one_line(client: BlockingKernelClient) -> None:
    """The cell has failed, so the cells queued behind it do not run."""
    reply, outputs = run(client, "%quote")

    assert reply["status"] == "error"
    assert outputs[0]["ename"] == "UsageError"
    line = (
        "%quote: found nothing, expected one or more symbols; for example: %quote SPY QQQ"
    )
    assert outputs[0]["traceback"] == [f"UsageError: {line}"]


def test_an_interrupt_is_an_error_of_the_cell(client: BlockingKernelClient) -> None:
    """The kernel reports it as Python's own."""
    reply, _ = run(client, "%order buy 10 SPY")

    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")


@pytest.mark.parametrize(
    ("code", "matches", "start"),
    [
        ("%quote t", ["TSLA"], 7),
        ("x = 1\n%cancel al", ["all"], 14),
        ("%connect --cl", ["--client-id"], 9),
        ("%ord", ["%order", "%orders"], 0),
    ],
)
def test_a_front_end_is_offered_words(
    client: BlockingKernelClient, code: str, matches: list[str], start: int
) -> None:
    """The reply says which part of the cell a match replaces."""
    content = reply_to(client, client.complete(code, len(code)))

    assert content["matches"] == matches
    assert (content["cursor_start"], content["cursor_end"]) == (start, len(code))


def test_a_front_end_is_told_what_a_magic_does(client: BlockingKernelClient) -> None:
    """Shift-Tab on a magic shows its examples."""
    content = reply_to(client, client.inspect("%quote", 3))

    assert "%quote SPY QQQ" in content["data"]["text/plain"]
