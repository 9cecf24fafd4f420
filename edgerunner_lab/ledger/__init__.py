"""The durable truth shared by kernels, server extension and terminal: one SQLite file a user.

What may be sent is decided inside its transactions, and what was sent, answered and filled is written here, so that
the limits hold over all kernels together and a kill at any moment loses nothing (RISK I1, I5, I11, I12).
"""
