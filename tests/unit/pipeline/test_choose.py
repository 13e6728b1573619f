"""What a job shows: sentences give the joins, the ledger what is unused."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import pytest

from nvpipe.cache.ledger import LEDGER, Ledger
from nvpipe.cache.naming import ledger_path
from nvpipe.cache.stages import StageStore
from nvpipe.cache.store import write
from nvpipe.footage.library import Library
from nvpipe.footage.rooms import Demand
from nvpipe.pipeline.choose import USED_UP, demand_of, reserve
from nvpipe.pipeline.kept import Kept
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tell import Told
from nvpipe.types import Footage, MotionTrack, Narration, Script, Segment, Word


class Notices(Silent):
    """Hears only notices."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def notice(self, text: str) -> None:
        self.heard.append(text)


class Run:
    """Jobs on one storage folder, in one process after the other where wanted."""

    def __init__(self, storage: Path, *tracks: MotionTrack) -> None:
        self.tracks = tracks
        self.storage = storage
        self.reporter = Notices()
        self.warnings: list[str] = []
        self.said: dict[str, object] = {}

    def job(self, key: str, demand: Demand) -> tuple[list[Segment], list[str]]:
        warn = self.warnings.append
        kept = Kept(Library(self.storage, warn), StageStore(self.storage, warn), Ledger(self.storage, warn))
        log = JobLog(key, self.reporter, self.said)
        return reserve(key, [footage(track) for track in self.tracks], self.tracks, demand, kept, log), log.warnings


def footage(track: MotionTrack) -> Footage:
    name = track.video_id.partition("-")[0]
    size, fps = (64, 36), Fraction(30)
    return Footage(
        track.video_id, Path(name), f"content {name}", *size, fps, track.duration_s, "h264", 0, True, "bt709", False
    )


def track(seconds: float, video_id: str = "v") -> MotionTrack:
    scores = tuple(1.0 + (index * 37 % 101) / 100 for index in range(int(seconds * 2)))
    return MotionTrack(video_id, "fake/1", 0.5, seconds, scores, ())


def overlap_s(one: list[Segment], other: list[Segment]) -> float:
    return sum(
        max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s))
        for a in one
        for b in other
        if a.video_id == b.video_id
    )


def test_joins_lie_in_the_pauses_between_sentences_on_frames(tmp_path: Path) -> None:
    words = (
        Word("One", 0.0, 0.5, 0),
        Word("two.", 0.5, 1.01, 0),
        Word("Three", 1.4, 1.8, 1),
        Word("four.", 1.8, 2.2, 1),
        Word("Five.", 2.2, 3.0, 2),
    )
    narration = Narration(tmp_path / "n.wav", 22050, 3.0, "espeak", "en", words)
    demand = demand_of(Told(Script((), "en", "extractive", "d"), narration, 1.0, 3.8))
    assert demand.duration_s == pytest.approx(3.8)
    first, second = demand.borders_s
    assert 1.01 <= first <= 1.4
    assert second == pytest.approx(2.2, abs=1 / 60)
    assert all(border_s * 30 == pytest.approx(round(border_s * 30)) for border_s in demand.borders_s)


def test_no_two_jobs_share_footage_until_it_is_used_up_then_the_oldest_comes_first(tmp_path: Path) -> None:
    run = Run(tmp_path, track(70.0, "a"), track(40.0, "b"))
    demand = Demand(10.0, (2.5, 5.0, 7.0))
    jobs = [run.job(str(index), demand)[0] for index in range(9)]
    assert all(overlap_s(one, other) < 1e-6 for one, other in combinations(jobs, 2))
    assert run.reporter.heard == []
    again = [run.job(f"again {index}", demand) for index in range(4)]
    assert run.reporter.heard == [USED_UP]
    assert all(warnings == [USED_UP] for _, warnings in again[2:])
    reused = [segments for segments, warnings in again if warnings]
    assert all(overlap_s(one, other) < 1e-6 for one, other in combinations(reused, 2))
    # What is shown again first is what was shown first.
    assert overlap_s(reused[0], jobs[0]) + overlap_s(reused[0], jobs[1]) > 0
    assert overlap_s(reused[0], jobs[8]) == 0
    assert run.warnings == []


def test_the_same_job_shows_the_same_whatever_came_between(tmp_path: Path) -> None:
    run = Run(tmp_path, track(60.0))
    demand = Demand(20.0, (4.0, 9.0))
    first = run.job("a", demand)
    for other in "bcde":
        run.job(other, demand)
    assert Run(tmp_path, track(60.0)).job("a", demand) == first
    assert run.job("e", demand)[1] == [USED_UP]


def test_used_footage_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    demand = Demand(20.0)
    before = Run(tmp_path, track(60.0, "v-1")).job("a", demand)[0]
    renamed = Run(tmp_path, track(60.0, "v-2"))
    again = renamed.job("a", demand)[0]
    assert [(one.video_id, one.start_s) for one in again] == [("v-2", one.start_s) for one in before]
    other = renamed.job("b", demand)[0]
    assert all(max(a.start_s, b.start_s) >= min(a.end_s, b.end_s) for a in again for b in other)


def test_thousands_of_jobs_are_no_burden(tmp_path: Path) -> None:
    run = Run(tmp_path, track(3600.0))
    job = run.job("first", Demand(45.0))[0]
    path = ledger_path(tmp_path)
    (entry,) = json.loads(path.read_text())["data"]["jobs"]
    write(path, LEDGER, "", {"jobs": [{**entry, "key": str(index)} for index in range(4000)]})
    looked = run.job("last", Demand(45.0))[0]
    assert overlap_s(job, looked) == 0


def test_another_storage_folder_knows_nothing_of_it(tmp_path: Path) -> None:
    demand = Demand(20.0)
    one = Run(tmp_path / "1", track(60.0)).job("a", demand)
    assert Run(tmp_path / "2", track(60.0)).job("b", demand) == one


def test_footage_shorter_than_the_short_is_shown_again_and_said(tmp_path: Path) -> None:
    run = Run(tmp_path, track(8.0))
    segments, warnings = run.job("a", Demand(20.0, (4.0, 9.0)))
    assert sum(segment.duration_s for segment in segments) == pytest.approx(20.0)
    assert warnings == ["20.0 s are needed and 1 video gives 8.0 s of footage, so it is shown again"]


def test_a_job_that_needs_another_length_chooses_anew(tmp_path: Path) -> None:
    run = Run(tmp_path, track(60.0))
    run.job("a", Demand(20.0))
    longer = run.job("a", Demand(50.0))[0]
    assert sum(segment.duration_s for segment in longer) == pytest.approx(50.0)
