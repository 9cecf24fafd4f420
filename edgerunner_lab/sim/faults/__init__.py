"""What goes wrong on purpose: scripts, plans and their effects."""
