"""The one tree of errors: what is wrong, what to do next, whether a retry can help, which exit code."""

from __future__ import annotations


class NvpipeError(Exception):
    """An error that a user can act on.

    The message is one line that names the file or the number; `hint` says what to do next.
    """

    exit_code = 1
    retry_helps = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def line(self) -> str:
        """Message and hint as the one line that is shown."""
        text = f"{self.message}; {self.hint}" if self.hint else self.message
        return " ".join(text.split())


class UsageError(NvpipeError):
    """The command line, the settings file or the jobs file asks for something that does not exist."""

    exit_code = 2


class InputError(NvpipeError):
    """An input cannot be used: missing, corrupt or unsupported."""

    exit_code = 3


class ArticleError(InputError):
    """The article cannot be turned into a script."""


class MediaError(InputError):
    """A media file cannot be read."""


class UnsupportedMediaError(MediaError):
    """A media file is readable but of a kind that would come out wrong."""


class BackendUnavailableError(NvpipeError):
    """A backend that was asked for by name is not usable on this machine."""

    exit_code = 4


class OutOfMemoryError(BackendUnavailableError):
    """A model needs more memory than the device has, or than other programs leave of it."""


class BackendFailedError(NvpipeError):
    """A backend that was usable failed while it worked."""

    retry_helps = True


class WriterFailedError(BackendFailedError):
    """A writer was usable but has not written a script that can be told.

    Args:
        lasting: the same article and options fail the same way again.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "", lasting: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.lasting = lasting
        self.retry_helps = not lasting


class SpeakerFailedError(BackendFailedError):
    """A speaker that was asked for by name, or by its voice, failed while it spoke."""

    exit_code = 4


class OutputError(NvpipeError):
    """The result cannot be written: no permission, no space."""

    retry_helps = True


class InterruptedRunError(NvpipeError):
    """The user or the system asked the run to stop."""

    exit_code = 130
    retry_helps = True
