"""Option computations: values, greeks and the two calculators."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.sim.market.derived import years_left
from edgerunner_lab.sim.market.greeks import Option, implied_volatility, valued
from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.data_rules import DataRules

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
OPTION = {
    "c_symbol": "SPY",
    "c_secType": "OPT",
    "c_exchange": "SMART",
    "c_currency": "USD",
    "c_lastTradeDateOrContractMonth": "20261218",
    "c_strike": Decimal(690),
    "c_right": "C",
}

Told = Callable[[list[Message]], list[str]]


def computed(messages: list[Message]) -> dict[int, Any]:
    """Return the fields of the newest computation of each tick type."""
    found: dict[int, Any] = {}
    for message in messages:
        if message.name == "tickOptionComputation":
            fields: Any = message.fields
            found[fields["tickType"]] = fields
    return found


@pytest.mark.parametrize("hour", [1, 9, 15, 20, 23])
def test_the_model_agrees_with_the_quote_at_any_hour(
    open_stage: Callable[..., Any], hour: int
) -> None:
    """Of an option with four days left: no theta between what is quoted and what is computed."""
    stage = open_stage(now=datetime(2026, 11, 23, hour, 30, tzinfo=UTC))
    trader = stage.trader()
    option = OPTION | {"c_lastTradeDateOrContractMonth": "20261127"}
    found = computed(trader.ask("reqMktData", reqId=1, **option) + trader.wait(1))
    bid, ask, model = found[10], found[11], found[13]

    assert bid["optPrice"] - 0.03 < model["optPrice"]
    assert model["optPrice"] < ask["optPrice"] + 0.03
    assert bid["impliedVol"] == pytest.approx(model["impliedVol"], abs=0.003)


options = st.builds(
    Option,
    is_call=st.booleans(),
    strike=st.floats(50, 200),
    years=st.floats(0.02, 2),
    rate=st.floats(0, 0.1),
)
unders, volatilities = st.floats(60, 180), st.floats(0.08, 1)


@given(options, unders, volatilities)
def test_puts_and_calls_are_in_parity(
    option: Option, under: float, volatility: float
) -> None:
    """A call less a put is the underlying less the strike's present value, at any volatility."""
    call, put = (
        valued(
            Option(
                is_call=is_call, strike=option.strike, years=option.years, rate=option.rate
            ),
            under,
            volatility,
        )
        for is_call in (True, False)
    )

    ahead = under - option.strike * math.exp(-option.rate * option.years)
    assert call.price - put.price == pytest.approx(ahead, abs=1e-9)
    assert call.delta - put.delta == pytest.approx(1)
    assert call.gamma == pytest.approx(put.gamma)
    assert call.vega == pytest.approx(put.vega)


@given(options, unders, volatilities)
def test_greeks_are_the_slopes_of_the_value(
    option: Option, under: float, volatility: float
) -> None:
    """Against central differences in price, volatility and time."""
    found = valued(option, under, volatility)
    step = under * 1e-4
    up, down = (valued(option, under + move, volatility) for move in (step, -step))
    assert found.delta == pytest.approx((up.price - down.price) / (2 * step), abs=1e-5)
    assert found.gamma == pytest.approx((up.delta - down.delta) / (2 * step), abs=1e-5)
    higher, lower = (
        valued(option, under, volatility + move).price for move in (1e-5, -1e-5)
    )
    assert found.vega == pytest.approx((higher - lower) / 2e-5 / 100, abs=1e-5)
    later, sooner = (
        valued(
            Option(
                is_call=option.is_call,
                strike=option.strike,
                years=option.years + move,
                rate=option.rate,
            ),
            under,
            volatility,
        ).price
        for move in (-1e-6, 1e-6)
    )

    assert found.theta == pytest.approx((later - sooner) / 2e-6 / 365, abs=1e-4)


@given(options, unders, volatilities)
def test_the_implied_volatility_gives_the_price_back(
    option: Option, under: float, volatility: float
) -> None:
    """The value at the volatility that a price implies is the price."""
    price = valued(option, under, volatility).price
    found = implied_volatility(option, under, price)

    if found is not None:
        assert valued(option, under, found).price == pytest.approx(price, abs=1e-9)
    else:
        assert price <= valued(option, under, 1e-4).price + 1e-12


def test_an_impossible_price_has_no_volatility() -> None:
    """Below what exercise is worth, and above the underlying itself."""
    option = Option(is_call=True, strike=100, years=0.5)

    assert implied_volatility(option, 150, 40) is None
    assert implied_volatility(option, 150, 151) is None


