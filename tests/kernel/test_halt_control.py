"""A halt by the control channel of a real kernel: heard whatever its cell does, short of holding the interpreter."""

import pytest

from kernel.test_halt_from_terminal import BUSY, REST, begin
from rigs.kernels import Kernel

UNTIL_HALTED = """
import time
end = time.monotonic() + 15
while any(order.state.is_open for order in lab.orders()) and time.monotonic() < end:
    pass
print(lab.status().latch, [order.state.value for order in lab.orders()])
"""
REQUEST, REPLY = "edgerunner_halt_request", "edgerunner_halt_reply"


def ask(kernel: Kernel, content: dict[str, object]) -> str:
    """Send a halt request as a front end does; return the type of the answer."""
    client = kernel.client
    assert client is not None
    message = client.session.msg(REQUEST, content)
    client.control_channel.send(message)
    while True:
        reply = client.control_channel.get_msg(timeout=20)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            return reply["msg_type"]


@pytest.mark.parametrize("doing", ["idle", "asleep", "looping"])
def test_a_kernel_hears_a_halt_whatever_its_cell_does(kernel: Kernel, doing: str) -> None:
    """Its orders are cancelled and the latch is set; the reply does not wait for the cell."""
    kernel.run(REST)
    if BUSY[doing]:
        begin(kernel, BUSY[doing])
    assert ask(kernel, {"everything": False}) == REPLY
    if BUSY[doing]:
        kernel.manager.interrupt_kernel()

    told = kernel.run(UNTIL_HALTED)
    assert (
        told.text.strip()
        == "halted by halt_button: asked for by the front end ['cancelled']"
    )


def test_whatever_is_asked_it_is_a_halt_of_no_more_than_was_meant(kernel: Kernel) -> None:
    """A word in place of `true` is not everything."""
    kernel.run(REST)

    assert ask(kernel, {"everything": "yes"}) == REPLY
    assert "halted by halt_button" in kernel.run(UNTIL_HALTED).text


def test_after_unloading_nothing_is_heard(kernel: Kernel) -> None:
    """The table of handlers is as before."""
    told = kernel.run(
        "before = set(get_ipython().kernel.control_handlers)\n%load_ext edgerunner_lab\n"
        "during = set(get_ipython().kernel.control_handlers)\n%unload_ext edgerunner_lab\n"
        "print(during - before, set(get_ipython().kernel.control_handlers) == before)"
    )

    assert "{'edgerunner_halt_request'} True" in told.text
