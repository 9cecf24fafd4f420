"""A private simulated gateway in a process of its own, and what a test can do with it."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

START_SECONDS_MAX: Final = 30.0
"""How long a gateway may take to start; 1 or 2 s are usual."""

STOP_SECONDS_MAX: Final = 10.0

ANSWER_SECONDS_MAX: Final = 60.0
"""How long a command may take; a step of a busy day needs a while."""

WAIT_SECONDS_MAX: Final = 5.0
"""How long `wait_for` waits unless told; real seconds."""

DEFAULTS: Final[Mapping[str, object]] = {
    "seed": 7,
    "speed": 0,
    # A Monday, 9:30 in New York.
    "start": "2026-11-23T14:30:00+00:00",
}
"""Options of every gateway unless a test has its own."""

_POLL_SECONDS: Final = 0.01


class GatewayError(Exception):
    """The gateway did not start, or refused a command; the text is its own line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that the gateway has read.

    Attributes:
        number: From 1, over all connections.
        at: Gateway time.
        connection: Number of the connection, from 1.
        client: The API client id; None before startApi.
        name: Such as placeOrder.
        fields: Field -> value, such as `o.lmtPrice`; a number with a fraction is text, unset is None.
    """

    number: int
    at: datetime
    connection: int
    client: int | None
    name: str
    fields: Mapping[str, Any]


class Gateway:
    """A private gateway and a hand on its clock, its market and its faults.

    Every method is a short blocking call; each raises `GatewayError` when the gateway refuses.

    Attributes:
        host: Always 127.0.0.1.
        port: Where clients connect; a restart keeps it.
        directory: Its own; `gateway.log` in it holds what it said.
    """

    host = "127.0.0.1"

    def __init__(self, directory: Path, options: Mapping[str, object]) -> None:
        self.port = 0
        self.directory = directory
        self._options = dict(options)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Mapping[str, Any] = {}
        self._now: str | None = None

    def start(self) -> None:
        """Start the process and wait until it listens; `gateway` has done so already."""
        options = {**self._options, "port": self.port}
        if self._now is not None:
            options["start"] = self._now
        state = options.setdefault("state", str(self.directory / "state"))
        Path(str(state)).mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "edgerunner_lab.sim"]
        command += ["--runtime", str(self.directory), *_arguments(options)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        facts = self._found(self._process)
        self.port, self._control = facts["port"], facts["control"]

    def stop(self) -> None:
        """End it as Ctrl-C would; account and orders are kept for a `start` or `restart`."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(None)

    def restart(self, **options: object) -> None:
        """End it and start it on the same port, state and time; `options` replace earlier ones."""
        self.stop()
        self._options.update(options)
        self.start()

    def step(self, seconds: float) -> datetime:
        """Let the clock go on, and everything happen that is due meanwhile; return the new time."""
        return _moment(self.command("step", seconds=seconds)["now"])

    def now(self) -> datetime:
        """Return the gateway's time, aware UTC."""
        return _moment(self.command("time")["now"])

    def move_price(self, symbol: str, price: Decimal | float | str) -> None:
        """Move an instrument's price there; it goes on from there.

        Args:
            symbol: Such as SPY.
            price: A unit, in the instrument's currency.
        """
        self.command("price", symbol=symbol, price=str(price))

    def set_regime(self, name: str, symbol: str | None = None) -> None:
        """Change how prices move, such as calm or crash, of one instrument or of all."""
        self.command("regime", name=name, **({} if symbol is None else {"symbol": symbol}))

    def inject(self, what: str, **parameters: object) -> None:
        """Let something go wrong: now, or as `when` says.

        Example:
            gateway.inject("delay", seconds=2, lasting=10, when={"message": "placeOrder"})

        Kinds and parameters are those of fault scripts (docs/gateway.md).
        """
        self.command("fault", fault={"what": what, **parameters})

    def clear_faults(self) -> None:
        """End all faults and forget those to come."""
        self.command("clear")

    def drop_clients(self, client: int | None = None) -> None:
        """Close the connection of one API client id, or of everybody."""
        self.command("drop", **({} if client is None else {"client": client}))

    def received(self, name: str | None = None, *, since: int = 0) -> list[Request]:
        """Return the requests read so far, oldest first.

        Args:
            name: Only requests of this name, such as placeOrder.
            since: Only those after the one with this number.
        """
        rows = self.command("received", since=since)["requests"]
        requests = [_request(row) for row in rows]
        return [each for each in requests if name in (None, each.name)]

    def wait_for(
        self, name: str, count: int = 1, *, timeout: float = WAIT_SECONDS_MAX
    ) -> list[Request]:
        """Wait until `count` requests of a name have been read, and return all of them.

        A client sends in its own time; wait like this before a `step` that is to come after.

        Raises:
            GatewayError: they had not come after `timeout` real seconds.
        """
        return self._awaited(
            lambda: self.received(name),
            lambda found: len(found) >= count,
            f"{count} requests {name}",
            timeout,
        )

    def state(self) -> dict[str, Any]:
        """Return port, time, connections, requests read, and faults, as the command `state` has them."""
        return self.command("state")

    def command(self, name: str, /, **fields: object) -> dict[str, Any]:
        """Send one command of the control socket and return its answer without `ok`."""
        lines = [json.dumps({"do": name, **fields})]
        if "token" in self._control:
            lines.insert(0, json.dumps({"token": self._control["token"]}))
        with _connected(self._control) as end, end.makefile("rwb") as stream:
            stream.write("".join(f"{line}\n" for line in lines).encode())
            stream.flush()
            answer: dict[str, Any] = json.loads(stream.readline() or b"{}")
        if not answer.pop("ok", False):
            raise GatewayError(f"{name}: {answer.get('error', 'the gateway has ended')}")
        return answer

    @property
    def _log(self) -> Path:
        return self.directory / "gateway.log"

    def _end(self, number: int | None) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            self._now = self.command("time")["now"] if self._options["speed"] != 1 else None
            process.kill() if number is None else process.send_signal(number)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_SECONDS_MAX)

    def _found(self, process: "subprocess.Popen[bytes]") -> Mapping[str, Any]:
        """Return what `gateway.json` says once it is this process that has written it."""

        def facts() -> Mapping[str, Any]:
            if process.poll() is not None:
                said = self._log.read_text(encoding="utf-8", errors="replace")
                raise GatewayError(said.strip().rpartition("\n")[2] or "it said nothing")
            try:
                text = (self.directory / "gateway.json").read_text(encoding="utf-8")
            except FileNotFoundError:
                return {}
            return json.loads(text)

        def is_ours(found: Mapping[str, Any]) -> bool:
            return found.get("pid") == process.pid

        return self._awaited(facts, is_ours, "gateway.json", START_SECONDS_MAX)

    def _awaited(
        self,
        look: Callable[[], Any],
        is_there: Callable[[Any], bool],
        what: str,
        timeout: float,
    ) -> Any:
        deadline = time.monotonic() + timeout
        while not is_there(found := look()):
            if time.monotonic() > deadline:
                raise GatewayError(f"waited {timeout:g} s for {what}, found {found}")
            threading.Event().wait(_POLL_SECONDS)
        return found


