"""Tables of jobs."""

from __future__ import annotations

from nvpipe.cli.table import clock, columns, job_table, short, width_of
from nvpipe.pipeline.reporter import JobLine


def test_every_column_is_as_wide_as_its_widest_text() -> None:
    assert columns(("a", "b"), [("1", "x"), ("333", "")]) == ["a    b", "1    x", "333"]


def test_wide_signs_take_two_columns() -> None:
    assert width_of("灯台") == 4
    assert width_of("e\u0301") == 1


def test_a_batch_is_counted_at_its_end() -> None:
    jobs = [JobLine(1, "a", "done", 61.0, "out/a.mp4"), JobLine(2, "b" * 80, "failed", 0.2, "no such file")]
    lines = job_table(jobs, 3700)
    assert lines[-1] == "2 jobs: 1 done, 1 failed; 1:01:40"
    assert lines[1].split() == ["1", "a", "done", "1:01", "out/a.mp4"]
    assert short("b" * 80) in lines[2]


def test_times_are_read_as_clocks() -> None:
    assert [clock(seconds) for seconds in (0, 59.6, 3600)] == ["0:00", "1:00", "1:00:00"]
