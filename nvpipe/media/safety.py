"""Media files are hostile: what is opened, how, and within which limits."""

from __future__ import annotations

import errno
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media.sniff import refusal

if TYPE_CHECKING:
    from av.codec.hwaccel import HWAccel
    from av.container import InputContainer
    from av.stream import Stream

MAX_SIDE_PX = 8192
MAX_DURATION_S = 24 * 3600.0
MAX_STREAMS = 64
OPEN_TIMEOUT_S = 30.0
READ_TIMEOUT_S = 30.0
DECODE_BASE_S = 120.0
DECODE_PER_SECOND_S = 60.0
HEAD_BYTES = 4096

VIDEO_CONTAINERS = ("mov", "matroska", "avi", "mpegts", "mpeg", "flv", "asf", "ogg")
AUDIO_CONTAINERS = ("wav", "flac", "mp3", "aac")
"""Besides the video containers, where only sound is read."""


def name_of(path: Path) -> str:
    """A path as it is shown in an error: one line, no control characters."""
    return "".join(char if char.isprintable() else "\ufffd" for char in str(path))


def read_head(path: Path) -> bytes:
    """The first bytes of a local regular file.

    Raises:
        MediaError: it is missing, empty, unreadable or not a regular file.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise MediaError(f"{name_of(path)} is {kind}", hint="name a video file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise MediaError(f"{name_of(path)} does not exist", hint="check the path") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MediaError(f"{name_of(path)} cannot be read: {reason}", hint="check the permissions") from error
    if not head:
        raise MediaError(f"{name_of(path)} is empty", hint="copy or download it again")
    return head


def open_container(path: Path, *, sound_only: bool = False, hwaccel: HWAccel | None = None) -> InputContainer:
    """Open a local media file of an expected container, and nothing that it points to.

    The head is read first, so that playlists are refused by name whatever their suffix; libav is then held
    to the whitelist of containers and to the `file` protocol.

    Args:
        path: the file.
        sound_only: also accept containers that hold nothing but sound.
        hwaccel: what decodes the pictures instead of the CPU.

    Raises:
        MediaError: it is missing, empty or damaged beyond use.
        UnsupportedMediaError: it is a playlist or a container outside of the whitelist, or has too many streams.
    """
    import av

    what = refusal(read_head(path), sound_only=sound_only)
    if what:
        wanted = "sound" if sound_only else "a video"
        raise UnsupportedMediaError(f"{name_of(path)} is {what}, not {wanted}", hint="name the media file itself")
    containers = VIDEO_CONTAINERS + (AUDIO_CONTAINERS if sound_only else ())
    try:
        return av.open(
            # An absolute path cannot be taken for a protocol ("concat:a|b").
            str(path.absolute()),
            mode="r",
            options={"max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX)},
            container_options={
                "format_whitelist": ",".join(containers),
                "protocol_whitelist": "file",
                "max_streams": str(MAX_STREAMS),
            },
            metadata_errors="replace",
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
            hwaccel=hwaccel,
        )
    except av.error.FFmpegError as error:
        raise opening_error(path, error, sound_only=sound_only) from error


def opening_error(path: Path, error: Exception, *, sound_only: bool = False) -> MediaError:
    """The error for a file that libav would not open."""
    code = getattr(error, "errno", None)
    name = name_of(path)
    if code == errno.EINVAL:
        return UnsupportedMediaError(
            f"{name} is not in an accepted {'sound' if sound_only else 'video'} container",
            hint="convert it to MP4 or Matroska",
        )
    if code == errno.ENOMEM:
        return UnsupportedMediaError(f"{name} has more than {MAX_STREAMS} streams or is damaged")
    if lacks_index(path):
        return MediaError(
            f"{name} has no index (moov): the recording was cut off before it was finished",
            hint="repair it or use another copy",
        )
    reason = getattr(error, "strerror", None) or str(error)
    wanted = "sound" if sound_only else "a video"
    return MediaError(f"{name} cannot be opened as {wanted}: {reason}", hint=f"it is damaged or not {wanted}")


def lacks_index(path: Path) -> bool:
    """Whether a file is laid out in MP4 boxes (ISO/IEC 14496-12, section 4.2) of which none is an index."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            kinds = set(_box_kinds(file, size))
    except OSError:
        return False
    return bool(kinds & {b"ftyp", b"mdat"}) and b"moov" not in kinds


def _box_kinds(file: BinaryIO, size: int) -> Iterator[bytes]:
    at = 0
    for _ in range(1000):
        if at + 8 > size:
            return
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        yield head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8:
            return
        at += length


@contextmanager
def opened(path: Path, *, sound_only: bool = False) -> Iterator[InputContainer]:
    """`open_container`, closed at the end."""
    container = open_container(path, sound_only=sound_only)
    try:
        yield container
    finally:
        container.close()


def discard_others(container: InputContainer, *streams: Stream | None) -> None:
    """Tell the demuxer to leave out all other streams, which saves reading them."""
    import av

    wanted = {stream.index for stream in streams if stream is not None}
    for other in container.streams:
        if other.index not in wanted:
            other.discard = av.stream.Discard.all


@dataclass(slots=True)
class DecodeBudget:
    """Wall time that decoding may take, growing with the media time that it yields.

    Only time between `start` and `stop` counts, so that a slow consumer costs nothing.
    """

    path: Path
    spent_s: float = 0.0
    first_s: float | None = None
    progress_s: float = 0.0
    _started: float = field(default=0.0)

    def start(self) -> None:
        self._started = time.monotonic()

    def stop(self, at_s: float | None = None) -> None:
        """Count the time since `start`; `at_s` is the media time reached.

        Raises:
            MediaError: decoding takes too long for what it yields.
        """
        now = time.monotonic()
        self.spent_s += now - self._started
        self._started = now
        if at_s is not None:
            self.first_s = at_s if self.first_s is None else self.first_s
            self.progress_s = max(self.progress_s, at_s - self.first_s)
        if self.spent_s > DECODE_BASE_S + DECODE_PER_SECOND_S * self.progress_s:
            raise MediaError(
                f"decoding {name_of(self.path)} takes too long: {self.spent_s:.0f} s of work for "
                f"{self.progress_s:.1f} s of media",
                hint="convert it to a simpler format",
            )
