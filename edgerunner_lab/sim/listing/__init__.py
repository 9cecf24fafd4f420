"""What is listed: instruments, chains, expiries, and how a client's words find them."""
