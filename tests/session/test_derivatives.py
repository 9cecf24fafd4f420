"""Options and futures on the one road, against the embedded gateway."""

from datetime import datetime

import pytest
from ib_async import Future

from edgerunner_lab.core.errors import OrderDenied
from edgerunner_lab.core.lifecycle import OrderState
from edgerunner_lab.ledger.paths import Paths
from edgerunner_lab.session.session import Session
from rigs.gateways import Gateway

WIDE = (
    "[sim]\nmax_order_notional = 1_000_000\nmax_order_notional_pct = 1000\n"
    "max_position_pct = 1000\nmax_gross_exposure_pct = 1000\nmax_net_exposure_pct = 1000\n"
)


@pytest.fixture
def option(session: Session) -> str:
    """A call on SPY near the money, some weeks from its end, as the order language writes it."""
    [chain, *_] = session.ib.reqSecDefOptParams("SPY", "", "STK", 756733)
    expiry = chain.expirations[len(chain.expirations) // 2]
    price = float(session.quote("SPY").bid)
    strike = min(chain.strikes, key=lambda each: abs(each - price))
    return f"SPY {datetime.strptime(expiry, '%Y%m%d').date()} {strike:g} C"  # noqa: DTZ007  a date


@pytest.fixture
def future(session: Session) -> str:
    """The E-mini after the next, as the order language writes it."""
    found = session.ib.reqContractDetails(Future("ES", exchange="CME", currency="USD"))
    expiry = sorted(each.contract.lastTradeDateOrContractMonth for each in found)[1]
    return f"ES {expiry[:4]}-{expiry[4:6]}"


def test_an_option_is_bought_valued_with_its_multiplier_and_closed(
    session: Session, option: str
) -> None:
    """A contract is a hundred shares' premium; more than is held is not sold."""
    bought = session.order(f"buy 1 {option}")

    assert bought.state is OrderState.FILLED
    [position] = session.positions()
    assert position.average_cost > bought.average_price * 99
    with pytest.raises(OrderDenied, match="SHORT_SALE"):
        session.order(f"sell 2 {option}")
    assert session.close_position(option).is_flat


def test_a_future_is_denied_by_its_value_until_limits_allow_it(
    session: Session, future: str
) -> None:
    """Fifty times the index is more than a tenth of the account."""
    with pytest.raises(OrderDenied, match=r"MAX_ORDER_NOTIONAL.* × mult 50 "):
        session.order(f"buy 1 {future}")


def test_a_future_is_traded_by_whoever_says_so_in_the_limits(
    paths: Paths, session: Session, future: str, gateway: Gateway
) -> None:
    """And closed again."""
    assert future in str(session.quote(future))
    paths.config.mkdir(parents=True, exist_ok=True)
    (paths.config / "limits.toml").write_text(WIDE)
    other = Session(paths=paths, notebook="futures.ipynb")
    try:
        other.connect("sim", port=gateway.port)
        assert other.order(f"buy 1 {future}").state is OrderState.FILLED
        assert other.close_position(future).is_flat
    finally:
        other.close()
