"""`%connect`, `%disconnect` and `%status`."""

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from edgerunner_lab.magics.args import connect_args, no_args
from edgerunner_lab.magics.verbs import Verbs


@magics_class
class ConnectionMagics(Magics):
    """Magics about the connection."""

    def __init__(self, shell: InteractiveShell, lab: Verbs) -> None:
        super().__init__(shell)
        self._lab = lab

    @line_magic
    @no_var_expand
    def connect(self, line: str) -> object:
        """Connect to the embedded gateway, a paper account or a live account.

        `%connect [sim|paper|live] [--host H --port N --account A --client-id N]`

        Without words it connects to the embedded gateway, which needs no broker and trades no real money.
        The account decides whether money is real: a port that says otherwise is refused.
        A live account can be watched; orders on it are denied.

        Examples::

            %connect
            %connect paper
            %connect paper --port 4002 --account DU1234567
            %connect live --host 192.0.2.7 --client-id 12
        """
        args = connect_args(line)
        return self._lab.connect(
            args.profile,
            host=args.host,
            port=args.port,
            account=args.account,
            client_id=args.client_id,
        )

    @line_magic
    @no_var_expand
    def disconnect(self, line: str) -> object:
        """End the connection; working orders stay at the broker.

        Examples::

            %disconnect
        """
        no_args(line, "%disconnect")
        return self._lab.disconnect()

    @line_magic
    @no_var_expand
    def status(self, line: str) -> object:
        """Show the connection, mode, account, market data, open orders and whether trading is halted.

        Examples::

            %status
            state = %status
        """
        no_args(line, "%status")
        return self._lab.status()
