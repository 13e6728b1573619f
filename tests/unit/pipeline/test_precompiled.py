"""Which stretches a run takes its pictures from, and which segments it prefers for their sake."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from fakes.tracks import make_footage, make_track

from nvpipe.cache.ledger import Ledger
from nvpipe.cache.stages import StageStore
from nvpipe.footage.library import Library
from nvpipe.footage.rooms import Demand
from nvpipe.pipeline.choose import reserve
from nvpipe.pipeline.kept import Kept
from nvpipe.pipeline.plan import outputs_of
from nvpipe.pipeline.precompiled import STAGE, Ready, group_of, key_of, shape_of, stretches_of
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tools import Toolbox
from nvpipe.settings import Settings
from nvpipe.types import CaptionTrack, Cut, MotionTrack, Narration, Timeline

TRACK = make_track(60.0, (20.0, 30.0))
FOOTAGE = make_footage(Path("a.mp4"))


class House:
    """A storage folder with stretches of one video, which need no real pictures."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.said: list[str] = []
        self.settings = replace(Settings(folder, size="270x480"), **options)  # type: ignore[arg-type]
        self.tools = Toolbox(self.settings, {}, print)
        self.store = StageStore(folder, self.said.append)
        self.log = JobLog("job", Silent())
        self.ready = Ready(self.settings, self.tools, self.store, self.log)

    def keep(self, start_s: float, end_s: float, duration_s: float = 10.0, track: MotionTrack = TRACK) -> list[Path]:
        """A stretch for each output."""
        kept = []
        for _, output in outputs_of(self.settings):
            (area,) = self.tools.layout().areas((output.width_px, output.height_px))
            shape = shape_of(output, area.size_px, duration_s)
            group = group_of(FOOTAGE, track, shape, self.settings, self.tools)
            file = self.store.new_file(STAGE)
            file.write_bytes(b"pictures" * round(1 + start_s))
            kept.append(self.store.take_file(STAGE, key_of(group, start_s, end_s), file, ".mkv", {}))
        return kept

    def cut(self, start_s: float, end_s: float, track: MotionTrack = TRACK) -> Cut:
        """A cut of a short as it comes out."""
        timeline = Timeline(
            (Cut(FOOTAGE, start_s, end_s, 0.0),),
            Narration(Path("n.wav"), 22050, 1.0, "x", "x", ()),
            0.0,
            CaptionTrack((), "none"),
            outputs_of(self.settings)[0][1],
            10.0,
        )
        (cut,) = self.ready.attached(timeline, {track.video_id: track}).cuts
        return cut


def test_a_cut_inside_a_stretch_uses_it(tmp_path: Path) -> None:
    house = House(tmp_path)
    (path,) = house.keep(10.0, 40.0)
    (found,) = house.cut(12.5, 22.5).precompiled
    assert (found.path, found.start_s, found.output_px) == (path, 10.0, (270, 480))
    assert found.digest in path.name
    assert house.cut(10.0, 40.0).precompiled
    assert house.said == house.log.warnings == []


@pytest.mark.parametrize(
    ("start_s", "end_s"),
    [(9.5, 19.5), (35.0, 40.5), (50.0, 55.0), (12.51, 22.51)],
    ids=["begins before", "ends after", "elsewhere", "between two pictures"],
)
def test_other_cuts_are_composed(start_s: float, end_s: float, tmp_path: Path) -> None:
    house = House(tmp_path)
    house.keep(10.0, 40.0)
    assert house.cut(start_s, end_s).precompiled == ()
    assert house.log.warnings == []


@pytest.mark.parametrize(
    "options",
    [
        {"size": "480x270"},
        {"layout": "fill"},
        {"fps": 60},
        {"blur": 12.0},
        {"blur_opacity": 0.5},
        {"blur_desaturation": 0.1},
        {"crop": "follow"},
        {"size": "270x480,360x360"},
    ],
    ids=str,
)
def test_options_that_change_the_picture_do_not_match(options: dict[str, object], tmp_path: Path) -> None:
    House(tmp_path).keep(10.0, 40.0)
    assert House(tmp_path, **options).cut(12.5, 22.5).precompiled == ()


@pytest.mark.parametrize(
    "options",
    [{"quality": "high"}, {"captions": "bold"}, {"seconds": 20.0}, {"lufs": -16.0}, {"x264_params": "crf=30"}],
    ids=str,
)
def test_options_that_do_not_change_it_match(options: dict[str, object], tmp_path: Path) -> None:
    House(tmp_path).keep(10.0, 40.0)
    assert House(tmp_path, **options).cut(12.5, 22.5).precompiled


def test_what_only_blur_uses_does_not_matter_to_others(tmp_path: Path) -> None:
    House(tmp_path, layout="fill").keep(10.0, 40.0)
    assert House(tmp_path, layout="fill", blur=3.0).cut(12.5, 22.5).precompiled


def test_a_crop_that_follows_matches_only_while_the_action_is_seen_in_the_same_places(tmp_path: Path) -> None:
    House(tmp_path, crop="follow").keep(10.0, 40.0)
    assert House(tmp_path, crop="follow").cut(12.5, 22.5).precompiled
    moved = replace(TRACK, focus_x=tuple(1 - place for place in TRACK.focus_x))
    assert House(tmp_path, crop="follow").cut(12.5, 22.5, moved).precompiled == ()


