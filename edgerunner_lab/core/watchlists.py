"""Which symbols are shown where the user names none."""

DEFAULT_WATCHLIST = ("SPY", "QQQ", "AAPL", "MSFT", "GOOGL")
