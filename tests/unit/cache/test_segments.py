"""Segments are kept as long as what they were chosen from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.cached_tracks import COARSE, COARSE_KEY, DIGEST, KEY, SEGMENTS, VIDEO_ID

from nvpipe.cache.action import (
    ACTION,
    KeptTrack,
    load_segments,
    save_segments,
    save_track,
)
from nvpipe.cache.naming import action_path, segments_path
from nvpipe.cache.store import Format, write
from nvpipe.types import Segment
from nvpipe.types.codec import to_json


def found(folder: Path, said: list[str], **changes: object) -> tuple[Segment, ...] | None:
    asked: dict[str, object] = {"digest": DIGEST, "keys": [KEY], "duration_s": 30, "rules": 1, **changes}
    segments = load_segments(folder, VIDEO_ID, warn=said.append, **asked)  # type: ignore[arg-type]
    return None if segments is None else segments.segments


def test_segments_come_back_for_what_they_were_chosen_from_only(
    tmp_path: Path, kept: KeptTrack, said: list[str]
) -> None:
    save_segments(tmp_path, kept, 30.0, 1, SEGMENTS)
    assert found(tmp_path, said) == SEGMENTS
    assert found(tmp_path, said, keys=["x", KEY]) == SEGMENTS
    assert found(tmp_path, said, rules=2) is None
    assert found(tmp_path, said, duration_s=45) is None
    assert found(tmp_path, said, keys=[COARSE_KEY]) is None
    assert found(tmp_path, said, digest="e" * 32) is None
    assert said == []


def test_segments_bring_what_is_told_of_their_track(tmp_path: Path, kept: KeptTrack, said: list[str]) -> None:
    save_segments(tmp_path, kept, 30.0, 1, SEGMENTS)
    segments = load_segments(tmp_path, VIDEO_ID, DIGEST, [KEY], 30, 1, said.append)
    assert segments is not None
    assert (segments.scorer, segments.track_duration_s, segments.warnings) == ("diff/1", 60.0, ("damaged",))
    assert not segments.coarse


@pytest.mark.parametrize("harm", ["delete", "truncate", "flip", "rewrite", "earlier version"])
def test_segments_are_void_without_their_whole_action_cache(
    tmp_path: Path, kept: KeptTrack, said: list[str], harm: str
) -> None:
    save_segments(tmp_path, kept, 30.0, 1, SEGMENTS)
    path = action_path(tmp_path, VIDEO_ID)
    whole = path.read_bytes()
    if harm == "delete":
        path.unlink()
    elif harm == "truncate":
        path.write_bytes(whole[:-1])
    elif harm == "flip":
        path.write_bytes(whole[:-100] + bytes([whole[-100] ^ 1]) + whole[-99:])
    elif harm == "rewrite":
        save_track(tmp_path, DIGEST, COARSE_KEY, COARSE, said.append)
    else:
        write(path, Format(ACTION.name, 1), DIGEST, {})
    assert found(tmp_path, said) is None
    assert said == []


@pytest.mark.parametrize(
    "change",
    [
        {"segments": [{"start": 1, "end": 2}]},
        {"segments": 3},
        {"segments": [to_json(replace(SEGMENTS[0], video_id="other"))]},
        {"segments": [to_json(replace(SEGMENTS[0], end_s=1.0))]},
        {"segments": [to_json(replace(SEGMENTS[0], start_s=-1.0))]},
        {"video_id": "other"},
        {"track_duration_s": None},
        {"warnings": "text"},
        {"coarse": 0},
        {"track": 3},
    ],
)
def test_senseless_segments_are_a_miss_with_a_warning(
    tmp_path: Path, kept: KeptTrack, said: list[str], change: dict[str, object]
) -> None:
    save_segments(tmp_path, kept, 30.0, 1, SEGMENTS)
    path = segments_path(tmp_path, VIDEO_ID, 30)
    envelope = json.loads(path.read_text("utf-8"))
    write(path, Format(envelope["format"], envelope["version"]), envelope["key"], {**envelope["data"], **change})
    assert found(tmp_path, said) is None
    assert len(said) == 1


def test_segments_of_the_original_program_are_set_aside(tmp_path: Path, kept: KeptTrack, said: list[str]) -> None:
    path = segments_path(tmp_path, VIDEO_ID, 30)
    path.write_text(json.dumps([{"start": 1, "end": 2}]))
    assert found(tmp_path, said) is None
    assert len(said) == 1
    assert "tiktok-automata" in said[0]
    assert path.with_name(f"{path.name}.original-1").exists()
    save_segments(tmp_path, kept, 30.0, 1, SEGMENTS)
    assert found(tmp_path, said) == SEGMENTS


@pytest.mark.parametrize("field", ["key", "checksum", "created", "format"])
def test_a_changed_byte_of_the_header_is_damage_and_told(
    tmp_path: Path, kept: KeptTrack, said: list[str], field: str
) -> None:
    save_segments(tmp_path, kept, 30.0, 1, SEGMENTS)
    path = segments_path(tmp_path, VIDEO_ID, 30)
    raw = bytearray(path.read_bytes())
    raw[raw.index(b'"%s": "' % field.encode()) + len(field) + 5 + 8] ^= 1
    path.write_bytes(raw)
    assert found(tmp_path, said) is None
    assert len(said) == 1
    assert path.with_name(f"{path.name}.damaged-1").read_bytes() == raw
