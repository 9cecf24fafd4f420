"""The exchange floor: orders meet the market and each other."""
