"""Orders for an amount of money: the gateway counts how many units it buys."""

from decimal import Decimal
from typing import Any

import pytest

EURO: dict[str, Any] = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}
BITCOIN: dict[str, Any] = {"c_conId": 479624278, "c_exchange": "PAXOS"}


def filled(trader: Any, action: str, cash: str, **fields: Any) -> tuple[Decimal, Decimal]:
    """Place an order by cash, let it trade, and return its units and what they cost."""
    said = trader.place(1, action, 0, o_cashQty=Decimal(cash), **fields) + trader.wait(2)
    fills = [m.fields for m in said if m.name == "executionData"]
    units = sum((f["e.shares"] for f in fills), Decimal(0))
    return units, sum((f["e.shares"] * f["e.price"] for f in fills), Decimal(0))


def test_an_amount_buys_as_many_coins_as_it_can(trader: Any) -> None:
    """To the smallest part of a coin; not a cent more than the amount at the price it met."""
    units, cost = filled(trader, "BUY", "5000", **BITCOIN, o_tif="IOC")

    assert units % Decimal("0.00000001") == 0
    assert units % 1
    assert Decimal(4990) < cost < Decimal(5010)


@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_currencies_are_traded_for_an_amount_either_way(trader: Any, action: str) -> None:
    """The amount is in the pair's second currency; euros come in whole ones."""
    units, cost = filled(trader, action, "30000", **EURO)

    assert units % 1 == 0
    assert units != 30_000
    assert Decimal(29990) < cost < Decimal(30010)


def test_a_limit_counts_at_its_own_price(trader: Any) -> None:
    """And openOrder repeats the amount."""
    said = trader.place(
        1,
        "BUY",
        0,
        **EURO,
        o_cashQty=Decimal(22_000),
        o_orderType="LMT",
        o_lmtPrice=Decimal("1.00"),
    )
    shown = next(m.fields for m in said if m.name == "openOrder")

    assert shown["o.totalQuantity"] == 22_000
    assert Decimal(str(shown["o.cashQty"])) == 22_000


@pytest.mark.parametrize(
    ("action", "fields", "code"),
    [
        ("BUY", {"o_totalQuantity": Decimal(0)}, 10244),
        ("SELL", {**BITCOIN, "o_totalQuantity": Decimal(0)}, 10244),
        ("BUY", {**BITCOIN, "o_cashQty": Decimal(0)}, 10289),
        ("BUY", {**BITCOIN, "o_totalQuantity": Decimal(1)}, 10293),
        ("BUY", {**EURO, "o_totalQuantity": Decimal(20_000)}, 10293),
        (
            "BUY",
            {**EURO, "o_totalQuantity": Decimal(0), "o_cashQty": Decimal(-5)},
            10244,
        ),
        (
            "BUY",
            {**EURO, "o_totalQuantity": Decimal(0), "o_cashQty": Decimal("0.5")},
            434,
        ),
        ("BUY", {**EURO, "o_totalQuantity": Decimal(0), "o_parentId": 4}, 10244),
    ],
)
def test_an_amount_that_cannot_be_used_is_refused(
    trader: Any, action: str, fields: dict[str, Any], code: int
) -> None:
    """Of shares, of coins to be sold, beside a size, below one unit, or of a child."""
    order = {"o_cashQty": Decimal(5_000), **fields}
    said = trader.place(1, action, 1, **order)

    assert [m.fields["errorCode"] for m in said] == [code]
