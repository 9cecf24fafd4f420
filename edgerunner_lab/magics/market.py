"""`%quote`, `%watch`, `%search` and `%bars`."""

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand

from edgerunner_lab.magics.args import bars_args, pattern, some_symbols, symbols
from edgerunner_lab.magics.verbs import Verbs


@magics_class
class MarketMagics(Magics):
    """Magics about the market."""

    def __init__(self, shell: InteractiveShell, lab: Verbs) -> None:
        super().__init__(shell)
        self._lab = lab

    @line_magic
    @no_var_expand
    def quote(self, line: str) -> object:
        """Show bid, ask, last, change, sizes and volume, with their age and kind of data.

        `%quote SYMBOL …`

        Examples::

            %quote SPY
            %quote SPY QQQ EUR.USD
            table = %quote SPY QQQ
            table.df
        """
        return self._lab.quote(*some_symbols(line, "%quote"))

    @line_magic
    @no_var_expand
    def watch(self, line: str) -> object:
        """Show a live table of quotes, which goes on updating while other cells run.

        `%watch [SYMBOL …]`; alone it watches SPY, QQQ, AAPL, MSFT and GOOGL.

        Examples::

            %watch
            %watch SPY QQQ
        """
        return self._lab.watch(*symbols(line, "%watch"))

    @line_magic
    @no_var_expand
    def search(self, line: str) -> object:
        """Find instruments by part of a company's name, or by the beginning of a symbol.

        `%search WORDS`

        Examples::

            %search apple
            %search berkshire hathaway
        """
        return self._lab.search(pattern(line))

    @line_magic
    @no_var_expand
    def bars(self, line: str) -> object:
        """Show historical bars: start, open, high, low, close, volume.

        `%bars SYMBOL [DURATION [SIZE]] [--all-hours] [--what KIND]`

        Durations and sizes are a number and s, m (minutes), h, d, w, mo (months) or y.
        Without them it shows 30 days of hours. Only regular hours count unless `--all-hours` is given.
        The kind is TRADES, MIDPOINT, BID, ASK, BID_ASK or ADJUSTED_LAST.

        Examples::

            %bars SPY 30d 1h
            %bars EUR.USD 2d 5m --all-hours --what MIDPOINT
            closes = %bars SPY 1y 1d
            closes.df["close"].plot()
        """
        args = bars_args(line)
        return self._lab.bars(
            args.symbol, args.duration, args.size, rth=args.rth, what=args.what
        )
