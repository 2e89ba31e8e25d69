"""The errors that a command may end in."""


class UsageError(ValueError):
    """The command cannot be run as it was given; nothing was done (exit code 2)."""


class NotInstalledError(ValueError):
    """What was asked for needs something that this machine lacks.

    Attributes:
        lack: Who needs what, such as `translator llm needs openai`.
        command: What to type to install it.
    """

    def __init__(self, lack: str, command: str) -> None:
        super().__init__(lack, command)
        self.lack, self.command = lack, command

    def __str__(self) -> str:
        """Return both as one message."""
        return f"{self.lack}. Install with: {self.command}"


class FailedRunError(RuntimeError):
    """The run failed or found faults; what was finished is kept (exit code 1)."""
