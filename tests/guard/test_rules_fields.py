"""R05–R07: every field valid, on the broker's increments, and its contract known."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from edgerunner_lab.core.contracts import PriceBand, SecType
from edgerunner_lab.core.intents import OrderType, Side, TimeInForce
from edgerunner_lab.core.lifecycle import OrderState
from guard.builders import (
    NOW,
    OLD_REF,
    a_quote,
    a_snapshot,
    an_instrument,
    an_open_order,
    an_order,
    codes,
    denials,
    euro,
    wide_limits,
    with_instrument,
    working,
)

UNSET = Decimal("1.7976931348623157E+308")
NO_NUMBERS = [
    Decimal("nan"),
    Decimal("snan"),
    Decimal("inf"),
    Decimal("-inf"),
    Decimal(0),
    Decimal(-1),
    UNSET,
    Decimal("1E-400000"),
    Decimal("0.30000000000000004"),
]


# R05


@pytest.mark.parametrize("value", NO_NUMBERS, ids=str)
def test_a_quantity_that_is_no_number_above_zero_denies(value: Decimal) -> None:
    """NaN, infinities, zero, negatives, UNSET and float dust."""
    (line,) = denials(an_order(value))

    assert line.startswith("INVALID_FIELD: field=quantity, value=")
    assert line.endswith(" — must be a finite number > 0")


@pytest.mark.parametrize("value", NO_NUMBERS, ids=str)
def test_a_price_that_is_no_number_above_zero_denies(value: Decimal) -> None:
    """Limit and trigger alike."""
    assert denials(an_order(limit=value))[0].startswith(
        "INVALID_FIELD: field=price, value="
    )
    assert denials(an_order(stop=value))[0].startswith("INVALID_FIELD: field=stop, value=")


def test_the_catalogue_line_of_a_price_that_is_no_number() -> None:
    """Word for word."""
    assert denials(an_order(limit=Decimal("nan"))) == [
        "INVALID_FIELD: field=price, value=nan — must be a finite number > 0"
    ]


def test_a_quantity_of_another_type_denies() -> None:
    """A float that slipped through is shown as what it is."""
    assert denials(an_order(10.5))[0] == (
        "INVALID_FIELD: field=quantity, value=10.5 — must be a finite number > 0"
    )


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (
            an_order(order_type=OrderType.LIMIT),
            "INVALID_FIELD: field=price, value=none — LMT orders need one",
        ),
        (
            an_order(order_type=OrderType.STOP),
            "INVALID_FIELD: field=stop, value=none — STP orders need one",
        ),
        (
            an_order(limit="100.00", order_type=OrderType.MARKET),
            "INVALID_FIELD: field=price, value=100.00 — MKT orders have none",
        ),
        (
            an_order(limit=Decimal("nan"), order_type=OrderType.MARKET),
            "INVALID_FIELD: field=price, value=NaN — MKT orders have none",
        ),
        (
            an_order(order_type=OrderType.TRAIL),
            "INVALID_FIELD: field=trail, value=none — must be an amount or a percentage",
        ),
        (
            replace(an_order(), order_type="MIT"),
            "INVALID_FIELD: field=type, value=MIT — must be one of MKT, LMT, STP, STP LMT, TRAIL",
        ),
        (
            an_order(tif="DAY"),
            "INVALID_FIELD: field=tif, value=DAY — must be one of DAY, GTC, IOC, FOK",
        ),
        (
            an_order(tif=None),
            "INVALID_FIELD: field=tif, value=None — must be one of DAY, GTC, IOC, FOK",
        ),
        (
            an_order(outside_rth=1),
            "INVALID_FIELD: field=outside_rth, value=1 — must be one of True, False",
        ),
    ],
)
def test_a_field_that_does_not_fit_the_order_denies(order: Any, line: str) -> None:
    """Prices belong to types, and words are ours or none."""
    assert line in denials(order)


def a_trail(amount: Any = None, percent: Any = None) -> Any:
    """A sale of 10 SPY that begins to trail at 99."""
    return replace(
        an_order(side=Side.SELL, stop="99.00"),
        order_type=OrderType.TRAIL,
        trail_amount=amount,
        trail_percent=percent,
    )


@pytest.mark.parametrize(
    "order",
    [a_trail(Decimal(1)), a_trail(Decimal("0.01")), a_trail(percent=Decimal("99.9"))],
)
def test_a_trailing_stop_with_one_distance_passes(order: Any) -> None:
    """An amount on the tick, or a percentage below a hundred."""
    assert codes(order, a_snapshot(position=Decimal(10))) == []


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (a_trail(), "value=none — must be an amount or a percentage"),
        (
            a_trail(Decimal(1), Decimal(1)),
            "value=amount and percent — must be an amount or a percentage",
        ),
        (a_trail(Decimal("0.005")), "value=0.005 — must be a multiple of the tick 0.01"),
        (a_trail(Decimal(0)), "value=0 — must be a finite number > 0"),
        (a_trail(Decimal("nan")), "value=nan — must be a finite number > 0"),
        (
            a_trail(percent=Decimal(100)),
            "value=100 — must be above 0 and below 100 percent",
        ),
        (a_trail(percent=Decimal(0)), "value=0 — must be above 0 and below 100 percent"),
        (
            a_trail(percent=Decimal("nan")),
            "value=NaN — must be above 0 and below 100 percent",
        ),
        (a_trail(percent=2.0), "value=2.0 — must be above 0 and below 100 percent"),
        (
            replace(an_order(limit="100.00"), trail_amount=Decimal(1)),
            "value=given — LMT orders have none",
        ),
        (
            replace(an_order(), trail_percent=Decimal(1)),
            "value=given — MKT orders have none",
        ),
    ],
)
def test_a_distance_that_is_none_or_belongs_to_no_trailing_stop_denies(
    order: Any, line: str
) -> None:
    """What is sent behind the price fields is judged like a price."""
    assert f"INVALID_FIELD: field=trail, {line}" in denials(
        order, a_snapshot(position=Decimal(10))
    )


def test_a_trailing_stop_without_the_price_it_begins_with_denies() -> None:
    """Its worst case is counted from there."""
    order = replace(a_trail(Decimal(1)), stop_price=None)

    assert "INVALID_FIELD: field=stop, value=none — TRAIL orders need one" in denials(order)


def test_a_trailing_stop_that_begins_beyond_the_collar_denies() -> None:
    """A distance of a fifth is as wrong as a trigger there."""
    order = replace(a_trail(percent=Decimal(40)), stop_price=Decimal("60.00"))

    assert "PRICE_COLLAR" in codes(order, a_snapshot(position=Decimal(10)))


@pytest.mark.parametrize(
    "field",
    ["symbol", "exchange", "primary_exchange", "currency", "local_symbol", "trading_class"],
)
@pytest.mark.parametrize("text", ["SP\0Y", "SPÿ", "A" * 65, "SPY\n"], ids=ascii)
def test_text_that_could_shift_fields_denies(field: str, text: str) -> None:
    """A NUL ends a field on the wire; nothing but short printable ASCII goes there."""
    lines = denials(with_instrument(an_order(), **{field: text}))

    (line,) = [each for each in lines if each.startswith("INVALID_FIELD")]
    assert f"field={field}, " in line
    assert line.isascii() is ("—" not in line)
    assert all(character.isprintable() for character in line)


def test_text_of_the_longest_length_passes() -> None:
    """At most 64."""
    assert codes(with_instrument(an_order(), local_symbol="A" * 64)) == []


@pytest.mark.parametrize(
    "ref", ["", "ELB:", "XYZ:01J", "ELB:" + "0" * 29, "ELB:0\x001", "ELB:é"], ids=ascii
)
def test_a_reference_that_is_not_ours_denies(ref: str) -> None:
    """By it alone an order is found again."""
    assert denials(an_order(order_ref=ref))[0].startswith(
        "INVALID_FIELD: field=order_ref, "
    )


def test_a_reference_of_the_longest_length_passes() -> None:
    """32 characters come back whole."""
    assert codes(an_order(order_ref="ELB:" + "0" * 28)) == []


@pytest.mark.parametrize("value", [Decimal("nan"), Decimal("inf"), Decimal(0), Decimal(-1)])
@pytest.mark.parametrize("field", ["size_increment", "size_min", "multiplier"])
def test_contract_facts_that_are_no_numbers_deny(field: str, value: Decimal) -> None:
    """Nothing can be calculated with them."""
    lines = denials(with_instrument(an_order(), **{field: value}))

    assert any(line.startswith(f"INVALID_FIELD: field={field}, value=") for line in lines)


@pytest.mark.parametrize("tick", [Decimal("nan"), Decimal(0), Decimal(-1)])
def test_a_tick_that_is_no_number_denies(tick: Decimal) -> None:
    """Neither a price nor a spread can be judged by it."""
    bands = (PriceBand(low_edge=Decimal(0), increment=tick),)

    assert "INVALID_FIELD" in codes(with_instrument(an_order(), price_bands=bands))
    assert "INVALID_FIELD" in codes(
        with_instrument(an_order(limit="100.00"), price_bands=bands)
    )


def test_no_tick_at_all_denies() -> None:
    """The broker has to say."""
    order = with_instrument(an_order(limit="100.00", stop="100.20"), price_bands=())

    assert denials(order) == [
        "INVALID_FIELD: field=tick, value=none — the broker gave no tick size; %search and retry"
    ]


@pytest.mark.parametrize("magnifier", [0, -100])
def test_a_price_magnifier_below_one_denies(magnifier: int) -> None:
    """Prices are divided by it."""
    lines = denials(with_instrument(an_order(), price_magnifier=magnifier))

    assert lines[0].startswith("INVALID_FIELD: field=price_magnifier, ")


# R05, modifications


def modification(**changes: Any) -> Any:
    """Return a change of the working order to 20 at 99.50."""
    return an_order(20, limit="99.50", replaces=OLD_REF, **changes)


def test_a_modification_of_a_working_order_passes() -> None:
    """It takes the same road."""
    assert codes(modification(), a_snapshot(open_order=an_open_order(10, 3))) == []


@pytest.mark.parametrize(
    "old",
    [
        None,
        an_open_order(order_ref="ELB:01J00000000000000000000008"),
        an_open_order(state=OrderState.FILLED),
        an_open_order(account="DU7777777"),
        an_open_order(con_id=1),
        an_open_order(side=Side.SELL),
        an_open_order(filled=Decimal("nan")),
        an_open_order(filled=Decimal(-1)),
        an_open_order(40, 20),
    ],
)
def test_a_modification_that_fits_no_working_order_denies(old: Any) -> None:
    """It names an open order of the same account, contract and side, and leaves something to trade."""
    assert codes(modification(), a_snapshot(open_order=old)) == ["INVALID_FIELD"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"state": OrderState.PENDING_CANCEL}, {}, "state=cancel requested"),
        ({"state": OrderState.UNKNOWN}, {}, "state=unknown"),
        ({"state": OrderState.SENT}, {}, "state=sent"),
        ({"order_type": OrderType.MARKET}, {}, "type=MKT"),
        ({"tif": TimeInForce.GTC}, {"tif": TimeInForce.DAY}, "tif=GTC"),
        ({"tif": TimeInForce.DAY}, {"tif": TimeInForce.GTC}, "tif=DAY"),
    ],
)
def test_an_order_that_may_be_ending_or_is_of_another_kind_is_not_modified(
    old: dict[str, Any], new: dict[str, Any], said: str
) -> None:
    """A race with a cancel or a doubt has no good end; kinds and lifetimes stay as they are."""
    snapshot = a_snapshot(open_order=an_open_order(**old))

    [denial] = denials(replace(modification(), **new), snapshot)
    assert denial.startswith(f"MODIFY_CONFLICT: {said} — ")


@pytest.mark.parametrize(
    "state", [OrderState.ACKED, OrderState.WORKING, OrderState.PARTIAL]
)
def test_a_day_order_may_be_told_to_fill_at_once_or_go(state: OrderState) -> None:
    """The one change of lifetime that the broker takes."""
    snapshot = a_snapshot(open_order=an_open_order(state=state))

    assert codes(replace(modification(), tif=TimeInForce.IOC), snapshot) == []


def test_a_modification_says_how_much_has_filled() -> None:
    """The whole quantity counts, as at the broker."""
    assert denials(modification(), a_snapshot(open_order=an_open_order(40, 25))) == [
        "INVALID_FIELD: field=quantity, value=20 — must be above the 25 that are filled"
    ]


def test_a_new_order_beside_an_order_to_modify_denies() -> None:
    """A modification that has lost its reference would be a second order."""
    assert codes(an_order(), a_snapshot(open_order=an_open_order())) == ["INVALID_FIELD"]


def test_a_modification_counts_once_against_the_position() -> None:
    """The old order's remainder goes when the new one comes."""
    limits = wide_limits().model_copy(
        update={"max_position_qty": {SecType.STOCK: Decimal(17)}}
    )
    old = (working(10),)
    snapshot = a_snapshot(broker_working=old, open_order=an_open_order(10, 3))

    assert codes(modification(), snapshot, limits) == []
    assert codes(replace(modification(), quantity=Decimal(21)), snapshot, limits) == [
        "MAX_POSITION"
    ]


