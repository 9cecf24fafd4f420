"""The product in a real kernel: queued cells, busy cells, interrupts, restarts."""

import re
import signal

from rigs.kernels import Kernel

LOAD = "%load_ext edgerunner_lab\n"
CONNECT = LOAD + "%connect sim"


def number(text: str) -> float:
    """Return the only number that a cell printed."""
    return float(text.strip())


def test_loading_prints_one_line_and_defines_lab(kernel: Kernel) -> None:
    """A newcomer sees that it worked."""
    loaded = kernel.run(LOAD)

    assert loaded.status == "ok"
    assert len(loaded.text.strip().splitlines()) == 1
    assert loaded.text.startswith("Edgerunner Lab")
    assert kernel.run("print(lab)").text.startswith("<lab")


def test_loading_three_times_leaves_one_session(kernel: Kernel) -> None:
    """One thread, one object, one banner."""
    kernel.run(CONNECT)
    first = kernel.run("print(id(lab))").text
    again = kernel.run(LOAD + LOAD)

    threads = kernel.run(
        "import threading; print(sum(t.name == 'edgerunner-session' for t in threading.enumerate()))"
    )
    assert again.status == "ok"
    assert kernel.run("print(id(lab))").text == first
    assert number(threads.text) == 1


def test_unloading_ends_thread_magics_and_name(kernel: Kernel) -> None:
    """`%unload_ext` leaves the kernel as it was."""
    kernel.run(CONNECT)
    unloaded = kernel.run("%unload_ext edgerunner_lab")
    left = kernel.run(
        "import threading\n"
        "print([t.name for t in threading.enumerate() if t.name.startswith('edgerunner')], 'lab' in globals())"
    )

    assert unloaded.status == "ok"
    assert left.text.strip() == "[] False"
    assert (
        kernel.run("print(get_ipython().find_line_magic('quote'))").text.strip() == "None"
    )


def test_queued_cells_all_run(kernel: Kernel) -> None:
    """Run All loses no cell after a blocking call (nest_asyncio would; PROTOCOL §5)."""
    cells = [
        CONNECT,
        "%quote SPY",
        "%order buy 1 SPY",
        "print(await lab.aio.positions())",
        "print('last')",
    ]
    ids = [kernel.send(cell) for cell in cells]

    runs = [kernel.result(message_id) for message_id in ids]

    assert [run.status for run in runs] == ["ok"] * len(cells), [
        run.error_lines for run in runs
    ]
    assert "filled" in runs[2].text
    assert "SPY" in runs[3].text
    assert runs[4].text == "last\n"


def test_quotes_move_while_a_cell_sleeps(kernel: Kernel) -> None:
    """The session lives on its own thread."""
    kernel.run(CONNECT)
    kernel.run("%quote SPY")

    slept = kernel.run(
        "import time\n"
        "seen = set()\n"
        "end = time.monotonic() + 3\n"
        "before = lab.quote('SPY').received_mono\n"
        "time.sleep(3)\n"
        "row = lab.quote('SPY')\n"
        "print(row.received_mono - before)"
    )

    assert number(slept.text) > 2


def test_a_wrong_line_fails_the_cell_in_one_line_and_sends_nothing(kernel: Kernel) -> None:
    """No traceback, a caret, and no order."""
    kernel.run(CONNECT)
    wrong = kernel.run("%order buy 10 lmt 500")

    assert wrong.status == "error"
    assert wrong.error_name == "OrderSyntaxError"
    assert "expected a symbol" in "\n".join(wrong.error_lines)
    assert "Traceback" not in "\n".join(wrong.error_lines)
    assert "no orders" in kernel.run("%orders").text


def test_an_order_shows_as_text_and_as_a_table_and_has_a_frame(kernel: Kernel) -> None:
    """The same value in a terminal, a notebook and pandas."""
    kernel.run(CONNECT)
    shown = kernel.run("order = %order buy 2 SPY\norder")

    assert "filled" in shown.text
    assert any("<table" in html for html in shown.html)
    assert kernel.run("print(order.df['quantity'].sum())").text.strip() == "2.0"


def test_an_interrupt_leaves_an_order_unsent_or_recorded(kernel: Kernel) -> None:
    """Whatever instant a KeyboardInterrupt hits, ledger and broker agree (RISK F25)."""
    kernel.run(CONNECT)
    kernel.run("%quote SPY")
    pid = kernel.pid
    for delay in (0.0, 0.004, 0.012, 0.03):
        message_id = kernel.send(
            "import os, signal, threading\n"
            f"threading.Timer({delay}, os.kill, ({pid}, {int(signal.SIGINT)})).start()\n"
            "lab.buy('SPY', 1, again=True)\n"
            "import time; time.sleep(0.5)"
        )
        kernel.result(message_id)

    facts = kernel.run(
        "import time\n"
        "for _ in range(50):\n"
        "    orders = lab.orders()\n"
        "    if not [o for o in orders if o.state.is_open]: break\n"
        "    time.sleep(0.1)\n"
        "held = sum(p.quantity for p in lab.positions())\n"
        "filled = sum(o.filled for o in orders)\n"
        "ledger = lab.engine.records.ledger\n"
        "rows = [ledger.order(o.order_ref) for o in orders]\n"
        "print(held == filled, all(r is not None and r.update.state == o.state for r, o in zip(rows, orders)))"
    )
    assert facts.text.strip() == "True True", facts.error_lines


def test_a_restarted_kernel_finds_position_and_order_again(kernel: Kernel) -> None:
    """What works at the broker is there after a restart, and can be cancelled."""
    kernel.run(CONNECT)
    kernel.run("%order buy 3 SPY")
    resting = kernel.run(
        "bid = lab.quote('SPY').bid\nprint(lab.buy('SPY', 1, limit=round(bid * 9 / 10)).order_ref)"
    )
    ref = re.search(r"ELB:\w{26}", resting.text)
    assert ref is not None, resting.error_lines

    kernel.restart()
    kernel.run(CONNECT)

    assert ref[0] in kernel.run("print([o.order_ref for o in lab.orders()])").text
    assert (
        kernel.run("print([int(p.quantity) for p in lab.positions()])").text.strip()
        == "[3]"
    )
    assert "cancelled" in kernel.run(f"%cancel {ref[0]}").text
