"""Orders: what they ask for, the states they pass through, and their book-keeping."""
