"""The rules of a finished short, each on its own: what was measured, what was expected, whether it holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.media.examine import AudioFacts, Examination


@dataclass(frozen=True, slots=True)
class RuleResult:
    """One rule and what came of it."""

    name: str
    ok: bool
    measured: str
    expected: str
    advisory: bool = False
    """Said, but without a say in whether the file passes."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a file; its manifest may say otherwise than the platforms' rules do."""

    size_px: tuple[int, int] = (1080, 1920)
    rates: tuple[Fraction, ...] = (Fraction(30), Fraction(60))
    lufs: float = -14.0
    codec: str = "h264"


Rule = Callable[["Examination"], RuleResult]

LOUDNESS_TOLERANCE_LU = 1.0
TRUE_PEAK_DBTP = -1.0
BIT_RATE_MAX_KBPS = 136.0
BIT_RATE_MIN_KBPS = 112.0
LENGTH_S = (3.0, 180.0)
PROFILES = {"h264": "High", "hevc": "Main", "av1": "Main"}
"""Of the codecs that a short can have."""


def _audio_rule(name: str, expected: str, judge: Callable[[AudioFacts], tuple[bool, str]]) -> Rule:
    """A rule about the sound: without sound it fails."""

    def rule(seen: Examination) -> RuleResult:
        ok, measured = judge(seen.audio) if seen.audio else (False, "no audio")
        return RuleResult(name, ok, measured, expected)

    return rule


def _present(seen: Examination) -> RuleResult:
    measured = seen.audio.codec if seen.audio else "no audio"
    return RuleResult("audio", seen.audio is not None, measured, "present")


def _aac_lc(audio: AudioFacts) -> tuple[bool, str]:
    measured = f"{audio.codec} {audio.profile}".strip()
    return audio.codec == "aac" and audio.profile == "LC", measured


def _loudness(audio: AudioFacts, wanted_lufs: float) -> tuple[bool, str]:
    lufs = audio.loudness.integrated_lufs
    return abs(lufs - wanted_lufs) <= LOUDNESS_TOLERANCE_LU, _level(lufs, "LUFS")


def _true_peak(audio: AudioFacts) -> tuple[bool, str]:
    peak = audio.loudness.true_peak_dbtp
    return peak <= TRUE_PEAK_DBTP, _level(peak, "dBTP")


def _level(value: float, unit: str) -> str:
    if math.isnan(value):
        return "not measurable"
    return "silence" if math.isinf(value) else f"{value:.2f} {unit}"


def _bit_rate(seen: Examination) -> RuleResult:
    """At most 136 kbit/s on average: 128 and the 6 % by which AAC encoders miss their target.

    AAC codes quiet passages in fewer bits, so a low average is no fault when the busiest second has its rate.
    """
    name, expected = "audio bit rate", "about 128 kbit/s (average at most 136; the busiest second at least 112)"
    audio = seen.audio
    if audio is None:
        return RuleResult(name, False, "no audio", expected)
    track = seen.mp4.track("soun") if seen.mp4 else None
    start_s, end_s = presented(seen)[1]
    length_s = end_s - start_s
    if track and track.timescale:
        # Priming and padding are in the bytes, so they count in the length.
        length_s = max(length_s, track.samples.presentation_ticks()[1] / track.timescale)
    average = audio.size_bytes * 8 / length_s / 1000 if length_s > 0 else math.inf
    busiest = audio.busiest_bytes * 8 / 1000
    ok = average <= BIT_RATE_MAX_KBPS and max(average, busiest) >= BIT_RATE_MIN_KBPS
    return RuleResult(name, ok, f"average {average:.0f} kbit/s, busiest second {busiest:.0f}", expected)


def _starts(seen: Examination) -> RuleResult:
    video, audio = presented(seen)
    measured = f"video {video[0]:.3f} s, " + (f"audio {audio[0]:.3f} s" if seen.audio else "no audio")
    ok = abs(video[0]) <= frame_s(seen) / 2 and seen.audio is not None and abs(audio[0]) <= frame_s(seen) / 2
    return RuleResult("start", ok, measured, "audio and video at 0 s")


