"""The terms of trading, pure: no I/O, no clock, no asyncio, no broker library."""
