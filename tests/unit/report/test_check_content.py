"""Stretches and captions against what stands beside a file; broken files of each rule are in the end-to-end tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.spoken import Spoken, make_spoken, manifest_of

from nvpipe.report.check import CheckReport, check_file, report_json

RULES = {
    "manifest", "black", "frozen", "silence", "caption area", "caption place", "caption times", "caption drift",
}  # fmt: skip


def failing(report: CheckReport) -> dict[str, str]:
    return {rule.name: rule.measured for rule in report.rules if rule.name in RULES and not rule.ok}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_spoken(tmp_path_factory.mktemp("spoken") / "good.mp4", Spoken())


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_spoken(tmp_path_factory.mktemp("spoken") / "brief.mp4", Spoken(seconds=2.0), claims=False)


def test_what_is_short_enough_passes(tmp_path: Path) -> None:
    short = Spoken(black=(1.5, 2.4), still=(9.0, 10.8), silent=(4.0, 6.8), voice_late_s=0.05)
    assert failing(check_file(make_spoken(tmp_path / "short.mp4", short))) == {}


def test_every_rule_is_judged_where_a_manifest_tells_enough(good: Path) -> None:
    report = check_file(good)
    assert {rule.name for rule in report.rules} >= RULES - {"manifest"}
    assert report.source == "good.json"
    measured = {rule.name: rule.measured for rule in report.rules}
    assert measured["caption place"].startswith("seen in")
    assert measured["frame size"] == "216x384"
    assert next(rule for rule in report.rules if rule.name == "frame size").ok


def test_a_stricter_area_fails_captions_made_for_the_usual_one(good: Path) -> None:
    assert set(failing(check_file(good, strict=True))) >= {"caption area"}


def test_without_a_manifest_stretches_are_still_found(tmp_path: Path) -> None:
    path = make_spoken(tmp_path / "short.mp4", Spoken(black=(2.0, 4.0), silent=(4.0, 7.5)), claims=False)
    report = check_file(path)
    seen = failing(report)
    assert seen["black"] == "2.00 to 4.00 s"
    start_s, _, end_s, _ = seen.pop("silence").split(maxsplit=3)
    assert (float(start_s), float(end_s)) == pytest.approx((4.0, 7.5), abs=0.05)
    assert set(seen) == {"black"}
    assert report.source == ""
    assert not any(rule.name.startswith("caption") for rule in report.rules)


@pytest.mark.parametrize(
    ("entries", "measured"),
    [
        (["00:00:00,500 --> 00:00:01,500"], "1 cues"),
        (["00:00:01,000 --> 00:00:01,040"], "cue 1 lasts 40 ms"),
        (["00:00:01,000 --> 00:00:03,000"], "cue 1 ends at 3.00 s, the sound at 2.00 s"),
        (["00:00:01,000 --> 00:00:00,500"], "cue 1 lasts -500 ms"),
        (["00:00:00,100 --> 00:00:01,000", "00:00:00,800 --> 00:00:01,500"], "cue 2 starts before cue 1 ends"),
    ],
)
def test_subtitles_alone_are_judged_by_their_times(
    brief: Path, tmp_path: Path, entries: list[str], measured: str
) -> None:
    path = tmp_path / "short.mp4"
    path.write_bytes(brief.read_bytes())
    text = "\n".join(f"{number}\n{times}\nhello\n" for number, times in enumerate(entries, 1))
    path.with_suffix(".srt").write_text(text)
    report = check_file(path)
    (times,) = [rule for rule in report.rules if rule.name == "caption times"]
    assert (report.source, times.measured) == ("short.srt", measured)
    assert times.ok == (measured == "1 cues")


def edited(good: Path, tmp_path: Path, change: Any) -> CheckReport:
    path = tmp_path / "short.mp4"
    path.write_bytes(good.read_bytes())
    document = manifest_of(path, Spoken())
    change(document)
    path.with_suffix(".json").write_text(json.dumps(document))
    return check_file(path)


def test_captions_later_than_their_words_are_found(good: Path, tmp_path: Path) -> None:
    def later(document: dict[str, Any]) -> None:
        for cue in document["caption_track"]["cues"]:
            cue["start_s"] += 0.12
            cue["end_s"] += 0.12

    assert "120 ms late" in failing(edited(good, tmp_path, later))["caption drift"]


def test_the_manifest_says_what_was_asked_for(good: Path, tmp_path: Path) -> None:
    def louder(document: dict[str, Any]) -> None:
        document["options"]["lufs"] = -23.0
        document["output"] |= {"width_px": 1080, "height_px": 1080, "fps": "60"}
        document["outputs"] = [document["output"]]

    expected = {rule.name: rule.expected for rule in edited(good, tmp_path, louder).rules}
    assert expected["loudness"] == "-23 ±1 LUFS"
    assert expected["frame size"] == "1080x1080"
    assert expected["frame rate"] == "constant 60 fps"


def test_a_file_of_another_size_is_found_in_the_manifest_of_the_first(good: Path, tmp_path: Path) -> None:
    first, other = tmp_path / "a-b.mp4", tmp_path / "a-b-1x1.mp4"
    other.write_bytes(good.read_bytes())
    document = manifest_of(first, Spoken())
    document["outputs"] = [
        document["output"] | {"width_px": 9, "height_px": 9},
        {**document["output"], "path": str(other)},
    ]
    document["output"] = document["outputs"][0]
    first.with_suffix(".json").write_text(json.dumps(document))
    report = check_file(other)
    assert report.source == "a-b.json"
    assert next(rule for rule in report.rules if rule.name == "frame size").ok
    (tmp_path / "a-c.mp4").write_bytes(good.read_bytes())
    first.with_suffix(".json").rename(tmp_path / "a.json")
    assert check_file(tmp_path / "a-c.mp4").source == ""


@pytest.mark.parametrize(
    "text",
    [
        '{"format": "nvpipe-manifest/1"}',
        '{"format": "nvpipe-manifest/1", "output": {"width_px": "x", "height_px": 1, "fps": "30"}}',
        '{"format": "nvpipe-manifest/1", "output": {"width_px": 1e400, "height_px": 1, "fps": "30"}}',
        '{"format": "nvpipe-manifest/1", "output": {"width_px": 100000, "height_px": 2, "fps": "30"}}',
        '{"format": "nvpipe-manifest/1", "output": []}',
        "{",
        "[" * 100_000,
        "\0",
    ],
)
def test_a_manifest_that_cannot_be_read_is_a_fault(brief: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "short.mp4"
    path.write_bytes(brief.read_bytes())
    path.with_suffix(".json").write_text(text)
    assert set(failing(check_file(path))) == {"manifest"}


def test_a_style_or_font_that_is_gone_is_told(good: Path, tmp_path: Path) -> None:
    def unknown(document: dict[str, Any]) -> None:
        document["caption_track"] |= {"style": "long gone", "look": None}

    def without_font(document: dict[str, Any]) -> None:
        document["caption_track"]["font"] = {"path": str(tmp_path / "gone.ttf"), "digest": "0"}

    for change, what in ((unknown, "long gone"), (without_font, "gone.ttf")):
        report = edited(good, tmp_path, change)
        (rule,) = [rule for rule in report.rules if rule.name == "caption area"]
        assert (rule.ok, rule.advisory) == (False, True)
        assert what in rule.measured


def test_other_json_beside_a_video_says_nothing(brief: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.mp4"
    path.write_bytes(brief.read_bytes())
    path.with_suffix(".json").write_text('["not ours"]')
    report = check_file(path)
    assert (report.source, failing(report)) == ("", {})


def test_the_json_says_by_what_it_judged(good: Path) -> None:
    document = report_json(check_file(good))
    assert (document["judged_by"], document["error"]) == ("good.json", None)
    json.dumps(document, allow_nan=False)
