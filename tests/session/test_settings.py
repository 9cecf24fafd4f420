"""Settings: the file, the environment, and one clear line for everything else."""

from pathlib import Path

import pytest

from edgerunner_lab.core.accounts import Mode
from edgerunner_lab.core.errors import ConfigurationError, UsageError
from edgerunner_lab.session.limits_file import LimitsInForce
from edgerunner_lab.session.settings import (
    CLIENT_ID_FIRST,
    CLIENT_ID_SPAN,
    check_profile,
    load_settings,
    preferred_client_id,
)


def test_an_absent_file_gives_the_defaults(tmp_path: Path) -> None:
    """Nothing needs to be configured."""
    assert load_settings(tmp_path / "settings.toml").host == "127.0.0.1"


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one expects of a container."""
    file = tmp_path / "settings.toml"
    file.write_text('host = "10.0.0.7"\nconnect_timeout_s = 3.0\n', encoding="utf-8")
    monkeypatch.setenv("EDGERUNNER_HOST", "127.0.0.2")

    settings = load_settings(file)

    assert (settings.host, settings.connect_timeout_s) == ("127.0.0.2", 3.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hots = 'x'", "unknown key 'hots'"),
        ("connect_timeout_s = 'soon'", "CONNECT_TIMEOUT_S"),
        ("connect_timeout_s = -1", "greater than 0"),
        ("= broken", "expected a readable TOML file"),
    ],
)
def test_what_the_file_should_not_say_is_refused_by_name(
    tmp_path: Path, text: str, words: str
) -> None:
    """The line names the file, the key and what was found."""
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=words):
        load_settings(file)


def test_a_profile_is_one_of_five() -> None:
    """And a typing error lists them."""
    assert check_profile("paper") == "paper"
    with pytest.raises(UsageError, match="paper-gateway"):
        check_profile("papper")


def test_a_notebook_keeps_its_client_id() -> None:
    """So that after a restart its orders are its own again; never 0, which would bind manual orders."""
    assert preferred_client_id("a.ipynb") == preferred_client_id("a.ipynb")
    assert preferred_client_id("a.ipynb") != preferred_client_id("b.ipynb")
    assert CLIENT_ID_FIRST <= preferred_client_id("") < CLIENT_ID_FIRST + CLIENT_ID_SPAN


def test_limits_come_from_the_file_and_change_for_the_session(tmp_path: Path) -> None:
    """What is tightened holds at once, and the file stays as it is."""
    (tmp_path / "limits.toml").write_text(
        "[sim]\nmax_order_notional = 9000\n", encoding="utf-8"
    )
    limits = LimitsInForce(tmp_path)

    assert limits(Mode.SIM).max_order_notional == 9000
    assert limits.change(Mode.SIM, "max_order_notional", "500").max_order_notional == 500
    assert limits(Mode.SIM).max_order_notional == 500


def test_a_limits_file_that_cannot_be_read_stops_trading_not_the_session(
    tmp_path: Path,
) -> None:
    """Without limits nothing is sent."""
    (tmp_path / "limits.toml").mkdir()

    with pytest.raises(ConfigurationError, match=r"limits\.toml"):
        LimitsInForce(tmp_path)(Mode.SIM)