# R06


def test_a_price_between_ticks_denies_and_offers_both_neighbours() -> None:
    """Nothing is rounded silently."""
    assert denials(an_order(limit="100.013")) == [
        "PRICE_INCREMENT: price=100.013, tick=0.01 — use 100.01 or 100.02"
    ]
    assert denials(an_order(stop="100.213")) == [
        "PRICE_INCREMENT: price=100.213, tick=0.01 — use 100.21 or 100.22"
    ]


def test_a_price_below_the_first_tick_offers_only_what_is_a_price() -> None:
    """Zero is none."""
    order = an_order(limit="0.004")
    quote = a_quote("0.01", "0.02")

    (line, *_) = denials(order, a_snapshot(quote=quote))

    assert line == "PRICE_INCREMENT: price=0.004, tick=0.01 — use 0.01"


@pytest.mark.parametrize(
    ("price", "passes"),
    [
        ("0.9999", True),
        ("1.00", True),
        ("1.0001", False),
        ("1.01", True),
        ("0.99995", False),
    ],
)
def test_the_tick_of_the_band_at_the_price_holds(price: str, *, passes: bool) -> None:
    """Below one dollar the tick is finer."""
    bands = (
        PriceBand(low_edge=Decimal(0), increment=Decimal("0.0001")),
        PriceBand(low_edge=Decimal(1), increment=Decimal("0.01")),
    )
    order = an_order(limit=price, instrument=an_instrument(price_bands=bands))

    found = codes(order, a_snapshot(quote=a_quote("1.00", "1.01")))

    assert found == ([] if passes else ["PRICE_INCREMENT"])


