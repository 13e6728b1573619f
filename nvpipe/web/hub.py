"""A file of a repository of models, through huggingface_hub: with progress, resumed, and held against its checksum.

The hub's own downloads begin again after the process has ended, so the part that has come is kept here.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlparse

from nvpipe.errors import BackendUnavailableError, InputError, NvpipeError, OutputError
from nvpipe.types import Progress
from nvpipe.web.addresses import said_without_secrets

TRIES = 5
"""In a row without a byte that came."""
_EVERY_S = 0.2
_BLOCK_BYTES = 1 << 20
_SPARE_BYTES = 64 << 20


def download(repository: str, name: str, path: Path, progress: Callable[[Progress], None]) -> dict[str, Any]:
    """Download a file to `path`, whole or not at all.

    Returns:
        Where it came from, as JSON values: repository, file, revision, checksum, size_bytes.

    Raises:
        InputError: there is no such repository or file, or the content has another checksum.
        BackendUnavailableError: the server cannot be reached, or does not let one in.
        OutputError: there is no room for it.
    """
    what = f"{repository}:{name}"
    try:
        from huggingface_hub import get_hf_file_metadata, hf_hub_url, logging
        from huggingface_hub.utils.tqdm import disable_progress_bars
    except ImportError as error:
        raise BackendUnavailableError(
            f"{what} cannot be downloaded: huggingface_hub is not installed", hint="pip install 'nvpipe[models]'"
        ) from error
    # What it says goes through the reporter here.
    disable_progress_bars()
    logging.set_verbosity(40)
    try:
        about = get_hf_file_metadata(hf_hub_url(repository, name), timeout=30.0)
    except Exception as error:
        # The library of the hub's requests has errors of its own, and has been changed for another.
        raise _fault(what, error) from error
    known = re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", about.etag or "")
    if about.etag is None or not known or not about.commit_hash or about.size is None:
        raise BackendUnavailableError(f"the server does not say what {what} is", hint="check HF_ENDPOINT")
    part = path.with_name(f"{path.name}.{about.etag}.part")
    _fetch(what, about.location, part, about.size, progress)
    if _checksum(part, about.etag) != about.etag:
        part.unlink(missing_ok=True)
        raise InputError(f"{what} came with another checksum than its own", hint="try again, or report it there")
    part.replace(path)
    for old in path.parent.glob(f"{path.name}.*.part"):
        old.unlink(missing_ok=True)
    return {
        "repository": repository,
        "file": name,
        "revision": about.commit_hash,
        "checksum": about.etag,
        "size_bytes": about.size,
    }


def names_of(repository: str) -> list[str]:
    """The names of a repository's files, in order.

    Raises:
        InputError: there is no such repository.
        BackendUnavailableError: the server cannot be reached, or does not let one in.
    """
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise BackendUnavailableError(
            f"{repository} cannot be downloaded: huggingface_hub is not installed",
            hint="pip install 'nvpipe[models]'",
        ) from error
    try:
        return sorted(HfApi(endpoint=_endpoint()).list_repo_files(repository))
    except Exception as error:
        raise _fault(repository, error) from error


class _Counted:
    """A file that tells how much is in it."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self._file = file
        self._tell = tell
        self._told_s = 0.0

    def write(self, data: bytes) -> int:
        count = self._file.write(data)
        if time.monotonic() - self._told_s >= _EVERY_S:
            self._told_s = time.monotonic()
            self._tell(self._file.tell())
        return count

    def seek(self, place: int, whence: int = 0) -> int:
        return self._file.seek(place, whence)

    def tell(self) -> int:
        return self._file.tell()

    def truncate(self, size: int | None = None) -> int:
        return self._file.truncate(size)


def _fetch(what: str, url: str, part: Path, size: int, progress: Callable[[Progress], None]) -> None:
    """Bring the part to its full size, going on where it was left."""
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils._headers import build_hf_headers

    headers = build_hf_headers()
    if urlparse(url).netloc != urlparse(_endpoint()).netloc:
        # The storage behind the hub is not told who asks.
        headers.pop("authorization", None)

    def tell(done: int) -> None:
        progress(Progress("download", what, done, size, "bytes"))

    failures = 0
    while (have := part.stat().st_size if part.exists() else 0) < size:
        free = shutil.disk_usage(part.parent).free
        if free < size - have + _SPARE_BYTES:
            raise OutputError(
                f"{what} needs {(size - have) / 1e9:.1f} GB more, {free / 1e9:.1f} GB are free in {part.parent}",
                hint="free some space or choose another --storage",
            )
        tell(have)
        try:
            with part.open("ab") as file:
                counted: Any = _Counted(file, tell)
                http_get(url, counted, resume_size=have, headers=headers, expected_size=size)
        except OSError as error:
            if isinstance(error.errno, int) and error.errno in _DISK_FAULTS:
                raise OutputError(f"cannot write {part.name}: {error.strerror}", hint="free some space") from error
            failure: Exception = error
        except Exception as error:  # noqa: BLE001 - as above
            failure = error
        else:
            continue
        came = part.stat().st_size > have
        failures = 0 if came else failures + 1
        if failures >= TRIES or _is_final(failure):
            raise _fault(what, failure) from failure
    if part.stat().st_size > size:
        part.unlink()
        raise InputError(f"{what} came with more bytes than it has", hint="try again")
    tell(size)


_DISK_FAULTS = (28, 122, 27, 30, 13, 5)
"""ENOSPC, EDQUOT, EFBIG, EROFS, EACCES, EIO."""


def _endpoint() -> str:
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def _is_final(error: Exception) -> bool:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    return isinstance(status, int) and 400 <= status < 500 and status not in (408, 416, 429)


def _fault(what: str, error: Exception) -> NvpipeError:
    """An error of the hub in our words."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return BackendUnavailableError(
            f"{what} is for those only who have agreed to its licence", hint="agree there, then set HF_TOKEN"
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return InputError(
            f"there is no repository {what.partition(':')[0]}", hint="check its name; a private one needs HF_TOKEN"
        )
    if isinstance(error, errors.EntryNotFoundError) and not isinstance(error, errors.LocalEntryNotFoundError):
        return InputError(f"there is no file {what.partition(':')[2]} in that repository", hint="check its name")
    if isinstance(error, errors.OfflineModeIsEnabled):
        reason = "downloads are switched off by HF_HUB_OFFLINE"
    else:
        reason = said_without_secrets(" ".join(str(error).split()))[:160] or type(error).__name__
    return BackendUnavailableError(
        f"{what} cannot be downloaded: {reason}",
        hint="go online and run it again, which goes on where it stopped, or name a model that is here",
    )


def _checksum(part: Path, etag: str) -> str:
    """SHA-256 for large files; git's own for small ones (git-hash-object: "blob SIZE\\0" before the content)."""
    if len(etag) == 40:
        found = hashlib.sha1(b"blob %d\0" % part.stat().st_size, usedforsecurity=False)
    else:
        found = hashlib.sha256()
    with part.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            found.update(block)
    return found.hexdigest()