def _connected(address: Mapping[str, Any]) -> socket.socket:
    if "unix" in address:
        end = socket.socket(socket.AF_UNIX)
        end.settimeout(ANSWER_SECONDS_MAX)
        try:
            end.connect(address["unix"])
        except OSError as error:
            end.close()
            raise GatewayError(f"the gateway has ended: {error.strerror}") from None
        return end
    return socket.create_connection(("127.0.0.1", address["port"]), ANSWER_SECONDS_MAX)


def _arguments(options: Mapping[str, object]) -> list[str]:
    """Return options as a command line: `ticks_per_second=10` is `--ticks-per-second 10`, True a flag.

    A mapping is the option once for each: `recorded={"SPY": path}` is `--recorded SPY=path`.
    """
    arguments: list[str] = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            arguments.append(option)
        elif isinstance(value, Mapping):
            pairs = cast("Mapping[str, object]", value)
            arguments += [f"{option}={key}={held}" for key, held in pairs.items()]
        elif value is not None and value is not False:
            arguments += [option, str(value)]
    return arguments


def _request(row: dict[str, Any]) -> Request:
    return Request(
        number=row["number"],
        at=_moment(row["at"]),
        connection=row["connection"],
        client=row["client"],
        name=row["name"],
        fields=row["fields"],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
