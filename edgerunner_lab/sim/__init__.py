"""The embedded gateway: a TCP server that speaks the TWS API, with a simulated exchange behind it.

It is a program of its own, started with `python -m edgerunner_lab.sim`; nothing imports it.
"""
