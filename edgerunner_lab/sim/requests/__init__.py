"""One handler a request: what each message of a client is answered with."""
