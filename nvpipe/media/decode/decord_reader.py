"""Frames read with decord, an optional reader: on the CPU, unless decord was built with CUDA.

decord gives RGB, so that its pictures, brought back to the coded kind, differ by rounding from what is coded, and
damage goes unreported. It counts pictures rather than telling their times: which picture it gives is told from the
file's packets. Where its count or its seeks were seen to be wrong, it reads from the start or is not used.
"""

from __future__ import annotations

import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nvpipe.errors import BackendFailedError, NvpipeError
from nvpipe.media.decode import UndecodableHereError
from nvpipe.media.decode.clock import Clock
from nvpipe.media.decode.decord_process import DecordMissingError, DecordProcess, Limits
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.nvdec_packets import PacketLedger, Stamps, stamp_of
from nvpipe.media.decode.pyav import PyAvReader
from nvpipe.media.probe import inspect
from nvpipe.media.safety import MAX_DURATION_S, name_of, opened
from nvpipe.registry import Probe

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

    from nvpipe.media.decode.frame import TimedFrame
    from nvpipe.media.decode.pyav import Wanted
    from nvpipe.media.probe import Inspection

_CONTAINERS = ("mov", "matroska", "flv")
"""Elsewhere decord was seen to begin with another picture than the first, or to show pictures twice."""
_MATRICES = {"bt709": 1, "bt601": 5, "bt2020": 9, "fcc": 4, "smpte240m": 7}
_UNTAGGED = "bt601"
"""What decord takes where the video names no matrix, whatever its size."""
_ELSE = "--decoder pyav decodes it on the CPU"


class _Stamped:
    """What a clock wants to know of a picture."""

    dts = None

    def __init__(self, pts: int) -> None:
        self.pts = pts


