"""The TWS protocol: bytes, fields and messages of every text version."""
