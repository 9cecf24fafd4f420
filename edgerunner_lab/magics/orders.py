"""`%order`, `%%basket`, `%modify`, `%cancel`, `%orders`, `%fills`, `%blotter`, `%resolve` and `%why`."""

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import (
    Magics,
    cell_magic,
    line_magic,
    magics_class,
    no_var_expand,
)

from edgerunner_lab.magics.args import (
    basket_args,
    cancel_what,
    modify_args,
    no_args,
    order_text,
    resolve_ref,
    why_ref,
)
from edgerunner_lab.magics.verbs import Verbs


@magics_class
class OrderMagics(Magics):
    """Magics about orders."""

    def __init__(self, shell: InteractiveShell, lab: Verbs) -> None:
        super().__init__(shell)
        self._lab = lab

    @line_magic
    @no_var_expand
    def order(self, line: str) -> object:
        """Send one order through the guard; what the limits do not allow is denied, with every reason.

        `%order buy|sell SIZE SYMBOL [lmt PRICE] [stp PRICE] [trail DISTANCE|PERCENT%] [take PRICE stop PRICE]`
        `[day|gtc|ioc|fok] [options]`

        The size is shares (`10`), money (`$5000`), `all` or `half` of the position.
        `take … stop …` makes a bracket: a profit taker and a stop that wait for the entry to fill, and end each other.
        All three are sent or none is.
        Options: `--preview` sends nothing and shows cost and verdict; `--again` repeats an order on purpose;
        `--outside-rth` lets it trade outside regular hours; `--ref NAME` names it; `--account A` chooses.
        Nothing is evaluated: `$5000` is money, never a Python name.
        Take prices near the market: what is too far away is denied, with the nearest price that would pass.

        Examples::

            %order buy 10 SPY
            %order sell 5 AAPL lmt 190.50 gtc
            %order buy $5000 SPY --preview
            %order sell all SPY
            %order sell 10 SPY trail 2% gtc
            %order buy 10 SPY lmt 690 take 720 stop 675 gtc
            placed = %order buy 1 MSFT lmt 400 ioc --ref probe
            placed.state
        """
        return self._lab.magic_order(order_text(line))

    @cell_magic
    @no_var_expand
    def basket(self, line: str, cell: str) -> object:
        """Send several orders, one a line: all of them or, where one is denied or a line is wrong, none.

        `%%basket [--preview] [--again]`

        Each is judged as if those before it worked already. Empty lines and lines that begin with `#` are passed over.
        `--preview` sends nothing and shows the verdict on each; `--again` repeats them on purpose.
        At most 24 orders, the exits of brackets with them: that many leave together.

        Examples::

            %%basket --preview
            buy 10 SPY
            sell 5 QQQ lmt 640 gtc
        """
        asked = basket_args(line)
        return self._lab.magic_basket(cell, preview=asked.preview, again=asked.again)

    @line_magic
    @no_var_expand
    def cancel(self, line: str) -> object:
        """Cancel working orders of this notebook: one by its reference, those in a symbol, or all.

        `%cancel REF|SYMBOL|all`

        Examples::

            %cancel SPY
            %cancel probe
            %cancel all
        """
        return self._lab.cancel(cancel_what(line))

    @line_magic
    @no_var_expand
    def modify(self, line: str) -> object:
        """Change a working order of this notebook: its size or its prices, through the guard like a new one.

        `%modify REF [qty N] [lmt PRICE] [stp PRICE] [ioc] [--preview]`

        REF is the order's reference or name. `qty` is the whole order's, with what has filled. Until the broker has
        confirmed the change, both forms count against the limits; what it refuses works on as it was.

        Examples::

            %modify probe lmt 501
            %modify probe qty 20 lmt 501.25
            %modify probe lmt 502 --preview
        """
        asked = modify_args(line)
        return self._lab.modify(asked.what, preview=asked.preview, **asked.terms)

    @line_magic
    @no_var_expand
    def orders(self, line: str) -> object:
        """Show today's orders with their state and reason.

        Examples::

            %orders
            table = %orders
            table.df
        """
        no_args(line, "%orders")
        return self._lab.orders()

    @line_magic
    @no_var_expand
    def fills(self, line: str) -> object:
        """Show today's executions with price, commission and realized profit.

        Examples::

            %fills
            table = %fills
            table.df
        """
        no_args(line, "%fills")
        return self._lab.fills()

    @line_magic
    @no_var_expand
    def blotter(self, line: str) -> object:
        """Show every order of the last day, of every notebook: what works first, then the newest, denied ones too.

        Examples::

            %blotter
            table = %blotter
            table.df
        """
        no_args(line, "%blotter")
        return self._lab.blotter()

    @line_magic
    @no_var_expand
    def resolve(self, line: str) -> object:
        """Ask the broker what became of an order whose outcome is unknown, and wait for it, 10 seconds at most.

        `%resolve REF`

        Until it is known, new orders in its instrument are denied; only the broker's word ends the doubt.

        Examples::

            %resolve probe
        """
        return self._lab.resolve_order(resolve_ref(line))

    @line_magic
    @no_var_expand
    def why(self, line: str) -> object:
        """Show the whole story of one order: the cell it came from, the market, every limit, every word of the broker.

        `%why [REF]`

        REF is a reference, a piece of it, or the order's name; without it, the last order that was tried, denied or not.

        Examples::

            %why
            %why probe
        """
        return self._lab.why(why_ref(line))
