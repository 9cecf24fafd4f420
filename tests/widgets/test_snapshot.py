# pyright: reportPrivateUsage=false
# IPython's display methods are private in name only.
"""What stays of a live table in a saved notebook."""

from edgerunner_lab.widgets.snapshot import snapshot
from rigs.quote_feed import row, unknown


def test_the_snapshot_has_the_values_and_says_what_they_are_worth() -> None:
    """A reader of the saved notebook must not take a stale price for a live one."""
    table = snapshot(
        ["SPY", "QQQ", "AAPL", "MSFT"],
        {
            0: row(0, 500.25, close=498),
            1: row(1, 400.0, flags=4 | 1, age_s=20),
            2: unknown(2),
        },
    )
    lines = repr(table).splitlines()

    assert lines[0] == "Quotes when this cell ran"
    assert lines[1].split() == [
        "symbol",
        "bid",
        "ask",
        "last",
        "change",
        "volume",
        "age",
        "data",
    ]
    assert lines[2].split() == [
        "SPY",
        "500.24",
        "500.26",
        "500.25",
        "+2.25",
        "1,234,567",
        "0.2",
        "s",
        "live",
    ]
    assert lines[3].endswith("20.0 s  stale")
    assert lines[4].split() == ["AAPL", "–", "–", "–", "–", "–", "–", "no", "data"]
    assert lines[5].split() == ["MSFT", "–", "–", "–", "–", "–", "–", "no", "data"]


def test_the_rounding_of_floats_does_not_show() -> None:
    """190.1 − 190.0 is 0.1, and not 0.09999999999999432."""
    table = snapshot(["SPY"], {0: row(0, 190.1, close=190.0)})

    assert table.df["change"].tolist() == [0.1]


def test_a_symbol_stays_text() -> None:
    """It comes from the broker."""
    html = snapshot(["<img src=x>"], {})._repr_html_()

    assert "<img" not in html
    assert "&lt;img src=x&gt;" in html
