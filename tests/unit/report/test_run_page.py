"""The page of a run: what it shows, and that nothing of a file's text becomes a part of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.told_run import START_S, VIDEO, events, leave_behind, manifest

from nvpipe.cache.action import newest_track
from nvpipe.errors import UsageError
from nvpipe.report.run_page.charts import clock, curve, gantt_of, memory_of, predicted_steps, size_text, ticks_of
from nvpipe.report.run_page.facts import RunFacts, Span, facts_of, thinned
from nvpipe.report.run_page.page import write_page
from nvpipe.report.run_page.shorts import cover_uri, read_short, spoken_lines
from nvpipe.report.run_page.trace import trace_of


@pytest.fixture
def left(tmp_path: Path) -> Path:
    leave_behind(tmp_path / "out", tmp_path / "storage")
    return tmp_path


def page_of(left: Path, told: list[dict[str, Any]] | None = None, **options: Any) -> str:
    told = events() if told is None else told
    target = options.pop("target", left / "out" / "r.html")
    page, _ = write_page(told, left / "out", left / "storage", target, phase="finished", **options)
    return page.read_text("utf-8")


def test_events_become_jobs_and_spans() -> None:
    facts = facts_of(events())
    assert (facts.count("done"), facts.count("failed"), facts.exit_code, facts.ended) == (2, 1, 1, "finished")
    assert facts.seconds == pytest.approx(13.0)
    assert [(span.stage, round(span.start_s, 3), round(span.end_s, 3)) for span in facts.jobs[1].spans] == [
        ("script", 0.5, 2.0),
        ("render", 2.0, 12.0),
    ]
    assert facts.jobs[2].attempts == 2
    assert facts.jobs[3].cached
    assert [size for _, size in facts.memory] == [120_000_000, 240_000_000]


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"event": 5},
        {"event": "stage", "number": "x"},
        {"event": "stage", "number": 1, "start_s": "late", "end_s": None, "memory_bytes": float("inf")},
        {"event": "jobs", "jobs": [None, 3, {"number": -1}]},
        {"event": "memory", "bytes": "many", "at_s": float("nan")},
        {"event": "job_ended", "number": 1, "attempts": [], "manifest": 7},
        {"event": "fallback", "number": 0},
        {"event": "run_started", "at_s": 1e300},
    ],
)
def test_an_event_that_makes_no_sense_costs_nothing(event: dict[str, Any], left: Path) -> None:
    assert "Run the-run" in page_of(left, [*events(), event])


def test_the_page_shows_what_was_made(left: Path) -> None:
    page = page_of(left)
    for shown in ("Bees can count, a study found.", "no voice speaks it", "licence unknown", "nvenc: no card",
                  "Bees can read.", "found ready", "#bees #marks", "240 MB", 'src="job-1.mp4"', "clip.mp4",
                  "10 s to 20 s in short 1"):  # fmt: skip
        assert shown in page, shown


def test_text_of_files_stays_text(left: Path) -> None:
    page = page_of(left)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>marks</b>" not in page


def test_nothing_is_loaded_from_elsewhere(left: Path) -> None:
    page = page_of(left)
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")
    assert "default-src 'none'" in page


def test_a_manifest_outside_of_the_folder_is_not_read(left: Path) -> None:
    (left / "secret.json").write_text(json.dumps(manifest("the secret")), "utf-8")
    told = events()
    for event in told:
        if event.get("manifest"):
            event["manifest"] = "../secret.json"
    assert "the secret" not in page_of(left, told)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"script": 3, "narration": [], "footage": {}}'])
def test_a_damaged_manifest_leaves_the_rest(left: Path, content: bytes) -> None:
    (left / "out" / "job-1.json").write_bytes(content)
    page = page_of(left)
    assert 'id="short-1"' in page
    assert 'src="job-3.mp4"' in page


def test_covers_and_videos_may_be_gone(left: Path) -> None:
    for path in (left / "out").glob("job-1.[mj]p*"):
        path.unlink()
    (left / "out" / "job-3.jpg").write_bytes(b"no picture")
    page = page_of(left)
    assert "not in the folder any more" in page
    assert cover_uri(left / "out" / "job-3.jpg") == ""


def test_videos_can_go_into_the_page(left: Path) -> None:
    assert "data:video/mp4;base64,bm8gZmlsbQ==" in page_of(left, embed=True)


def test_a_page_elsewhere_finds_the_videos(left: Path) -> None:
    page = page_of(left, target=left / "page.html")
    assert (left / "out" / "job-1.mp4").as_uri() in page


def test_a_folder_is_no_page(left: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        page_of(left, target=left / "out")


def test_a_run_that_began_at_no_time_has_a_page(left: Path) -> None:
    assert "unknown" in page_of(left, [{"event": "run_started", "at_s": 1e300}])


def test_a_run_without_jobs_has_a_page(left: Path) -> None:
    assert "0 of 0 shorts" in page_of(left, [])


def test_lines_begin_with_their_first_words() -> None:
    told = manifest()
    assert [line.at_s for line in spoken_lines(told["script"], told["narration"])] == [0.25, 3.25]
    assert [line.at_s for line in spoken_lines(told["script"], {})] == [0.0, 0.0]


def test_the_track_that_was_kept_is_found(left: Path) -> None:
    assert newest_track(left / "storage", VIDEO) is not None
    assert newest_track(left / "storage", "other") is None
    (left / "storage" / f"{VIDEO}_action_cache.json").write_text("{}")
    assert newest_track(left / "storage", VIDEO) is None
    assert '<h2 id="footage">' not in page_of(left)


def test_bars_lie_where_their_stages_ran() -> None:
    gantt = gantt_of(facts_of(events()))
    script, render = gantt.rows[0].bars
    assert script.left == pytest.approx(100 * 0.5 / 13)
    assert render.left + render.width == pytest.approx(100 * 12 / 13)
    assert "render ran, 10 s from 2 s" in render.label


def test_memory_is_drawn_to_its_highest() -> None:
    memory = memory_of(facts_of(events()))
    assert memory is not None
    assert memory.peak_bytes == 240_000_000
    assert memory.measured.split()[-1].endswith(",0.00")
    assert memory.predicted
    assert memory_of(RunFacts()) is None


def test_predictions_of_stages_side_by_side_add_up() -> None:
    spans = [Span("a", "ran", "", 0, 4, 0, 10), Span("b", "ran", "", 2, 6, 0, 5)]
    assert predicted_steps(spans) == [(0, 0), (0, 10), (2, 10), (2, 15), (4, 15), (4, 5), (6, 5), (6, 0)]


def test_the_highest_of_many_stands_for_them() -> None:
    moments = [(float(at), at % 10) for at in range(100)]
    kept = thinned(moments, 10)
    assert len(kept) == 10
    assert {size for _, size in kept} == {9}
    assert len(curve([float(at % 5) for at in range(10_000)]).split()) <= 400
    assert curve([]) == ""
    assert curve([1.0]) == "0.0,100.0"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 s"), (4.24, "4.2 s"), (60, "1:00"), (185, "3:05"), (3723, "1:02:03")]
)
def test_times_as_people_read_them(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("size", "shown"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (240e6, "240 MB"), (5e12, "5000 GB")]
)
def test_sizes_as_people_read_them(size: float, shown: str) -> None:
    assert size_text(size) == shown


@pytest.mark.parametrize("whole", [0.3, 7, 59, 3600, 86400 * 40])
def test_axes_have_a_few_round_marks(whole: float) -> None:
    ticks = ticks_of(whole)
    assert 1 <= len(ticks) <= 8
    assert ticks[0].at == 0
    assert all(0 <= tick.at <= 100 for tick in ticks)


def test_the_trace_has_every_stage_in_microseconds() -> None:
    trace = trace_of(facts_of(events()))
    stages = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert [(event["name"], event["ts"], event["dur"], event["tid"]) for event in stages] == [
        ("script", 500_000, 1_500_000, 1),
        ("render", 2_000_000, 10_000_000, 1),
    ]
    assert sum(event["ph"] == "C" for event in trace["traceEvents"]) == 2
    assert START_S > 0


def test_a_manifest_that_is_too_large_is_not_read(left: Path) -> None:
    with (left / "out" / "job-1.json").open("ab") as file:
        file.truncate(33 << 20)
    assert read_short(left / "out", "job-1.json") is None
