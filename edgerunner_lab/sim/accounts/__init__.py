"""Money: positions, cash, commissions and margins."""
