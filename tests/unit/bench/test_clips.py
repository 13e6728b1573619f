"""Stretches of footage."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from fakes.media import make_video

from nvpipe.bench.clips import choose_clips, videos
from nvpipe.bench.excerpt import excerpts
from nvpipe.errors import MediaError
from nvpipe.media.probe import probe


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("footage") / "long.mp4", seconds=6)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("footage") / "short.mp4", seconds=1)


def test_stretches_are_spread_without_overlap_and_centred(long: Path) -> None:
    clips = choose_clips([long], 3, 1.0)
    assert [clip.start_s for clip in clips] == pytest.approx([0.5, 2.5, 4.5], abs=0.05)
    for one, next_one in pairwise(choose_clips([long], 50, 0.5)):
        assert one.start_s + 0.5 <= next_one.start_s + 1e-9


def test_several_videos_share_the_stretches(long: Path, short: Path) -> None:
    clips = choose_clips([long, short], 3, 1.0)
    assert [clip.footage.name for clip in clips] == ["long.mp4", "long.mp4", "short.mp4"]
    assert [clip.footage.name for clip in choose_clips([long, short], 1, 1.0)] == ["long.mp4"]


def test_a_start_gives_one_stretch_of_each_video(long: Path, short: Path) -> None:
    assert [clip.start_s for clip in choose_clips([long, short], 3, 0.5, 0.25)] == [0.25, 0.25]


@pytest.mark.parametrize(("seconds", "start"), [(7.0, None), (1.0, 5.5), (1.0, 1e9)])
def test_more_than_there_is_is_refused(long: Path, seconds: float, start: float | None) -> None:
    with pytest.raises(MediaError, match="too short"):
        choose_clips([long], 3, seconds, start)


def test_without_footage_the_sample_is_meant(long: Path) -> None:
    assert videos(())[0].is_file()
    assert videos((str(long),)) == (long,)
    with pytest.raises(MediaError):
        videos((str(long.parent / "gone.mp4"),))


def test_only_what_is_longer_is_cut_and_the_cut_goes_away(long: Path, short: Path) -> None:
    with excerpts([long, short], 2.0) as (cut, same):
        assert same == short
        assert probe(cut).duration_s == pytest.approx(2.0, abs=0.2)
    assert not cut.exists()
