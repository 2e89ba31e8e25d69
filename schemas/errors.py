"""The errors that a command may end in."""


class UsageError(ValueError):
    """The command cannot be run as it was given; nothing was done (exit code 2)."""


class FailedRunError(RuntimeError):
    """The run failed or found faults; what was finished is kept (exit code 1)."""
