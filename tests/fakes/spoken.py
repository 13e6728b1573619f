"""Small finished shorts: words that are heard, captions that change with them, a manifest; and broken ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from nvpipe.captions.cues import build_captions
from nvpipe.captions.srt import to_srt
from nvpipe.captions.styles import style
from nvpipe.types import Cue, Word
from nvpipe.types.codec import to_json

WIDTH_PX, HEIGHT_PX = 216, 384
FPS = 30
RATE_HZ = 48_000
BT709 = 1
"""Code point of primaries, transfer and matrix, and of the limited range."""
Span = tuple[float, float]


@dataclass(frozen=True)
class Spoken:
    """What a short is made of; the defaults keep every rule about stretches and captions."""

    seconds: float = 12.0
    black: Span | None = None
    still: Span | None = None
    silent: Span | None = None
    voice_late_s: float = 0.0
    mute_voice: bool = False
    text_at: float = 0.63
    """Top of the captions' text, in heights of the picture."""


def words_of(short: Spoken) -> list[Word]:
    """Sentences of four to six words with pauses between them, of changing length."""
    rng = np.random.default_rng(7)
    words: list[Word] = []
    at_s = 0.4
    for line in range(100):
        for _ in range(int(rng.integers(4, 7))):
            end_s = at_s + float(rng.uniform(0.2, 0.4))
            if end_s > short.seconds - 0.3:
                return words
            words.append(Word(f"word{len(words)}", round(at_s, 3), round(end_s, 3), line))
            at_s = end_s
        at_s += float(rng.uniform(0.35, 0.6))
    return words


def make_spoken(path: Path, short: Spoken, *, claims: bool = True) -> Path:
    """Write the video, and its manifest and subtitles beside it."""
    words = words_of(short)
    track = build_captions(words, style=style("default"), language="en", duration_s=short.seconds)
    frames = round(short.seconds * FPS)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video: Any = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "20", "x264-params": "cabac=1:8x8dct=1:keyint=60"}
        context = video.codec_context
        context.color_range = context.colorspace = context.color_primaries = context.color_trc = BT709
        audio: Any = container.add_stream("aac", rate=RATE_HZ, layout="stereo")
        for index in range(frames):
            container.mux(video.encode(_picture(short, index, track.cues)))
        container.mux(video.encode(None))
        samples = _sound(short, words)
        for start in range(0, samples.shape[1], 1024):
            block = np.ascontiguousarray(samples[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    if claims:
        path.with_suffix(".json").write_text(json.dumps(manifest_of(path, short)))
        path.with_suffix(".srt").write_text(to_srt(track))
    return path


def manifest_of(path: Path, short: Spoken) -> dict[str, Any]:
    """What nvpipe would write beside it, as far as it is judged by."""
    words = words_of(short)
    track = build_captions(words, style=style("default"), language="en", duration_s=short.seconds)
    output = {"path": str(path), "width_px": WIDTH_PX, "height_px": HEIGHT_PX, "fps": str(FPS)}
    told = [{"text": word.text, "start_s": word.start_s, "end_s": word.end_s} for word in words]
    return {
        "format": "nvpipe-manifest/1",
        "options": {},
        "narration": {"starts_s": 0.0, "words": told},
        "caption_track": to_json(track),
        "output": output,
        "outputs": [output],
    }


@cache
def texture() -> NDArray[np.uint8]:
    blocks = np.random.default_rng(1).integers(60, 180, (HEIGHT_PX // 8, WIDTH_PX // 8), np.uint8)
    return np.kron(blocks, np.ones((8, 8), np.uint8))


def _picture(short: Spoken, index: int, cues: tuple[Cue, ...]) -> av.VideoFrame:
    at_s = index / FPS
    moved = index
    if short.still and short.still[0] <= at_s < short.still[1]:
        moved = round(short.still[0] * FPS)
    luma = np.roll(texture(), (moved, 2 * moved), (0, 1))
    if short.black and short.black[0] <= at_s < short.black[1]:
        luma[:] = 16
    cue = next((cue for cue in cues if cue.start_s <= at_s + 1e-6 < cue.end_s), None)
    if cue:
        _write(luma, cue, short.text_at)
    chroma = np.full((HEIGHT_PX // 2, WIDTH_PX), 128, np.uint8)
    frame = av.VideoFrame.from_ndarray(np.concatenate([luma, chroma]), format="yuv420p")
    frame.pts, frame.time_base = index, Fraction(1, FPS)
    return frame


def _write(luma: NDArray[np.uint8], cue: Cue, top: float) -> None:
    """Something like letters, other ones for other words."""
    rng = np.random.default_rng(int(cue.words[0].removeprefix("word").rstrip(".,")))
    letters = np.kron(rng.choice(np.array([16, 235], np.uint8), (2, 8)), np.ones((11, 11), np.uint8))
    start = round(top * HEIGHT_PX)
    luma[start : start + 22, 64:152] = letters


def _sound(short: Spoken, words: list[Word]) -> NDArray[np.float32]:
    """A quiet hiss, and noise of the speech band while a word is spoken."""
    count = round(short.seconds * RATE_HZ)
    rng = np.random.default_rng(3)
    hiss = 0.004 * rng.standard_normal(count)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    bins = np.fft.rfftfreq(count, 1 / RATE_HZ)
    spectrum[(bins < 300) | (bins > 3000)] = 0
    voice = np.fft.irfft(spectrum, count)
    voice *= 0.13 / voice.std()
    loud = np.zeros(count)
    for word in words:
        start, end = (round((at_s + short.voice_late_s) * RATE_HZ) for at_s in (word.start_s, word.end_s))
        loud[max(0, start) : max(0, end)] = 1
    if short.mute_voice:
        # As loud as the words were, and without them.
        loud[:] = 1
    sound = hiss + voice * loud
    if short.silent:
        sound[round(short.silent[0] * RATE_HZ) : round(short.silent[1] * RATE_HZ)] = 0
    return np.stack([sound, sound]).astype(np.float32)
