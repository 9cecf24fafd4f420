"""The process: its clock, what is due when, who owns it, and its state file."""
