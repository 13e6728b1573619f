"""Bad input: one clear line, the right exit code, and the other jobs go on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fakes.cli import ARTICLE, Cli
from fakes.media import audio_only, make_video, no_frames, playlist, truncated

pytestmark = pytest.mark.e2e


def fails(cli: Cli, code: int, *arguments: str | Path, says: str, stdin: str | None = None) -> None:
    result = cli(*arguments, stdin=stdin)
    assert result.code == code, result.err
    (line,) = result.error_lines
    assert says in line
    assert result.out == "" or "--json" in arguments


def test_articles_that_cannot_be_told(cli: Cli, clip: Path, tmp_path: Path) -> None:
    cases = {
        "empty.md": b"",
        "binary.txt": bytes(range(256)) * 40,
        "word.md": b"Hello",
    }
    for name, content in cases.items():
        path = tmp_path / name
        path.write_bytes(content)
        fails(cli, 3, "run", path, "--footage", clip, says=name)
    fails(cli, 3, "run", tmp_path / "gone.md", "--footage", clip, says="gone.md")
    (tmp_path / "nothing").mkdir()
    fails(cli, 3, "run", tmp_path / "nothing", "--footage", clip, says="has no articles")
    fails(cli, 3, "run", "-", "--footage", clip, says="standard input", stdin="")


def test_footage_that_cannot_be_shown(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    empty_folder = tmp_path / "folder"
    empty_folder.mkdir()
    (empty_folder / "notes.txt").write_text("no video")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("not a video at all, only text\n" * 50)
    cases = [
        tmp_path / "gone.mp4",
        empty_folder,
        tmp_path / "empty.mp4",
        tmp_path / "text.mp4",
        truncated(tmp_path / "cut.mp4", clip, keep=0.3),
        audio_only(tmp_path / "sound.mp4"),
        no_frames(tmp_path / "blank.mkv"),
        make_video(tmp_path / "blink.mp4", seconds=0.5),
        playlist(tmp_path / "list.mp4", clip),
        playlist(tmp_path / "concat.mkv", clip, kind="ffconcat"),
        make_video(tmp_path / "askew.mp4", rotation=45),
    ]
    for path in cases:
        fails(cli, 3, "run", article, "--footage", path, says=path.name)
        if path.is_file():
            fails(cli, 3, "analyze", path, says=path.name)


def test_wrong_usage(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    fails(cli, 2, "run", article, says="--footage")
    fails(cli, 2, "run", "--footage", clip, says="no article")
    fails(cli, 2, "run", article, "--footage", clip, "--seconds", "x", says="seconds")
    fails(cli, 2, "run", article, "--footage", clip, "--layout", "spiral", says="blur")
    fails(cli, 2, "run", article, "--footage", clip, "--bogus", says="--bogus")
    fails(cli, 2, "run", article, "--footage", clip, "--voice", "nobody-of-that-name", says="nobody-of-that-name")
    fails(cli, 2, "run", article, "--footage", clip, "--x264-params", "bogus=1", says="bogus")
    fails(cli, 2, "run", article, "--footage", clip, "--out", blocked / "below", says="below")
    fails(cli, 2, "segments", clip, "--duration", "-1", says="duration")
    fails(cli, 2, "nonsense", says="nonsense")


def test_one_bad_job_does_not_stop_the_others(cli: Cli, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(ARTICLE)
    (tmp_path / "empty.md").write_text("")
    lines = [
        {"article": "empty.md"},
        {"article": "good.md", "seconds": 5, "captions": "none", "slug": "Twice"},
        {"article": "good.md", "footage": "gone.mp4"},
        {"article": "good.md", "seconds": 5, "captions": "none", "slug": "Twice"},
    ]
    jobs = tmp_path / "jobs.jsonl"
    jobs.write_text("".join(json.dumps(line) + "\n" for line in lines) + "nonsense\n")
    result = cli("run", jobs, "--footage", clip, "--out", "out", "--json")
    assert result.code == 1
    reports = result.json["jobs"]
    assert [job["status"] for job in reports] == ["failed", "done", "failed", "done", "failed"]
    assert [Path(job["output"]).name for job in reports if job["output"]] == ["twice.mp4", "twice-2.mp4"]
    assert len(result.error_lines) == 3
    assert (tmp_path / "out" / "twice.mp4").read_bytes() == (tmp_path / "out" / "twice-2.mp4").read_bytes()


def test_standard_input_and_a_jobs_file_and_several_articles(cli: Cli, article: Path, clip: Path) -> None:
    result = cli("run", "-", "--footage", clip, "--seconds", "4", "--captions", "none", "-q", stdin=ARTICLE)
    assert result.code == 0, result.err
    assert result.err == ""
    assert (cli.folder / "nvpipe-out" / "the-lighthouse-that-moved.mp4").exists()


def test_a_full_disk_is_one_line(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    import resource
    import subprocess

    def small_files() -> None:
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    done = subprocess.run(
        cli.command("run", article, "--footage", clip, "--out", "out", "--seconds", "6"),
        cwd=tmp_path,
        env=cli.environ,
        capture_output=True,
        text=True,
        preexec_fn=small_files,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("nvpipe: error:")]) == 1
    assert not list((tmp_path / "out").glob("*.mp4"))


def test_names_that_are_no_text_come_through(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    odd = clip.rename(tmp_path / os.fsdecode(b"cl\xffip with\nnewline.mp4"))
    result = cli("run", article, "--footage", odd, "--seconds", "4", "--captions", "none", "--json")
    assert result.code == 0, result.err
    manifest = json.loads(Path(result.json["jobs"][0]["manifest"]).read_text())
    assert os.fsencode(manifest["footage"][0]["path"]) == os.fsencode(odd)


def test_finished_shorts_are_not_footage_of_the_next_run(cli: Cli, article: Path, clip: Path) -> None:
    arguments = ("run", article, "--footage", ".", "--seconds", "4", "--captions", "none", "--json")
    assert cli(*arguments).json["jobs"][0]["cached"] is False
    assert cli(*arguments).json["jobs"][0]["cached"] is True


def test_a_licence_that_is_found_later_reaches_the_manifest(cli: Cli, article: Path, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "free.mp4", seconds=8, size=(320, 180))
    arguments = ("run", article, "--footage", clip, "--seconds", "4", "--captions", "none", "--json")
    first = cli(*arguments)
    assert "licence of free.mp4 is unknown" in first.err
    (tmp_path / "free.info.json").write_text('{"license": "CC BY 4.0", "uploader": "Somebody"}')
    second = cli(*arguments)
    manifest = json.loads(Path(second.json["jobs"][0]["manifest"]).read_text())
    assert manifest["footage"][0]["licence"] == "CC BY 4.0"
    assert manifest["stages"][-1]["outcome"] == "cached"
    assert manifest["output"]["integrated_lufs"] is not None


def test_closed_standard_streams_are_no_crash(cli: Cli, clip: Path, tmp_path: Path) -> None:
    import subprocess

    line = " ".join(cli.command("analyze", clip)) + " <&-"
    assert subprocess.run(["sh", "-c", line], env=cli.environ, cwd=tmp_path, capture_output=True).returncode == 0
    line = " ".join(cli.command("cache", "ls")) + " >/dev/full"
    done = subprocess.run(["sh", "-c", line], env=cli.environ, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