def _ends(seen: Examination) -> RuleResult:
    video, audio = presented(seen)
    measured = f"video {video[1]:.3f} s, " + (f"audio {audio[1]:.3f} s" if seen.audio else "no audio")
    # A movie's timescale can round an end by a millisecond.
    ok = seen.audio is not None and abs(video[1] - audio[1]) <= frame_s(seen) + 0.001
    return RuleResult("end", ok, measured, "audio and video within one frame of each other")


def _length(seen: Examination) -> RuleResult:
    """What all platforms take; no rule of the format, so it is said and does not fail a file."""
    length_s = max(end for _, end in presented(seen) if not math.isnan(end))
    low, high = LENGTH_S
    return RuleResult("length", low <= length_s <= high, f"{length_s:.2f} s", f"{low:g} to {high:g} s", advisory=True)


def _decodes(seen: Examination) -> RuleResult:
    return RuleResult("decoding", *_decoding(seen), "every packet, without an error")


def _decoding(seen: Examination) -> tuple[bool, str]:
    video, audio = seen.video, seen.audio
    problems = video.errors + (audio.errors if audio else [])
    problems += [f"{read} of {listed} {kind} packets are in the file" for kind, read, listed in _missing(seen)]
    shown = video.packets - video.hidden
    if not problems and video.frames < shown:
        problems = [f"{video.frames} frames from {shown} video packets"]
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        return False, problems[0] + more
    return True, f"{video.packets} video, {audio.packets if audio else 0} audio packets"


def _missing(seen: Examination) -> Iterator[tuple[str, int, int]]:
    if seen.mp4 is None or seen.mp4.fragmented:
        return
    for handler, facts in (("vide", seen.video), ("soun", seen.audio)):
        track = seen.mp4.track(handler)
        if track and facts and facts.packets < track.samples.count:
            yield ("video" if handler == "vide" else "audio"), facts.packets, track.samples.count


def presented(seen: Examination) -> tuple[tuple[float, float], tuple[float, float]]:
    """When video and audio start and end: by the index where the file has one, else as decoded."""
    video, audio = seen.video, seen.audio
    first = min(video.shown_ticks, default=0)
    spans = [
        (float(first * video.time_base), float(video.end_ticks * video.time_base)),
        (audio.start_s, audio.end_s) if audio else (math.nan, math.nan),
    ]
    if seen.mp4 and not seen.mp4.fragmented:
        for i, handler in enumerate(("vide", "soun")):
            track = seen.mp4.track(handler)
            if track:
                spans[i] = seen.mp4.presented_s(track)
    return spans[0], spans[1]


def frame_s(seen: Examination) -> float:
    """The length of a frame, from the average rate."""
    ticks = seen.video.shown_ticks
    if len(ticks) < 2 or max(ticks) == min(ticks):
        return 1 / 30
    return float((max(ticks) - min(ticks)) * seen.video.time_base) / (len(ticks) - 1)


def sound_rules(wanted: Wanted) -> tuple[Rule, ...]:
    """Sound, time and decodability."""
    return (
        _present,
        _audio_rule("audio codec", "AAC-LC", _aac_lc),
        _audio_rule("sample rate", "48000 Hz", lambda audio: (audio.rate_hz == 48_000, f"{audio.rate_hz} Hz")),
        _audio_rule("audio channels", "2", lambda audio: (audio.channels == 2, str(audio.channels))),
        _bit_rate,
        _starts,
        _ends,
        _audio_rule(
            "loudness",
            f"{wanted.lufs:g} ±{LOUDNESS_TOLERANCE_LU:g} LUFS",
            lambda audio: _loudness(audio, wanted.lufs),
        ),
        _audio_rule("true peak", "at most -1 dBTP", _true_peak),
        _length,
        _decodes,
    )
