"""Hostile and broken files are refused in one line, and nothing that they name is opened."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes import media

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.probe import probe
from nvpipe.media.safety import DecodeBudget, open_container
from nvpipe.media.sniff import refusal

KINDS = ("m3u8", "ffconcat", "sdp", "mpd", "pls", "xspf", "edl", "cue", "asx")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_playlists_are_refused_whatever_their_suffix(tmp_path: Path, kind: str, suffix: str) -> None:
    target = media.make_video(tmp_path / "real.ts", seconds=1)
    path = media.playlist(tmp_path / f"list.{suffix}", target, kind=kind)
    with pytest.raises(UnsupportedMediaError, match="names") as caught:
        probe(path)
    assert str(path) in caught.value.line()
    assert "\n" not in caught.value.line()


def test_the_whitelist_holds_where_sniffing_does_not(tmp_path: Path) -> None:
    """A format that libav knows and the sniffer does not must still be refused."""
    path = media.make_video(tmp_path / "a.nut", seconds=1)
    assert refusal(path.read_bytes()[:4096]) is None
    with pytest.raises(UnsupportedMediaError, match="accepted video container"):
        open_container(path)


def test_external_data_of_an_mp4_is_not_opened(tmp_path: Path) -> None:
    white = media.make_video(tmp_path / "white.mp4", picture=media.solid(255, 255, 255))
    black = media.make_video(tmp_path / "black.mp4", picture=media.solid(0, 0, 0))
    path = media.with_external_data(tmp_path / "a.mp4", black, white)
    try:
        with PyAvDecoder().open(path) as reader:
            brightest = max((int(frame.planes()[0].max()) for frame in reader.frames()), default=0)
    except MediaError:
        brightest = 0
    assert brightest < 40


@pytest.mark.parametrize("name", ["missing.mp4", "concat:a|b.mp4", "http:x.mp4", "img%03d.png"])
def test_missing_files_say_so(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MediaError, match="does not exist"):
        probe(Path(name))


def test_only_regular_files(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is a folder"):
        probe(tmp_path)
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(MediaError, match="not a regular file"):
        probe(tmp_path / "pipe.mp4")


def test_each_ruin_has_its_own_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good = media.make_video(tmp_path / "good.mp4")
    cases = {"is empty": b"", "text file": b"hello " * 100, "no index": good.read_bytes()[:9000]}
    cases["cannot be opened|accepted"] = bytes(range(256)) * 40
    cases["an image"] = b"\x89PNG\r\n\x1a\n" + bytes(100)
    for line, content in cases.items():
        path = tmp_path / "bad.mp4"
        path.write_bytes(content)
        with pytest.raises(MediaError, match=line):
            probe(path)
    captured = capfd.readouterr()
    assert captured.err == ""
    assert captured.out == ""


def test_control_characters_stay_out_of_the_line(tmp_path: Path) -> None:
    with pytest.raises(MediaError) as caught:
        probe(tmp_path / "a\x1b[31m\nb.mp4")
    assert caught.value.line().isprintable()


def test_the_decode_budget_grows_with_progress(tmp_path: Path) -> None:
    budget = DecodeBudget(tmp_path / "a.mp4", spent_s=300.0)
    budget.start()
    with pytest.raises(MediaError, match="takes too long"):
        budget.stop(0.0)
    working = DecodeBudget(tmp_path / "a.mp4", spent_s=300.0, first_s=0.0, progress_s=100.0)
    working.start()
    working.stop(100.0)


def test_ordinary_heads_pass(tmp_path: Path) -> None:
    for suffix in ("mp4", "mkv", "ts", "avi", "flv"):
        assert refusal(media.make_video(tmp_path / f"a.{suffix}", seconds=1).read_bytes()[:4096]) is None
    assert refusal(b"\0\0\x01\0ftypisom" + bytes(300)) is None
