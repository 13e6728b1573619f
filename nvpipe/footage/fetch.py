"""Footage from the web: downloaded aside, proven to be a whole video, then given its name and its credits.

Everything that is not finished lies in `<folder>/.nvpipe-fetch/<key>/`, where no search for footage looks.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nvpipe.cache.disk import replace_file
from nvpipe.cache.locks import lock
from nvpipe.cache.naming import slug_of
from nvpipe.errors import InputError, MediaError, NvpipeError, OutputError
from nvpipe.footage.credits import (
    SIDECAR_SUFFIX,
    Fetched,
    Offer,
    as_fetched,
    credits_of,
    find_fetched,
    offer_of,
    read_credits,
)
from nvpipe.footage.discover import WORK_FOLDER as WORK_FOLDER
from nvpipe.footage.ytdlp import Received, Site
from nvpipe.types.codec import digest_of
from nvpipe.web import Gate, Limits
from nvpipe.web.addresses import shown_url

MAX_BYTES = 4 << 30
_LOCK_WAIT_S = 0.2
_SUFFIXES = {
    "mov": ".mp4",
    "matroska": ".mkv",
    "mpegts": ".ts",
    "mpeg": ".mpg",
    "avi": ".avi",
    "flv": ".flv",
    "asf": ".wmv",
    "ogg": ".ogv",
}


class Fetcher:
    """Downloads into one folder.

    Args:
        folder: where the videos go; made when it does not exist.
        detail: told what yt-dlp says.
        allow_private: also from private and loopback hosts.
        playlist: how many videos of a playlist to take; 0 takes addresses of a single video only.
        limits: size of a video, and how long a server may be silent.
        gate: makes the connections; made from the above unless given.

    Raises:
        BackendUnavailableError: yt-dlp is not installed.
    """

    def __init__(
        self,
        folder: Path,
        detail: Callable[[str], None],
        *,
        allow_private: bool = False,
        playlist: int = 0,
        limits: Limits | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._folder = folder
        self._playlist = playlist
        gate = gate or Gate(allow_private=allow_private, limits=limits or Limits(MAX_BYTES))
        self._max_bytes = gate.limits.max_bytes
        self._site = Site(gate, detail, playlist=playlist)

    def close(self) -> None:
        self._site.close()

    def offers(self, url: str) -> list[str | Offer]:
        """What an address leads to: the video, or of a playlist the addresses of its videos too.

        Raises:
            InputError: nothing that can be fetched, or a playlist and none was asked for.
        """
        info = self._site.look(url)
        if info.get("_type", "video") == "video":
            return [offer_of(url, info)]
        entries = [entry for entry in info.get("entries") or [] if isinstance(entry, dict)]
        if not entries:
            raise InputError(f"there is no video at {shown_url(url)}", hint="give the address of a video")
        if len(entries) > 1 and not self._playlist:
            raise InputError(
                f"{shown_url(url)} has several videos",
                hint="give the address of one of them, or --playlist to take them all",
            )
        found: list[str | Offer] = []
        for entry in entries[: max(self._playlist, 1)]:
            flat = str(entry.get("_type", "video")) != "video"
            found.append(str(entry.get("url")) if flat else offer_of(url, entry))
        return found

    def fetch(self, offer: Offer, received: Callable[[int, int | None], None]) -> Fetched:
        """Download a video unless it is there already; a partial one of an earlier call is gone on with.

        Args:
            received: told the bytes that have come and how many there will be, None while unknown.

        Raises:
            InputError: it cannot be had, or is no usable video.
            OutputError: it cannot be written, or another process is fetching it.
        """
        with self._workplace(offer) as work:
            there = find_fetched(self._folder, offer)
            if there is not None:
                shutil.rmtree(work, ignore_errors=True)
                return there
            try:
                video = self._downloaded(offer, work, received)
                suffix = _proven(offer, video)
            except _UselessError as error:
                # Going on with it would fail again.
                shutil.rmtree(work, ignore_errors=True)
                raise error.reason from error
            return self._named(offer, video, suffix, work)

    @contextmanager
    def _workplace(self, offer: Offer) -> Iterator[Path]:
        """The folder of one download, held against other processes."""
        work = self._folder / WORK_FOLDER / offer.key
        try:
            with lock(work, _LOCK_WAIT_S):
                yield work
        finally:
            # Only when nothing is left of it.
            with suppress(OSError):
                work.parent.rmdir()

    def _downloaded(self, offer: Offer, work: Path, received: Callable[[int, int | None], None]) -> Path:
        """The file that was downloaded, picture and sound together."""
        files: list[Path] = []
        done = 0
        streams = offer.streams
        for number, stream in enumerate(streams):
            path = work / f"{'sound' if number else 'picture'}-{_stream_key(stream)}"
            told = self._teller(offer, work, done, _announced(streams[number + 1 :]), received)
            self._site.download(offer.info, stream, path, told)
            done += path.stat().st_size
            files.append(path)
        if len(files) == 1:
            return files[0]
        from nvpipe.media.remux import join_streams, require_whole

        joined = work / "joined"
        joined.unlink(missing_ok=True)
        try:
            # Once joined, the header would say how long it is, not how long it should be.
            require_whole(files[0])
            join_streams(files[0], files[1], joined)
        except MediaError as error:
            raise _UselessError(_about(offer, error)) from error
        return joined

    def _teller(
        self, offer: Offer, work: Path, before: int, after: int | None, received: Callable[[int, int | None], None]
    ) -> Received:
        """Adds the bytes of the other streams, and holds to the limits."""

        def told(count: int, total: int | None, sure: bool) -> None:
            self._hold_to_limits(offer, before + count, before + total if total and sure else None, work)
            received(before + count, None if total is None or after is None else before + total + after)

        return told

    def _hold_to_limits(self, offer: Offer, count: int, total: int | None, work: Path) -> None:
        """Stop what is too large, or larger than the disk has room for; the size of an endless one is unknown."""
        if max(count, total or 0) > self._max_bytes:
            size = f"is {_shown(total)} large" if total else f"sends more than {_shown(count)}"
            failure = InputError(
                f"{shown_url(offer.url)} {size}; at most {_shown(self._max_bytes)} is allowed",
                hint="allow more with --max-size",
            )
            raise _UselessError(failure)
        free = shutil.disk_usage(work).free if total else 0
        if total and total - count > free:
            raise OutputError(
                f"{shown_url(offer.url)} needs {_shown(total - count)} more and {self._folder} has {_shown(free)}",
                hint="free some space; the same command then goes on where it stopped",
            )

    def _named(self, offer: Offer, video: Path, suffix: str, work: Path) -> Fetched:
        """Give a proven video its final name, its credits first."""
        size = video.stat().st_size
        stem = f"{slug_of(str(offer.info.get('title') or offer.info.get('id') or ''))}-{offer.key}"
        target = self._folder / f"{stem}{suffix}"
        sidecar = self._folder / f"{stem}{SIDECAR_SUFFIX}"
        kept = credits_of(offer, size)
        for path in (target, sidecar):
            if os.path.lexists(path) and (path == target or read_credits(path) is None):
                raise OutputError(f"{path} is in the way and was not fetched by nvpipe", hint="move it away")
        text = json.dumps(kept, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
        replace_file(sidecar, lambda write: write(memoryview(text)))
        try:
            _sync(video)
            _move_to_new(video, target)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror or error}", hint="check the folder") from error
        shutil.rmtree(work, ignore_errors=True)
        return as_fetched(target, size, kept, was_there=False)


class _UselessError(NvpipeError):
    """What was downloaded is not worth keeping."""

    def __init__(self, reason: NvpipeError) -> None:
        super().__init__(reason.message)
        self.reason = reason


def _announced(streams: Sequence[Mapping[str, Any]]) -> int | None:
    """The size of streams that are still to come, as far as the site says it."""
    sizes = [stream.get("filesize") or stream.get("filesize_approx") for stream in streams]
    return sum(int(size) for size in sizes if size) if all(sizes) else None


def _shown(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _stream_key(stream: Mapping[str, Any]) -> str:
    """Tells streams apart, so that no partial file is gone on with as another stream."""
    return digest_of([str(stream.get(name)) for name in ("format_id", "ext", "protocol")])[:8]


def _proven(offer: Offer, video: Path) -> str:
    """The suffix of a file that is a whole, usable video.

    Raises:
        _UselessError: it is not.
    """
    from nvpipe.media.probe import probe
    from nvpipe.media.remux import require_whole

    try:
        container = probe(video).container
        require_whole(video)
    except MediaError as error:
        raise _UselessError(_about(offer, error, video)) from error
    return next(suffix for name, suffix in _SUFFIXES.items() if name in container)


def _about(offer: Offer, error: MediaError, video: Path | None = None) -> InputError:
    said = error.message.replace(str(video), "it") if video else error.message
    return InputError(f"what {shown_url(offer.url)} gives is no usable footage: {said}; it was removed")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _move_to_new(source: Path, target: Path) -> None:
    """Rename within a file system, never over an existing file where the file system has hard links."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        if os.path.lexists(target):
            raise
        source.rename(target)
    else:
        source.unlink()
