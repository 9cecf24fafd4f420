"""Facts as tables: aligned text, HTML and DataFrames. Knows what is shown, not where it comes from."""