@pytest.mark.parametrize(
    ("quantity", "facts", "line"),
    [
        ("10.5", {}, "SIZE_INCREMENT: qty=10.5, step=1, min=1 — use 10 or 11"),
        ("0.5", {}, "SIZE_INCREMENT: qty=0.5, step=1, min=1 — use 1"),
        (
            "105",
            {"size_increment": Decimal(100), "size_min": Decimal(100)},
            "SIZE_INCREMENT: qty=105, step=100, min=100 — use 100 or 200",
        ),
        (
            "7",
            {"size_increment": Decimal(5), "size_min": Decimal(12)},
            "SIZE_INCREMENT: qty=7, step=5, min=15 — use 15",
        ),
        (
            "10.5",
            {"size_increment": Decimal("0.0001"), "size_min": Decimal("0.0001")},
            "SIZE_INCREMENT: qty=10.5, step=1, min=1 — use 10 or 11",
        ),
    ],
)
def test_a_size_off_the_step_denies_and_offers_what_is_on_it(
    quantity: str, facts: dict[str, Any], line: str
) -> None:
    """Fractions of a share are refused by the API whatever the contract details say."""
    assert line in denials(with_instrument(an_order(quantity), **facts))


def test_forex_follows_its_own_step() -> None:
    """A tenth of a unit is fine where the broker says so."""
    order = an_order("100.1", instrument=replace(euro(), size_increment=Decimal("0.1")))
    quote = a_quote("1.08990", "1.09000", con_id=order.instrument.con_id)

    assert codes(order, a_snapshot(quote=quote)) == []


