"""Private embedded gateways in processes of their own."""

import json
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

STOP_SECONDS_MAX = 10


@dataclass
class Gateway:
    """A private embedded gateway in its own process.

    Attributes:
        port: Where it listens on the loopback interface.
        state: Its state directory; a gateway started on it again goes on where this one ended.
    """

    port: int
    state: Path
    process: "subprocess.Popen[str]" = field(repr=False)

    def command(self, name: str, /, **fields: object) -> dict[str, Any]:
        """Send one command of the control socket and return its answer."""
        found = json.loads((self.state / "gateway.json").read_text(encoding="utf-8"))
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(STOP_SECONDS_MAX)
            end.connect(found["control"]["unix"])
            end.sendall(json.dumps({"do": name, **fields}).encode() + b"\n")
            with end.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        assert answer["ok"], answer
        return answer

    def stop(self) -> None:
        """End it cleanly."""
        self.process.terminate()
        self.process.wait(STOP_SECONDS_MAX)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(STOP_SECONDS_MAX)


class Gateways:
    """Starts gateways and ends what it has started."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started: list[Gateway] = []

    def start(self, *arguments: str, port: int = 0, name: str = "gateway") -> Gateway:
        """Start one; `arguments` go to its command line."""
        state = self._directory / name
        state.mkdir(exist_ok=True)
        command = [
            sys.executable,
            "-m",
            "edgerunner_lab.sim",
            "--port",
            str(port),
            "--seed",
            "7",
        ]
        command += ["--state", str(state), "--runtime", str(state), *arguments]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line + process.stdout.read()
        gateway = Gateway(int(line.rpartition(":")[2]), state, process)
        self._started.append(gateway)
        return gateway

    def close(self) -> None:
        """End them all."""
        for gateway in self._started:
            if gateway.process.poll() is None:
                gateway.stop()
            if gateway.process.stdout is not None:
                gateway.process.stdout.close()


def stop_gateway(home: Path) -> None:
    """End the embedded gateway that a kernel with this home has started for itself."""
    try:
        found = json.loads((home / "runtime" / "gateway.json").read_text(encoding="utf-8"))
        process = psutil.Process(found["pid"])
        process.terminate()
        process.wait(STOP_SECONDS_MAX)
    except (OSError, psutil.NoSuchProcess):
        return
