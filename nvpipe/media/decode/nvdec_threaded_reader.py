"""Reads videos with PyNvVideoCodec's threaded decoder, frames on the card.

PyNvVideoCodec reads the file itself, after it was inspected as on the CPU; the same packets are read beside it for
what it does not tell: their sizes, what an edit list hides, damage, and the sound. Times are those of the pictures'
presentation stamps. It has not yet run on hardware.
"""

from __future__ import annotations

import weakref
from bisect import bisect_right
from collections.abc import Callable, Generator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from nvpipe.errors import BackendFailedError
from nvpipe.media.decode.clock import Clock
from nvpipe.media.decode.fitting import Fitting
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.needed import needed_of
from nvpipe.media.decode.nvdec_batch import Batch, BatchFrame, Feed, Fetched, fits, from_dlpack, halves
from nvpipe.media.decode.nvdec_frame import Card, Look, UploadedFrame, told
from nvpipe.media.decode.nvdec_packets import Coded, PacketLedger, Stamps, sought, stamp_of
from nvpipe.media.decode.pyav import TIME_TOLERANCE_S, PyAvReader
from nvpipe.media.safety import MAX_DURATION_S, DecodeBudget, name_of

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video import VideoStream

    from nvpipe.media.decode.frame import TimedFrame
    from nvpipe.media.decode.needed import Needed
    from nvpipe.media.decode.pyav import Wanted
    from nvpipe.media.probe import Inspection

BATCH = 8
_BUFFERED = 2 * BATCH
ELSE = "--decoder nvdec takes the other way to the card, --decoder pyav the CPU"
T = TypeVar("T")


class _Stamped(NamedTuple):
    """What a clock wants to know of a picture."""

    pts: int
    dts: int | None = None


