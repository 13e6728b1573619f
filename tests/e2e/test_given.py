"""A script, or a script and its narration, brought by the user."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import pytest
from fakes.cli import Cli
from fakes.readers import LINES, OTHER_LINES, recorded

pytestmark = pytest.mark.e2e
SPEED = ("--quality", "low", "--size", "180x320", "--layout", "fill", "--fast", "--no-cover")


def manifest_of(result: Any) -> Any:
    assert result.code == 0, result.err
    (job,) = result.json["jobs"]
    return json.loads(Path(job["manifest"]).read_text())


def test_a_script_is_spoken_as_it_is_without_an_article(cli: Cli, clip: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("It cost $3 and 4 cents.\n\nNobody   knows why!\n")
    manifest = manifest_of(cli("run", "--script", script, "--footage", clip, *SPEED, "--json"))
    assert [line["text"] for line in manifest["script"]["lines"]] == ["It cost $3 and 4 cents.", "Nobody knows why!"]
    assert manifest["script"]["writer"] == manifest["backends"]["write"]["used"] == "given"
    assert manifest["article"]["source"] == str(script)
    assert Path(manifest["output"]["path"]).name == "it-cost-3-and-4-cents.mp4"
    assert manifest["output"]["duration_s"] == pytest.approx(manifest["narration"]["duration_s"] + 0.8, abs=0.05)
    assert not [text for text in manifest["warnings"] if "45" in text]
    again = cli("run", "--script", script, "--footage", clip, *SPEED, "--json")
    assert again.json["jobs"][0]["cached"]
    script.write_text("Something else.\n")
    changed = manifest_of(cli("run", "--script", script, "--footage", clip, *SPEED, "--json", "--seconds", "30"))
    assert changed["narration"]["words"][0]["text"] == "Something"
    assert any("not 30 s" in text for text in changed["warnings"])


def test_a_jobs_file_names_scripts_and_articles(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("The first one.\n")
    (tmp_path / "two.json").write_text('{"script": {"language": "en", "lines": [{"text": "The second one."}]}}')
    lines = [{"script": "one.txt"}, {"article": str(article), "script": "two.json"}, {"script": "gone.txt"}]
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text("\n".join(map(json.dumps, lines)))
    result = cli("run", jobs, "--footage", clip, *SPEED, "--json")
    first, second, third = result.json["jobs"]
    assert result.code == 1
    assert [first["status"], second["status"], third["status"]] == ["done", "done", "failed"]
    manifest = json.loads(Path(second["manifest"]).read_text())
    assert manifest["article"]["source"] == str(article)
    assert manifest["script"]["lines"][0]["text"] == "The second one."
    assert "gone.txt" in third["error"]


def test_a_narration_keeps_its_sound_and_gets_word_times(cli: Cli, clip: Path, tmp_path: Path) -> None:
    true, samples = recorded(tmp_path / "voice.wav", "en-us+f3", lines=LINES[:1])
    script, sound = tmp_path / "script.txt", tmp_path / "voice.mp3"
    script.write_text(LINES[0])
    with av.open(str(sound), "w") as file:
        stream = file.add_stream("libmp3lame", rate=true.sample_rate_hz, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate = true.sample_rate_hz
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    command = ("run", "--script", script, "--narration", sound, "--footage", clip, *SPEED, "--json")
    manifest = manifest_of(cli(*command))
    assert manifest["narration"]["speaker"] == "given"
    assert manifest["narration"]["duration_s"] == pytest.approx(true.duration_s, abs=0.25)
    words = manifest["narration"]["words"]
    late_s = words[0]["start_s"] - true.words[0].start_s
    misses = [abs(a["start_s"] - b.start_s - late_s) for a, b in zip(words, true.words, strict=True)]
    assert sorted(misses)[len(misses) * 9 // 10] < 0.1
    script.write_text("\n".join(OTHER_LINES[:1]))
    other = manifest_of(cli(*command))
    assert any("times of the words may be wrong" in text for text in other["warnings"])


def test_what_cannot_be_used_is_one_line(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    script, empty, noise = tmp_path / "s.txt", tmp_path / "empty.txt", tmp_path / "noise.wav"
    script.write_text("One line.")
    empty.write_text("")
    noise.write_bytes(b"RIFF\x00\x00\x00\x00WAVEjunk" * 40)
    for code, says, arguments in (
        (2, "needs its text", (article, "--narration", clip)),
        (2, "one article", (article, article, "--script", script)),
        (3, "empty.txt", ("--script", empty)),
        (3, "gone.txt", ("--script", tmp_path / "gone.txt")),
        (3, "not text", ("--script", clip)),
        (3, "noise.wav", ("--script", script, "--narration", noise)),
        (3, "gone.wav", ("--script", script, "--narration", tmp_path / "gone.wav")),
        (3, "speech where its text takes", ("--script", script, "--narration", clip)),
    ):
        result = cli("run", *arguments, "--footage", clip, *SPEED)
        assert result.code == code, (arguments, result.err)
        (line,) = result.error_lines
        assert says in line
