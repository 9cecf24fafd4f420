"""Instruments as data: what can be found, and what a wrong file says."""

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner_lab.sim.listing.con_ids import GENERATED_FROM
from edgerunner_lab.sim.listing.universe import (
    Instrument,
    Query,
    UniverseError,
    load_universe,
)
from edgerunner_lab.sim.market.market import Market
from edgerunner_lab.sim.market.sessions import Hours

ROOT = Path(__file__).parents[2]

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
        "EUR.USD": 12087792,
        "SPX": 416904,
        "ES": 11004968,
        "BTC": 479624278,
    }
    listed = {i.name: i.con_id for i in UNIVERSE.by_con_id.values() if not i.bond}

    assert listed.items() >= expected.items()


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
        (
            Query(symbol="USD", sec_type="CASH"),
            ["USD.JPY", "USD.CHF", "USD.CAD", "USD.HKD"],
        ),
        (Query(local_symbol="EUR.USD"), ["EUR.USD"]),
        (Query(isin="US0378331005"), ["AAPL"]),
        (Query(isin="GB0005405286"), ["HSBA", "5"]),
        (Query(isin="GB0005405286", currency="HKD"), ["5"]),
        (Query(symbol="SAP", sec_type="STK"), ["SAP", "SAP"]),
        (Query(symbol="SAP", sec_type="STK", currency="EUR"), ["SAP"]),
        (Query(symbol="IBM"), ["IBM", "IBM"]),
        (Query(symbol="91282CJZ5", sec_type="BOND"), ["US-T"]),
        (Query(cusip="459200HF1"), ["IBM"]),
        (Query(symbol="IBM", sec_type="BOND", last_trade_date="2042"), ["IBM"]),
        (Query(symbol="SPX", sec_type="IND", exchange="CBOE"), ["SPX"]),
        (Query(local_symbol="7203.T"), ["7203"]),
        (Query(symbol="BTC", sec_type="CRYPTO", exchange="PAXOS"), ["BTC"]),
        (Query(sec_type="STK"), []),
        (Query(), []),
    ],
)
def test_a_contract_finds_what_it_describes(query: Query, expected: list[str]) -> None:
    """By id alone, by the parts that are given, and never everything."""
    assert symbols(UNIVERSE.find(query)) == expected


def test_enough_of_every_kind_is_listed() -> None:
    """A hundred American stocks and funds, markets abroad, currencies, indices, bonds and crypto."""
    kinds = Counter((i.sec_type, i.currency) for i in UNIVERSE.by_con_id.values())

    assert kinds["STK", "USD"] >= 100
    assert min(kinds["STK", currency] for currency in ("GBP", "EUR", "JPY", "HKD")) >= 4
    assert sum(count for (kind, _), count in kinds.items() if kind == "CASH") >= 6
    assert kinds["BOND", "USD"] == kinds["CRYPTO", "USD"] == 2
    assert kinds["IND", "USD"] >= 6


def test_every_public_number_is_well_formed() -> None:
    """The check digit of an ISIN fits, and made-up contract numbers are where the files say."""
    for instrument in UNIVERSE.by_con_id.values():
        assert not instrument.isin or check_sum(instrument.isin) % 10 == 0
        assert instrument.con_id < GENERATED_FROM


