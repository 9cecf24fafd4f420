"""`python -m edgerunner_lab.sim`: start one embedded gateway and run it until it is told to end."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from edgerunner_lab import __version__
from edgerunner_lab.sim.exchange import Exchange
from edgerunner_lab.sim.faults.fault_script import ScriptError, Vocabulary, script_faults
from edgerunner_lab.sim.faults.faults import Fault
from edgerunner_lab.sim.faults.vocabulary import load_vocabulary
from edgerunner_lab.sim.faults.wire_log import WireLog
from edgerunner_lab.sim.listing.universe import Universe, UniverseError, load_universe
from edgerunner_lab.sim.market.recorded import Recording
from edgerunner_lab.sim.process.clock import Clock, WallClock, clock_of
from edgerunner_lab.sim.process.state import (
    RUNTIME_LOCK_NAME,
    STATE_LOCK_NAME,
    Discovery,
    FileLock,
    LockTaken,
    StateError,
    StateFile,
    prepare,
)
from edgerunner_lab.sim.protocol.codec import load_replies, load_requests
from edgerunner_lab.sim.protocol.connection import Dialects
from edgerunner_lab.sim.server.command_line import SEED, Options, UsageError, options_of
from edgerunner_lab.sim.server.commands import Commands
from edgerunner_lab.sim.server.control import Control
from edgerunner_lab.sim.server.levers import levers_of
from edgerunner_lab.sim.server.recordings import (
    RecordingRefused,
    load_recording,
    unplayed,
)
from edgerunner_lab.sim.server.server import Limits, Server
from edgerunner_lab.sim.server.switchboard import Extras

WRONG_USE: Final = 2
"""Exit status when the gateway did not start; one line on standard error says why."""

UNSAVED: Final = 1
"""Exit status when the last state could not be written."""

START_SECONDS_MAX: Final = 10.0
"""How long a gateway that is starting may take until another one finds its port."""

POLL_SECONDS: Final = 0.05

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the gateway of `arguments`, of `sys.argv` without; return the exit status."""
    try:
        return _run(options_of(sys.argv[1:] if arguments is None else arguments))
    except (UsageError, StateError, UniverseError) as error:
        print(f"edgerunner gateway: {error}", file=sys.stderr)  # noqa: T201  the command's output
        return WRONG_USE


def _run(options: Options) -> int:
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s",
    )
    with contextlib.ExitStack() as held:
        discovery = None
        if options.runtime is not None:
            prepare(options.runtime)
            discovery = Discovery(options.runtime)
            port = _claim(options.runtime, discovery, held)
            if port is not None:
                print(f"already running on port {port}", flush=True)  # noqa: T201  see above
                return 0
            discovery.withdraw()
            held.callback(discovery.withdraw)
        file = None
        if options.state is not None:
            file = _state_file(options.state, held)
        return asyncio.run(_serve(options, file, discovery))


def _claim(runtime: Path, discovery: Discovery, held: contextlib.ExitStack) -> int | None:
    """Take the runtime directory; return the port of the gateway that has it already."""
    for _ in range(round(START_SECONDS_MAX / POLL_SECONDS)):
        try:
            held.enter_context(FileLock(runtime / RUNTIME_LOCK_NAME))
        except LockTaken:
            port = discovery.port()
            if port is not None:
                return port
        else:
            return None
        # It is starting, or ending: either soon shows.
        threading.Event().wait(POLL_SECONDS)
    raise StateError(
        f"another gateway has locked {runtime} but does not say its port after"
        f" {START_SECONDS_MAX:g} s; end it, or name another --runtime"
    )


def _state_file(directory: Path, held: contextlib.ExitStack) -> StateFile:
    prepare(directory)
    try:
        held.enter_context(FileLock(directory / STATE_LOCK_NAME))
    except LockTaken:
        raise StateError(
            f"another gateway keeps its state in {directory}; end it, or name another --state"
        ) from None
    return StateFile(directory)


def _clock(options: Options, file: StateFile | None) -> Clock:
    """Return the clock that the options ask for; it begins no earlier than the saved market ended."""
    start = options.start
    saved = None if file is None or options.fresh else file.saved_at()
    begin = start or WallClock().now()
    if saved is not None and saved > begin:
        _log.warning("the saved market was at %s, the clock goes on from there", saved)
        start = saved
    return clock_of(options.speed, start)


