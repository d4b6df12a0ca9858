"""What a user is told when a command cannot go on. Never a traceback for a user's mistake."""

from __future__ import annotations


class UserError(Exception):
    """Printed as `gpuspec: error[CODE]: message` and `  → hint`, then exit with `status`.

    `code` is a short kebab-case name with a heading in docs/errors.md; `hint` says what to do next.
    """

    def __init__(self, code: str, message: str, hint: str | None = None, *, status: int = 2) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.status = status


def what_failed(error: Exception) -> str:
    """What is said of an error that does not end the command, since others are still to be asked. Of one that nobody
    foresaw, its kind as well."""
    return error.message if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