class Reading:
    """How decord is run.

    Args:
        limits: how long is waited for it.
        environment: of its process; this one's when None.
    """

    def __init__(self, limits: Limits | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.limits = limits or Limits()
        self.environment = environment
        self.device = "cpu"

    def start(self, path: Path, picture_bytes: int, **order: Any) -> DecordProcess:
        """A process at work on one pass of a file."""
        order = {"device": self.device, "limits": self.limits, "environment": self.environment} | order
        return DecordProcess(path, picture_bytes, **order)


class DecordReader(PyAvReader):
    """An open video whose pictures decord reads, each pass in a process of its own.

    Args:
        path: the video.
        stamps: of its packets.
        reading: how decord is run.
    """

    def __init__(self, path: Path, stamps: Stamps, reading: Reading) -> None:
        super().__init__(path)
        self._stamps = stamps
        self._shown = [index for index, is_hidden in enumerate(stamps.hidden) if not is_hidden]
        """Places of the pictures that are shown; decord's libav leaves out the others, but counts them."""
        self._can_seek = len(self._shown) == len(stamps.hidden) and not stamps.has_open_gops
        self._reading = reading
        self._processes: weakref.WeakSet[DecordProcess] = weakref.WeakSet()

    def _pass(
        self, seek_s: float | None, wanted: Wanted, *, whole: bool = False
    ) -> Generator[TimedFrame, None, None]:
        inspection, stamps = self._inspection, self._stamps
        first = 0
        if seek_s is not None:
            stamp = stamp_of(seek_s, inspection.origin_s, stamps.base)
            first = max(bisect_right(self._shown, stamp, key=stamps.stamps.__getitem__) - 1, 0)
        count = len(self._shown) - first
        clock = Clock(
            stamps.base,
            inspection.origin_s,
            self._step_s,
            self.info.duration_s,
            from_start=first == 0,
            paced=False,
            trusts_pts=True,
        )
        size_bytes = inspection.coded_width_px * inspection.coded_height_px * 3
        process = self._reading.start(
            self._path, size_bytes, first=first, count=count, seek=self._can_seek and first > 0
        )
        self._processes.add(process)
        try:
            process.opened()
            if process.count != len(stamps.stamps):
                raise UndecodableHereError(
                    f"decord counts {process.count} pictures in {name_of(self._path)}, whose packets are "
                    f"{len(stamps.stamps)}",
                    hint=_ELSE,
                )
            for place, rgb in zip(self._shown[first:], process.pictures(), strict=False):
                time_s = clock.at(cast("Any", _Stamped(stamps.stamps[place])), 0)
                if self._closed or time_s > MAX_DURATION_S:
                    return
                picture = coded(rgb, inspection)
                picture.pts, picture.time_base = stamps.stamps[place], stamps.base
                yield PyAvFrame(picture, time_s, stamps.sizes_bytes[place])
        finally:
            process.close()
        if wanted.sound is not None and not self._closed:
            with opened(self._path) as container:
                PacketLedger(container, inspection, wanted.sound, self._lost).drain()

    def close(self) -> None:
        """End every iterator and its process."""
        super().close()
        for process in list(self._processes):
            process.close()


def coded(rgb: NDArray[np.uint8], inspection: Inspection) -> av.VideoFrame:
    """A picture as it is coded, from what decord made of it: upright, in RGB of full range."""
    import av
    import numpy as np

    info = inspection.info
    upright = np.ascontiguousarray(np.rot90(rgb, info.rotation_deg // 90))
    matrix = _MATRICES[_UNTAGGED if info.colour_assumed else info.colour_matrix]
    colour_range = 2 if info.full_range else 1
    picture = av.VideoFrame.from_ndarray(upright, format="rgb24").reformat(
        format=info.pixel_format, dst_colorspace=matrix, src_color_range=2, dst_color_range=colour_range
    )
    picture.colorspace = 2 if info.colour_assumed else matrix
    picture.color_range = colour_range
    return picture


class DecordDecoder:
    """decord: named by who wants it, never chosen.

    Args:
        limits: how long is waited for it.
        environment: of its processes; this one's when None.
    """

    def __init__(self, limits: Limits | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._reading = Reading(limits, environment)
        self._tried_files: set[object] = set()

    def probe(self) -> Probe:
        """Read a small file, on a card too where decord was built for one."""
        from nvpipe.media.decode.nvdec_probe import write_sample

        with tempfile.TemporaryDirectory(prefix="nvpipe-probe-") as folder:
            path = Path(folder) / "probe.mp4"
            try:
                write_sample(path)
                version, _ = self._tried(path, "cpu")
            except DecordMissingError as error:
                return Probe(False, error.message, error.hint)
            except NvpipeError as error:
                return Probe(False, f"decord does not read a small file: {error.message}", "reinstall decord")
            try:
                self._tried(path, "gpu")
            except NvpipeError as error:
                reason = error.message.rpartition(": ")[2]
                return Probe(True, f"decord {version} read a file on the CPU; not on a card: {reason}")
        self._reading.device = "gpu"
        return Probe(True, f"decord {version} read a file on the card")

    def _tried(self, path: Path, device: str) -> tuple[str, int]:
        """Version of decord and how many pictures it reads.

        Raises:
            NvpipeError: it does not read them.
        """
        inspection = inspect(path)
        size_bytes = inspection.coded_width_px * inspection.coded_height_px * 3
        process = self._reading.start(path, size_bytes, device=device)
        try:
            process.opened()
            count = sum(1 for _ in process.pictures())
        finally:
            process.close()
        if count != process.count or not count:
            raise BackendFailedError(f"decord reads {count} pictures of {process.count}")
        return process.version, count

    def open(self, path: Path) -> DecordReader:
        """Open a video; see `Decoder.open`. Its packets are read once, to know which picture is shown when.

        Raises:
            MediaError: it is missing, damaged beyond use, hostile or has no video, or decord hangs on it.
            UnsupportedMediaError: it would come out wrong.
            UndecodableHereError: decord does not give its pictures, or not as they are.
        """
        inspection = inspect(path)
        stamps = Stamps(inspection)
        if reason := _refusal(inspection, stamps):
            raise UndecodableHereError(f"decord cannot decode {name_of(path)}: {reason}", hint=_ELSE)
        reader = DecordReader(path, stamps, self._reading)
        facts = path.stat()
        identity = (path, facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)
        if identity not in self._tried_files:
            # What decord refuses it refuses at the first picture.
            next(iter(reader.frames()), None)
            self._tried_files.add(identity)
        return reader


def _refusal(inspection: Inspection, stamps: Stamps) -> str:
    """Why decord would not give a video as it is; empty when nothing speaks against it."""
    info = inspection.info
    if not any(name in _CONTAINERS for name in info.container.split(",")):
        return f"of {info.container} files it misplaces pictures"
    if inspection.paced or not stamps.complete:
        return "its packets do not say when pictures are shown"
    if info.interlaced:
        return "interlaced video does not survive the way through RGB"
    if info.transfer != "sdr":
        return "HDR does not survive its 8 bits"
    if info.mirrored:
        return "it does not know of mirrored video"
    return ""
