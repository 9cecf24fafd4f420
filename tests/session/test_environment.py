"""What kind of machine and user a notebook runs as."""

import pytest

from edgerunner_lab.session.environment import found


@pytest.mark.parametrize(
    ("variables", "is_root", "words"),
    [
        ({}, False, ()),
        ({}, True, ("root",)),
        (
            {"BINDER_SERVICE_HOST": "10.0.0.1", "BINDER_LAUNCH_HOST": "x"},
            False,
            ("binder",),
        ),
        ({"COLAB_RELEASE_TAG": "release-colab"}, True, ("colab", "root")),
        ({"KAGGLE_KERNEL_RUN_TYPE": "Interactive"}, False, ("kaggle",)),
        ({"JUPYTERHUB_API_TOKEN": "secret"}, False, ("jupyterhub",)),
        ({"BINDER_SERVICE_HOST": ""}, False, ()),
    ],
)
def test_hosts_are_known_by_what_they_set(
    variables: dict[str, str], words: tuple[str, ...], *, is_root: bool
) -> None:
    """Each once, sorted; a value is never repeated."""
    assert found(variables, is_root=is_root) == words
