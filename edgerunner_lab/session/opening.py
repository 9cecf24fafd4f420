"""Open the socket and download what ib_async asks for at the start, under the first client id that is free."""

import asyncio

from ib_async import StartupFetchALL

from edgerunner_lab.core.errors import ConnectFailed
from edgerunner_lab.session.broker import BrokerIB
from edgerunner_lab.session.link import Target

CLIENT_ID_TRIES = 8
CLIENT_ID_IN_USE = 326


class Opener:
    """Opens connections of one `BrokerIB`, one at a time."""

    def __init__(self, ib: BrokerIB) -> None:
        self._ib = ib
        self._client_id_in_use: asyncio.Event | None = None

    def note_code(self, code: int) -> None:
        """Hear a message code; ib_async waits its whole timeout when the id is taken, the 326 itself comes at once."""
        if code == CLIENT_ID_IN_USE and self._client_id_in_use is not None:
            self._client_id_in_use.set()

    async def open(self, target: Target, port: int) -> int:
        """Connect the socket and download; return the client id that was free.

        Raises:
            ConnectFailed: the line says why and what to do.
        """
        tries = 1 if target.is_fixed_client_id else CLIENT_ID_TRIES
        for client_id in range(target.client_id, target.client_id + tries):
            taken = self._client_id_in_use = asyncio.Event()
            if await self._try(target, port, client_id, taken):
                return client_id
        raise ConnectFailed(
            f"client ids {target.client_id} to {target.client_id + tries - 1} are in use, "
            "give a free one with --client-id"
        )

    async def _try(
        self, target: Target, port: int, client_id: int, taken: asyncio.Event
    ) -> bool:
        """Connect under one client id; return False if it is taken."""
        # The last connection's firewall lets no handshake pass; until this one has its own, nothing that trades does.
        self._ib.client.conn.firewall = None
        attempt = asyncio.create_task(
            self._ib.connectAsync(
                target.host,
                port,
                clientId=client_id,
                timeout=target.timeout_s,
                raiseSyncErrors=True,
                fetchFields=StartupFetchALL,
            )
        )
        heard = asyncio.create_task(taken.wait())
        try:
            await asyncio.wait({attempt, heard}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            heard.cancel()
            if not attempt.done():
                attempt.cancel()
        try:
            await attempt
        except asyncio.CancelledError:
            self._close()
            if not taken.is_set():
                raise
            return False
        except (OSError, TimeoutError, ValueError) as error:
            self._close()
            if taken.is_set():
                return False
            raise ConnectFailed(_why(error, target, port)) from error
        return True

    def _close(self) -> None:
        close_socket(self._ib)


def close_socket(ib: BrokerIB) -> None:
    """End the connection that `ib` has, if any, and forget what came over it."""
    ib.client.conn.firewall = None
    if ib.client.conn.isConnected():
        ib.client.disconnect()
    ib.wrapper.reset()


def _why(error: BaseException, target: Target, port: int) -> str:
    where = f"{target.host}:{port}"
    if isinstance(error, ConnectionRefusedError):
        return (
            f"{where} refused the connection: is TWS or IB Gateway running with its API enabled? "
            "(ports: TWS 7497 paper, 7496 live; Gateway 4002 paper, 4001 live; `%connect sim` needs neither)"
        )
    if isinstance(error, TimeoutError):
        return f"{where} did not complete the handshake within {target.timeout_s:g} s"
    return f"{where}: {error or type(error).__name__}"
