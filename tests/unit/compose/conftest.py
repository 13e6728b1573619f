"""Timelines over small test videos."""

from __future__ import annotations

import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from nvpipe.media.probe import probe
from nvpipe.types import CaptionTrack, Cut, Footage, Narration, OutputFormat, Timeline

MakeTimeline = Callable[..., Timeline]


def footage(path: Path) -> Footage:
    info = probe(path)
    return Footage(
        path.stem, path, path.stem, info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
        info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed,
    )  # fmt: skip


def write_wav(path: Path, samples: np.ndarray, rate_hz: int = 22050) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture
def timeline(tmp_path: Path) -> MakeTimeline:
    """Makes a timeline from (path, start, end) spans, silent unless a narration is given."""

    def make(
        *spans: tuple[Path, float, float],
        fps: int = 30,
        canvas: tuple[int, int] = (128, 72),
        voice: np.ndarray | None = None,
        quality: str = "medium",
    ) -> Timeline:
        cuts, at_s = [], 0.0
        for path, start_s, end_s in spans:
            cuts.append(Cut(footage(path), start_s, end_s, at_s))
            at_s += end_s - start_s
        samples = np.zeros(2205) if voice is None else voice
        audio = write_wav(tmp_path / "voice.wav", samples)
        narration = Narration(audio, 22050, len(samples) / 22050, "fake", "fake", ())
        output = OutputFormat(*canvas, Fraction(fps), "fill", quality)
        return Timeline(tuple(cuts), narration, 0.0, CaptionTrack((), "none"), output, at_s)

    return make
