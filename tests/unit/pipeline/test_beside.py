"""What a split shows beside the footage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.media import make_video
from fakes.tracks import make_footage, make_track
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nvpipe.errors import MediaError
from nvpipe.footage.library import Library
from nvpipe.pipeline.beside import Second, looped, second_of
from nvpipe.pipeline.idle import idle_options
from nvpipe.pipeline.run import job_key
from nvpipe.pipeline.versions import endings
from nvpipe.settings import Settings
from nvpipe.types import Article, Still

ARTICLE = Article("a.md", "T", "text", None, "digest")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "cache", layout="split")


def test_a_short_video_is_looped_until_the_end() -> None:
    segments = looped([make_track(4.0)], 10.5)
    assert [(one.start_s, one.end_s) for one in segments] == [(0.0, 4.0), (0.0, 4.0), (0.0, 2.5)]


def test_several_short_videos_take_turns() -> None:
    tracks = [make_track(2.0), make_track(3.0, video_id="other-00000000")]
    segments = looped(tracks, 8.0)
    assert [one.video_id for one in segments] == [tracks[0].video_id, tracks[1].video_id] * 2
    assert [one.duration_s for one in segments] == [2.0, 3.0, 2.0, 1.0]


@given(length_s=st.floats(0.5, 20), duration_s=st.floats(0.1, 60))
def test_a_loop_is_as_long_as_asked(length_s: float, duration_s: float) -> None:
    segments = looped([make_track(length_s)], duration_s)
    assert sum(one.duration_s for one in segments) == pytest.approx(duration_s)
    assert all(0 <= one.start_s < one.end_s <= length_s for one in segments)


def test_an_empty_video_cannot_be_looped() -> None:
    with pytest.raises(MediaError, match="empty"):
        looped([make_track(0.0)], 4.0)


def test_a_picture_is_told_from_a_video_by_its_content(tmp_path: Path, settings: Settings) -> None:
    picture = tmp_path / "face.mp4"
    Image.new("RGB", (8, 8), "red").save(picture, format="PNG")
    video = make_video(tmp_path / "film.png", container="mp4", seconds=1)
    library = Library(settings.storage, print)
    still = second_of(replace(settings, split_with=picture), library).still
    assert still is not None
    assert still.path == picture
    (found,) = second_of(replace(settings, split_with=video), library).footage
    assert found.path == video


def test_nothing_is_looked_at_where_it_is_not_shown(tmp_path: Path, settings: Settings) -> None:
    library = Library(settings.storage, print)
    missing = tmp_path / "missing.png"
    assert second_of(settings, library) == Second()
    assert second_of(replace(settings, layout="fill", split_with=missing), library) == Second()
    with pytest.raises(MediaError, match="missing"):
        second_of(replace(settings, split_with=missing), library)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\nrubbish", b"some text", bytes(1000)])
def test_what_is_neither_is_an_error(data: bytes, tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "thing.png"
    path.write_bytes(data)
    with pytest.raises(MediaError, match="thing"):
        second_of(replace(settings, split_with=path), Library(settings.storage, print))


def test_a_job_follows_what_stands_beside_it(settings: Settings) -> None:
    footage = make_footage(Path("a.mp4"))
    other = replace(footage, digest="1" * 32)
    seconds = [
        Second(),
        Second(footage=(footage,)),
        Second(footage=(other,)),
        Second(still=Still(Path("a.png"), "2" * 32)),
        Second(still=Still(Path("a.png"), "3" * 32)),
    ]
    keys = [job_key(ARTICLE, settings, [footage], second) for second in seconds]
    assert len(set(keys)) == 5
    moved = Second(still=Still(Path("b.png"), "2" * 32))
    assert job_key(ARTICLE, replace(settings, split_with=Path("b.png")), [footage], moved) == keys[3]


def test_options_without_effect_are_named(settings: Settings) -> None:
    assert idle_options(settings) == []
    assert idle_options(replace(settings, layout="blur", blur=3.0, blur_opacity=0.1)) == []
    fill = replace(settings, layout="fill", blur=3.0, blur_desaturation=0.0, split_with=Path("a.png"))
    assert idle_options(fill) == ["layout fill does not use blur, blur-desaturation, split-with"]
    assert idle_options(replace(settings, blur_opacity=1.0)) == ["layout split does not use blur-opacity"]


def test_files_of_further_sizes_have_the_size_in_their_names(settings: Settings) -> None:
    assert endings(settings) == []
    assert endings(replace(settings, size="1:1,9:16,720x1280")) == ["-9x16", "-720x1280"]


def test_what_is_brought_leaves_the_writer_and_the_speaker_without_work(tmp_path: Path) -> None:
    own = replace(Settings(tmp_path), script=tmp_path / "s.txt", call_to_action="Go.", writer="llama")
    assert idle_options(own) == ["a script that is given does not use writer, call-to-action"]
    spoken = replace(own, writer="auto", call_to_action="", narration=tmp_path / "n.wav", voice="en", speed=2.0)
    assert idle_options(spoken) == ["a narration that is given does not use voice, speed"]
    assert idle_options(replace(Settings(tmp_path), seed=3)) == ["a writer without --llama does not use seed"]