def test_an_option_line_tells_four_computations(trader: Any) -> None:
    """Bid, ask, last and model; the model's price and delta follow from its volatility and the underlying."""
    said = trader.ask("reqMktData", reqId=1, **OPTION)
    shown = computed(said)

    assert shown.keys() == {10, 11, 12, 13}
    model = shown[13]
    assert 0 < model["delta"] < 1
    assert model["gamma"] > 0 > model["theta"]
    assert model["optPrice"] > max(0.0, model["undPrice"] - 690)
    last = computed(trader.wait(5))
    assert last.keys() == {10, 11, 12, 13}
    mark = trader.stage.exchange.desk.market.mark(
        trader.stage.exchange.desk.market.universe.by_con_id[756733]
    )
    assert last[13]["undPrice"] == pytest.approx(float(mark))


def test_computations_give_their_prices_back(trader: Any) -> None:
    """At the volatility told, the option is worth the price told, for bid, ask, last and model alike."""
    stage = trader.stage
    desk = stage.exchange.desk
    shown = computed(trader.ask("reqMktData", reqId=1, **OPTION))
    instrument = desk.market.universe.by_con_id[trader_option(trader)]
    years = years_left(instrument, desk.market.second // 86_400)
    option = Option(is_call=True, strike=690, years=years)
    solved = [fields for fields in shown.values() if "impliedVol" in fields]

    assert shown[13] in solved
    for fields in solved:
        found = valued(option, fields["undPrice"], fields["impliedVol"])
        assert found.price == pytest.approx(fields["optPrice"], abs=1e-4)
        assert found.delta == pytest.approx(fields["delta"], abs=1e-4)


def trader_option(trader: Any) -> int:
    """Return the contract id of the option."""
    (line,) = trader.stage.exchange.desk.clients[trader.key].lines.values()
    return line.instrument.con_id


def test_delayed_options_have_delayed_types(trader: Any) -> None:
    """80 to 83 in place of 10 to 13."""
    trader.stage.exchange.desk.data_rules = DataRules(unsubscribed=frozenset({"SPY"}))
    trader.ask("reqMarketDataType", marketDataType=3)

    assert computed(trader.ask("reqMktData", reqId=1, **OPTION)).keys() == {80, 81, 82, 83}


def test_a_share_has_no_computations(trader: Any) -> None:
    """They belong to options."""
    assert computed(trader.ask("reqMktData", reqId=1, **SPY)) == {}


def test_the_calculators_undo_each_other(trader: Any) -> None:
    """The price at a volatility implies that volatility; both answer with tick type 53."""
    under = Decimal(690)
    said = trader.ask(
        "calculateOptionPrice",
        reqId=5,
        volatility=Decimal("0.2"),
        underPrice=under,
        **OPTION,
    )
    priced = computed(said)[53]
    said = trader.ask(
        "calculateImpliedVolatility",
        reqId=6,
        optionPrice=Decimal(str(priced["optPrice"])),
        underPrice=under,
        **OPTION,
    )

    found = computed(said)[53]
    assert found["impliedVol"] == pytest.approx(0.2, abs=1e-6)
    assert found["reqId"] == 6
    assert priced["undPrice"] == 690
    assert trader.ask("cancelCalculateOptionPrice", reqId=5) == []
    assert trader.ask("cancelCalculateImpliedVolatility", reqId=6) == []


def test_a_price_without_volatility_is_told_without_greeks(trader: Any) -> None:
    """An option cannot be worth more than what it is on."""
    said = trader.ask(
        "calculateImpliedVolatility",
        reqId=6,
        optionPrice=Decimal(700),
        underPrice=Decimal(690),
        **OPTION,
    )

    fields = computed(said)[53]
    assert fields["optPrice"] == 700
    assert not fields.keys() & {"impliedVol", "delta", "gamma"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"volatility": Decimal(0)},
        {"underPrice": Decimal(-1)},
        {"underPrice": None},
        SPY | {"c_secType": "STK", "c_strike": None, "c_right": ""},
    ],
)
def test_nonsense_is_refused(trader: Any, told: Told, wrong: dict[str, Any]) -> None:
    """321 for numbers that are not positive, and for what is not an option."""
    fields = {**OPTION, "volatility": Decimal("0.2"), "underPrice": Decimal(690), **wrong}
    if "c_conId" in wrong:
        fields.pop("c_lastTradeDateOrContractMonth")

    assert told(trader.ask("calculateOptionPrice", reqId=1, **fields)) == ["error 321"]
