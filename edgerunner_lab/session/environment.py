"""What kind of machine and user a notebook runs as, as far as it matters for trading (RISK R37)."""

import os
from collections.abc import Mapping
from typing import Final

_WORD_BY_VARIABLE: Final = {
    "BINDER_SERVICE_HOST": "binder",
    "BINDER_LAUNCH_HOST": "binder",
    "COLAB_RELEASE_TAG": "colab",
    "COLAB_GPU": "colab",
    "KAGGLE_KERNEL_RUN_TYPE": "kaggle",
    "JUPYTERHUB_API_TOKEN": "jupyterhub",
}
"""environment variable that a host sets for its kernels -> its name"""

ROOT: Final = "root"


def found(variables: Mapping[str, str], *, is_root: bool) -> tuple[str, ...]:
    """Return what speaks against trading from here, each once, sorted: a hosted machine, a shared hub, the root user."""
    words = {word for name, word in _WORD_BY_VARIABLE.items() if variables.get(name)}
    return tuple(sorted(words | ({ROOT} if is_root else set())))


def is_root() -> bool:
    """Return whether this process may do everything on this machine."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
