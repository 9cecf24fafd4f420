"""The Jupyter Server extension in a real server: who may halt, and what a halt answers."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from edgerunner_lab.guard.snapshot import LatchState
from edgerunner_lab.ledger.ledger import Ledger
from edgerunner_lab.session.wall_clock import utc_now
from rigs.jupyterlab import JupyterLab


@pytest.fixture(scope="module")
def server() -> Iterator[JupyterLab]:
    """A JupyterLab server whose kernels and commands have a home of their own."""
    started = JupyterLab()
    try:
        started.start()
        yield started
    finally:
        started.close()


def ask(
    server: JupyterLab, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Return the status and the answer of a request; with a body it is a POST."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
    )
    try:
        with urllib.request.urlopen(request, timeout=25) as response:  # noqa: S310  see above
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {"text": error.read().decode()}


def token(server: JupyterLab) -> dict[str, str]:
    """Return what a signed-in user sends."""
    return {"Authorization": f"token {server.token}"}


def latch(server: JupyterLab) -> LatchState | None:
    """Return the latch of the server's user; None without a ledger."""
    path = server.home / "data" / "ledger.db"
    if not path.exists():
        return None
    ledger = Ledger.open(path, clock=utc_now, owner="test")
    try:
        return ledger.latch().state
    finally:
        ledger.close()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "token wrong"}])
@pytest.mark.parametrize(
    ("path", "body"),
    [("edgerunner/status", None), ("edgerunner/halt", {"everything": False})],
)
def test_who_is_not_signed_in_may_neither_look_nor_halt(
    server: JupyterLab, path: str, body: object, headers: dict[str, str]
) -> None:
    """Every route, with and without a wrong token."""
    before = latch(server)

    assert ask(server, path, body, **headers)[0] == 403
    assert latch(server) is before


def test_a_forged_request_with_a_users_cookie_does_not_halt(server: JupyterLab) -> None:
    """A page elsewhere can have the browser send the cookie, and not the token against forgery."""
    before = latch(server)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=25)
    connection.request("GET", f"/lab?token={server.token}")
    answer = connection.getresponse()
    answer.read()
    cookie = "; ".join(
        value.split(";")[0]
        for name, value in answer.getheaders()
        if name.lower() == "set-cookie"
    )
    connection.close()
    assert "username" in cookie

    status, answered = ask(server, "edgerunner/halt", {"everything": False}, Cookie=cookie)
    assert status == 403
    assert "_xsrf" in answered["text"]
    assert latch(server) is before


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"everything": 1},
        {"everything": "yes"},
        {"everything": True, "reason": "x"},
        {"everything": True, "pad": "x" * 300},
    ],
)
def test_what_is_not_expected_is_refused(server: JupyterLab, body: object) -> None:
    """Nothing but the one key passes."""
    before = latch(server)
    payload = {"body": None} if body is None else body
    status, _ = ask(server, "edgerunner/halt", payload, **token(server))

    assert status == 400
    assert latch(server) is before


def test_halting_needs_no_kernel(server: JupyterLab) -> None:
    """The latch is durable, and the state is told."""
    status, answer = ask(server, "edgerunner/halt", {"everything": False}, **token(server))

    assert (status, answer["ok"]) == (200, True)
    assert answer["text"] == "HALTED; by the ledger no order of ours may still work"
    assert latch(server) is LatchState.HALTED
    told = ask(server, "edgerunner/status", **token(server))[1]
    assert "HALTED by terminal" in told["text"]
    assert "halted in JupyterLab" in told["text"]