def _exchange(options: Options, file: StateFile | None, clock: Clock) -> Exchange:
    """Return the saved market, or a new one."""
    if file is not None and options.fresh:
        file.set_aside(clock.now())
    saved = None if file is None else file.load()
    seed = options.seed
    if seed is None and file is not None and saved is not None:
        seed = saved.get("seed", SEED)
        if not isinstance(seed, int):
            raise file.refusal(f"has the seed {seed!r}, expected a whole number")
    universe = _universe(options.universe)
    recordings = _recordings(options, universe, clock)
    exchange = Exchange(
        universe,
        seed=SEED if seed is None else seed,
        cash=options.cash,
        hours=options.hours,
        now=clock.now(),
        ticks_per_second=options.ticks_per_second,
        rules=options.order_rules,
        data_rules=options.data_rules,
        recordings=recordings,
    )
    if file is not None and saved is not None:
        try:
            exchange.restore(saved)
        except ValueError as error:
            raise file.refusal(f"is refused: {error}") from None
    return exchange


def _universe(extra: Path | None) -> Universe:
    if extra is None:
        return load_universe()
    return load_universe((str(extra), _text(extra, "--universe")))


def _recordings(options: Options, universe: Universe, clock: Clock) -> dict[int, Recording]:
    """Return contract id -> recorded prices, of the files that were named."""
    found: dict[int, Recording] = {}
    by_name: dict[str, Recording] = {}
    for name, path in options.recorded:
        instrument = universe.named(name)
        if instrument is None or instrument.under_con_id:
            raise UsageError(
                f"argument --recorded: {name} was found, expected a listed instrument with a"
                " price of its own, such as SPY or EUR.USD"
            )
        try:
            by_name[name] = found[instrument.con_id] = load_recording(path, instrument)
        except RecordingRefused as refused:
            raise UsageError(f"the --recorded file {path} {refused}") from None
    for line in unplayed(by_name, clock.now()):
        _log.warning("%s", line)
    return found


def _text(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the {option} file {path}: {error}") from None


def _faults(options: Options, vocabulary: Vocabulary) -> tuple[Fault, ...]:
    if options.faults is None:
        return ()
    try:
        return script_faults(_text(options.faults, "--faults"), vocabulary)
    except ScriptError as error:
        raise UsageError(f"the fault script {options.faults} is refused: {error}") from None


def _wire_log(path: Path | None) -> WireLog | None:
    try:
        return None if path is None else WireLog(path)
    except OSError as error:
        raise UsageError(
            f"cannot write the --log file {path}: {error.strerror}; name another one"
        ) from None


async def _serve(
    options: Options, file: StateFile | None, discovery: Discovery | None
) -> int:
    clock = _clock(options, file)
    vocabulary = load_vocabulary(may_pretend_live=options.may_pretend_live)
    faults = _faults(options, vocabulary)
    exchange = _exchange(options, file, clock)
    if options.regime is not None:
        try:
            levers_of(exchange).set_regime(options.regime, None)
        except ValueError as error:
            raise UsageError(f"argument --regime: {error}") from None
    server = Server(
        exchange,
        Dialects(load_requests(), load_replies(), options.version_max),
        clock,
        limits=Limits(idle_exit_s=options.idle_exit_s),
        extras=Extras(
            state=file,
            desk=exchange.desk,
            faults=faults,
            seed=exchange.seed,
            log=_wire_log(options.log),
        ),
    )
    control = Control(Commands(server, clock, exchange, vocabulary))
    _heed_signals(server)
    await _start(server, options)
    try:
        if discovery is not None:
            await control.start(discovery.path.parent)
            discovery.publish(
                port=server.port,
                started=clock.now(),
                version=__version__,
                control=control.address,
            )
        print(f"listening on {options.address}:{server.port}", flush=True)  # noqa: T201  see above
        await server.wait_ended()
    finally:
        if discovery is not None:
            discovery.withdraw()
        await control.close()
        status = await _close(server, file)
    return status


def _heed_signals(server: Server) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Elsewhere than in a main thread on POSIX, Ctrl-C ends it by cancelling instead.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, server.end)


async def _start(server: Server, options: Options) -> None:
    try:
        await server.start(options.address, options.port)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UsageError(
            f"cannot listen on {options.address} port {options.port}: {reason};"
            " end what uses it, or choose another --port"
        ) from None


async def _close(server: Server, file: StateFile | None) -> int:
    try:
        await server.close()
    except OSError as error:
        assert file is not None
        print(f"edgerunner gateway: cannot write {file.path}: {error}", file=sys.stderr)  # noqa: T201  see above
        return UNSAVED
    return 0


if __name__ == "__main__":
    sys.exit(main())
