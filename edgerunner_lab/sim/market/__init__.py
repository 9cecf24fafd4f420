"""Where everything trades at any moment: paths, sessions, bars and quotes from a seed."""
