"""The broker connection: one thread, one loop, one road for orders; the only importer of ib_async."""
