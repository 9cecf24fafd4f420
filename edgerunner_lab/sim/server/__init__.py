"""The only I/O: sockets, clock, control socket, state files and the command line."""
