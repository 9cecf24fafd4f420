"""`%risk`, `%close`, `%flatten`, `%halt` and `%resume`."""

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from edgerunner_lab.magics.args import (
    close_symbol,
    halt_args,
    halt_reason,
    resume_reason,
    risk_args,
)
from edgerunner_lab.magics.verbs import Verbs


@magics_class
class RiskMagics(Magics):
    """Magics about limits and stopping."""

    def __init__(self, shell: InteractiveShell, lab: Verbs) -> None:
        super().__init__(shell)
        self._lab = lab

    @line_magic
    @no_var_expand
    def risk(self, line: str) -> object:
        """Show the limits that every order is held to, or set one for this session.

        `%risk [show]` or `%risk set NAME VALUE`

        Tightening holds at once; loosening only within what `limits.toml` allows.

        Examples::

            %risk
            %risk set max_order_qty.STK 100
        """
        args = risk_args(line)
        if args.action == "set":
            return self._lab.set_risk(args.name, args.value)
        return self._lab.risk()

    @line_magic
    @no_var_expand
    def close(self, line: str) -> object:
        """Close one position, and tell whether the broker says that nothing is left.

        `%close SYMBOL`

        Working orders of this notebook in the symbol are cancelled first. The exit is a limit order through the
        market that cancels what does not fill at once; it never goes through zero.

        Examples::

            %close SPY
        """
        return self._lab.close_position(close_symbol(line))

    @line_magic
    @no_var_expand
    def flatten(self, line: str) -> object:
        """Get out of everything: cancel this notebook's orders, close every position, and tell what is proven flat.

        `%flatten [--reason "words"]`

        From then on only orders that shrink a position pass, in every notebook of this user, until `%resume`.

        Examples::

            %flatten
            %flatten --reason "leaving early"
        """
        return self._lab.flatten(halt_reason(line, "%flatten"))

    @line_magic
    @no_var_expand
    def halt(self, line: str) -> object:
        """Stop trading in every notebook of this user, and cancel their working orders.

        `%halt [--all] [--reason "words"]`

        Each notebook cancels its own, for the broker lets nobody else; what still works afterwards is named.
        With `--all` the broker cancels every order of the account, those of TWS and other programs too.
        It stays, also over restarts, until `%resume`. A halt is never refused for its wording.
        From a terminal `edgerunner halt` does the same, also while a cell hangs.

        Examples::

            %halt
            %halt --all
            %halt --reason "prices look wrong"
        """
        asked = halt_args(line)
        return self._lab.halt(asked.reason, everything=asked.everything)

    @line_magic
    @no_var_expand
    def resume(self, line: str) -> object:
        """Let trading go on after a halt; the reason is kept in the journal.

        `%resume --reason "words"`

        Examples::

            %resume --reason "the feed is back, positions checked"
        """
        return self._lab.resume(reason=resume_reason(line))
