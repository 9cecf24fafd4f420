"""The badge's channel, in a real kernel, heard as a front end hears it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rigs.kernels import REPLY_SECONDS_MAX, Kernel

OPEN = """
from edgerunner_lab.panel.status import Status, StatusChannel
channel = StatusChannel(get_ipython().kernel.comm_manager)
"""
CONNECTED = 'channel.publish(Status(mode="SIM", state="connected", account="DU***0001"))'


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel with a channel that has said nothing yet."""
    started = Kernel(tmp_path)
    started.start(dict(os.environ))
    try:
        assert started.run(OPEN).status == "ok"
        yield started
    finally:
        started.close()


def test_the_first_status_opens_a_comm_that_carries_it(kernel: Kernel) -> None:
    """A front end that is there needs to ask nothing."""
    heard = comm_messages(kernel, CONNECTED)

    assert [kind for kind, _ in heard] == ["comm_open"]
    assert heard[0][1]["target_name"] == "edgerunner_lab.status"
    assert heard[0][1]["data"] == {
        "schema": 1,
        "mode": "SIM",
        "connection": "connected",
        "account": "DU***0001",
        "detail": "",
    }


def test_the_same_status_is_said_once(kernel: Kernel) -> None:
    """A session that repeats itself makes no traffic."""
    heard = comm_messages(kernel, f"{CONNECTED}\n{CONNECTED}")

    assert len(heard) == 1


def test_a_change_goes_out_on_the_same_comm_from_any_thread(kernel: Kernel) -> None:
    """The session's thread publishes while a cell computes."""
    opened = comm_messages(kernel, CONNECTED)
    heard = comm_messages(
        kernel,
        """
import threading
lost = Status(mode="SIM", state="reconnecting", detail="x" * 1000)
thread = threading.Thread(target=channel.publish, args=(lost,))
thread.start()
thread.join()
""",
    )

    assert [kind for kind, _ in heard] == ["comm_msg"]
    assert heard[0][1]["comm_id"] == opened[0][1]["comm_id"]
    assert heard[0][1]["data"]["connection"] == "reconnecting"
    assert heard[0][1]["data"]["detail"] == "x" * 400


def test_a_front_end_that_says_hello_hears_the_latest_status(kernel: Kernel) -> None:
    """This is how the badge comes back after a page was loaded again."""
    opened = comm_messages(kernel, CONNECTED)
    comm_id = opened[0][1]["comm_id"]

    assert listed(kernel) == [comm_id]
    assert (
        answers(kernel, comm_id, {"schema": 1, "type": "hello"})[0]["data"]["mode"] == "SIM"
    )


def test_what_is_no_hello_gets_no_answer(kernel: Kernel) -> None:
    """A front end cannot make the kernel say anything else."""
    comm_id = comm_messages(kernel, CONNECTED)[0][1]["comm_id"]

    assert answers(kernel, comm_id, {"schema": 1, "type": "halt"}) == []
    assert answers(kernel, comm_id, {}) == []


def test_a_comm_that_a_front_end_closed_is_opened_again(kernel: Kernel) -> None:
    """A front end without the extension closes it, and the others are to go on."""
    comm_id = comm_messages(kernel, CONNECTED)[0][1]["comm_id"]
    assert kernel.client is not None
    send(kernel, "comm_close", {"comm_id": comm_id, "data": {}})
    heard = comm_messages(kernel, CONNECTED)

    assert [kind for kind, _ in heard] == ["comm_open"]
    assert heard[0][1]["comm_id"] != comm_id


def test_a_closed_channel_is_gone_and_silent(kernel: Kernel) -> None:
    """Unloading the extension takes the badge away."""
    comm_messages(kernel, CONNECTED)
    heard = comm_messages(
        kernel,
        'channel.close()\nchannel.close()\nchannel.publish(Status(mode="SIM", state="error"))',
    )

    assert [kind for kind, _ in heard] == ["comm_close"]
    assert listed(kernel) == []


def comm_messages(kernel: Kernel, code: str) -> list[tuple[str, dict[str, Any]]]:
    """Run a cell; return the comm messages that the kernel sent meanwhile."""
    assert kernel.client is not None
    message_id = kernel.client.execute(code)
    found, errors = until_idle(kernel, message_id)
    assert errors == []
    return found


def answers(kernel: Kernel, comm_id: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Send a message on a comm; return what came back on it."""
    message_id = send(kernel, "comm_msg", {"comm_id": comm_id, "data": data})
    return [
        content for kind, content in until_idle(kernel, message_id)[0] if kind == "comm_msg"
    ]


def send(kernel: Kernel, kind: str, content: dict[str, Any]) -> str:
    """Send a message on the shell channel; return its id."""
    assert kernel.client is not None
    message = kernel.client.session.msg(kind, content)
    kernel.client.shell_channel.send(message)
    return str(message["header"]["msg_id"])


def listed(kernel: Kernel) -> list[str]:
    """Return the ids of the badge's comms that the kernel lists."""
    assert kernel.client is not None
    message_id = kernel.client.comm_info(target_name="edgerunner_lab.status")
    while True:
        reply = kernel.client.get_shell_msg(timeout=REPLY_SECONDS_MAX)
        if reply["parent_header"]["msg_id"] == message_id:
            return list(reply["content"]["comms"])


def until_idle(
    kernel: Kernel, message_id: str
) -> tuple[list[tuple[str, dict[str, Any]]], list[str]]:
    """Return the comm messages and errors up to the end of a request."""
    assert kernel.client is not None
    found: list[tuple[str, dict[str, Any]]] = []
    errors: list[str] = []
    while True:
        message = kernel.client.get_iopub_msg(timeout=REPLY_SECONDS_MAX)
        kind, content = message["msg_type"], message["content"]
        if kind.startswith("comm_"):
            found.append((kind, content))
        elif kind == "error":
            errors.append(content["evalue"])
        elif (
            kind == "status"
            and content["execution_state"] == "idle"
            and message["parent_header"].get("msg_id") == message_id
        ):
            return found, errors
