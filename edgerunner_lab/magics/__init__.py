"""`%order`, `%quote` and the other magics: each reads its line, calls one verb and returns its value."""

from edgerunner_lab.magics.registry import register, unregister

__all__ = ["register", "unregister"]
