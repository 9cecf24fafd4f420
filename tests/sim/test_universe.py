"""Instruments as data: what can be found, and what a wrong file says."""

from decimal import Decimal

import pytest

from edgerunner_lab.sim.market import Market
from edgerunner_lab.sim.sessions import Hours
from edgerunner_lab.sim.universe import Instrument, Query, UniverseError, load_universe

UNIVERSE = load_universe()

PENNY = """
schema = 1
[[market_rule]]
id = 7
bands = [["0", "0.0001"], ["1", "0.01"]]
[[instrument]]
symbol = "PNY"
sec_type = "STK"
currency = "USD"
exchange = "SMART"
valid_exchanges = "SMART,PINK"
market_rule = 7
min_tick = "0.0001"
size_min = "1"
size_increment = "1"
size_suggested = "100"
calendar = "XNYS"
time_zone = "US/Eastern"
con_id = 999
long_name = "PENNY MINES"
price = "0.5"
volatility = 0.9
volume = 10000
trade_size = 100
spread = 2
"""


def symbols(found: tuple[Instrument, ...]) -> list[str]:
    """Return the names of instruments."""
    return [instrument.name for instrument in found]


def test_the_public_contract_ids_are_the_brokers() -> None:
    """Clients that know a conId find what they mean."""
    expected = {
        "SPY": 756733,
        "AAPL": 265598,
        "IBM": 8314,
        "TSLA": 76792991,
        "QQQ": 320227571,
    }
    listed = {i.name: i.con_id for i in UNIVERSE.by_con_id.values()}

    assert listed.items() >= expected.items()
    assert listed["EUR.USD"] == 12087792
    assert len(listed) == len(UNIVERSE.by_con_id) >= 30


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(con_id=756733), ["SPY"]),
        (Query(con_id=756733, exchange="NYSE", symbol="whatever"), ["SPY"]),
        (Query(con_id=756733, exchange="IDEALPRO"), []),
        (Query(con_id=1), []),
        (Query(symbol="spy", sec_type="STK"), ["SPY"]),
        (Query(symbol="SPY", sec_type="STK", currency="EUR"), []),
        (Query(symbol="MSFT", primary_exchange="ISLAND"), ["MSFT"]),
        (Query(symbol="MSFT", primary_exchange="NYSE"), []),
        (Query(symbol="USD", sec_type="CASH"), ["USD.JPY", "USD.CHF"]),
        (Query(local_symbol="EUR.USD"), ["EUR.USD"]),
        (Query(isin="US0378331005"), ["AAPL"]),
        (Query(sec_type="STK"), []),
        (Query(), []),
    ],
)
def test_a_contract_finds_what_it_describes(query: Query, expected: list[str]) -> None:
    """By id alone, by the parts that are given, and never everything."""
    assert symbols(UNIVERSE.find(query)) == expected


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("apple", "AAPL"),
        ("AAP", "AAPL"),
        ("goog", "GOOG"),
        ("bank amer", "BAC"),
        ("coca cola", "KO"),
        ("eur", "EUR.USD"),
    ],
)
def test_search_knows_symbols_and_words_of_names(pattern: str, first: str) -> None:
    """The best match comes first."""
    assert symbols(UNIVERSE.search(pattern))[0] == first


def test_search_for_nothing_finds_nothing() -> None:
    """Blanks are no pattern, and nonsense has no match."""
    assert UNIVERSE.search("  ") == ()
    assert UNIVERSE.search("zzzz") == ()


def test_a_user_can_add_a_file_with_bands_of_its_own() -> None:
    """A penny stock ticks finer below one dollar."""
    universe = load_universe(("penny.toml", PENNY))
    penny = universe.by_con_id[999]

    assert penny.trading_class == penny.local_symbol == "PNY"
    assert universe.increment(penny, Decimal("0.5")) == Decimal("0.0001")
    assert universe.increment(penny, Decimal("1.5")) == Decimal("0.01")
    assert universe.increment(penny, Decimal("-1.5")) == Decimal("0.01")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("schema = 1", "schema = 2", "schema = 2 was found, expected schema = 1"),
        ("schema = 1", "schema =", "not a TOML file"),
        ('symbol = "PNY"', "", "field 'symbol' is missing"),
        ("spread = 2", "spread = 0", "spread was 0, expected > 0"),
        ("spread = 2", "sprad = 2", "unknown fields: sprad"),
        ('price = "0.5"', 'price = "half"', "is not a number"),
        ('price = "0.5"', 'price = "0.50005"', "not a multiple of min_tick"),
        ("market_rule = 7", "market_rule = 8", "names market rule 8"),
        ('"0.01"]]', '"0"]]', "needs bands with positive increments"),
        ("volatility = 0.9", "", "missing 1 required keyword-only argument: 'volatility'"),
        ("[[instrument]]", "[instrument]", "mapping"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line_that_names_it(
    old: str, new: str, reason: str
) -> None:
    """Which file, what was found, what was expected."""
    with pytest.raises(UniverseError, match=reason) as caught:
        load_universe(("penny.toml", PENNY.replace(old, new, 1)))

    assert str(caught.value).startswith("penny.toml: ")
    assert "\n" not in str(caught.value)


def test_a_currency_without_a_price_is_refused() -> None:
    """An account in dollars must know what everything is worth."""
    universe = load_universe(("penny.toml", PENNY.replace('"USD"', '"SEK"')))

    with pytest.raises(UniverseError, match=r"PNY needs the price of SEK in USD"):
        Market(universe, seed=1, hours=Hours.ALWAYS, steps=4)
