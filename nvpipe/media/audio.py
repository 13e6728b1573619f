"""Sound as float samples on the same clock as the pictures, whatever the file holds."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

from nvpipe.errors import MediaError
from nvpipe.media.placing import LAYOUTS, Mix, Place
from nvpipe.media.probe import origin_of
from nvpipe.media.reading import decode, packets
from nvpipe.media.safety import (
    MAX_DURATION_S,
    DecodeBudget,
    discard_others,
    name_of,
    opened,
)

if TYPE_CHECKING:
    import numpy as np
    from av.audio import AudioStream
    from av.container import InputContainer

    Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_RATES_HZ = (1000, 768_000)
_DECODER_PREROLL_S = 0.5
"""What lossy codecs need before a position to decode it right (MP3's bit reservoir is the longest)."""
_AT_ONCE = 8192
"""Samples that are resampled together; one frame of a codec is too few to be worth the calls."""
_RESAMPLER_PREROLL_S = 0.1
_SEEK_BACK_S = (0.0, 10.0, 90.0)


def read_audio(
    path: Path, *, rate_hz: int, channels: int, start_s: float = 0.0, end_s: float | None = None
) -> Samples:
    """`audio_blocks` in one array `[channels, n]`, padded with silence up to `end_s` when that is given.

    Raises:
        MediaError: the file cannot be opened.
    """
    import numpy as np

    blocks = list(audio_blocks(path, rate_hz=rate_hz, channels=channels, start_s=start_s, end_s=end_s))
    sound = np.concatenate(blocks, axis=1) if blocks else np.zeros((channels, 0), np.float32)
    if end_s is not None:
        wanted = max(round(end_s * rate_hz) - round(start_s * rate_hz), 0)
        sound = np.pad(sound, ((0, 0), (0, wanted - sound.shape[1])))
    return sound


def audio_blocks(
    path: Path,
    *,
    rate_hz: int,
    channels: int,
    start_s: float = 0.0,
    end_s: float | None = None,
    block_s: float = 1.0,
) -> Iterator[Samples]:
    """Float32 blocks `[channels, n]`, nominally in -1 to 1, contiguous from `start_s` on.

    Sample `k` of the whole is the one at `start_s + k / rate_hz` on the file's clock, whose zero is where the
    earliest stream starts. Gaps and damaged parts are silence. The blocks end at `end_s` or with the sound;
    a file without sound yields none.

    Args:
        path: a video, or a file of sound alone.
        rate_hz: wanted sample rate.
        channels: 1 or 2; more channels are mixed down without clipping, a single one is copied.
        start_s: first sample.
        end_s: end, or None for the end of the sound.
        block_s: length of a block; the last one may be shorter.

    Raises:
        MediaError: the file cannot be opened.
        ValueError: `channels` is neither 1 nor 2.
    """
    if channels not in LAYOUTS:
        raise ValueError(f"channels must be 1 or 2, not {channels}")
    start = round(max(start_s, 0.0) * rate_hz)
    end = round(min(MAX_DURATION_S if end_s is None else end_s, MAX_DURATION_S) * rate_hz)
    if start >= end:
        return iter(())
    return _blocks(_wanted(path, rate_hz, channels, start, end), max(round(block_s * rate_hz), 1))


def _blocks(pieces: Iterator[Samples], size: int) -> Iterator[Samples]:
    """The pieces in blocks of `size` samples."""
    import numpy as np

    held: list[Samples] = []
    count = 0
    for piece in pieces:
        held.append(piece)
        count += piece.shape[1]
        if count < size:
            continue
        whole = np.concatenate(held, axis=1)
        while whole.shape[1] >= size:
            yield np.ascontiguousarray(whole[:, :size])
            whole = whole[:, size:]
        held, count = [whole], whole.shape[1]
    if count:
        yield np.ascontiguousarray(np.concatenate(held, axis=1))


def _wanted(path: Path, rate_hz: int, channels: int, start: int, end: int) -> Iterator[Samples]:
    """Output samples `[start, end)`, counted from the file's time zero."""
    with opened(path, sound_only=True) as container:
        stream = sound_stream(container)
        if stream is None:
            return
        source_hz = stream.codec_context.sample_rate
    if not _RATES_HZ[0] <= source_hz <= _RATES_HZ[1]:
        raise MediaError(f"{name_of(path)} has sound at {source_hz} samples a second, which cannot be right")
    # Both grids meet only every `step` input samples; starting there keeps the result independent of `start`.
    step = Fraction(source_hz, rate_hz).numerator
    first = max(math.floor((start / rate_hz - _RESAMPLER_PREROLL_S) * source_hz / step), 0) * step
    at = first * rate_hz // source_hz
    sound = _resampled(_contiguous(path, source_hz, channels, first), source_hz, rate_hz)
    for piece in sound:
        kept = piece[:, max(start - at, 0) : max(end - at, 0)]
        at += piece.shape[1]
        if kept.shape[1]:
            yield kept
        if at >= end:
            return


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The sound to use: the default one, then the one of most channels, then the first; None without any."""
    import av

    default = av.stream.Disposition.default
    sounds = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return max(sounds, key=lambda item: (bool(item.disposition & default), item.channels, -item.index), default=None)


def _resampled(pieces: Iterator[Samples], source_hz: int, rate_hz: int) -> Iterator[Samples]:
    """Contiguous sound at another rate, by libswresample, whose first sample stays at its time."""
    import av

    if source_hz == rate_hz:
        yield from pieces
        return
    pieces = _blocks(pieces, _AT_ONCE)
    resampler = av.AudioResampler("fltp", rate=rate_hz)
    at = 0
    for piece in pieces:
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=LAYOUTS[piece.shape[0]])
        frame.sample_rate, frame.pts, frame.time_base = source_hz, at, Fraction(1, source_hz)
        at += piece.shape[1]
        for part in resampler.resample(frame):
            yield cast("Samples", part.to_ndarray())
    for part in resampler.resample(None):
        yield cast("Samples", part.to_ndarray())


def _contiguous(path: Path, source_hz: int, channels: int, first: int) -> Iterator[Samples]:
    """Sound without holes from input sample `first` on; nothing when no sound follows."""
    import numpy as np

    at = first
    for position, piece in _arrived(path, source_hz, channels, first):
        while position > at:
            silence = min(position - at, source_hz)
            yield np.zeros((channels, silence), np.float32)
            at += silence
        fresh = piece[:, at - position :]
        if fresh.shape[1]:
            yield np.ascontiguousarray(fresh)
            at += fresh.shape[1]


def _arrived(path: Path, source_hz: int, channels: int, first: int) -> Iterator[tuple[int, Samples]]:
    """Pieces with their positions, from one at or before `first` on where the file has one."""
    for back_s in (*_SEEK_BACK_S, None):
        seek_s = None if back_s is None else first / source_hz - _DECODER_PREROLL_S - back_s
        if seek_s is not None and seek_s <= 0:
            seek_s = None
        pieces = _Pass(path, source_hz, channels).pieces(seek_s)
        with closing(pieces):
            head = next(pieces, None)
            if seek_s is not None and (head is None or head[0] > first):
                continue
            if head is not None:
                yield head
                yield from pieces
            return


class _Pass:
    """One reading of a file's sound from somewhere to its end."""

    def __init__(self, path: Path, source_hz: int, channels: int) -> None:
        self._path = path
        self._source_hz = source_hz
        self._channels = channels
        self._lost = False
        """Something was not decoded since the last piece, so the next timestamp is taken as it is."""

    def pieces(self, seek_s: float | None) -> Generator[tuple[int, Samples], None, None]:
        """Pieces `[channels, n]` at the source's rate with their positions in samples from time zero."""
        import av

        with opened(self._path, sound_only=True) as container:
            stream = sound_stream(container)
            if stream is None:
                return
            discard_others(container, stream)
            if seek_s is not None:
                offset = math.floor((seek_s + origin_of(container)) / (stream.time_base or Fraction(1, 1000)))
                try:
                    container.seek(offset, stream=stream)
                except av.error.FFmpegError:
                    return
            place = Place(container, stream, self._source_hz)
            settling = seek_s is not None and place.is_coarse
            if settling:
                place.grid = self._grid()
            mix = Mix(self._source_hz, self._channels)
            budget = DecodeBudget(self._path)
            budget.start()
            for packet in packets(container, stream, self._path, self._lose):
                for frame in decode(packet, self._lose):
                    if settling:
                        # libav shortens the first frame after a seek, and rounds where it then begins.
                        settling = False
                        continue
                    for piece in mix.samples(frame):
                        position = place.of(frame, piece.shape[1], exactly=self._lost)
                        self._lost = False
                        budget.stop(position / self._source_hz)
                        yield position, piece
                        budget.start()
                budget.stop()

    def _grid(self) -> int | None:
        """Where the second frame of the file begins: the first may be shortened by the codec's delay."""
        with closing(_Pass(self._path, self._source_hz, self._channels).pieces(None)) as pieces:
            heads = [head for head, _ in islice(pieces, 2)]
        return heads[1] if len(heads) > 1 else None

    def _lose(self) -> None:
        self._lost = True
