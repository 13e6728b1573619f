"""Pictures kept to be decoded again: quick to decode, nearly as they were.

Measured on 1080x1920 compositions of gameplay against x264 (ultrafast to veryfast, with and without `fastdecode`),
MJPEG and MPEG-4: MPEG-2 at this quantiser takes the least time to decode at the likeness of x264's crf 16, and less
room than it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from nvpipe.errors import OutputError

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path
    from types import TracebackType

    import av
    from av.video.stream import VideoStream

VERSION = 1
"""Part of the key of what is kept; a change of how pictures are written changes it."""
SUFFIX = ".mkv"
QUANTISER = 2
GOP = 15
"""Pictures between two at which reading can begin: half a second at 30 a second, as the tracks' steps."""
_BT709, _LIMITED = 1, 1


class IntermediateWriter:
    """A file of pictures, written one by one.

    Args:
        path: the file to write, whatever its suffix.
        size_px: width and height of every picture, even.
        fps: their pace: 30 or 60, or another one of MPEG-2's.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, size_px: tuple[int, int], fps: Fraction) -> None:
        import av

        self.frames = 0
        self._path = path
        self._time_base = 1 / fps
        try:
            self._container = av.open(str(path.absolute()), "w", format="matroska", options={"fflags": "+bitexact"})
        except OSError as error:
            raise self._failed(error) from error
        stream = self._container.add_stream("mpeg2video", rate=fps)
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.time_base = self._time_base
        context = stream.codec_context
        context.gop_size = GOP
        context.max_b_frames = 0
        context.qmin = context.qmax = QUANTISER
        context.color_range, context.colorspace = _LIMITED, _BT709
        context.color_primaries = context.color_trc = _BT709
        # One thread and exact arithmetic, so that the same pictures give the same bytes everywhere.
        context.thread_count = 1
        stream.options = {"flags": "+bitexact", "dc": "10", "idct": "simple", "dct": "int"}
        self._stream: VideoStream = stream

    def write(self, picture: av.VideoFrame) -> None:
        """Append the next picture, yuv420p."""
        import av

        picture.pts = self.frames
        picture.time_base = self._time_base
        # A picture that comes from a decoder says which kind it was there.
        picture.pict_type = av.video.frame.PictureType.NONE
        self.frames += 1
        self._mux(picture)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._mux(None)
            self._container.close()
        except (OSError, ValueError) as failure:
            # Of several errors the first one counts.
            if kind is None:
                raise self._failed(failure) from failure

    def _mux(self, picture: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(picture))
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError | ValueError) -> OutputError:
        reason = getattr(error, "strerror", None) or error
        return OutputError(f"cannot write {self._path}: {reason}", hint="free some disk space")
