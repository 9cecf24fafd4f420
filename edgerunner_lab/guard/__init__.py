"""The guard: judges every order before a byte of it leaves. Pure: no clock, no I/O.

`gate.approve` is the only door; it asks the rules of `rules_*.py`, one small function each, and what a rule
cannot know it denies. `snapshot.py` is everything a decision may look at, `limits.py` the bounds it is held to.
"""
