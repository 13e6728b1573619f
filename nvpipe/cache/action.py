"""The motion track of a video and its best segments, in the storage folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from nvpipe.cache.naming import action_path, segments_path
from nvpipe.cache.store import FaultError, Format, Warn, open_envelope, peek, read, read_envelope, write
from nvpipe.types import MotionTrack, Segment
from nvpipe.types.codec import digest_of, from_json, to_json

ACTION = Format("nvpipe-action", 1)
SEGMENTS = Format("nvpipe-segments", 1)
_LISTS = ("scores", "focus_x")


def track_key(digest: str, scorer_version: str, parameters: object = None) -> str:
    """What a motion track is made from: the content, the scorer and its version, its parameters."""
    return digest_of({"content": digest, "scorer": scorer_version, "parameters": parameters})


def segments_key(action_checksum: str, duration_s: float, parameters: object = None) -> str:
    """What segments are made from: one written action cache, the length, the rules of choice."""
    return digest_of({"action": action_checksum, "duration_s": float(duration_s), "parameters": parameters})


def load_track(storage: Path, video_id: str, key: str, warn: Warn) -> tuple[MotionTrack, str] | None:
    """The track and the checksum of its file, or None when it has to be made."""
    path = action_path(storage, video_id)
    envelope = read_envelope(path, ACTION, key, warn)
    if envelope is None:
        return None
    try:
        track = _track(envelope.data)
    except ValueError as error:
        warn(f"cache file {path} holds no motion track ({error}); ignored")
        return None
    return (track, envelope.checksum) if track.video_id == video_id else None


def save_track(storage: Path, key: str, track: MotionTrack) -> str:
    """Keep a track; returns the checksum of its file.

    Raises:
        OutputError: it cannot be written.
    """
    return write(action_path(storage, track.video_id), ACTION, key, to_json(track))


def action_header(storage: Path, video_id: str) -> tuple[str, str] | None:
    """Key and checksum that the action cache claims, read from its first bytes; None without one."""
    return peek(action_path(storage, video_id))


def load_segments(
    storage: Path, video_id: str, duration_s: float, key: str, warn: Warn
) -> tuple[Segment, ...] | None:
    """The kept segments, best first, or None when they have to be chosen."""
    path = segments_path(storage, video_id, duration_s)
    data = read(path, SEGMENTS, key, warn)
    if data is None:
        return None
    try:
        return from_json(tuple[Segment, ...], data["segments"])
    except (ValueError, TypeError, KeyError) as error:
        warn(f"cache file {path} holds no segments ({error}); ignored")
        return None


def save_segments(storage: Path, video_id: str, duration_s: float, key: str, segments: Sequence[Segment]) -> None:
    """Keep segments, best first.

    Raises:
        OutputError: they cannot be written.
    """
    data = {"video_id": video_id, "duration_s": float(duration_s), "segments": to_json(tuple(segments))}
    write(segments_path(storage, video_id, duration_s), SEGMENTS, key, data)


def is_current(storage: Path, track: MotionTrack) -> str | None:
    """The checksum of the action cache if it holds exactly this track."""
    try:
        envelope = open_envelope(action_path(storage, track.video_id), ACTION, None)
        return envelope.checksum if _track(envelope.data) == track else None
    except (FaultError, ValueError):
        return None


def _track(data: Any) -> MotionTrack:
    """Lists of tens of thousands of numbers are checked in one go instead of one by one."""
    if not isinstance(data, dict):
        raise ValueError("not an object")
    track = from_json(MotionTrack, {**data, **{name: [] for name in _LISTS}})
    lists = {name: _finite_tuple(data.get(name)) for name in _LISTS}
    if not (math.isfinite(track.step_s) and track.step_s > 0):
        raise ValueError("step_s is not positive")
    return replace(track, scores=lists["scores"], focus_x=lists["focus_x"])


def _finite_tuple(items: object) -> tuple[float, ...]:
    if not isinstance(items, list) or not set(map(type, items)) <= {int, float}:
        raise ValueError("not a list of numbers")
    return tuple(map(float, items))
