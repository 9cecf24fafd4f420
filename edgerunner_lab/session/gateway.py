"""Connect to a gateway, synchronise completely, keep watch over the line, and come back when it breaks.

Nothing here decides about orders; it says whether the picture of the account is complete (`missing`).
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, timedelta

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.errors import ConnectFailed, EdgerunnerError
from edgerunner_lab.session.binding import account_of, mode_of
from edgerunner_lab.session.broker import BrokerIB, extra_positions, neutral_tail
from edgerunner_lab.session.firewall import Firewall
from edgerunner_lab.session.link import ConnectionState, Link, Target
from edgerunner_lab.session.opening import Opener, close_socket
from edgerunner_lab.session.uptime import Uptime
from edgerunner_lab.session.wall_clock import utc_now

_log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 4.0
HEARTBEAT_TIMEOUT_SECONDS = 5.0
"""Together they find a half-open socket within 9 s; the rule SESSION_NOT_READY allows 10."""

RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
RETRY_SECONDS_SLOW = 30.0
RETRY_JITTER = 0.2
"""Five quick tries, then one every 30 s for ever (REQUIREMENTS C4); jitter keeps kernels from knocking together."""

CONNECTIVITY_LOST = frozenset({1100, 2110})
CONNECTIVITY_BACK = frozenset({1101, 1102})


class Gateway:
    """The connection of one session, on the session's loop."""

    def __init__(
        self,
        ib: BrokerIB,
        *,
        on_ready: Callable[[Link], Awaitable[None]],
        on_lost: Callable[[str], None],
        on_state: Callable[[], None],
    ) -> None:
        """Watch over `ib`.

        Args:
            ib: The session's broker object.
            on_ready: Awaited after synchronisation, before the state says connected.
            on_lost: Called with the reason when an established connection is gone.
            on_state: Called after every change of `state` or `detail`.
        """
        self.state = ConnectionState.DISCONNECTED
        self.detail = ""
        self.link: Link | None = None
        self.uptime = Uptime()
        self._ib = ib
        self._on_ready = on_ready
        self._on_lost = on_lost
        self._on_state = on_state
        self._generation = 0
        self._was_asked = False
        # A connect that overtakes another would leave two sockets and one picture of them.
        self._one_at_a_time = asyncio.Lock()
        self.time_lock = asyncio.Lock()
        self._missing_from_start: set[str] = set()
        self._is_settled = asyncio.Event()
        self._is_settled.set()
        self._target: Target | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._heart: asyncio.Task[None] | None = None
        self._opener = Opener(ib)
        ib.disconnectedEvent += self._dropped

    @property
    def target(self) -> Target | None:
        """What the user last asked to be connected to; None after a disconnect."""
        return self._target

    @property
    def was_asked(self) -> bool:
        """Whether anybody has asked for a connection yet."""
        return self._was_asked

    async def connect(self, target: Target) -> Link:
        """Connect once; afterwards a broken line is taken up again until `disconnect`.

        Raises:
            ConnectFailed: one line says why and what to do; nothing keeps trying.
        """
        self._was_asked = True
        async with self._one_at_a_time:
            if (
                self._target == target
                and self.link is not None
                and self.state is ConnectionState.CONNECTED
            ):
                return self.link
            await self._disconnect()
            self._target = target
            try:
                return await self._establish(target)
            except ConnectFailed as error:
                self._target = None
                self._set(ConnectionState.ERROR, str(error))
                raise
            except BaseException:
                self._target = None
                self._set(ConnectionState.DISCONNECTED, "the connect was interrupted")
                raise

    async def disconnect(self) -> None:
        """Close the connection and stop trying."""
        async with self._one_at_a_time:
            await self._disconnect()

    @property
    def is_synchronised(self) -> bool:
        """Whether the picture of the account has been completed on the present connection."""
        return self.link is not None and self.state not in (
            ConnectionState.CONNECTING,
            ConnectionState.SYNCING,
        )

    def expect(self, profile: str) -> None:
        """Take notice that a connection will be asked for at once; `settled` waits for it."""
        self._set(ConnectionState.CONNECTING, profile)

    def give_up(self, reason: str) -> None:
        """Take notice that the connection that was expected will not be asked for."""
        self._set(ConnectionState.ERROR, reason)

    async def settled(self) -> None:
        """Wait until no connect or synchronisation is under way."""
        # Set and cleared again within one step of the loop, it wakes a waiter that has to go on waiting.
        while not self._is_settled.is_set():
            await self._is_settled.wait()

    async def _disconnect(self) -> None:
        self._target = None
        tasks = [task for task in (self._keeper, self._heart) if task is not None]
        self._keeper = self._heart = None
        for task in tasks:
            task.cancel()
        # Whatever they end with has been said; it must not stop a disconnect.
        await asyncio.gather(*tasks, return_exceptions=True)
        close_socket(self._ib)
        if self.link is not None:
            self.link = None
            self._on_lost("disconnected")
        self._set(ConnectionState.DISCONNECTED, "")

    def note_code(self, code: int) -> None:
        """Take notice of a connection code among the broker's messages."""
        self._opener.note_code(code)
        if code in CONNECTIVITY_LOST:
            self._missing_from_start.add("broker_connection")
        elif code in CONNECTIVITY_BACK:
            self._missing_from_start.discard("broker_connection")
        if self.link is None:
            return
        if code in CONNECTIVITY_LOST:
            self.link.missing.add("broker_connection")
            self._set(
                ConnectionState.BROKER_LOST, f"code {code}: the gateway has lost the broker"
            )
        elif code in CONNECTIVITY_BACK and self._target is not None:
            # Whatever happened meanwhile is learnt by a complete synchronisation on a new connection.
            self.restart(f"code {code}: synchronising again")

    def restart(self, reason: str) -> None:
        """Drop the line and take it up again with a complete synchronisation."""
        _log.warning("the connection is taken up again: %s", reason)
        if self.link is not None:
            self.detail = reason
            self._ib.client.conn.disconnect()

    def note_evidence_lost(self, what: str) -> None:
        """Take notice that something about orders or positions could not be read: only a fresh picture can be believed."""
        self._missing_from_start.add(what)
        if self.link is not None:
            self.link.missing.add(what)
            if self.state is ConnectionState.CONNECTED:
                self.restart(f"{what} could not be read")

    async def _establish(self, target: Target) -> Link:
        self._missing_from_start.clear()
        self._set(ConnectionState.CONNECTING, f"{target.profile} at {target.host}")
        port = await target.find_port() if target.find_port is not None else target.port
        client_id = await self._opener.open(target, port)
        try:
            link = self._bind(target, port, client_id)
            self.link = link
            self._set(ConnectionState.SYNCING, "")
            if len(link.accounts) > 1:
                # ib_async asks by itself only where there is just one.
                await asyncio.wait_for(
                    self._ib.reqAccountUpdatesAsync(link.account), target.timeout_s
                )
            await self._on_ready(link)
            await self._ask_the_time(link)
            self._check_complete(link)
        except ConnectFailed:
            self._abandon()
            raise
        except (TimeoutError, ConnectionError, EdgerunnerError) as error:
            self._abandon()
            raise ConnectFailed(
                f"{target.host}:{port} answered, but the synchronisation did not complete ({error or 'account updates'}); "
                "an incomplete picture is not taken for a flat one, try again"
            ) from error
        except BaseException:
            self._abandon()
            raise
        self._heart = asyncio.create_task(self._beat(link), name="heartbeat")
        if link.missing:
            self._set(ConnectionState.BROKER_LOST, "the gateway has lost the broker")
        else:
            self._set(ConnectionState.CONNECTED, "")
        return link

    def _bind(self, target: Target, port: int, client_id: int) -> Link:
        """Check the accounts and make the link; the account decides what the connection is."""
        accounts = tuple(self._ib.client.getAccounts())
        account = account_of(target, accounts)
        mode = mode_of(target, port, account, accounts)
        self._generation += 1
        version = self._ib.client.serverVersion()
        firewall = Firewall(
            generation=self._generation,
            # Live accounts are observed only; arming comes with its own road (RISK R03).
            may_trade=mode is not Mode.LIVE,
            neutral_tail=neutral_tail(version),
        )
        self._ib.client.conn.firewall = firewall
        now = asyncio.get_running_loop().time()
        return Link(
            generation=self._generation,
            host=target.host,
            port=port,
            client_id=client_id,
            account=account,
            accounts=accounts,
            mode=mode,
            server_version=version,
            firewall=firewall,
            connected_mono=now,
            heartbeat_mono=now,
            extra_positions=extra_positions(version),
            missing={"synchronisation"},
        )

    def _check_complete(self, link: Link) -> None:
        """Let a link count as complete but for what went wrong while it was made.

        Raises:
            ConnectionError: something about orders or positions could not be read.
        """
        link.missing.discard("synchronisation")
        link.missing |= self._missing_from_start
        if unreadable := link.missing - {"broker_connection"}:
            raise ConnectionError(f"unreadable: {', '.join(sorted(unreadable))}")

    async def _beat(self, link: Link) -> None:
        """Ask the time for as long as the link lasts; silence means that the line is dead."""
        while self.link is link:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                await self._ask_the_time(link)
            except TimeoutError:
                self.restart("no answer to the heartbeat within 5 s")
                return
            except ConnectionError:
                return

    async def _ask_the_time(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        # Two questions for the time at once would leave the first one unanswered (PROTOCOL §6).
        async with self.time_lock:
            asked = loop.time()
            told = await asyncio.wait_for(
                self._ib.reqCurrentTimeAsync(), HEARTBEAT_TIMEOUT_SECONDS
            )
        link.heartbeat_mono = loop.time()
        link.latency_s = link.heartbeat_mono - asked
        # The broker tells whole seconds, cut off: half a second later is the best guess.
        skew = utc_now() - told.astimezone(UTC) - timedelta(seconds=0.5)
        link.clock_skew_s = skew.total_seconds()

    def _dropped(self) -> None:
        """Hear from ib_async that an established connection is gone."""
        lost = self.link
        if lost is None:
            return
        was_connected = self.state in (
            ConnectionState.CONNECTED,
            ConnectionState.BROKER_LOST,
        )
        self.link = None
        if self._heart is not None:
            self._heart.cancel()
        reason = self.detail or "the gateway closed the connection"
        if self._target is not None and was_connected:
            # The same account and the same client id: on another one this session's orders would not be its own.
            self._target = replace(
                self._target,
                account=lost.account,
                client_id=lost.client_id,
                is_fixed_client_id=True,
            )
            if self._keeper is None or self._keeper.done():
                self._keeper = asyncio.create_task(
                    self._come_back(self._target), name="reconnect"
                )
            self._set(ConnectionState.RECONNECTING, reason)
        self._on_lost(reason)

    async def _come_back(self, target: Target) -> None:
        tries = 0
        while self._target is target:
            pause = (
                RETRY_SECONDS[tries] if tries < len(RETRY_SECONDS) else RETRY_SECONDS_SLOW
            )
            tries += 1
            await asyncio.sleep(pause * random.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER))  # noqa: S311  not a secret
            try:
                await self._establish(target)
            except Exception as error:  # noqa: BLE001  whatever it is, giving up silently is worse (C4)
                _log.warning("try %d to come back failed: %s", tries, error)
                self._set(ConnectionState.RECONNECTING, f"try {tries}: {error}")
            else:
                return

    def _abandon(self) -> None:
        self.link = None
        close_socket(self._ib)

    def _set(self, state: ConnectionState, detail: str) -> None:
        self.state, self.detail = state, detail
        now = asyncio.get_running_loop().time()
        self.uptime.change(is_up=state is ConnectionState.CONNECTED, now_s=now)
        if state in (ConnectionState.CONNECTING, ConnectionState.SYNCING):
            self._is_settled.clear()
        else:
            self._is_settled.set()
        self._on_state()
