"""News: made up, said to be so, and the same whoever asks."""

from collections.abc import Callable
from typing import Any

import pytest

from edgerunner_lab.sim.protocol.messages import Message
from edgerunner_lab.sim.requests.news import DISCLAIMER, PROVIDERS
from rigs.rows import rows, text

AAPL = 265598


def headlines(trader: Any, **more: Any) -> list[Message]:
    """Ask for the five newest headlines on AAPL."""
    request = {
        "reqId": 6,
        "conId": AAPL,
        "providerCodes": "SIMN+SIMR",
        "startDateTime": "",
        "endDateTime": "",
        "totalResults": 5,
        **more,
    }
    return trader.ask("reqHistoricalNews", **request)


def test_the_providers_say_that_they_are_simulated(trader: Any) -> None:
    """Nobody takes their news for real."""
    (answer,) = trader.ask("reqNewsProviders")

    assert [row["code"] for row in rows(answer, "newsProviders")] == [
        code for code, _ in PROVIDERS
    ]
    assert all("Simulated" in row["name"] for row in rows(answer, "newsProviders"))


def test_headlines_come_newest_first_and_end(trader: Any) -> None:
    """As many as asked for, and word that there are more."""
    *told, end = headlines(trader)
    times = [text(message, "time") for message in told]

    assert len(told) == 5
    assert times == sorted(times, reverse=True)
    assert times[0] < "2026-11-23 17:00:00"
    assert (end.name, end.fields["hasMore"]) == ("historicalNewsEnd", True)


def test_headlines_of_a_time_stay_within_it(trader: Any) -> None:
    """Both ways of writing a time are read."""
    for start, end in (
        ("2026-11-01 00:00:00.0", "2026-11-15 00:00:00.0"),
        ("20261101 00:00:00 UTC", "20261115 00:00:00 UTC"),
    ):
        *told, last = headlines(
            trader, startDateTime=start, endDateTime=end, totalResults=50
        )
        assert told
        assert all("2026-11-01" <= text(m, "time")[:10] <= "2026-11-15" for m in told)
        assert last.fields["hasMore"] is False


def test_one_provider_can_be_asked_alone(trader: Any) -> None:
    """And an unknown one is refused."""
    *told, _ = headlines(trader, providerCodes="SIMR")

    assert {text(message, "providerCode") for message in told} == {"SIMR"}
    assert headlines(trader, providerCodes="BRFG")[0].fields["errorCode"] == 10276


def test_an_article_has_its_headline_and_the_disclaimer(trader: Any) -> None:
    """By the id that the headline carries."""
    first, *_ = headlines(trader)
    (answer,) = trader.ask(
        "reqNewsArticle",
        reqId=7,
        providerCode=text(first, "providerCode"),
        articleId=text(first, "articleId"),
    )

    assert text(answer, "articleText").startswith(text(first, "headline"))
    assert DISCLAIMER in text(answer, "articleText")


@pytest.mark.parametrize(
    "article", ["", "SIMN$265598-1", "SIMN$1-1", "SIMN$x-y", "SIMN$265598-99999999999"]
)
def test_an_article_that_is_not_there_is_refused(trader: Any, article: str) -> None:
    """With the broker's code."""
    (answer,) = trader.ask(
        "reqNewsArticle", reqId=7, providerCode="SIMN", articleId=article
    )

    assert answer.fields["errorCode"] == 10172


def test_two_gateways_of_a_seed_tell_the_same(open_stage: Callable[..., Any]) -> None:
    """News is a function of seed, instrument and day."""
    assert headlines(open_stage().trader()) == headlines(open_stage().trader())


@pytest.mark.parametrize(
    ("more", "code"), [({"conId": 1}, 200), ({"endDateTime": "x"}, 10314)]
)
def test_wrong_news_requests_are_refused(
    trader: Any, more: dict[str, Any], code: int
) -> None:
    """With a code."""
    assert headlines(trader, **more)[0].fields["errorCode"] == code
