"""What a user can ask a session for, one subject a file; each verb is a coroutine of the session's loop."""
