"""What finished files and finished jobs follow from."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from nvpipe.pipeline.run import job_key, ledger_key
from nvpipe.pipeline.tools import Toolbox
from nvpipe.pipeline.versions import render_key
from nvpipe.settings import Settings
from nvpipe.types import Article, CaptionTrack, Cue, Cut, Footage, Narration, OutputFormat, Precompiled, Timeline

FOOTAGE = Footage("a-1", Path("a.mp4"), "d1", 64, 64, Fraction(30), 9.0, "h264", 0, True, "bt709", False)
ARTICLE = Article("a.md", "T", "text", None, "digest")


@pytest.fixture
def timeline(tmp_path: Path) -> Timeline:
    wav = tmp_path / "n.wav"
    wav.write_bytes(b"sound")
    return Timeline(
        (Cut(FOOTAGE, 1.0, 3.0, 0.0),),
        Narration(wav, 22050, 1.9, "espeak", "en-us", ()),
        0.0,
        CaptionTrack((Cue(0.0, 1.0, ("hi",), 0),), "default"),
        OutputFormat(1080, 1920, Fraction(30), "blur", "medium"),
        2.0,
    )


def key(timeline: Timeline, tmp_path: Path) -> str:
    return render_key(timeline, Toolbox(Settings(tmp_path), {}, print))


def test_a_render_follows_what_is_shown_and_heard(timeline: Timeline, tmp_path: Path) -> None:
    before = key(timeline, tmp_path)
    (cut,) = timeline.cuts
    others = [
        replace(timeline, cuts=(replace(cut, source_start_s=2.0, source_end_s=4.0),)),
        replace(timeline, cuts=(replace(cut, footage=replace(FOOTAGE, digest="d2")),)),
        replace(timeline, captions=CaptionTrack((), "none")),
        replace(timeline, output=replace(timeline.output, layout="fill")),
        replace(timeline, duration_s=2.1),
    ]
    assert len({before, *(key(other, tmp_path) for other in others)}) == 6
    timeline.narration.audio_path.write_bytes(b"other sound")
    assert key(timeline, tmp_path) != before


def test_a_render_follows_what_was_precompiled_but_not_where_it_lies(timeline: Timeline, tmp_path: Path) -> None:
    (cut,) = timeline.cuts

    def with_file(path: str, digest: str, start_s: float) -> Timeline:
        kept = Precompiled(Path(path), digest, start_s, (1080, 1920))
        return replace(timeline, cuts=(replace(cut, precompiled=(kept,)),))

    one = key(with_file("a.mkv", "d", 0.0), tmp_path)
    assert key(with_file("b.mkv", "d", 0.0), tmp_path) == one
    others = [timeline, with_file("a.mkv", "e", 0.0), with_file("a.mkv", "d", 0.5)]
    assert one not in {key(other, tmp_path) for other in others}


def test_a_render_does_not_follow_where_things_lie(timeline: Timeline, tmp_path: Path) -> None:
    before = key(timeline, tmp_path)
    (cut,) = timeline.cuts
    elsewhere = replace(FOOTAGE, path=Path("b.mp4"), video_id="b-1", licence="CC0")
    assert key(replace(timeline, cuts=(replace(cut, footage=elsewhere),)), tmp_path) == before


def test_a_job_follows_its_options_footage_and_licences(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    before = job_key(ARTICLE, settings, [FOOTAGE])
    assert job_key(ARTICLE, replace(settings, storage=tmp_path / "x", slug="other"), [FOOTAGE]) == before
    assert job_key(ARTICLE, settings, [replace(FOOTAGE, path=Path("moved.mp4"))]) == before
    changed = [
        job_key(ARTICLE, replace(settings, seconds=30), [FOOTAGE]),
        job_key(ARTICLE, replace(settings, captions="bold"), [FOOTAGE]),
        job_key(ARTICLE, settings, [replace(FOOTAGE, digest="d2")]),
        job_key(ARTICLE, settings, [replace(FOOTAGE, licence="CC0")]),
        job_key(replace(ARTICLE, digest="other"), settings, [FOOTAGE]),
    ]
    assert len({before, *changed}) == 6


def test_a_share_of_the_footage_follows_the_job_but_not_what_is_learnt_of_the_footage(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    before = ledger_key(ARTICLE, settings, [FOOTAGE])
    assert ledger_key(ARTICLE, settings, [replace(FOOTAGE, licence="CC0", path=Path("moved.mp4"))]) == before
    others = [
        ledger_key(replace(ARTICLE, digest="other"), settings, [FOOTAGE]),
        ledger_key(ARTICLE, replace(settings, seconds=30.0), [FOOTAGE]),
        ledger_key(ARTICLE, settings, [FOOTAGE, replace(FOOTAGE, digest="d2")]),
    ]
    assert len({before, *others}) == 4
