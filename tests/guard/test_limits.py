"""Limits: defaults by mode, their TOML form, and changing one for a session."""

from decimal import Decimal, getcontext

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.contracts import SecType
from edgerunner_lab.core.errors import ConfigurationError, UsageError
from edgerunner_lab.guard.limits import Limits, describe, load_limits, tighten, to_toml
from guard.builders import an_instrument, euro, some_limits

ORIGIN = "limits.toml of a user"
BY_SYMBOL = '[sim.by_symbol."EUR.USD"]\nmax_order_qty = 300\n'


def lines(limits: Limits) -> dict[str, tuple[str, str]]:
    """Return each limit's value and origin by its name."""
    return {line.name: (line.value, line.origin) for line in describe(limits)}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (
            Mode.SIM,
            ("1000", "25000", "10", "20", "5", "25", "15", "60", "false", "5", "60", "300"),
        ),
        (
            Mode.PAPER,
            ("1000", "25000", "10", "20", "5", "25", "15", "60", "true", "5", "60", "300"),
        ),
        (
            Mode.LIVE,
            ("200", "5000", "5", "10", "2", "15", "5", "300", "true", "3", "30", "100"),
        ),
    ],
)
def test_the_defaults_are_those_of_the_mode(mode: Mode, expected: tuple[str, ...]) -> None:
    """Live is stricter, and the simulator warns where paper denies."""
    shown = lines(Limits.defaults(mode))

    names = (
        "max_order_qty.STK",
        "max_order_notional",
        "max_order_notional_pct",
        "max_position_pct",
        "collar_pct.STK",
        "collar_passive_pct.STK",
        "max_quote_age_mkt_s",
        "duplicate_window_s",
        "duplicate_order_denied",
        "max_orders_10s",
        "max_orders_1h",
        "max_orders_1d",
    )
    assert tuple(shown[name][0] for name in names) == expected
    assert {origin for _, origin in shown.values()} == {"default"}


def test_an_empty_file_leaves_the_defaults() -> None:
    """No file and an empty one are the same."""
    assert load_limits("", ORIGIN, Mode.PAPER) == Limits.defaults(Mode.PAPER)


def test_a_file_changes_what_it_names_and_says_so() -> None:
    """Values keep their exact decimal form, and every value shows where it is from."""
    limits = load_limits(
        "[sim]\nmax_order_notional = 1000.10\nduplicate_order_denied = true\n"
        "[sim.max_order_qty]\nSTK = 50\n" + BY_SYMBOL,
        ORIGIN,
        Mode.SIM,
    )

    shown = lines(limits)
    assert shown["max_order_notional"] == ("1000.10", ORIGIN)
    assert shown["duplicate_order_denied"] == ("true", ORIGIN)
    assert shown["max_order_qty.STK"] == ("50", ORIGIN)
    assert shown["max_order_qty.CASH"] == ("50000", "default")
    assert shown["by_symbol.EUR.USD.max_order_qty"] == ("300", ORIGIN)


