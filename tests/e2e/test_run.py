"""The main job from an article and footage to a finished short, and what stands beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import pytest
from fakes.cli import ARTICLE, Cli, Result, make_clip

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.e2e
SLUG = "the-lighthouse-that-moved"


class Finished:
    """A run that the tests of this file share."""

    def __init__(self, folder: Path) -> None:
        self.cli = Cli(folder)
        self.article = folder / "article.md"
        self.article.write_text(ARTICLE)
        self.clip = make_clip(folder / "clip.mp4")
        self.out = folder / "out"
        self.arguments: Sequence[str | Path] = (
            "run", self.article, "--footage", self.clip, "--out", self.out, "--seconds", "9", "--json",
        )  # fmt: skip
        self.result: Result = self.cli(*self.arguments)
        self.video = self.out / f"{SLUG}.mp4"

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.video.with_suffix(".json").read_text())
        return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("finished"))


def test_one_command_gives_video_subtitles_and_manifest(finished: Finished) -> None:
    assert finished.result.code == 0, finished.result.err
    (job,) = finished.result.json["jobs"]
    assert (job["status"], job["error"], job["article"]) == ("done", None, str(finished.article))
    assert Path(job["output"]) == finished.video
    assert Path(job["manifest"]) == finished.video.with_suffix(".json")
    assert sorted(path.name for path in finished.out.iterdir()) == sorted(
        [f"{SLUG}.mp4", f"{SLUG}.srt", f"{SLUG}.json", f"{SLUG}.jpg", "nvpipe-journal.jsonl", ".nvpipe"]
    )


def test_the_file_passes_its_own_check(finished: Finished) -> None:
    result = finished.cli("check", finished.video, "--json")
    assert result.code == 0, result.out


def test_the_length_is_met(finished: Finished) -> None:
    with av.open(str(finished.video)) as container:
        assert container.duration is not None
        assert abs(container.duration / 1e6 - 9) <= 0.5


def test_the_script_is_made_of_whole_sentences_of_the_article(finished: Finished) -> None:
    flat = " ".join(ARTICLE.split())
    for line in finished.manifest["script"]["lines"]:
        assert line["text"] in flat
        assert all(source in flat for source in line["sources"])
        assert re.search(r'[.!?]["”]?$', line["text"])


def test_the_words_are_those_of_the_script_in_order_and_in_time(finished: Finished) -> None:
    manifest = finished.manifest
    words = manifest["narration"]["words"]
    spoken = " ".join(line["text"] for line in manifest["script"]["lines"])
    assert [word["text"] for word in words] == spoken.split()
    ends = [0.0]
    for word in words:
        assert ends[-1] <= word["start_s"] < word["end_s"]
        ends.append(word["end_s"])
    assert ends[-1] <= manifest["narration"]["duration_s"] <= manifest["output"]["duration_s"]


def test_the_manifest_has_every_key_of_the_contract(finished: Finished) -> None:
    manifest = finished.manifest
    assert {"source", "title", "digest"} <= set(manifest["article"])
    assert manifest["options"]["seconds"] == 9
    assert {"writer", "language", "lines"} <= set(manifest["script"])
    assert {"speaker", "voice", "duration_s", "words"} <= set(manifest["narration"])
    (cut,) = manifest["footage"]
    assert {"video_id", "path", "start_s", "end_s", "licence", "credit"} <= set(cut)
    assert "CC0" in cut["licence"]
    assert {"path", "width_px", "height_px", "fps", "duration_s", "encoder"} <= set(manifest["output"])
    encode = manifest["backends"]["encode"]
    assert (encode["used"], encode["wanted"]) == ("x264", "auto")
    assert encode["reason"].startswith("nvenc: ")
    assert {"decode", "score", "write", "speak", "encode"} <= set(manifest["backends"])
    stages = {stage["stage"]: stage for stage in manifest["stages"]}
    assert set(stages) == {"script", "narration", "analysis", "render"}
    assert all(stage["outcome"] == "ran" and stage["peak_memory_bytes"] > 0 for stage in stages.values())
    assert isinstance(manifest["warnings"], list)


def test_the_action_is_what_is_shown(finished: Finished) -> None:
    (cut,) = finished.manifest["footage"]
    assert cut["start_s"] <= 7.5
    assert cut["end_s"] >= 9.5


def test_the_subtitles_follow_the_words(finished: Finished) -> None:
    text = finished.video.with_suffix(".srt").read_text()
    spans = re.findall(r"(\d\d):(\d\d):(\d\d),(\d\d\d)", text)
    times = [int(h) * 3600 + int(m) * 60 + int(s) + int(ms) / 1000 for h, m, s, ms in spans]
    assert times == sorted(times)
    assert times[-1] <= finished.manifest["output"]["duration_s"]
    shown = " ".join(line for line in text.splitlines() if line and not line.isdigit() and "-->" not in line)
    assert shown.split() == [word["text"] for word in finished.manifest["narration"]["words"]]


def test_the_same_run_again_finds_everything_done(finished: Finished) -> None:
    before = finished.video.stat().st_mtime_ns
    start = time.monotonic()
    result = finished.cli(*finished.arguments)
    assert result.code == 0
    assert result.json["jobs"][0]["cached"] is True
    assert "already done" in result.err
    assert finished.video.stat().st_mtime_ns == before
    assert time.monotonic() - start < 20, "it must not have rendered again"


def test_another_caption_style_is_neither_written_nor_spoken_again(finished: Finished) -> None:
    folder = finished.cli.folder / "other"
    result = finished.cli(*finished.arguments[:5], folder, "--seconds", "9", "--captions", "none")
    assert result.code == 0, result.err
    manifest = json.loads((folder / f"{SLUG}.json").read_text())
    outcomes = {stage["stage"]: stage["outcome"] for stage in manifest["stages"]}
    assert outcomes == {"script": "cached", "narration": "cached", "analysis": "cached", "render": "ran"}
    assert manifest["output"]["duration_s"] == finished.manifest["output"]["duration_s"]


def test_the_same_job_elsewhere_is_copied_and_has_the_same_bytes(finished: Finished) -> None:
    folder = finished.cli.folder / "elsewhere"
    result = finished.cli(*finished.arguments[:5], folder, "--seconds", "9")
    assert result.code == 0, result.err
    assert (folder / finished.video.name).read_bytes() == finished.video.read_bytes()
    stages = json.loads((folder / f"{SLUG}.json").read_text())["stages"]
    assert stages[-1]["outcome"] == "cached"


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(finished: Finished) -> None:
    cli = Cli(finished.cli.folder / "killed")
    cli.folder.mkdir()
    arguments = (*finished.arguments[:5], cli.folder / "out", "--seconds", "9")
    process = cli.start(*arguments)
    assert process.stderr is not None
    for line in process.stderr:
        if "analysis ran" in line:
            break
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not (cli.folder / "out" / finished.video.name).exists()
    result = cli(*arguments)
    assert result.code == 0, result.err
    for stage in ("script", "narration", "analysis"):
        assert f"{stage} already there" in result.err
    assert (cli.folder / "out" / finished.video.name).read_bytes() == finished.video.read_bytes()
    assert not list((cli.folder / "out").glob(".nvpipe-*"))


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_run_leaves_nothing_half_done(name: str, finished: Finished, tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    process = cli.start(*finished.arguments[:5], tmp_path / "out", "--seconds", "9")
    assert process.stderr is not None
    for line in process.stderr:
        if "narration" in line:
            break
    process.send_signal(signal.Signals[name])
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"nvpipe-journal.jsonl", ".nvpipe"}


def test_another_article_of_the_same_title_does_not_replace_the_first(finished: Finished, tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    other.write_text(
        "# The lighthouse that moved\n\nA lighthouse of quite another kind was moved by a storm in 1703.\n"
    )
    short = ("--footage", finished.clip, "--out", tmp_path / "out", "--seconds", "4", "--captions", "none", "--json")
    mine = finished.cli("run", finished.article, *short).json["jobs"][0]
    theirs = finished.cli("run", other, *short).json["jobs"][0]
    assert [Path(job["output"]).name for job in (mine, theirs)] == [f"{SLUG}.mp4", f"{SLUG}-2.mp4"]
    for article in (finished.article, other):
        assert finished.cli("run", article, *short).json["jobs"][0]["cached"] is True
