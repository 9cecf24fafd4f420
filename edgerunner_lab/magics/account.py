"""`%positions` and `%account`."""

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from edgerunner_lab.magics.args import no_args
from edgerunner_lab.magics.verbs import Verbs


@magics_class
class AccountMagics(Magics):
    """Magics about what is owned."""

    def __init__(self, shell: InteractiveShell, lab: Verbs) -> None:
        super().__init__(shell)
        self._lab = lab

    @line_magic
    @no_var_expand
    def positions(self, line: str) -> object:
        """Show what is held: quantity, cost, market value, profit and loss.

        Examples::

            %positions
            table = %positions
            table.df
        """
        no_args(line, "%positions")
        return self._lab.positions()

    @line_magic
    @no_var_expand
    def account(self, line: str) -> object:
        """Show the account: net liquidation value, cash, buying power, margin, profit and loss.

        Examples::

            %account
            figures = %account
            figures.net_liquidation
        """
        no_args(line, "%account")
        return self._lab.account()
