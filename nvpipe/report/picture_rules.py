"""The rules of container and picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from nvpipe.media.examine import AV1
from nvpipe.report.rules import PROFILES, Rule, RuleResult, Wanted, frame_s

if TYPE_CHECKING:
    from nvpipe.media.examine import Examination, Look
    from nvpipe.media.mp4 import Colour, Mp4, Track

KEY_FRAME_EVERY_S = 2.0
IDENTITY = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
AAC_PRIMING_SAMPLES = 2112
"""The longest in use; FFmpeg writes 1024."""
AAC_PADDING_SAMPLES = 2048
ROUNDED_TICK_S = 0.0011

_UNTAGGED = 2
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020", 12: "p3"}
_TRANSFERS = {1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 8: "linear", 13: "srgb"} | {
    14: "bt2020-10",
    15: "bt2020-12",
    16: "pq",
    18: "hlg",
}
_MATRICES = {0: "rgb", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc"}


def _container(seen: Examination) -> RuleResult:
    brand = seen.mp4.brands[0].strip() if seen.mp4 and seen.mp4.brands else ""
    ok = seen.mp4 is not None and bool(brand) and brand != "qt"
    measured = f"MP4 ({brand})" if ok else "QuickTime" if seen.mp4 else seen.container
    return RuleResult("container", ok, measured, "MP4")


def _index(seen: Examination) -> RuleResult:
    if seen.mp4 is None:
        measured = "no MP4 index"
    elif seen.mp4.fragmented:
        measured = "in fragments"
    else:
        measured = "first" if seen.mp4.index_first else "after the media data"
    return RuleResult("index", measured == "first", measured, "first (moov before mdat, not fragmented)")


def _edits(seen: Examination) -> RuleResult:
    faults = [text for track in (seen.mp4.tracks if seen.mp4 else ()) for text in _edit_faults(seen, track)]
    return RuleResult(
        "edit lists", not faults, "; ".join(faults) or "none beyond it", "AAC priming and B-frame delay only"
    )


def _edit_faults(seen: Examination, track: Track) -> Iterable[str]:
    mp4 = seen.mp4
    if mp4 is None or track.handler not in ("vide", "soun") or not track.edits:
        return
    kind = "video" if track.handler == "vide" else "audio"
    if len(track.edits) > 1:
        yield f"{kind} has {len(track.edits)} edits"
        return
    edit = track.edits[0]
    if edit.rate != 1 or edit.media_time_ticks < 0:
        yield f"{kind} has an edit of rate {edit.rate:g}" if edit.rate != 1 else f"{kind} has an empty edit"
        return
    first, end = track.samples.presentation_ticks()
    if kind == "video":
        allowed, spare_s = first, frame_s(seen)
    else:
        allowed = AAC_PRIMING_SAMPLES * track.timescale // 48_000
        spare_s = AAC_PADDING_SAMPLES / 48_000
    if edit.media_time_ticks > allowed:
        yield f"{kind} starts {edit.media_time_ticks / max(track.timescale, 1):.3f} s into the media"
    cut_s = _cut_s(mp4, track, end)
    if not mp4.fragmented and cut_s > spare_s + 0.001:
        yield f"{kind} leaves out the last {cut_s:.3f} s"


def _cut_s(mp4: Mp4, track: Track, end: int) -> float:
    edit = track.edits[0]
    if not edit.duration_ticks or not mp4.timescale or not track.timescale:
        return 0.0
    return (end - edit.media_time_ticks) / track.timescale - edit.duration_ticks / mp4.timescale


def _codec(seen: Examination, codec: str) -> RuleResult:
    return RuleResult("video codec", _codec_of(seen) == codec, _codec_of(seen), codec)


def _profile(seen: Examination, codec: str) -> RuleResult:
    profile, expected = seen.video.profile or "unknown", PROFILES[codec]
    return RuleResult("profile", _codec_of(seen) == codec and profile == expected, profile, expected)


def _codec_of(seen: Examination) -> str:
    """The codec's name, which libav calls AV1's by its decoder."""
    return "av1" if seen.video.codec in AV1 else seen.video.codec


def _size(seen: Examination, size_px: tuple[int, int]) -> RuleResult:
    sizes = _distinct(f"{look.width_px}x{look.height_px}" for look in seen.video.looks)
    wanted = f"{size_px[0]}x{size_px[1]}"
    return RuleResult("frame size", sizes == wanted, sizes, wanted)


def _pixels(seen: Examination) -> RuleResult:
    faults = []
    aspect = seen.video.pixel_aspect
    track = seen.mp4.track("vide") if seen.mp4 else None
    if aspect not in (None, 1):
        faults.append(f"{aspect} in the stream")
    if track and track.pixel_aspect not in (None, 1):
        faults.append(f"{track.pixel_aspect} in the container")
    if track and track.display_width_px and track.display_height_px and not faults:
        shown = Fraction(track.display_width_px) / Fraction(track.display_height_px)
        if track.width_px and abs(shown * track.height_px - track.width_px) >= 1:
            faults.append(f"shown as {track.display_width_px:g}x{track.display_height_px:g}")
    return RuleResult("pixel shape", not faults, ", ".join(faults) or "square", "square")


def _rotation(seen: Examination) -> RuleResult:
    faults = [f"{look.rotation_deg} degrees in the stream" for look in seen.video.looks if look.rotation_deg]
    track = seen.mp4.track("vide") if seen.mp4 else None
    matrices = (seen.mp4.matrix, track.matrix) if seen.mp4 and track else ()
    faults += [
        f"matrix {' '.join(f'{value / 65536:g}' for value in matrix[:2] + matrix[3:5])}"
        for matrix in matrices
        if matrix and matrix != IDENTITY
    ]
    return RuleResult("rotation", not faults, ", ".join(dict.fromkeys(faults)) or "none", "none")


def _pixel_format(seen: Examination) -> RuleResult:
    formats = _distinct(look.pixel_format for look in seen.video.looks)
    # yuvj420p is libav's name for yuv420p of full range, which is another rule's business.
    return RuleResult("pixel format", formats in ("yuv420p", "yuvj420p"), formats, "yuv420p")


def _progressive(seen: Examination) -> RuleResult:
    scans = _distinct("interlaced" if look.interlaced else "progressive" for look in seen.video.looks)
    return RuleResult("scan", scans == "progressive", scans, "progressive")


def _range(seen: Examination) -> RuleResult:
    names = {None: "untagged", True: "full", False: "limited"}
    box = _colour_box(seen)
    boxed = names[box.full_range] if box else "untagged"
    return _tag("colour range", {names[look.full_range] for look in seen.video.looks}, boxed, "limited")


def _colour_rule(
    name: str, names: dict[int, str], of_look: Callable[[Look], int], of_box: Callable[[Colour], int]
) -> Rule:
    def named(code: int) -> str:
        return "untagged" if code == _UNTAGGED else names.get(code, f"code {code}")

    def rule(seen: Examination) -> RuleResult:
        box = _colour_box(seen)
        boxed = named(of_box(box)) if box else "untagged"
        return _tag(name, {named(of_look(look)) for look in seen.video.looks}, boxed, "bt709")

    return rule


def _tag(name: str, streamed: set[str], boxed: str, wanted: str) -> RuleResult:
    """The stream's tag decides; the container's counts when the stream has none, and must not contradict it."""
    in_stream = ", ".join(sorted(streamed))
    if in_stream == "untagged":
        measured = boxed if boxed == "untagged" else f"{boxed} (container only)"
        return RuleResult(name, boxed == wanted, measured, wanted)
    if boxed not in ("untagged", in_stream):
        return RuleResult(name, False, f"{in_stream} in the stream, {boxed} in the container", wanted)
    return RuleResult(name, in_stream == wanted, in_stream, wanted)


def _colour_box(seen: Examination) -> Colour | None:
    track = seen.mp4.track("vide") if seen.mp4 else None
    return track.colour if track else None


def _frame_rate(seen: Examination, rates: Sequence[Fraction]) -> RuleResult:
    expected = f"constant {' or '.join(f'{float(rate):g}' for rate in rates)} fps"
    ticks = sorted(seen.video.shown_ticks)
    if len(ticks) < 2 or ticks[0] == ticks[-1]:
        return RuleResult("frame rate", False, f"{len(ticks)} frame", expected)
    base = seen.video.time_base
    average = (len(ticks) - 1) / ((ticks[-1] - ticks[0]) * base)
    rate = min(rates, key=lambda rate: abs(rate - average))
    delta = 1 / (rate * base)
    # A clock that cannot express the frame's length, as Matroska's milliseconds, may round it.
    slack = Fraction(1) if delta.denominator > 1 and base <= ROUNDED_TICK_S else Fraction(0)
    if all(abs(tick - ticks[0] - i * delta) <= slack for i, tick in enumerate(ticks)):
        return RuleResult("frame rate", True, f"constant {float(rate):g} fps", expected)
    deltas = {after - before for before, after in pairwise(ticks)}
    if len(deltas) == 1:
        return RuleResult("frame rate", False, f"constant {float(average):.3f} fps", expected)
    shortest, longest = (float(value * base) * 1000 for value in (min(deltas), max(deltas)))
    measured = f"{float(average):.3f} fps, frames of {shortest:.1f} to {longest:.1f} ms"
    return RuleResult("frame rate", False, measured, expected)


def _key_frames(seen: Examination) -> RuleResult:
    video = seen.video
    expected = f"at the start and at most every {KEY_FRAME_EVERY_S:g} s"
    keys = sorted(video.key_ticks)
    first = min(video.shown_ticks, default=0)
    if not keys or keys[0] > first:
        return RuleResult("key frames", False, "none at the start" if keys else "none", expected)
    ends = [*keys[1:], max(video.end_ticks, keys[-1])]
    longest_s = max(float((b - a) * video.time_base) for a, b in zip(keys, ends, strict=True))
    ok = longest_s <= KEY_FRAME_EVERY_S + float(video.time_base)
    return RuleResult("key frames", ok, f"{len(keys)}, at most {longest_s:.2f} s apart", expected)


def _closed_gop(seen: Examination) -> RuleResult:
    video, expected = seen.video, "every key frame an IDR frame with none before it"
    if _codec_of(seen) not in PROFILES:
        return RuleResult("closed GOP", False, f"not looked at in {video.codec}", expected)
    if not video.open_ticks:
        return RuleResult("closed GOP", True, f"{len(video.key_ticks)} of {len(video.key_ticks)} are", expected)
    at_s = float(video.open_ticks[0] * video.time_base)
    count = f"{len(video.open_ticks)} of {len(video.key_ticks)} are not"
    return RuleResult("closed GOP", False, f"{count}, the first at {at_s:.2f} s", expected)


def _distinct(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def picture_rules(wanted: Wanted) -> tuple[Rule, ...]:
    """Container and picture."""
    return (
        _container,
        _index,
        _edits,
        lambda seen: _codec(seen, wanted.codec),
        lambda seen: _profile(seen, wanted.codec),
        lambda seen: _size(seen, wanted.size_px),
        _pixels,
        _rotation,
        _pixel_format,
        _progressive,
        _range,
        _colour_rule("colour primaries", _PRIMARIES, lambda look: look.primaries, lambda box: box.primaries),
        _colour_rule("colour transfer", _TRANSFERS, lambda look: look.transfer, lambda box: box.transfer),
        _colour_rule("colour matrix", _MATRICES, lambda look: look.matrix, lambda box: box.matrix),
        lambda seen: _frame_rate(seen, wanted.rates),
        _key_frames,
        _closed_gop,
    )