def test_a_table_changes_its_own_mode_only() -> None:
    """What is loose in the simulator stays tight in live."""
    text = "[sim]\nmax_order_notional = 1_000_000\n"

    assert load_limits(text, ORIGIN, Mode.LIVE) == Limits.defaults(Mode.LIVE)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[sim]\nmax_order_quantity = 5", "[sim] max_order_quantity: unknown key, expected one that"),
        ("[sim]\nmode = 'LIVE'", "[sim] mode: unknown key"),
        ("[sim]\norigins = {}", "[sim] origins: unknown key"),
        ("[live.by_symbol.SPY]\ntick = 1", "[live] by_symbol.SPY.tick: unknown key"),
        ("max_order_notional = 5", "max_order_notional was found, expected limits only under [sim]"),
        ("[demo]\nx = 1", "demo was found, expected limits only under [sim], [paper], [live]"),
        ("sim = 5", "sim was found, expected limits only under"),
        ('[sim]\nmax_order_notional = "5"', "max_order_notional: '5' was found, expected a number"),
        ("[sim]\nmax_order_notional = true", "max_order_notional: True was found, expected a number"),
        ("[sim]\nmax_order_notional = 0", "max_order_notional: 0 was found, expected greater than 0"),
        ("[sim]\nmax_order_notional = -5", "max_order_notional: -5 was found, expected greater than 0"),
        ("[sim]\nmax_order_notional = nan", "max_order_notional: nan was found, expected a finite"),
        ("[sim]\nmax_order_notional = inf", "max_order_notional: infinity was found, expected a finite"),
        ("[sim]\nmax_order_notional = 2e12", "expected less than or equal to 1e12"),
        ("[sim]\nmax_order_notional = 1e-13", "expected no more than 12 decimal places"),
        ("[sim]\nmax_order_notional = {STK = 5}", "max_order_notional: {'STK': 5} was found, expected a number"),
        ("[sim]\nmax_order_qty = 5", "max_order_qty: 5 was found, expected a table"),
        ("[sim.max_order_qty]\nBOND = 5", "max_order_qty.BOND: 'BOND' was found, expected 'STK'"),
        ("[sim]\nmax_orders_1h = 2.5", "max_orders_1h: 2.5 was found, expected a multiple of 1"),
        ("[sim]\nmax_orders_1h = 0", "max_orders_1h: 0 was found, expected greater than or equal to 1"),
        ("[sim]\nduplicate_order_denied = 1", "duplicate_order_denied: 1 was found, expected a valid bool"),
        ("[sim.by_symbol.spy]\nmax_order_qty = 5", "by_symbol.spy: 'spy' was found, expected a symbol in cap"),
        ("[sim]\na = 1\nb = 2\nc = 3", "a: unknown key, expected one that %risk shows (2 more mistakes)"),
        ('[sim]\n"x\\u001b[31m" = 1', "[sim] x\\x1b[31m: unknown key"),
        ("[sim", "expected TOML"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_one_clear_line(text: str, problem: str) -> None:
    """File, key, what was found, what was expected; in whatever mode the session is."""
    with pytest.raises(ConfigurationError) as caught:
        load_limits(text, ORIGIN, Mode.PAPER)

    line = str(caught.value)
    assert line.startswith(f"{ORIGIN}: ")
    assert problem in line
    assert "\n" not in line


@pytest.mark.parametrize("mode", list(Mode))
def test_limits_written_as_toml_are_read_back(mode: Mode) -> None:
    """Quoted symbols included."""
    name = mode.value.lower()
    text = (
        f"[{name}]\nmax_order_notional = 12.50\n[{name}.max_position_qty]\nSTK = 7\n"
        f'[{name}.by_symbol."EUR.USD"]\nmax_order_qty = 3\n'
    )
    limits = load_limits(text, ORIGIN, mode)

    again = load_limits(to_toml(limits), ORIGIN, mode)

    assert again.sha256 == limits.sha256
    assert [line.value for line in describe(again)] == [
        line.value for line in describe(limits)
    ]


def test_equal_limits_have_equal_hashes_and_others_do_not() -> None:
    """The journal names the limits by it; the mode is part of them, the origin is not."""
    default = Limits.defaults(Mode.SIM)
    spelt_out = load_limits("[sim]\nmax_order_notional = 25_000\n", ORIGIN, Mode.SIM)
    hashes = {
        limits.sha256
        for limits in (
            default,
            Limits.defaults(Mode.PAPER),
            Limits.defaults(Mode.LIVE),
            some_limits("max_order_notional = 24_999"),
            some_limits("duplicate_order_denied = true"),
            some_limits(BY_SYMBOL),
        )
    }

    assert spelt_out.sha256 == default.sha256
    assert len(hashes) == 6


def test_the_tightest_bound_is_the_one_that_holds() -> None:
    """General and of the symbol; a position has a bound in units only where one is set."""
    limits = some_limits(
        "[sim.by_symbol.SPY]\nmax_order_qty = 5\nmax_order_notional = 100_000\nmax_position_qty = 9\n"
    )

    assert limits.order_qty_max(an_instrument()) == 5
    assert limits.order_qty_max(euro()) == 50_000
    assert limits.order_notional_max(an_instrument()) == 25_000
    assert limits.position_qty_max(an_instrument()) == 9
    assert limits.position_qty_max(euro()) is None


def test_limits_cannot_be_changed_in_place() -> None:
    """Nobody loosens what is in force by reaching in."""
    limits = Limits.defaults(Mode.SIM)

    with pytest.raises(ValueError, match="frozen"):
        limits.max_order_notional = Decimal(10**9)
    with pytest.raises(TypeError):
        limits.max_order_qty[SecType.STOCK] = Decimal(10**9)


# Changing.


def test_tightening_holds_at_once_and_shows_its_origin() -> None:
    """In every mode; nothing else changes."""
    for mode in Mode:
        limits = Limits.defaults(mode)

        changed = lines(tighten(limits, "max_order_qty.STK", "100"))

        assert changed.pop("max_order_qty.STK") == ("100", "this session")
        assert changed == {
            name: line
            for name, line in lines(limits).items()
            if name != "max_order_qty.STK"
        }


def test_what_was_tightened_can_be_loosened_up_to_the_ceiling() -> None:
    """The ceiling is what the file or the default said, however often it was changed."""
    limits = tighten(
        some_limits("max_order_notional = 10_000"), "max_order_notional", "5000"
    )
    limits = tighten(limits, "max_order_notional", "7000")
    limits = tighten(limits, "max_order_notional", "10000")

    assert lines(limits)["max_order_notional"] == ("10000", "this session")
    with pytest.raises(UsageError) as caught:
        tighten(limits, "max_order_notional", "10000.01")
    assert str(caught.value) == (
        "LIMIT_LOOSENING: max_order_notional 10000→10000.01; ceiling=10000 — "
        "edit limits.toml under [sim] to go beyond it; nothing was changed"
    )


def test_live_limits_are_not_loosened_by_a_session() -> None:
    """Not even up to the ceiling."""
    limits = tighten(
        some_limits("max_order_notional = 10_000", Mode.LIVE), "max_order_notional", "5000"
    )

    with pytest.raises(UsageError) as caught:
        tighten(limits, "max_order_notional", "5001")

    assert str(caught.value) == (
        "LIMIT_LOOSENING: max_order_notional 5000→5001 needs disarm + --reason; ceiling=10000"
    )


def test_a_live_limit_that_the_session_added_is_not_loosened_either() -> None:
    """It has no ceiling, and stays as tight as it was made."""
    limits = tighten(Limits.defaults(Mode.LIVE), "by_symbol.SPY.max_order_qty", "5")

    with pytest.raises(UsageError, match=r"5→6 needs disarm .* ceiling=none"):
        tighten(limits, "by_symbol.SPY.max_order_qty", "6")


@pytest.mark.parametrize(
    ("name", "tighter", "looser"),
    [
        ("duplicate_window_s", "61", "59"),
        ("max_orders_10s", "4", "6"),
        ("collar_pct.STK", "4.9", "5.1"),
        ("max_quote_age_lmt_s", "14", "16"),
    ],
)
def test_which_way_is_tighter_depends_on_the_limit(
    name: str, tighter: str, looser: str
) -> None:
    """A longer memory for repeats refuses more."""
    limits = Limits.defaults(Mode.PAPER)

    assert lines(tighten(limits, name, tighter))[name][0] == tighter
    with pytest.raises(UsageError, match="LIMIT_LOOSENING"):
        tighten(limits, name, looser)


def test_a_switch_is_tighter_when_on() -> None:
    """On may be set, off only where the file says off."""
    assert lines(tighten(Limits.defaults(Mode.SIM), "duplicate_order_denied", " True "))[
        "duplicate_order_denied"
    ] == ("true", "this session")
    with pytest.raises(UsageError, match="duplicate_order_denied true→false; ceiling=true"):
        tighten(Limits.defaults(Mode.PAPER), "duplicate_order_denied", "false")


def test_a_limit_where_there_was_none_tightens() -> None:
    """For a symbol, points in its name included, or for a position in units."""
    limits = tighten(Limits.defaults(Mode.LIVE), "by_symbol.eur.usd.max_order_qty", "5")
    limits = tighten(limits, "max_position_qty.STK", "50")

    assert limits.order_qty_max(euro()) == 5
    assert limits.position_qty_max(an_instrument()) == 50
    assert lines(limits)["by_symbol.EUR.USD.max_order_qty"] == ("5", "this session")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("max_order", "5", "max_order: unknown key, expected one that %risk shows; nothing was changed"),
        ("mode", "5", "mode: unknown key"),
        ("", "5", "unknown key"),
        ("by_symbol", "5", "by_symbol: 5 was found, expected a table"),
        ("by_symbol.SPY", "5", "by_symbol.SPY: "),
        ("max_order_qty", "5", "max_order_qty: 5 was found, expected a table"),
        ("max_order_qty.BOND", "5", "max_order_qty.BOND: 'BOND' was found"),
        ("max_order_notional.STK", "5", "max_order_notional: "),
        ("max_order_notional", "five", "max_order_notional: five was found, expected a number, true or false"),
        ("max_order_notional", "nan", "max_order_notional: nan was found, expected a finite number"),
        ("max_order_notional", "0", "max_order_notional: 0 was found, expected greater than 0"),
        ("max_order_notional", "true", "max_order_notional: True was found, expected a number"),
        ("duplicate_order_denied", "5", "duplicate_order_denied: 5 was found, expected a valid boolean"),
    ],
)  # fmt: skip
def test_a_change_that_is_none_is_one_clear_line(
    name: str, value: str, problem: str
) -> None:
    """And the limits stay as they are."""
    with pytest.raises(UsageError) as caught:
        tighten(Limits.defaults(Mode.SIM), name, value)

    assert problem in str(caught.value)
    assert str(caught.value).endswith("nothing was changed")
    assert "\n" not in str(caught.value)


def test_every_limit_has_a_unit_or_is_a_switch() -> None:
    """A number without a unit is half a limit."""
    limits = some_limits(
        "[sim.max_position_qty]\nSTK = 7\n[sim.by_symbol.SPY]\nmax_order_qty = 5\n"
    )

    assert {line.name for line in describe(limits) if not line.unit} == {
        "cell_rerun_denied",
        "closed_market_denied",
        "day_trades_guarded",
        "duplicate_order_denied",
        "foreign_currency_denied",
        "market_orders_in_rth_only",
        "short_options_denied",
        "short_sales_denied",
        "unknown_loss_denied",
    }


def test_reading_limits_leaves_the_decimal_context_alone() -> None:
    """Precision is the gate's matter."""
    before = getcontext().prec

    load_limits("[sim]\nmax_order_notional = 1000.123456789012", ORIGIN, Mode.SIM)

    assert getcontext().prec == before
