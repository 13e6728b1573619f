"""What `bench/action.py` does with media: watches the frames that a scorer reads, hears the sound, makes variants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from action_rules import original_frame_score

from nvpipe.registry import Probe

if TYPE_CHECKING:
    import numpy as np

    from nvpipe.media.decode import Decoder, Frame, Reader, Spare, Thinning
    from nvpipe.media.slots import Slots
    from nvpipe.types import MediaInfo

GRID_COLUMNS = 320
CLOCK_S = 1e-3
"""Containers round to as much as this."""
SOUND_HZ = 8000
SILENCE = 1e-4
"""RMS of -80 dB."""


class Watch:
    """Looks at the frames that pass by: luma motion, and the frames that the original judges."""

    def __init__(self, looks_s: Sequence[float]) -> None:
        self.complete = False
        self.frame_scores: dict[float, float] = {}
        """By the times looked for: the first frame shown at that time or later."""
        self._all_looks_s = sorted(set(looks_s), reverse=True)
        self.begin()

    def begin(self) -> None:
        """Forget what was seen of an earlier pass."""
        self.frame_scores.clear()
        self._looks_s = list(self._all_looks_s)
        self._sums: list[float] = []
        self._counts: list[int] = []
        self._before: np.ndarray[Any, np.dtype[np.int16]] | None = None

    def add(self, frame: Frame) -> None:
        import numpy as np

        luma = frame.planes()[0]
        stride = max(1, luma.shape[1] // GRID_COLUMNS)
        grid = luma[::stride, ::stride].cpu().numpy().astype(np.int16)
        second = max(int(frame.time_s + CLOCK_S), 0)
        self._sums += [0.0] * (second + 1 - len(self._sums))
        self._counts += [0] * (second + 1 - len(self._counts))
        if self._before is not None and self._before.shape == grid.shape:
            self._sums[second] += float(np.abs(grid - self._before).mean())
            self._counts[second] += 1
        self._before = grid
        if self._looks_s and frame.time_s >= self._looks_s[-1] - CLOCK_S:
            score = score_of(frame.to_av().to_ndarray(format="rgb24"))
            while self._looks_s and frame.time_s >= self._looks_s[-1] - CLOCK_S:
                self.frame_scores[self._looks_s.pop()] = score

    def finish(self, decoder: Decoder, path: Path) -> None:
        """Read the whole video if the scorer did not."""
        if not self.complete:
            with decoder.open(path) as reader:
                for _ in reader.frames():
                    pass

    @property
    def luma_motion(self) -> list[float]:
        """Mean difference of consecutive frames, one a second."""
        return [total / max(count, 1) for total, count in zip(self._sums, self._counts, strict=True)]


def score_of(rgb: np.ndarray[Any, Any]) -> float:
    """The original's score of a picture `[H, W, 3]`."""
    values = rgb.reshape(-1, 3).astype("float32")
    return original_frame_score([float(one) for one in values.var(0)], float(values.var()), float(values.mean()))


class WatchedReader:
    """A reader whose full passes are watched."""

    def __init__(self, reader: Reader, watch: Watch) -> None:
        self._reader = reader
        self._watch = watch

    @property
    def info(self) -> MediaInfo:
        return self._reader.info

    @property
    def damaged(self) -> int:
        return self._reader.damaged

    def frames(
        self,
        start_s: float = 0.0,
        end_s: float | None = None,
        *,
        draft: bool = False,
        sound: Slots | None = None,
        spare: Spare | None = None,
        thinning: Thinning | None = None,
    ) -> Iterator[Frame]:
        if start_s or end_s is not None or self._watch.complete:
            yield from self._reader.frames(start_s, end_s, draft=draft, sound=sound, spare=spare, thinning=thinning)
            return
        self._watch.begin()
        for frame in self._reader.frames(draft=draft, sound=sound, thinning=thinning):
            self._watch.add(frame)
            yield frame
        self._watch.complete = True

    def close(self) -> None:
        self._reader.close()

    def __enter__(self) -> Self:
        self._reader.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reader.__exit__(kind, error, trace)


class WatchedDecoder:
    """A decoder whose readers show their frames to a `Watch`."""

    def __init__(self, decoder: Decoder, watch: Watch) -> None:
        self._decoder = decoder
        self._watch = watch

    def probe(self) -> Probe:
        return self._decoder.probe()

    def open(self, path: Path) -> WatchedReader:
        return WatchedReader(self._decoder.open(path), self._watch)


def sound_levels(path: Path, has_audio: bool, seconds: int) -> list[float] | None:
    """RMS of each second, full scale at 1; None without sound or when all of it is silent."""
    if not has_audio:
        return None
    import numpy as np

    from nvpipe.media.audio import read_audio

    sound = read_audio(path, rate_hz=SOUND_HZ, channels=1, end_s=float(seconds))[0]
    levels = np.sqrt(np.square(sound.astype(np.float64)).reshape(seconds, SOUND_HZ).mean(1))
    return [float(level) for level in levels] if levels.max(initial=0.0) > SILENCE else None


def rewrite(source: Path, target: Path, rate: int | None, sound: bool) -> None:
    """Copy a video, with or without its sound.

    Args:
        source: what to copy.
        target: where to; the suffix names the container.
        rate: bits per second at which x264 encodes the pictures again, or None to copy them as they are.
        sound: whether the first stream of sound is copied, too.
    """
    import av

    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        pictures = old.streams.video[0]
        pictures.thread_type = "AUTO"
        out = new.add_stream_from_template(pictures) if rate is None else _x264(new, pictures, rate)
        copies: dict[Any, Any] = {} if rate is not None else {pictures: out}
        if sound and old.streams.audio:
            copies[old.streams.audio[0]] = new.add_stream_from_template(old.streams.audio[0])
        for packet in old.demux([pictures, *(stream for stream in copies if stream is not pictures)]):
            if packet.stream in copies:
                if packet.size:
                    packet.stream = copies[packet.stream]
                    new.mux(packet)
                continue
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    frame.pict_type = av.video.frame.PictureType.NONE
                    new.mux(out.encode(frame))
        if rate is not None:
            new.mux(out.encode(None))


def _x264(file: Any, like: Any, rate: int) -> Any:
    options = {"preset": "veryfast", "maxrate": str(2 * rate), "bufsize": str(4 * rate), "threads": "2"}
    stream = file.add_stream("libx264", rate=like.average_rate, options=options)
    stream.width, stream.height = like.width // 2 * 2, like.height // 2 * 2
    stream.pix_fmt, stream.bit_rate = "yuv420p", rate
    stream.codec_context.time_base = like.time_base
    return stream
