"""`nvpipe fetch` against a server on this machine: killed, interrupted, without space, without yt-dlp."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fakes.cli import Cli
from fakes.web_server import Page, serving

pytestmark = pytest.mark.e2e

LOCAL = "--allow-private-hosts"


@pytest.fixture
def video(clip: Path) -> bytes:
    return clip.read_bytes()


def wait_for_part(folder: Path) -> Path:
    """The partial file of a running download, once something is in it."""
    for _ in range(600):
        for part in folder.glob(".nvpipe-fetch/*/*.part"):
            if part.stat().st_size:
                return part
        time.sleep(0.05)
    raise AssertionError("nothing was downloaded")


def test_fetch_fills_the_folder_and_the_library(cli: Cli, video: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "footage"
    with serving({"/a.mp4": Page(video)}) as server:
        arguments = ("fetch", server.url("/a.mp4"), "--footage", folder, LOCAL, "--json")
        (first,) = cli(*arguments).json["videos"]
        (again,) = cli(*arguments).json["videos"]
    keys = ["url", "path", "video_id", "title", "channel", "licence", "source", "bytes", "status", "error"]
    assert list(first) == keys
    assert first["status"] == "fetched"
    assert first["licence"] == "CC0, by nobody"
    assert first["bytes"] == len(video)
    assert again == {**first, "status": "already there"}
    index = (cli.storage / "footage_metadata.json").read_text("utf-8")
    assert first["video_id"] in index
    assert server.url("/a.mp4") in index


def test_a_signed_address_is_not_printed_or_kept(cli: Cli, video: bytes, tmp_path: Path) -> None:
    with serving({"/a.mp4": Page(video)}) as server:
        urls = [server.url(f"/{name}.mp4?token=SECRET") for name in ("a", "gone")]
        result = cli("fetch", *urls, "--footage", "footage", LOCAL, "--json", "--verbose")
    assert [one["status"] for one in result.json["videos"]] == ["fetched", "failed"]
    assert "SECRET" not in result.out + result.err
    kept = [path for folder in (tmp_path / "footage", cli.storage) for path in folder.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"SECRET" in path.read_bytes() or "SECRET" in path.name]


def test_one_failure_does_not_stop_the_others(cli: Cli, video: bytes) -> None:
    with serving({"/a.mp4": Page(video)}) as server:
        urls = (server.url("/gone.mp4"), server.url("/a.mp4"))
        result = cli("fetch", *urls, "--footage", "footage", LOCAL, "--json")
        assert result.code == 1
        assert [one["status"] for one in result.json["videos"]] == ["failed", "fetched"]
        (line,) = result.error_lines
        assert "404" in line
        alone = cli("fetch", urls[0], "--footage", "footage", LOCAL)
    assert alone.code == 3


def test_what_cannot_be_done_has_its_exit_code(cli: Cli, tmp_path: Path, clip: Path) -> None:
    with serving({"/a.mp4": Page(b"x")}) as server:
        url = server.url("/a.mp4")
        cases = [
            (2, ("ftp://host/x", "--footage", "f")),
            (2, ("clip.mp4", "--footage", "f")),
            (2, (url,)),
            (2, (url, "--footage", str(clip))),
            (2, (url, "--footage", "f", "--max-size", "many")),
            (3, (url, "--footage", "f")),
        ]
        for code, arguments in cases:
            result = cli("fetch", *arguments)
            assert result.code == code, result.err
            assert len(result.error_lines) == 1
        assert server.seen == []
    assert not list((tmp_path / "f").glob("*"))


def test_without_yt_dlp_the_extra_is_named(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "yt_dlp.py").write_text("raise ModuleNotFoundError('No module named yt_dlp')")
    cli.environ["PYTHONPATH"] = str(tmp_path / "missing")
    result = cli("fetch", "https://videos.example/1", "--footage", "f")
    assert result.code == 4
    assert "pip install 'nvpipe[fetch]'" in result.error_lines[0]


def test_a_killed_download_goes_on_and_is_never_analysed(cli: Cli, video: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "footage"
    page = Page(video, bytes_per_s=len(video) / 8)
    with serving({"/a.mp4": page}) as server:
        arguments = ("fetch", server.url("/a.mp4"), "--footage", folder, LOCAL)
        process = cli.start(*arguments)
        part = wait_for_part(folder)
        process.kill()
        process.communicate()
        kept = part.stat().st_size
        assert cli("analyze", folder).code == 3
        page.bytes_per_s = None
        assert cli(*arguments).code == 0
        assert server.spans("/a.mp4")[-1] == f"bytes={kept}-"
    (got,) = folder.glob("*.mp4")
    assert got.read_bytes() == video
    assert not (folder / ".nvpipe-fetch").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_download_says_that_it_can_go_on(
    cli: Cli, video: bytes, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "footage"
    with serving({"/a.mp4": Page(video, bytes_per_s=len(video) / 30)}) as server:
        process = cli.start("fetch", server.url("/a.mp4"), "--footage", folder, LOCAL)
        part = wait_for_part(folder)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    (line,) = [line for line in err.splitlines() if "error" in line]
    assert "goes on" in line
    assert part.stat().st_size > 0


def test_a_full_disk_is_one_line_and_keeps_the_part(cli: Cli, video: bytes, tmp_path: Path) -> None:
    def small_files() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))

    with serving({"/a.mp4": Page(video, bytes_per_s=4e6)}) as server:
        done = subprocess.run(
            cli.command("fetch", server.url("/a.mp4"), "--footage", "footage", LOCAL),
            cwd=tmp_path,
            env=cli.environ,
            capture_output=True,
            text=True,
            preexec_fn=small_files,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("nvpipe: error:")]
    assert "space" in line
    assert list((tmp_path / "footage").glob(".nvpipe-fetch/*/*.part"))


def test_nothing_of_the_user_or_the_environment_is_obeyed(cli: Cli, video: bytes, tmp_path: Path) -> None:
    home = tmp_path / "home"
    plugins = home / "yt-dlp" / "plugins" / "mine" / "yt_dlp_plugins" / "extractor"
    plugins.mkdir(parents=True)
    (plugins / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    (home / "yt-dlp" / "config").write_text(f"--exec 'touch {tmp_path / 'ran'}'\n--write-thumbnail\n")
    cli.environ |= {"XDG_CONFIG_HOME": str(home), "HOME": str(home)}
    cli.environ |= dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    with serving({"/a.mp4": Page(video)}) as server:
        result = cli("fetch", server.url("/a.mp4"), "--footage", "footage", LOCAL, "--json")
    assert result.code == 0, result.err
    assert not (tmp_path / "ran").exists()
    names = sorted(path.name for path in (tmp_path / "footage").iterdir())
    assert [name.partition(".")[2] for name in names] == ["info.json", "mp4"]
    kept = json.loads((tmp_path / "footage" / names[0]).read_text("utf-8"))
    assert kept["webpage_url"] == server.url("/a.mp4")
