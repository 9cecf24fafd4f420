"""The durable truth shared by kernels, server extension and terminal: one SQLite file a user."""
