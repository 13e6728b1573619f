"""Samples of a synthesiser made ready: silence trimmed, level set, written as WAV."""

from __future__ import annotations

import os
import wave
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

_FRAMES_HZ = 200
_QUIET = 64
"""A frame whose peak is under this (-54 dBFS) is silence: eSpeak's pauses are exact zeros or near."""
_HEAD_S, _TAIL_S = 0.05, 0.2
_TARGET_RMS = 3277
"""-20 dBFS over the frames that are not silent."""
_PEAK = 29204
"""-1 dBFS."""
_BLOCK = 1 << 16


def frame_samples(rate_hz: int) -> int:
    """Samples in the frames in which silence is looked for, about 5 ms."""
    return rate_hz // _FRAMES_HZ


def loud_frames(samples: NDArray[np.int16], rate_hz: int) -> NDArray[np.bool_]:
    """For each frame of `frame_samples`, whether anything is heard in it; the last one may be short."""
    import numpy as np

    size = frame_samples(rate_hz)
    if not len(samples):
        return np.zeros(0, np.bool_)
    starts = np.arange(0, len(samples), size)
    high, low = np.maximum.reduceat(samples, starts), np.minimum.reduceat(samples, starts)
    return (high >= _QUIET) | (low <= -_QUIET)


def speech_bounds(loud: NDArray[np.bool_], rate_hz: int, count: int) -> tuple[int, int]:
    """First and last sample to keep: the speech with a fixed breath of silence on both sides.

    Either may lie outside of the recording, where silence has to be added. Both are 0 when nothing is heard.
    """
    import numpy as np

    heard = np.flatnonzero(loud)
    if not len(heard):
        return 0, 0
    size = frame_samples(rate_hz)
    first, last = int(heard[0]) * size, min((int(heard[-1]) + 1) * size, count)
    return first - round(_HEAD_S * rate_hz), last + round(_TAIL_S * rate_hz)


def cut(samples: NDArray[np.int16], start: int, end: int) -> NDArray[np.int16]:
    """The samples from `start` to `end`, with silence where there are none."""
    import numpy as np

    count = len(samples)
    inside = samples[max(start, 0) : min(end, count)]
    return np.pad(inside, (max(-start, 0), max(end - count, 0)))


def levelled(samples: NDArray[np.int16], loud: NDArray[np.bool_], rate_hz: int) -> NDArray[np.int16]:
    """The samples at the common level, in integers throughout so that every machine gives the same bytes."""
    import numpy as np

    active = np.repeat(loud, frame_samples(rate_hz))[: len(samples)]
    count, energy, peak = int(np.count_nonzero(active)), 0, 0
    if not count:
        return samples
    for span in _blocks(len(samples)):
        wide = samples[span][active[span]].astype(np.int64)
        energy += int(np.sum(wide * wide))
        peak = max(peak, int(np.max(np.abs(wide), initial=0)))
    power = max(1, energy // count)
    gain_q16 = min(int((_TARGET_RMS * _TARGET_RMS * (1 << 32) // power) ** 0.5), (_PEAK << 16) // peak)
    louder = np.empty_like(samples)
    for span in _blocks(len(samples)):
        louder[span] = (samples[span].astype(np.int64) * gain_q16 + (1 << 15)) >> 16
    return louder


def _blocks(count: int) -> Iterator[slice]:
    """Spans whose wide integers need little memory."""
    return (slice(start, start + _BLOCK) for start in range(0, count, _BLOCK))


def write_wav(samples: NDArray[np.int16], rate_hz: int, output: Path) -> None:
    """Write mono 16-bit PCM, whole or not at all.

    Raises:
        OutputError: the folder cannot be written or is full.
    """
    temporary = output.with_name(f".{output.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                with wave.open(file, "wb") as writer:
                    writer.setnchannels(1)
                    writer.setsampwidth(2)
                    writer.setframerate(rate_hz)
                    for span in _blocks(len(samples)):
                        writer.writeframes(samples[span].astype("<i2").tobytes())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(output)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()
    except OSError as error:
        raise OutputError(
            f"cannot write the narration {output}: {error.strerror or error}",
            hint="check that the folder exists, can be written and has space",
        ) from error
