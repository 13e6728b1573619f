"""What the library keeps of each video, from real files: facts, tags, sidecars, analyses, uses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from fakes.media import make_video

from nvpipe.footage.library import Library
from nvpipe.types import Footage, MotionTrack

TAGS = {
    "title": "A fine game",
    "artist": "Ann",
    "copyright": "CC BY 4.0",
    "comment": "taken from https://example.org/v?x=1.",
}


def video(path: Path, **tags: str) -> Path:
    return make_video(path, seconds=1, fps=5, audio=None, tags=tags or None)


def look(folder: Path, path: Path) -> tuple[Footage, dict[str, Any]]:
    """A file as a new process finds it, and its entry in the index."""
    said: list[str] = []
    (footage,) = Library(folder / "s", said.append).resolve([str(path)])
    assert said == []
    data = json.loads((folder / "s" / "footage_metadata.json").read_text("utf-8"))["data"]
    return footage, data["files"][footage.digest]


def test_what_the_container_says_is_kept(tmp_path: Path) -> None:
    footage, entry = look(tmp_path, video(tmp_path / "clip.mp4", **TAGS))
    assert (footage.licence, footage.credit) == ("CC BY 4.0", "A fine game, Ann, https://example.org/v?x=1")
    expected = {
        "video_id": f"clip-{footage.digest[:8]}",
        "path": str(tmp_path / "clip.mp4"),
        "title": "A fine game",
        "channel": "Ann",
        "source_url": "https://example.org/v?x=1",
        "licence": "CC BY 4.0",
        "credit": "A fine game, Ann, https://example.org/v?x=1",
        "content_type": None,
        "duration_s": 1.0,
        "size_bytes": (tmp_path / "clip.mp4").stat().st_size,
        "codec": "h264",
        "width_px": 128,
        "height_px": 72,
        "fps": "5",
        "times_used": 0,
        "last_used": None,
        "analysis": {},
    }
    assert {name: entry[name] for name in expected} == expected
    assert look(tmp_path, tmp_path / "clip.mp4") == (footage, entry)


@pytest.mark.parametrize(
    ("tags", "licence"),
    [
        ({"license": "CC0"}, "CC0"),
        ({"comment": "free under CC-BY-SA 4.0, enjoy"}, "CC-BY-SA 4.0"),
        (
            {"description": "See https://creativecommons.org/licenses/by/4.0/."},
            "https://creativecommons.org/licenses/by/4.0/",
        ),
        ({"comment": "cc-by 3.0"}, "cc-by 3.0"),
        ({"comment": "this is not in the public domain"}, None),
        ({"comment": "license the CC0123 camera"}, None),
        ({"comment": "cc by email, CC by post"}, None),
        ({"title": "nothing"}, None),
        ({}, None),
    ],
)
def test_licences_in_tags(tmp_path: Path, tags: dict[str, str], licence: str | None) -> None:
    footage, _ = look(tmp_path, video(tmp_path / "clip.mkv", **tags))
    assert footage.licence == licence


def test_a_sidecar_wins_field_by_field_and_goes_as_it_came(tmp_path: Path) -> None:
    clip, sidecar = video(tmp_path / "clip.mp4", **TAGS), tmp_path / "clip.mp4.json"
    before = look(tmp_path, clip)
    sidecar.write_text(json.dumps({"licence": "CC0", "channel": "Bob", "content_type": "calm"}))
    footage, entry = look(tmp_path, clip)
    assert (footage.licence, footage.credit) == ("CC0", "A fine game, Bob, https://example.org/v?x=1")
    assert (entry["content_type"], entry["content_type_from"]) == ("calm", "sidecar")
    sidecar.unlink()
    assert look(tmp_path, clip) == before


def test_a_moved_video_keeps_what_its_sidecar_said(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4", **TAGS)
    (tmp_path / "clip.mp4.json").write_text('{"licence": "CC0"}')
    look(tmp_path, clip)
    (tmp_path / "elsewhere").mkdir()
    assert look(tmp_path, clip.rename(tmp_path / "elsewhere" / "other.mp4"))[0].licence == "CC0"


def test_a_copy_without_the_sidecar_takes_nothing_away(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4", **TAGS)
    (tmp_path / "clip.info.json").write_text('{"license": "CC0"}')
    copy = tmp_path / "another name.mp4"
    copy.write_bytes(clip.read_bytes())
    for path in (clip, copy, clip, copy):
        assert look(tmp_path, path)[0].licence == "CC0"


def track(footage: Footage, *scores: float, scorer: str = "x/1", coarse: bool = False) -> MotionTrack:
    return MotionTrack(footage.video_id, scorer, 0.5, len(scores) / 2, scores, (), coarse=coarse)


def test_an_analysis_is_kept_and_a_coarse_one_never_replaces_a_full_one(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4")
    footage, _ = look(tmp_path, clip)
    steps = (
        (track(footage, 0.1, 0.1, coarse=True), "still", True),
        (track(footage, 2.0, 2.0), "high_action", False),
        (track(footage, 0.1, 0.1, coarse=True), "high_action", False),
        (track(footage, 0.5, 0.5, scorer="x/2", coarse=True), "calm", True),
    )
    for made, kind, coarse in steps:
        Library(tmp_path / "s", print).note_analysis(footage, made)
        _, entry = look(tmp_path, clip)
        assert (entry["content_type"], entry["analysis"]["coarse"]) == (kind, coarse)


def test_an_analysis_that_is_known_writes_nothing(tmp_path: Path) -> None:
    footage, _ = look(tmp_path, video(tmp_path / "clip.mp4"))
    Library(tmp_path / "s", print).note_analysis(footage, track(footage, 1.0))
    written = (tmp_path / "s" / "footage_metadata.json").stat().st_ino
    Library(tmp_path / "s", print).note_analysis(footage, track(footage, 1.0))
    assert (tmp_path / "s" / "footage_metadata.json").stat().st_ino == written


def test_analysis_and_uses_outlive_a_new_look_at_the_file(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4")
    footage, _ = look(tmp_path, clip)
    library = Library(tmp_path / "s", print)
    library.note_analysis(footage, track(footage, 1.0))
    library.note_uses({footage.video_id: 2})
    os.utime(clip)
    _, entry = look(tmp_path, clip.rename(tmp_path / "moved.mp4"))
    assert (entry["times_used"], entry["analysis"]["scorer"]) == (2, "x/1")
    assert entry["path"] == str(tmp_path / "moved.mp4")


def test_an_analysis_is_kept_even_where_the_index_was_lost(tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.mp4")
    footage, _ = look(tmp_path, clip)
    library = Library(tmp_path / "s", print)
    library.resolve([str(clip)])
    (tmp_path / "s" / "footage_metadata.json").unlink()
    library.note_analysis(footage, track(footage, 1.0))
    again, entry = look(tmp_path, clip)
    assert again == footage
    assert entry["analysis"]["scorer"] == "x/1"
