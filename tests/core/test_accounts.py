"""Accounts: what counts as paper, and how much of a name is shown."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner_lab.core.accounts import Mode, is_paper, mask


@pytest.mark.parametrize(
    "account", ["DU1234567", "DU1234", "DU1234567890", "DF123456", "DI123456", "DUAB123456"]
)
def test_the_known_forms_of_paper_accounts_are_paper(account: str) -> None:
    """RISK R02."""
    assert is_paper(account)


@pytest.mark.parametrize(
    "account",
    [
        "",
        "U12345",
        "F12345",
        "D1234567",
        "DX1234567",
        "DU123",
        "DU12345678901",
        "DUABC123456",
        "du1234567",
        " DU1234567",
        "DU1234567\n",
        "DU1234567,U12345",
        "DU\u0661\u0662\u0663\u0664\u0665",
    ],
)
def test_everything_else_counts_as_live(account: str) -> None:
    """A doubt must never make a live account tradable."""
    assert not is_paper(account)


@pytest.mark.parametrize(
    ("account", "shown"),
    [
        ("DU1234567", "DU***4567"),
        ("U70123", "U***0123"),
        ("DUAB123456", "DUAB***3456"),
        ("U1234", "***"),
        ("ABC", "***"),
        ("", "***"),
    ],
)
def test_an_account_is_shown_by_its_letters_and_last_digits(
    account: str, shown: str
) -> None:
    """As the message catalogue has it; a name too short to hide anything is hidden whole."""
    assert mask(account) == shown


@given(st.text(string.ascii_letters + string.digits, min_size=1, max_size=20))
def test_a_mask_never_shows_an_account_whole(account: str) -> None:
    """Whatever the broker calls it."""
    assert account not in mask(account)


def test_modes_are_named_as_the_catalogue_names_them() -> None:
    """They are shown in the banner and compared in configuration."""
    assert [mode.value for mode in Mode] == ["SIM", "PAPER", "LIVE"]
