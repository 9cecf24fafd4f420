"""Connect, disconnect, and how the session stands."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Unpack

from edgerunner_lab import __version__
from edgerunner_lab.core.errors import UsageError
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.session import embedded
from edgerunner_lab.session.engine import is_working
from edgerunner_lab.session.link import Target
from edgerunner_lab.session.settings import DEFAULT_PORTS, check_profile
from edgerunner_lab.session.verbs.arguments import Where
from edgerunner_lab.session.verbs.surroundings import VerbGroup
from edgerunner_lab.tables import reports
from edgerunner_lab.tables.table import Table


class ConnectionVerbs(VerbGroup):
    """The connection."""

    async def connect(
        self, profile: str = "sim", **where: Unpack[Where]
    ) -> Table[reports.Status]:
        """Connect, and stay connected until `disconnect`.

        Args:
            profile: sim, paper, paper-gateway, live or live-gateway.
            where: See `Where`.

        Raises:
            ConnectFailed: why, and what to do.
        """
        host, port = where.get("host"), where.get("port")
        account, client_id = where.get("account"), where.get("client_id")
        chosen = check_profile(profile)
        if self._settings.sim_only and chosen != "sim":
            raise UsageError(
                f"profile {chosen} was asked for, but this machine is limited to the embedded gateway"
            )
        is_embedded = chosen == "sim" and host is None and port is None
        if chosen == "sim" and host not in (None, "127.0.0.1", "localhost"):
            raise UsageError(
                f"host {host} was asked for, but an embedded gateway runs on this machine only"
            )
        await self._engine.gateway.connect(
            Target(
                profile=chosen,
                host="127.0.0.1" if chosen == "sim" else host or self._settings.host,
                port=port
                or (self._settings.port if chosen != "sim" else None)
                or DEFAULT_PORTS[chosen],
                account=account or (self._settings.account if chosen != "sim" else None),
                client_id=client_id or self._settings.client_id or self._client_id,
                timeout_s=self._settings.connect_timeout_s,
                find_port=self._embedded_port if is_embedded else None,
            )
        )
        return await self.status()

    def start_connecting(self, profile: str) -> None:
        """Connect in the background unless somebody has asked for a connection already; failures show in `status`."""
        if not self._engine.gateway.was_asked:
            # From here on verbs wait for the connection, also one that is called before its first step has run.
            self._engine.gateway.expect(profile)
            self._engine.in_background(self._connect_first(profile))

    async def disconnect(self) -> Table[reports.Status]:
        """Disconnect and stop reconnecting; working orders stay at the broker."""
        await self._engine.gateway.disconnect()
        return await self.status()

    async def status(self) -> Table[reports.Status]:
        """Say how the session stands."""
        await self._engine.latch.read()
        return reports.status(self.status_now())

    def status_now(self) -> reports.Status:
        """Return how the session stands, without asking anyone."""
        gateway, tracker = self._engine.gateway, self._engine.tracker
        link = gateway.link
        open_orders = tracker.open_orders
        status = reports.Status(
            version=__version__,
            state=gateway.state.value,
            detail=self._engine.records.trouble or gateway.detail,
            latch=self._engine.latch.words,
            uptime=gateway.uptime.share(asyncio.get_running_loop().time()),
        )
        if link is None or not gateway.is_synchronised:
            # What works at the broker is not known; zero would be a claim.
            return status
        loop = asyncio.get_running_loop()
        return replace(
            status,
            working_orders=sum(1 for update in open_orders if is_working(update)),
            unresolved_orders=sum(
                1 for update in open_orders if update.state is OrderState.UNKNOWN
            ),
            mode=link.mode,
            account=link.account,
            host=link.host,
            port=link.port,
            client_id=link.client_id,
            server_version=link.server_version,
            connected_since=self._clock()
            - timedelta(seconds=loop.time() - link.connected_mono),
            latency_ms=round(link.latency_s * 1000, 2)
            if link.latency_s is not None
            else None,
            market_data=_lines(self._engine.market.lines_used),
        )

    async def _connect_first(self, profile: str) -> None:
        try:
            await self.connect(profile)
        except UsageError as error:
            self._engine.gateway.give_up(str(error))
            raise

    async def _embedded_port(self) -> int:
        gateway = await embedded.ensure(
            self._paths,
            seed=self._settings.sim_seed,
            idle_exit_s=self._settings.sim_idle_exit_s,
        )
        return gateway.port


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"