class NvdecThreadedReader(PyAvReader):
    """An open video whose pictures PyNvVideoCodec decodes.

    Args:
        path: the video.
        codec_library: PyNvVideoCodec.
        card: where pictures lie.
    """

    def __init__(self, path: Path, codec_library: Any, card: Card) -> None:
        super().__init__(path, threads=1)
        self._library = codec_library
        self._card = card
        self._feeds: weakref.WeakSet[Feed] = weakref.WeakSet()
        self._last: Batch | None = None
        """Of the picture that was given last, whose planes are valid even if nobody has kept it."""
        self._stamps: Stamps | None = None
        self._look = Look(self.info.pixel_format)

    def _pass(
        self, seek_s: float | None, wanted: Wanted, *, whole: bool = False
    ) -> Generator[TimedFrame, None, None]:
        inspection = self._inspection
        container = self._open()
        try:
            if seek_s is not None:
                stamps = self._stamps = self._stamps or Stamps(inspection)
                stamp = stamp_of(seek_s, inspection.origin_s, stamps.base)
                first = max(bisect_right(stamps.stamps, stamp) - 1, 0)
                sought(container, inspection, stamp)
            else:
                first = 0
            ledger = PacketLedger(container, inspection, wanted.sound, self._lost)
            self._look = _look(container, inspection, ledger.base)
            clock = Clock(
                ledger.base,
                inspection.origin_s,
                self._step_s,
                self.info.duration_s,
                from_start=seek_s is None,
                paced=False,
                trusts_pts=True,
            )
            needed = None if whole else self._thinned(wanted, container, ledger, clock)
            shown = yield from self._shown(
                self._feed(first), ledger, clock, needed, wanted.start_s + TIME_TOLERANCE_S
            )
            if not shown and seek_s is None and not self._closed:
                raise BackendFailedError(f"NVDEC gives no picture of {name_of(self._path)}", hint=ELSE)
            ledger.drain()
            if needed is not None:
                needed.ended()
        finally:
            container.close()

    def _thinned(
        self, wanted: Wanted, container: InputContainer, ledger: PacketLedger, clock: Clock
    ) -> Needed | None:
        """What chooses the pictures that are shown where some are to be left out: the same as on the CPU.

        It spares no decoding here, but what is made of a video follows from the pictures that are seen.
        """
        if wanted.thinning is None:
            return None
        tell, gone = wanted.thinning.left_out, set[float]()

        def left_out(time_s: float, size_bytes: int) -> None:
            gone.add(time_s)
            tell(time_s, size_bytes)

        def is_gone(stamp: int) -> bool:
            time_s = clock.seconds(stamp)
            found = time_s in gone
            gone.discard(time_s)
            return found

        context = cast("VideoStream", container.streams[self._inspection.stream_index]).codec_context
        start_s = wanted.start_s + TIME_TOLERANCE_S
        thinning = replace(wanted.thinning, left_out=left_out)
        needed = needed_of(context, self.info, clock, start_s, None, thinning, lambda: self._damaged)
        if needed is not None:
            ledger.choose(needed, is_gone)
        return needed

    def _shown(
        self, feed: Feed, ledger: PacketLedger, clock: Clock, needed: Needed | None, start_s: float
    ) -> Generator[TimedFrame, None, int]:
        """The pictures that are not hidden; returns how many there were.

        Which one is on display at the start is known when the next one is: up to there, the last of a batch is kept.
        """
        budget, fitting, count = DecodeBudget(self._path), Fitting(self._inspection), 0
        budget.start()
        while not self._closed and (batch := feed.fetch()) is not None:
            for fetched in batch.fetched:
                coded = ledger.of(fetched.stamp)
                if coded.is_hidden:
                    continue
                stamped = cast("Any", _Stamped(fetched.stamp))
                time_s = clock.at(stamped, 0)
                if needed is not None:
                    needed.came(stamped)
                budget.stop(time_s)
                if self._closed or time_s > MAX_DURATION_S:
                    return count
                frame = self._frame(batch, fetched, time_s, coded, fitting)
                if frame is not None:
                    count += 1
                    self._last = batch
                    yield frame
                budget.start()
                if isinstance(frame, BatchFrame) and fetched is batch.fetched[-1] and time_s <= start_s:
                    frame.keep()
            budget.stop()
        return count

    def _frame(
        self, batch: Batch, fetched: Fetched, time_s: float, coded: Coded, fitting: Fitting
    ) -> TimedFrame | None:
        """A picture of the file's first size; None when there is no way to it."""
        inspection = self._inspection
        size_px = inspection.coded_width_px, inspection.coded_height_px
        look = self._look._replace(pts=fetched.stamp)
        whole = from_dlpack(fetched.surface)
        if fits(whole, size_px):
            return BatchFrame(batch, halves(whole, size_px), time_s, coded, look)
        # A change of size in mid-stream goes through host memory.
        other_px = whole.shape[1], whole.shape[0] * 2 // 3
        luma, chroma = (plane.cpu().numpy() for plane in halves(whole, other_px))
        picture = fitting.fitted(told(luma, chroma, look), None)
        if picture is None:
            self._lost()
            return None
        return UploadedFrame(PyAvFrame(picture, time_s, coded.size_bytes), self._card.device)

    def _feed(self, first: int) -> Feed:
        decoder = _asked(
            lambda: self._library.ThreadedDecoder(
                str(self._path.absolute()),
                _BUFFERED,
                gpu_id=0,
                use_device_memory=True,
                output_color_type=self._library.OutputColorType.NATIVE,
                start_frame=first,
            ),
            self._library,
            self._path,
        )
        feed = Feed(decoder, self._card, BATCH, partial(_asked, codec_library=self._library, path=self._path))
        self._feeds.add(feed)
        return feed

    def close(self) -> None:
        """End every iterator and its decoder; what was not cloned is gone."""
        super().close()
        self._last = None
        for feed in list(self._feeds):
            feed.close()


def _look(container: InputContainer, inspection: Inspection, base: Fraction) -> Look:
    """How pictures of a stream are told, as far as the stream says it itself."""
    context = cast("VideoStream", container.streams[inspection.stream_index]).codec_context
    return Look(
        inspection.info.pixel_format,
        context.colorspace,
        context.color_range,
        context.color_trc,
        context.color_primaries,
        time_base=base,
    )


def _asked(call: Callable[[], T], codec_library: Any, path: Path) -> T:
    """What a call of PyNvVideoCodec gives.

    Raises:
        BackendFailedError: it fails.
    """
    own = (codec_library.PyNvVCException, codec_library.PyNvVCExceptionUnsupported)
    try:
        return call()
    except (*own, RuntimeError, ValueError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise BackendFailedError(f"PyNvVideoCodec fails on {name_of(path)}: {text}", hint=ELSE) from error
