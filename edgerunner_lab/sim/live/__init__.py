"""Live market data: lines, ticks, depth and what each of them is told."""
