"""Licence, credit and more from the files beside a video."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nvpipe.cache.about import About
from nvpipe.footage.sidecar import find_sidecars
from nvpipe.footage.sidecar_text import MAX_BYTES, MAX_CHARS, read_sidecars

YT_DLP = {
    "title": "A fine game",
    "channel": "Ann",
    "uploader": "ann-uploads",
    "license": "Creative Commons Attribution license (reuse allowed)",
    "webpage_url": "https://example.org/watch?v=1",
    "url": "https://cdn.example.org/videoplayback?expire=3",
    "extractor": "generic",
    "duration": 12,
    "formats": [{"url": "https://cdn.example.org/x"}],
}


def read(folder: Path, said: list[str] | None = None, **files: object) -> About:
    """What stands in sidecars of `clip.mp4`: `own` is `clip.mp4.json`, `stem` `clip.json`, `info` yt-dlp's."""
    names = {"own": "clip.mp4.json", "stem": "clip.json", "info": "clip.info.json", "text": "clip.mp4.license.txt"}
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / names[name]).write_bytes(raw)
    return read_sidecars(find_sidecars(folder / "clip.mp4"), (said if said is not None else []).append)


def test_what_yt_dlp_writes_names_title_channel_and_address(tmp_path: Path) -> None:
    about = read(tmp_path, info=YT_DLP)
    assert about.licence == "Creative Commons Attribution license (reuse allowed)"
    assert about.credit_line == "A fine game, Ann, https://example.org/watch?v=1"
    assert (about.title, about.channel, about.source_url) == ("A fine game", "Ann", "https://example.org/watch?v=1")


def test_the_address_of_a_media_file_is_no_source(tmp_path: Path) -> None:
    about = read(tmp_path, info={**YT_DLP, "webpage_url": None})
    assert about.source_url is None
    assert about.credit_line == "A fine game, Ann"


@pytest.mark.parametrize("name", ["source_url", "source", "url", "webpage_url"])
def test_a_users_own_source(tmp_path: Path, name: str) -> None:
    own = {"licence": "CC0", "author": "Bob", name: "https://example.org/v"}
    assert read(tmp_path, own=own).credit_line == "Bob, https://example.org/v"
    assert read(tmp_path, own={name: "javascript:alert(1)"}).source_url is None


def test_the_users_word_counts_before_yt_dlps_field_by_field(tmp_path: Path) -> None:
    about = read(tmp_path, own={"licence": "CC0", "content_type": "calm"}, info=YT_DLP)
    assert (about.licence, about.content_type) == ("CC0", "calm")
    assert about.credit_line == "A fine game, Ann, https://example.org/watch?v=1"
    assert read(tmp_path, own={"credit": "by Bob"}, info=YT_DLP).credit_line == "by Bob"


def test_the_order_of_several(tmp_path: Path) -> None:
    assert read(tmp_path, info={"license": "info"}).licence == "info"
    assert read(tmp_path, text=b"\n text \n more").licence == "text"
    assert read(tmp_path, stem={"license": "stem"}).licence == "stem"
    assert read(tmp_path, own={"license": "own"}).licence == "own"


@pytest.mark.parametrize("value", [3, None, True, [], {}, "", " \t\n", "\x00\x1b\u202e"])
@pytest.mark.parametrize("name", ["licence", "credit", "title", "channel", "webpage_url", "content_type"])
def test_values_of_the_wrong_kind_say_nothing(tmp_path: Path, name: str, value: object) -> None:
    assert read(tmp_path, own={name: value}) == About()


def test_what_cannot_be_shown_is_left_out(tmp_path: Path) -> None:
    own = {"licence": "CC\x1b[31m0\u202e\nx\ud800", "credit": "z" * 10_000}
    about = read(tmp_path, own=own)
    assert about.licence == "CC [31m0 x"
    assert about.credit == "z" * MAX_CHARS


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"licence": ' + b"9" * 10_000 + b"}",
        b"\0" * 1000,
        b" " * (MAX_BYTES + 1),
    ],
)
def test_a_hostile_one_costs_one_warning_and_hides_no_other(tmp_path: Path, content: bytes) -> None:
    said: list[str] = []
    assert read(tmp_path, said, own=content, info=YT_DLP).channel == "Ann"
    assert len(said) == 1
    assert said[0].isprintable()
    assert "clip.mp4.json, cannot be read" in said[0]


@pytest.mark.parametrize("content", [b"[]", b"null", b"3", b'"text"', b"{}"])
def test_json_that_is_no_object_says_nothing(tmp_path: Path, content: bytes) -> None:
    said: list[str] = []
    assert read(tmp_path, said, own=content) == About()
    assert said == []


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    assert read(tmp_path, own=b'\xef\xbb\xbf{"licence": "CC0"}').licence == "CC0"


def test_only_regular_files_are_sidecars(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "clip.mp4.json")
    (tmp_path / "clip.json").mkdir()
    (tmp_path / "clip.info.json").symlink_to("/dev/zero")
    (tmp_path / "clip.license.txt").symlink_to(tmp_path / "nowhere")
    assert find_sidecars(tmp_path / "clip.mp4") == ()


def test_a_list_of_names_spares_the_search(tmp_path: Path) -> None:
    (tmp_path / "clip.json").write_text("{}")
    assert [one.path.name for one in find_sidecars(tmp_path / "clip.mp4", {"clip.json", "clip.info.json"})] == [
        "clip.json"
    ]
    assert find_sidecars(tmp_path / "clip.mp4", {"clip.mp4"}) == ()