def test_long_shorts_of_low_quality_are_composed_smaller_and_need_their_own(tmp_path: Path) -> None:
    low = House(tmp_path, quality="low")
    low.keep(10.0, 40.0, duration_s=45.0)
    assert low.cut(12.5, 22.5).precompiled == ()
    low.keep(10.0, 40.0, duration_s=10.0)
    assert low.cut(12.5, 22.5).precompiled


def test_several_sizes_need_a_stretch_for_each(tmp_path: Path) -> None:
    house = House(tmp_path, size="270x480,360x360")
    first, second = house.keep(10.0, 40.0)
    assert [(one.path, one.output_px) for one in house.cut(12.5, 22.5).precompiled] == [
        (first, (270, 480)),
        (second, (360, 360)),
    ]


@pytest.mark.parametrize("fault", ["changed", "gone", "entry changed"])
def test_a_damaged_stretch_is_a_warning_and_the_next_that_holds_the_cut_serves(fault: str, tmp_path: Path) -> None:
    house = House(tmp_path)
    (longer,) = house.keep(10.0, 40.0)
    (shorter,) = house.keep(12.0, 30.0)
    if fault == "gone":
        longer.unlink()
    elif fault == "changed":
        longer.write_bytes(b"other")
    else:
        entry = longer.with_name(f"{longer.name.partition('.')[0]}.json")
        entry.write_text(entry.read_text().replace("data", "dada"))
    (found,) = house.cut(12.5, 22.5).precompiled
    assert found.path == shorter
    (warning,) = house.log.warnings
    assert "10.00 to 40.00 s is damaged or gone" in warning


def test_names_that_are_no_keys_are_passed_over(tmp_path: Path) -> None:
    house = House(tmp_path)
    (path,) = house.keep(10.0, 40.0)
    group = path.name[:32]
    for name in (f"{group}.json", f"{group}zz.json", f"{group}{'0' * 30}.json", f"{group}.mkv"):
        (path.parent / name).write_text("{}")
    assert [(one.start_s, one.end_s) for one in stretches_of(group, house.store)] == [(10.0, 40.0)]


def test_overlapping_stretches_give_intervals_of_which_each_has_one_file(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.keep(10.0, 40.0)
    house.keep(30.0, 55.0)
    house.keep(12.0, 20.0)
    spans = house.ready.spans([FOOTAGE], [TRACK], 10.0)
    assert spans == {TRACK.video_id: [(10.0, 40.0), (40.0, 55.0)]}
    assert House(tmp_path, layout="fill").ready.spans([FOOTAGE], [TRACK], 10.0) == {}


def test_several_sizes_have_in_common_what_each_has(tmp_path: Path) -> None:
    House(tmp_path, size="270x480").keep(10.0, 40.0)
    House(tmp_path, size="360x360").keep(30.0, 55.0)
    house = House(tmp_path, size="270x480,360x360")
    assert house.ready.spans([FOOTAGE], [TRACK], 10.0) == {TRACK.video_id: [(30.0, 40.0)]}


class Choosing:
    """Jobs that reserve footage of one flat video with one better place."""

    def __init__(self, storage: Path, better: float) -> None:
        scores = tuple(1.0 + better * (20 <= step < 60) for step in range(120))
        self.track = replace(TRACK, scores=scores, cuts_s=())
        self.storage = storage

    def job(self, key: str, *ready: tuple[float, float]) -> list[tuple[float, float]]:
        kept = Kept(Library(self.storage, print), StageStore(self.storage, print), Ledger(self.storage, print))
        log = JobLog(key, Silent())
        spans = {self.track.video_id: list(ready)} if ready else None
        found = reserve(key, [FOOTAGE], [self.track], Demand(10.0), kept, log, spans)
        return [(one.start_s, one.end_s) for one in found]


def test_segments_that_are_ready_are_taken_where_they_score_nearly_as_much(tmp_path: Path) -> None:
    assert Choosing(tmp_path / "a", 0.08).job("one", (40.0, 55.0)) == [(40.0, 50.0)]
    assert Choosing(tmp_path / "b", 0.5).job("one", (40.0, 55.0)) == [(10.0, 20.0)]
    assert Choosing(tmp_path / "c", 0.5).job("one", (15.0, 30.0)) == [(15.0, 25.0)]


def test_what_is_ready_but_too_short_or_shown_by_others_is_not_taken(tmp_path: Path) -> None:
    choosing = Choosing(tmp_path, 0.0)
    assert choosing.job("short", (40.0, 45.0)) == [(0.0, 10.0)]
    assert choosing.job("first", (40.0, 52.0)) == [(40.0, 50.0)]
    assert choosing.job("second", (40.0, 52.0)) == [(10.0, 20.0)]


def test_a_job_keeps_what_it_reserved_before_anything_was_ready(tmp_path: Path) -> None:
    choosing = Choosing(tmp_path, 0.0)
    before = choosing.job("one")
    assert choosing.job("one", (40.0, 55.0)) == before


def test_a_shape_says_the_rate(tmp_path: Path) -> None:
    house = House(tmp_path)
    output = outputs_of(house.settings)[0][1]
    assert shape_of(output, (270, 480), 10.0).fps == Fraction(30)