def check_sum(isin: str) -> int:
    """Return the sum of ISO 6166, which is a multiple of ten."""
    digits = "".join(str(int(character, 36)) for character in isin)
    doubled = (int(d) * (2 - at % 2) for at, d in enumerate(digits[-2::-1]))
    return int(digits[-1]) + sum(number // 10 + number % 10 for number in doubled)


def test_prices_lie_on_the_steps_that_orders_must_fit() -> None:
    """An instrument's tick is its rule's increment at its price, in lots its exchange trades."""
    for instrument in UNIVERSE.by_con_id.values():
        assert instrument.min_tick == UNIVERSE.increment(instrument, instrument.price)
        assert instrument.price % instrument.min_tick == 0
        assert instrument.size_min % instrument.size_increment == 0


def test_loading_is_quick() -> None:
    """Contracts are made when they are asked for: no option exists yet, and thousands can be found."""
    assert len(UNIVERSE.by_con_id) < 300
    assert len(UNIVERSE.find(Query(symbol="SPY", sec_type="OPT"))) > 4_000


def test_shares_in_pence_are_worth_a_hundredth() -> None:
    """Prices are told in pence, money is in pounds."""
    (vodafone,) = UNIVERSE.find(Query(symbol="VOD", sec_type="STK", exchange="LSE"))

    assert (vodafone.currency, vodafone.price_magnifier) == ("GBP", 100)
    assert vodafone.point_value == Decimal("0.01")


@pytest.mark.parametrize(
    ("pattern", "first"),
    [
        ("apple", "AAPL"),
        ("AAP", "AAPL"),
        ("goog", "GOOG"),
        ("bank amer", "BAC"),
        ("coca cola", "KO"),
        ("eur", "EUR.USD"),
        ("ES", "ES"),
        ("toyota", "7203"),
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
        ('"0.01"]]', '"0"]]', "needs bands with rising edges"),
        ("volatility = 0.9", "", "field 'volatility' is missing"),
        ('["1", "0.01"]', '["1"]', r"expected \[edge, increment\]"),
        ('bands = [["0", "0.0001"], ["1", "0.01"]]', "bands = 3", "expected a list"),
        ("volume = 10000", "volume = -1", "expected a whole number of 0 or more"),
        ("volume = 10000", "volume = true", "expected a whole number of 0 or more"),
        ("volatility = 0.9", "volatility = 90", "expected a number above 0 and below 10"),
        ('currency = "USD"', "currency = 1", "currency was 1, expected a text"),
        ("US/Eastern", "Mars/Base", "'Mars/Base', which is not a time zone"),
        ("XNYS", "XMOON", "'XMOON', expected 24/5 or the code of an exchange"),
        ("con_id = 999", "con_id = 1073741824", "expected < 1073741824"),
        ("con_id = 999", "con_id = 0", "con_id was 0, expected > 0"),
        ("spread = 2", 'spread = 2\nlast_trade_date = "soon"', "expected YYYYMMDD"),
        ("spread = 2", 'spread = 2\nbond = { coupon = "4" }', "field 'cusip' is missing"),
        ("spread = 2", "spread = 2\nlegs = []", "unknown fields: legs"),
        ("spread = 2", "spread = 2\nhas_prints = 1", "expected true or false"),
        ("schema = 1", "schema = 1\nmarket = 1", "unknown table market"),
        ("schema = 1", "schema = 1\ndefaults = 1", "expected a table"),
        ("[[instrument]]", "[instrument]", r"expected \[\[instrument\]\]"),
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


FUTURE = """
[[future]]
number = 77
under = 999
exchange = "CME"
valid_exchanges = "CME"
months = [3, 9]
listed = 2
ends = "third-friday"
multiplier = "10"
min_tick = "0.0001"
market_rule = 7
size_min = "1"
size_increment = "1"
size_suggested = "1"
volume = 100
trade_size = 1
spread = 1
"""

CHAIN = """
[[chain]]
number = 7
under = 999
trading_class = "PNY"
exchange = "SMART"
valid_exchanges = "SMART,CBOE"
multiplier = "100"
min_tick = "0.01"
price = "0.5"
market_rule = 7
size_min = "1"
size_increment = "1"
size_suggested = "1"
strike_step = "0.1"
wide_step = "0.5"
near = "0.5"
far = "0.9"
monthly = 2
volume = 100
trade_size = 1
spread = 1
"""


def test_a_user_can_add_futures_and_options() -> None:
    """On an instrument of the same file, with ticks, months and strikes of their own."""
    text = PENNY + FUTURE + CHAIN
    universe = load_universe(("penny.toml", text)).at(date(2026, 11, 23))
    (listed,) = universe.option_parameters(999)

    futures = universe.find(Query(symbol="PNY", sec_type="FUT"))
    assert [f.local_symbol for f in futures] == ["PNYH7", "PNYU7"]
    assert (listed.exchanges, listed.multiplier) == (("SMART", "CBOE"), "100")
    assert listed.expiries == (date(2026, 12, 18), date(2027, 1, 15))
    assert listed.strikes == tuple(Decimal(n) / 10 for n in (3, 4, 5, 6, 7))
    assert universe.derivative_types(universe.by_con_id[999]) == ("FUT", "OPT")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("under = 999", "under = 998", "follows the con_id 998, expected one listed"),
        ("number = 77", "number = 1", "future on PNY: number 1 is that of ES"),
        ("number = 77", "number = 500", "expected one from 0 to 499"),
        ("months = [3, 9]", "months = [13]", "expected numbers from 1 to 12"),
        ("months = [3, 9]", "months = []", "expected numbers from 1 to 12"),
        ('"third-friday"', '"someday"', "ends was 'someday', expected one of third-friday"),
        ("listed = 2", "", "listed was None, expected a whole number"),
        ("number = 7\n", "number = 1\n", "chain on PNY: number 1 is that of SPY"),
        ("number = 7\n", "number = 50\n", "expected one from 0 to 49"),
        ('wide_step = "0.5"', 'wide_step = "0.25"', "must be a multiple of a strike_step"),
        ('far = "0.9"', 'far = "1"', "expected 0 < near <= far <= 0.95"),
        ('near = "0.5"', 'near = "nan"', "near was 'nan', which is not a number"),
        ('strike_step = "0.1"', "", "strike_step was None, which is not a number"),
        ("monthly = 2", "fortnightly = 2", "unknown fields: fortnightly"),
    ],
)
def test_wrong_futures_and_options_are_refused_in_one_line(
    old: str, new: str, reason: str
) -> None:
    """As wrong instruments are."""
    text = PENNY + (FUTURE + CHAIN).replace(old, new, 1)
    with pytest.raises(UniverseError, match=reason) as caught:
        load_universe(("penny.toml", text))

    assert str(caught.value).startswith("penny.toml: ")
    assert "\n" not in str(caught.value)


SHEET = """
[[sheet]]
currency = "USD"
columns = ["symbol", "con_id"]
rows = [["A", 1], ["B", 2, 3]]
"""


def test_a_sheet_has_as_many_fields_in_a_row_as_columns() -> None:
    """Or a price could land under volume."""
    with pytest.raises(
        UniverseError, match=r"sheet row \['B', 2, 3\] was found, expected 2"
    ):
        load_universe(("sheet.toml", "schema = 1\n" + SHEET))


def test_a_later_file_replaces_an_instrument_and_its_options_follow() -> None:
    """The level that strikes surround is that of the file that was read last."""
    text = PENNY.replace("con_id = 999", "con_id = 756733").replace("PNY", "SPY")
    universe = load_universe(("mine.toml", text)).at(date(2026, 11, 23))
    (listed,) = universe.option_parameters(756733)

    assert universe.by_con_id[756733].long_name == "PENNY MINES"
    assert max(listed.strikes, default=Decimal(0)) < 2


def test_the_example_of_the_documentation_works() -> None:
    """Whoever copies it gets a stock, its options and its futures."""
    page = (ROOT / "docs" / "instruments.md").read_text(encoding="utf-8")
    text = page.partition("```toml\n")[2].partition("```")[0]
    universe = load_universe(("mine.toml", text)).at(date(2026, 11, 23))
    (listed,) = universe.option_parameters(950_000_001)

    assert Decimal(20) in listed.strikes
    assert len(listed.expiries) == 4 + 6 - 1
    assert len(universe.find(Query(symbol="PNY", sec_type="FUT"))) == 4


def test_a_currency_without_a_price_is_refused() -> None:
    """An account in dollars must know what everything is worth."""
    universe = load_universe(("penny.toml", PENNY.replace('"USD"', '"SEK"')))

    with pytest.raises(UniverseError, match=r"PNY needs the price of SEK in USD"):
        Market(universe, seed=1, hours=Hours.ALWAYS, steps=4)
