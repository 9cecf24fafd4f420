"""The account through the exchange: values, positions and profit, asked for and pushed."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from edgerunner_lab.sim.protocol.messages import Message

SPY = {"c_conId": 756733, "c_exchange": "SMART"}
EUR = {"c_conId": 12087792, "c_exchange": "IDEALPRO"}

Told = Callable[[list[Message]], list[str]]
StageMaker = Callable[..., Any]


def names(messages: list[Message]) -> list[str]:
    """Return the names of messages."""
    return [message.name for message in messages]


def rows(messages: list[Message], key: str = "key") -> dict[tuple[str, str], str]:
    """Return account values: (key, currency) -> value."""
    listed: list[Any] = [m.fields for m in messages if key in m.fields]
    return {(row[key], row["currency"]): row["value"] for row in listed}


def test_a_fill_is_pushed_to_everybody_who_listens(trader: Any) -> None:
    """Positions, portfolio and account values follow a fill without being asked for."""
    other = trader.stage.trader(client_id=2)
    for client in (trader, other):
        client.ask("reqPositions")
        client.ask("reqAccountUpdates", subscribe=True, acctCode="DU1000001")
    other.ask("reqAccountUpdatesMulti", reqId=5, account="")
    other.ask(
        "reqAccountSummary", reqId=6, groupName="All", tags="NetLiquidation,BuyingPower"
    )
    other.heard.clear()
    trader.place(1, "BUY", 10)

    told_other = names(other.heard)
    assert set(told_other) == {
        "position",
        "portfolioValue",
        "accountValue",
        "accountUpdateTime",
        "accountUpdateMulti",
        "accountSummary",
    }
    row = next(m.fields for m in other.heard if m.name == "position")
    assert (row["position"], row["c.conId"]) == (10, 756733)
    worth = next(m.fields for m in other.heard if m.name == "portfolioValue")
    assert worth["marketValue"] == 10 * worth["marketPrice"]
    other.ask("cancelPositions")
    other.ask("reqAccountUpdates", subscribe=False, acctCode="")
    other.ask("cancelAccountUpdatesMulti", reqId=5)
    other.ask("cancelAccountSummary", reqId=6)
    other.heard.clear()
    trader.place(2, "SELL", 10)
    assert other.heard == []
    assert names(trader.ask("reqPositions")) == ["positionEnd"]


def test_account_values_come_again_after_three_minutes(trader: Any) -> None:
    """Only those that have changed."""
    trader.place(1, "BUY", 10)
    trader.ask("reqAccountUpdates", subscribe=True, acctCode="")
    said = trader.wait(181)

    assert {"accountValue", "accountUpdateTime"} == set(names(said))
    assert len(rows(said)) < 40


def test_summaries_show_what_was_asked_for(trader: Any, told: Told) -> None:
    """Tags, the ledgers in one or all currencies, and at most two at once."""
    trader.place(1, "BUY", 20_000, **EUR)
    said = trader.ask(
        "reqAccountSummary", reqId=1, groupName="All", tags="NetLiquidation, Cushion"
    )

    assert {key for key, _ in rows(said, "tag")} == {"NetLiquidation", "Cushion"}
    said = trader.ask("reqAccountSummary", reqId=2, groupName="All", tags="$LEDGER:EUR")
    assert {currency for _, currency in rows(said, "tag")} == {"EUR"}
    assert told(trader.ask("reqAccountSummary", reqId=3, groupName="All", tags="")) == [
        "error 322"
    ]
    said = trader.ask("reqAccountSummary", reqId=2, groupName="All", tags="$LEDGER:ALL")
    assert {currency for _, currency in rows(said, "tag")} == {"EUR", "USD", "BASE"}
    said = trader.ask("reqAccountSummary", reqId=2, groupName="All", tags="$LEDGER")
    assert {currency for _, currency in rows(said, "tag")} == {"BASE"}


def test_profit_is_told_once_a_second_for_the_account_and_one_contract(trader: Any) -> None:
    """Both count from the start of the day and agree on a single position."""
    trader.place(1, "BUY", 10)
    whole = trader.ask("reqPnL", reqId=1, account="DU1000001", modelCode="")
    one = trader.ask(
        "reqPnLSingle", reqId=2, account="DU1000001", modelCode="", conid=756733
    )

    assert whole[0].fields["dailyPnL"] == one[0].fields["dailyPnL"]
    assert one[0].fields["pos"] == 10
    assert set(names(trader.wait(5))) == {"pnl", "pnlSingle"}
    flat = trader.ask("reqPnLSingle", reqId=3, account="", modelCode="", conid=265598)
    assert flat[0].fields["pos"] == 0
    (unknown,) = trader.ask("reqPnLSingle", reqId=4, account="", modelCode="", conid=1)
    assert unknown.fields["errorCode"] == 321
    for number in (1, 2, 3):
        trader.ask("cancelPnL" if number == 1 else "cancelPnLSingle", reqId=number)
    assert trader.wait(3) == []


def test_a_new_day_starts_the_profit_afresh(open_stage: StageMaker) -> None:
    """At 17:00 New York the daily profit is what the position has made since then."""
    stage = open_stage(now=datetime(2026, 11, 23, 21, 59, 50, tzinfo=UTC))
    trader = stage.trader()
    trader.place(1, "BUY", 10)
    trader.place(2, "SELL", 4)
    before = trader.ask("reqPnL", reqId=1, account="", modelCode="")[0].fields
    stage.wait(11)
    after = [m.fields for m in trader.heard if m.name == "pnl"][-1]

    assert before["realizedPnL"] != 0
    assert after["realizedPnL"] == 0
    assert after["dailyPnL"] != before["dailyPnL"]
    assert trader.stage.exchange.dirty


def test_another_account_is_refused(trader: Any, told: Told) -> None:
    """There is one account, and the text names it."""
    for name, fields in (
        ("reqAccountUpdates", {"subscribe": True, "acctCode": "U123"}),
        ("reqPnL", {"reqId": 1, "account": "U123"}),
        ("reqAccountUpdatesMulti", {"reqId": 1, "account": "U123"}),
    ):
        assert told(trader.ask(name, **fields)) == ["error 321"]


def test_positions_of_several_accounts_are_told_and_kept_up_to_date(trader: Any) -> None:
    """As the plain positions, with the request's number and model, until they are cancelled."""
    trader.place(1, "BUY", 10)
    row, end = trader.ask("reqPositionsMulti", reqId=9, account="DU1000001", modelCode="m")

    assert (row.fields["position"], row.fields["modelCode"]) == (10, "m")
    assert (end.name, end.fields["reqId"]) == ("positionMultiEnd", 9)
    more = [m for m in trader.place(2, "BUY", 5) if m.name == "positionMulti"]
    assert [m.fields["position"] for m in more] == [15]
    trader.ask("cancelPositionsMulti", reqId=9)
    assert not [m for m in trader.place(3, "BUY", 5) if m.name == "positionMulti"]


def test_positions_of_another_account_are_refused(trader: Any) -> None:
    """There is one account."""
    (answer,) = trader.ask("reqPositionsMulti", reqId=9, account="DU7777777", modelCode="")

    assert answer.fields["errorCode"] == 321


def test_a_summary_of_tags_and_all_currencies_has_both(trader: Any) -> None:
    """What ib_async and its predecessor ask for: a list of tags, and the ledger of every currency."""
    said = trader.ask(
        "reqAccountSummary",
        reqId=11,
        group="All",
        tags="AccountType,NetLiquidation,BuyingPower,$LEDGER:ALL",
    )
    tags = {m.fields["tag"] for m in said if m.name == "accountSummary"}

    assert {"AccountType", "NetLiquidation", "BuyingPower", "CashBalance"} <= tags
    assert "GrossPositionValue" not in tags
