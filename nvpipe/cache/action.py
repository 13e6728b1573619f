"""The motion tracks of a video and its best segments, in the storage folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nvpipe.cache.claims import claimed, proven_checksum
from nvpipe.cache.locks import lock
from nvpipe.cache.naming import action_path, segments_path
from nvpipe.cache.store import (
    Envelope,
    FaultError,
    Format,
    Warn,
    open_envelope,
    read_envelope,
    write,
)
from nvpipe.cache.used import mark_used
from nvpipe.types import Segment
from nvpipe.types.codec import digest_of, from_json, to_json

if TYPE_CHECKING:
    from nvpipe.types import MotionTrack, Signal

ACTION = Format("nvpipe-action", 2)
SEGMENTS = Format("nvpipe-segments", 2)
MAX_TRACKS = 4
"""Tracks of other scorer versions, or coarse ones, that a file holds beside each other."""
MAX_STEPS = 200_000
"""Steps of all tracks of a file together; longer videos keep fewer tracks, so that each file can be kept at all."""
_LISTS = ("scores", "focus_x", "cuts_s")


class KeptTrack(NamedTuple):
    """A track, its key, and the checksum of the file that holds it; None when it could not be written."""

    track: MotionTrack
    key: str
    checksum: str | None


@dataclass(frozen=True, slots=True)
class KeptSegments:
    """Segments, best first, and what is to be known of the track that they were chosen from."""

    segments: tuple[Segment, ...]
    scorer: str
    track_duration_s: float
    warnings: tuple[str, ...]
    coarse: bool


def track_key(digest: str, scorer_version: str, parameters: object = None) -> str:
    """What a motion track is made from: the content, the scorer and its version, its parameters."""
    return digest_of({"content": digest, "scorer": scorer_version, "parameters": parameters})


def segments_key(action_checksum: str, track: str, duration_s: float, rules: object = None) -> str:
    """What segments are made from: one track of one written action cache, the length, the rules of choice."""
    return digest_of({"action": action_checksum, "track": track, "duration_s": float(duration_s), "rules": rules})


def load_track(storage: Path, video_id: str, keys: Sequence[str], warn: Warn) -> KeptTrack | None:
    """The kept track of the first of these keys that has one; None when it has to be made."""
    path = action_path(storage, video_id)
    envelope = read_envelope(path, ACTION, None, warn)
    if envelope is None:
        return None
    try:
        kept = track_items(envelope.data, video_id)
        wanted = next((key for key in keys if key in kept), None)
        if wanted is None:
            return None
        track = parse_track(kept[wanted], video_id)
    except ValueError as error:
        warn(f"cache file {path} holds no motion track ({error}); ignored")
        return None
    mark_used(path)
    return KeptTrack(track, wanted, envelope.checksum)


def newest_track(storage: Path, video_id: str) -> MotionTrack | None:
    """The track of a video that was kept last, by whatever scorer; None when there is none that can be read."""
    try:
        envelope = open_envelope(action_path(storage, video_id), ACTION, None)
        items = list(track_items(envelope.data, video_id).values())
        return parse_track(items[0], video_id) if items else None
    except (FaultError, ValueError):
        return None


def save_track(storage: Path, digest: str, key: str, track: MotionTrack, warn: Warn) -> str:
    """Keep a track beside the video's others; returns the checksum of the file.

    Args:
        digest: of the video's content; tracks of another content are dropped.
        key: the track's, as `track_key` gives.

    Raises:
        OutputError: it cannot be written.
    """
    path = action_path(storage, track.video_id)
    with lock(storage):
        others = _others(read_envelope(path, ACTION, digest, warn), track.video_id, key, len(track.scores))
        tracks = [{"key": key, "track": to_json(track)}, *others]
        return write(path, ACTION, digest, {"video_id": track.video_id, "tracks": tracks})


def find_track(storage: Path, digest: str, track: MotionTrack) -> KeptTrack | None:
    """Exactly this track with its key, if the action cache holds it."""
    try:
        envelope = open_envelope(action_path(storage, track.video_id), ACTION, digest)
        for key, item in track_items(envelope.data, track.video_id).items():
            if item.get("scorer") == track.scorer and parse_track(item, track.video_id) == track:
                return KeptTrack(track, key, envelope.checksum)
    except (FaultError, ValueError):
        return None
    return None


def claimed_checksum(storage: Path, video_id: str) -> str | None:
    """The checksum that the action cache claims, from its first bytes."""
    header = claimed(action_path(storage, video_id))
    return None if header is None else header[1]


def load_segments(
    storage: Path,
    video_id: str,
    digest: str,
    keys: Sequence[str],
    duration_s: float,
    rules: object,
    warn: Warn,
) -> KeptSegments | None:
    """The kept segments, or None when they have to be chosen.

    They hold only while the action cache is there, whole, and the one that they were chosen from. That is
    proven by its checksum alone: reading all its numbers would take most of the time of a cached call.

    Args:
        keys: of the tracks whose segments will do.
    """
    path = segments_path(storage, video_id, duration_s)
    # Of any key: one that differs is that of other inputs only if the file proves whole.
    envelope = read_envelope(path, SEGMENTS, None, warn)
    if envelope is None:
        return None
    action = action_path(storage, video_id)
    proven = proven_checksum(action, ACTION, digest)
    if proven is None or envelope.key not in (segments_key(proven, key, duration_s, rules) for key in keys):
        return None
    try:
        kept = parse_segments(envelope.data, video_id)
    except ValueError as error:
        warn(f"cache file {path} holds no segments ({error}); ignored")
        return None
    mark_used(path, action)
    return kept


def save_segments(
    storage: Path, chosen_from: KeptTrack, duration_s: float, rules: object, segments: Sequence[Segment]
) -> None:
    """Keep segments, best first, of a track that was written.

    Raises:
        OutputError: they cannot be written.
    """
    track, checksum = chosen_from.track, chosen_from.checksum or ""
    data = {
        "video_id": track.video_id,
        "duration_s": float(duration_s),
        "action": checksum,
        "track": chosen_from.key,
        "scorer": track.scorer,
        "track_duration_s": track.duration_s,
        "coarse": track.coarse,
        "warnings": list(track.warnings),
        "segments": to_json(tuple(segments)),
    }
    path = segments_path(storage, track.video_id, duration_s)
    write(path, SEGMENTS, segments_key(checksum, chosen_from.key, duration_s, rules), data)


def track_items(data: Any, video_id: str) -> dict[str, dict[str, Any]]:
    """The tracks of an action cache by their keys, the newest first, not looked into.

    Raises:
        ValueError: the data is of another structure or of another video.
    """
    items = data.get("tracks") if isinstance(data, dict) else None
    if not isinstance(items, list) or not items or set(data) != {"video_id", "tracks"}:
        raise ValueError("no list of tracks")
    if data["video_id"] != video_id:
        raise ValueError("of another video")
    kept: dict[str, dict[str, Any]] = {}
    for item in items:
        if not isinstance(item, dict) or set(item) != {"key", "track"}:
            raise ValueError("a track without its key")
        if not isinstance(item["key"], str) or not isinstance(item["track"], dict) or item["key"] in kept:
            raise ValueError("a track without a key of its own")
        kept[item["key"]] = item["track"]
    return kept


def parse_track(data: dict[str, Any], video_id: str) -> MotionTrack:
    """A track from its JSON values; lists of tens of thousands of numbers are checked in one go.

    Raises:
        ValueError: it makes no sense.
    """
    from nvpipe.types import MotionTrack

    track = from_json(MotionTrack, {**data, **{name: [] for name in _LISTS}, "signals": []})
    lists = {name: _numbers(data.get(name)) for name in _LISTS}
    signals = data.get("signals")
    if not isinstance(signals, list):
        raise ValueError("signals are no list")
    track = replace(track, **lists, signals=tuple(_signal(one) for one in signals))  # type: ignore[arg-type]
    _check(track, video_id)
    return track


def parse_segments(data: Any, video_id: str) -> KeptSegments:
    """Segments from their JSON values.

    Raises:
        ValueError: they make no sense.
    """
    try:
        kept = from_json(
            KeptSegments,
            {name: data[name] for name in ("segments", "scorer", "track_duration_s", "warnings", "coarse")},
        )
        strings = (data["video_id"], data["action"], data["track"])
    except (TypeError, KeyError) as error:
        raise ValueError(f"{error} is missing") from error
    if strings[0] != video_id or any(one.video_id != video_id for one in kept.segments):
        raise ValueError("of another video")
    if not all(isinstance(one, str) for one in strings):
        raise ValueError("a checksum is no text")
    if any(not 0 <= one.start_s < one.end_s for one in kept.segments) or kept.track_duration_s < 0:
        raise ValueError("a segment without a length")
    return kept


def _others(envelope: Envelope | None, video_id: str, key: str, steps: int) -> list[dict[str, Any]]:
    """The tracks that stay beside a new one, the newest first."""
    try:
        items = {} if envelope is None else track_items(envelope.data, video_id)
    except ValueError:
        return []
    staying: list[dict[str, Any]] = []
    for other in [other for other in items if other != key][: MAX_TRACKS - 1]:
        scores = items[other].get("scores")
        steps += len(scores) if isinstance(scores, list) else 0
        if steps <= MAX_STEPS:
            staying.append({"key": other, "track": items[other]})
    return staying


def _check(track: MotionTrack, video_id: str) -> None:
    if track.video_id != video_id:
        raise ValueError("of another video")
    if not (math.isfinite(track.step_s) and track.step_s > 0):
        raise ValueError("step_s is not positive")
    if not (math.isfinite(track.duration_s) and track.duration_s >= 0):
        raise ValueError("duration_s is no length")
    steps = len(track.scores)
    if len(track.focus_x) not in (0, steps):
        raise ValueError(f"focus_x has {len(track.focus_x)} numbers for {steps} steps")
    for signal in track.signals:
        if len(signal.values) != steps:
            raise ValueError(f"signal {signal.name} has {len(signal.values)} numbers for {steps} steps")
    if any(later <= sooner for sooner, later in zip(track.cuts_s, track.cuts_s[1:], strict=False)):
        raise ValueError("cuts_s does not rise")


def _signal(data: object) -> Signal:
    from nvpipe.types import Signal

    if not isinstance(data, dict):
        raise ValueError("a signal is no object")
    return replace(from_json(Signal, {**data, "values": []}), values=_numbers(data.get("values")))


def _numbers(items: object) -> tuple[float, ...]:
    if not isinstance(items, list) or not set(map(type, items)) <= {int, float}:
        raise ValueError("not a list of numbers")
    return tuple(map(float, items))
