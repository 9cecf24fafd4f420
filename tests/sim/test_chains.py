"""Options and futures: what is listed when, how it is found, and that a number never changes its meaning."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from edgerunner_lab.sim.listing.chains import occ_symbol, occ_terms
from edgerunner_lab.sim.listing.con_ids import option_con_id
from edgerunner_lab.sim.listing.universe import Instrument, Query, Universe, load_universe

MONDAY = date(2026, 11, 23)
SPY = 756733
LISTED = load_universe().at(MONDAY)


def names(found: tuple[Instrument, ...]) -> list[str]:
    """Return the names of instruments."""
    return [instrument.local_symbol for instrument in found]


def one(universe: Universe, local_symbol: str) -> Instrument:
    """Return the one contract of a name."""
    (found,) = universe.find(Query(local_symbol=local_symbol))
    return found


def days(universe: Universe, con_id: int = SPY) -> list[date]:
    """Return the expiries listed on an underlying."""
    (listed,) = universe.option_parameters(con_id)
    return list(listed.expiries)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(local_symbol="ESZ6"), ["ESZ6"]),
        (Query(symbol="es", sec_type="FUT", last_trade_date="202612"), ["ESZ6"]),
        (Query(symbol="ES", sec_type="FUT", last_trade_date="20261218"), ["ESZ6"]),
        (Query(symbol="CL", sec_type="FUT", last_trade_date="202701"), ["CLF7"]),
        (Query(symbol="CL", sec_type="FUT", last_trade_date="20261221"), ["CLF7"]),
        (Query(symbol="ZN", sec_type="FUT"), ["ZNZ6", "ZNH7", "ZNM7"]),
        (Query(symbol="ES", sec_type="FUT", multiplier="5"), []),
        (Query(symbol="ES", sec_type="FUT", exchange="NYMEX"), []),
        (Query(local_symbol="ESZ6", exchange="GLOBEX"), ["ESZ6"]),
        (Query(symbol="ES", sec_type="FUT", currency="EUR"), []),
        (Query(symbol="ES", sec_type="CONTFUT"), ["ESZ6"]),
        (Query(symbol="ES", sec_type="IND"), ["ES"]),
        (Query(local_symbol="ESU6"), []),
        (Query(symbol="ES"), ["ES"]),
    ],
)
def test_futures_are_found_by_what_they_are(query: Query, expected: list[str]) -> None:
    """By name, month of delivery, last trade date, or all of a root."""
    assert names(LISTED.find(query)) == expected


def test_a_future_has_its_terms() -> None:
    """Multiplier and tick of the contract, and the index that it follows."""
    crude = one(LISTED, "CLF7")

    assert (crude.multiplier_text, crude.min_tick) == ("1000", Decimal("0.01"))
    assert crude.point_value == 1000
    assert crude.last_trade_date == "20261221"
    assert LISTED.contract_month(crude) == "202701"
    assert LISTED.by_con_id[crude.under_con_id].symbol == "CL"


def test_ended_futures_are_told_to_those_who_ask() -> None:
    """Two years back, oldest first; a continuous future is always the one that trades."""
    known = LISTED.find(Query(symbol="ES", sec_type="FUT", includes_expired=True))
    continuous = Query(symbol="ES", sec_type="CONTFUT", includes_expired=True)

    assert " ".join(names(known)[:9]) == "ESZ4 ESH5 ESM5 ESU5 ESZ5 ESH6 ESM6 ESU6 ESZ6"
    assert names(LISTED.find(continuous)) == ["ESZ6"]


def test_the_front_future_changes_the_day_after_it_ends() -> None:
    """On its last day it still trades."""
    query = Query(symbol="NQ", sec_type="FUT")
    last = date(2026, 12, 18)

    assert names(LISTED.at(last).find(query))[0] == "NQZ6"
    assert names(LISTED.at(last + timedelta(days=1)).find(query))[0] == "NQH7"


@pytest.mark.parametrize(
    ("name", "strike", "right"),
    [
        ("SPY   261218C00700000", Decimal(700), "C"),
        ("QQQ   261218P00625000", Decimal(625), "P"),
        ("AAPL  261218C00272500", Decimal("272.5"), "C"),
        ("spy 261218C00700000", Decimal(700), "C"),
    ],
)
def test_an_option_is_found_by_its_name(name: str, strike: Decimal, right: str) -> None:
    """However its blanks are counted."""
    option = one(LISTED, name)

    assert (option.strike, option.right) == (strike, right)
    assert option.last_trade_date == "20261218"
    assert option.multiplier_text == "100"
    assert LISTED.by_con_id[option.con_id] == option
    assert LISTED.by_con_id[option.under_con_id].symbol == option.symbol


@pytest.mark.parametrize(
    "name",
    [
        "SPY   261219C00700000",
        "SPY   261231C00700500",
        "SPY   261218X00700000",
        "SPY   261299C00700000",
        "SPY   261218C0070000Z",
        "MSFT  261218C00500000",
        "SPY   261218C09900000",
        "261218C00700000",
    ],
)
def test_an_option_that_is_not_listed_is_not_found(name: str) -> None:
    """A Saturday, half a dollar, no right, no day, no number, no chain, a far strike, no class."""
    assert LISTED.find(Query(local_symbol=name)) == ()


def test_options_are_found_by_parts() -> None:
    """Strike and right of one day; all days of a month; both rights; a whole chain."""
    every = Query(symbol="AAPL", sec_type="OPT")
    month = replace(every, last_trade_date="202612", strike=Decimal(280))
    one_day = replace(month, last_trade_date="20261218", right="P")
    chain = LISTED.find(every)

    assert names(LISTED.find(one_day)) == ["AAPL  261218P00280000"]
    assert len(LISTED.find(month)) == 2 * 5
    assert set(LISTED.find(month)) <= set(chain)
    assert len({option.con_id for option in chain}) == len(chain) > 1_000
    assert LISTED.find(replace(every, trading_class="2AAPL")) == ()
    assert LISTED.find(Query(symbol="AAPL", sec_type="STK")) == (LISTED.by_con_id[265598],)


def test_every_listed_number_means_what_it_was_made_from() -> None:
    """Made again from its number by a universe that never listed it, a contract is the same."""
    chain = LISTED.find(Query(symbol="QQQ", sec_type="OPT"))
    fresh = load_universe().at(date(2029, 1, 2))

    for option in chain[::37]:
        assert fresh.by_con_id[option.con_id] == option


def test_weeklies_monthlies_quarters_and_leaps_are_listed() -> None:
    """The days of the next weeks, third Fridays, ends of quarters, and Januaries after."""
    listed = days(LISTED)

    assert listed[:4] == [
        MONDAY,
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2026, 11, 27),
    ]
    assert {date(2026, 12, 18), date(2026, 12, 31), date(2028, 1, 21)} <= set(listed)
    assert listed == sorted(set(listed))


def test_listed_days_move_with_the_date() -> None:
    """What has ended is gone, what trades stays for weeks, and nothing ends before today."""
    later = LISTED.at(MONDAY + timedelta(days=5))
    year = [LISTED.at(MONDAY + timedelta(days=step)) for step in range(0, 365, 11)]

    assert MONDAY in days(LISTED)
    assert days(later)[0] == date(2026, 11, 30)
    assert all(days(universe)[0] >= universe.today for universe in year)
    assert all(len(days(universe)) > 15 for universe in year)


def test_an_ended_option_is_still_known_by_its_number() -> None:
    """Whoever holds it can be told what it was, though nobody finds it any more."""
    option = one(LISTED, "SPY   261124C00690000")
    later = LISTED.at(date(2026, 11, 30))

    assert later.find(Query(local_symbol=option.local_symbol)) == ()
    assert later.by_con_id[option.con_id] == option
    assert later.find(Query(con_id=option.con_id)) == (option,)


def test_strikes_follow_the_price_but_do_not_leave() -> None:
    """They surround every level at the starts of the last months."""

    def doubled(instrument: Instrument, day: date) -> Decimal:
        return instrument.price * (2 if day >= date(2026, 11, 1) else 1)

    (before,) = LISTED.option_parameters(SPY)
    (after,) = LISTED.at(MONDAY, doubled).option_parameters(SPY)

    assert Decimal(700) in before.strikes
    assert Decimal(1400) not in before.strikes
    assert set(before.strikes) <= set(after.strikes)
    assert Decimal(1401) in after.strikes


def test_strikes_are_close_around_the_money_and_wide_far_out() -> None:
    """Weeklies have only the close ones."""
    calls = Query(symbol="SPY", sec_type="OPT", right="C")
    monthly = LISTED.find(replace(calls, last_trade_date="20261218"))
    weekly = LISTED.find(replace(calls, last_trade_date="20261211"))
    strikes = [option.strike for option in monthly]

    assert {Decimal(689), Decimal(690), Decimal(691)} <= set(strikes)
    assert strikes == sorted(strikes)
    assert strikes[:3] == [Decimal(450), Decimal(455), Decimal(460)]
    assert min(option.strike for option in weekly) == Decimal(649)
    assert {option.strike for option in weekly} < set(strikes)


def test_names_of_options_can_be_read_back() -> None:
    """Class, day, strike and right."""
    terms = ("AAPL", date(2026, 12, 18), Decimal("272.5"), "P")

    assert occ_symbol(*terms) == "AAPL  261218P00272500"
    assert occ_terms("AAPL  261218P00272500") == terms
    assert occ_terms("AAPL") is None


def test_iteration_is_over_the_files_only() -> None:
    """Nobody walks through thousands of options by mistake; a look-up reaches them all the same."""
    option = one(LISTED, "SPY   261218C00700000")

    assert option.con_id in LISTED.by_con_id
    assert option.con_id not in set(LISTED.by_con_id)
    assert len(LISTED.by_con_id) == len(list(LISTED.by_con_id)) < 300
    assert LISTED.by_con_id.get(2**31 - 1) is None


def test_no_option_ends_on_a_holiday() -> None:
    """The number that it would have is nobody's."""
    thanksgiving = option_con_id(1, date(2026, 11, 26), 690, "C")

    assert thanksgiving not in LISTED.by_con_id
    assert option_con_id(1, date(2026, 11, 27), 690, "C") in LISTED.by_con_id