# R07


def test_an_instrument_without_a_con_id_denies() -> None:
    """Only the conId goes on the wire as identity."""
    order = with_instrument(an_order(), con_id=0, symbol="SPYY")

    assert denials(order, a_snapshot(quote=a_quote(con_id=0))) == [
        "CONTRACT_NOT_FOUND: symbol=SPYY, secType=STK, currency=USD — check %search SPYY"
    ]


def test_details_of_yesterday_deny() -> None:
    """Ticks and hours change overnight."""
    order = with_instrument(an_order(), resolved_at=NOW - timedelta(hours=26))

    assert denials(order) == [
        "CONTRACT_STALE: conId=756733, age=26h — re-qualifying; retry"
    ]


@pytest.mark.parametrize(
    ("age", "passes"),
    [
        (timedelta(hours=24), True),
        (timedelta(hours=24, milliseconds=1), False),
        (timedelta(seconds=-5), True),
        (timedelta(hours=-25), False),
    ],
)
def test_details_are_good_for_a_day(age: timedelta, *, passes: bool) -> None:
    """A small step back of the clock makes nothing stale, a large one does."""
    order = with_instrument(an_order(), resolved_at=NOW - age)

    assert codes(order) == ([] if passes else ["CONTRACT_STALE"])


def test_a_time_without_a_zone_denies() -> None:
    """Its age is unknown, and what cannot be judged is not sent."""
    order = with_instrument(an_order(), resolved_at=NOW.replace(tzinfo=None))

    assert denials(order) == [
        "CONTRACT_STALE: unknown=resolved_at — what cannot be judged is not sent"
    ]


@pytest.mark.parametrize(
    ("expiry", "passes"), [(date(2026, 5, 4), True), (date(2026, 5, 3), False)]
)
def test_an_expired_contract_denies(expiry: date, *, passes: bool) -> None:
    """It trades to the end of its last day."""
    found = codes(with_instrument(an_order(), expiry=expiry))

    assert found == ([] if passes else ["CONTRACT_STALE"])
