"""yt-dlp's errors as our own."""

from __future__ import annotations

import errno

from nvpipe.errors import InputError, NvpipeError, OutputError
from nvpipe.web.addresses import said_without_secrets, shown_url

_GAVE_UP = "Giving up after"
"""How yt-dlp says that the network failed it every time."""


def as_ours(url: str, error: BaseException) -> NvpipeError:
    """Our error for one of yt-dlp's, by what is at the bottom of it."""
    chain = list(_causes(error))
    for cause in chain:
        if isinstance(cause, NvpipeError):
            return cause
        if isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS):
            return OutputError(
                f"the download cannot be written: {cause.strerror}",
                hint="free some space; the same command then goes on where it stopped",
            )
    reason, hint = one_line(str(error)), "check the address"
    again = _GAVE_UP in reason
    for cause in chain:
        status = getattr(cause, "status", None)
        if not isinstance(status, int):
            again = again or isinstance(cause, (ConnectionError, TimeoutError))
            continue
        reason = f"the server answers {status} {getattr(cause, 'reason', '') or ''}".strip()
        again = status >= 500 or status == 429
        if getattr(cause, "redirect_loop", False):
            reason += ", redirecting in a circle"
        if status == 416:
            reason, hint = "the server breaks off before the end that it announced", "try again later"
        break
    failure = InputError(f"{shown_url(url)} cannot be fetched: {reason}", hint="try again later" if again else hint)
    failure.retry_helps = again
    return failure


def _causes(error: BaseException) -> list[BaseException]:
    """An error and all that it was made of."""
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or one in found:
            continue
        found.append(one)
        info = getattr(one, "exc_info", None)
        inner = info[1] if isinstance(info, tuple) and len(info) == 3 else None
        cause, reason = getattr(one, "cause", None), getattr(one, "reason", None)
        waiting += [
            each for each in (inner, cause, reason, one.__cause__, one.__context__) if isinstance(each, BaseException)
        ]
    return found


def one_line(text: str) -> str:
    """What yt-dlp says, without its marks, its plea for a report and what is secret in an address."""
    plain = " ".join("".join(char if char.isprintable() else " " for char in said_without_secrets(text)).split())
    plain = (
        plain.removeprefix("ERROR: ")
        .removeprefix("[download] ")
        .removeprefix("Got error: ")
        .partition("; please report this issue")[0]
    )
    return plain if len(plain) <= 300 else f"{plain[:299]}…"
