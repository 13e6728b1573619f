"""`nvpipe run --workers`: the same files, and nothing left of what is stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from fakes.cli import ARTICLE, Cli, make_clip

pytestmark = pytest.mark.e2e
SLUG = "the-lighthouse-that-moved"
SIZES = "180x320,320x180"


@pytest.fixture(scope="module")
def analysed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough an article and footage for a short of two chunks, whose footage is analysed already."""
    folder = tmp_path_factory.mktemp("analysed")
    (folder / "article.md").write_text(ARTICLE)
    make_clip(folder / "clip.mp4", seconds=40)
    assert Cli(folder)("analyze", "clip.mp4", "--fast").code == 0
    return folder


@pytest.fixture
def shop(analysed: Path, tmp_path: Path) -> Cli:
    shutil.copytree(analysed, tmp_path / "shop", copy_function=shutil.copy2)
    return Cli(tmp_path / "shop")


def arguments(out: str, workers: int) -> tuple[str, ...]:
    options = ("--seconds", "24", "--size", SIZES, "--fast", "--title", "--workers", str(workers), "--json")
    return ("run", "article.md", "--footage", "clip.mp4", "--out", out, *options)


def children(process: subprocess.Popen[str]) -> list[int]:
    """Processes that do something for another."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(number) for number in found if "spawn_main" in _command(int(number))]


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:
        return ""


def busy(process: subprocess.Popen[str], folder: Path) -> list[int]:
    """The processes once they have begun to write."""
    for _ in range(2400):
        assert process.poll() is None, process.communicate()
        found = children(process)
        if len(found) == 2 and list(folder.rglob("*.packets")):
            return found
        time.sleep(0.05)
    raise AssertionError("no processes share the render")


def gone(numbers: list[int]) -> bool:
    for _ in range(200):
        if not any(_command(number) for number in numbers):
            return True
        time.sleep(0.05)
    return False


def test_two_processes_make_what_one_makes(shop: Cli) -> None:
    # What one has rendered would be taken from the cache by the other.
    other = Cli(shop.folder)
    other.environ["NVPIPE_STORAGE"] = str(shutil.copytree(shop.storage, shop.folder / "other"))
    for cli, out, workers in ((shop, "one", 1), (other, "two", 2)):
        result = cli(*arguments(out, workers))
        assert result.code == 0, result.err
    kinds = (".mp4", ".srt", ".jpg", ".json")
    names = sorted(path.name for path in (shop.folder / "one").iterdir() if path.suffix in kinds)
    assert f"{SLUG}.mp4" in names
    assert f"{SLUG}-320x180.mp4" in names
    assert f"{SLUG}.jpg" in names
    for name in names:
        if not name.endswith(".json"):
            first, second = (shop.folder / folder / name for folder in ("one", "two"))
            assert first.read_bytes() == second.read_bytes(), name
    video = json.loads((shop.folder / "two" / f"{SLUG}.json").read_text())
    assert video["output"]["duration_s"] > 18, "more than one chunk"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked up in procfs")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_render_ends_its_processes(number: signal.Signals, shop: Cli) -> None:
    process = shop.start(*arguments("out", 2))
    crew = busy(process, shop.folder / "out")
    if number == signal.SIGINT:
        # Ctrl-C goes to all processes of the terminal.
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [line for line in err.splitlines() if "error" in line or "Traceback" in line] == [
        "nvpipe: error: interrupted; the same command goes on where it stopped"
    ]
    assert gone(crew)
    assert not list((shop.folder / "out").glob(".nvpipe-*"))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked up in procfs")
def test_a_killed_process_ends_the_job_with_one_line(shop: Cli) -> None:
    process = shop.start(*arguments("out", 2))
    crew = busy(process, shop.folder / "out")
    os.kill(crew[0], signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 3
    (line,) = (line for line in err.splitlines() if "error" in line or "Traceback" in line)
    assert "killed by signal 9" in line
    assert "--workers 1" in line
    assert gone(crew)
    assert not list((shop.folder / "out").glob(".nvpipe-*"))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are looked up in procfs")
def test_processes_end_with_their_parent(shop: Cli) -> None:
    process = shop.start(*arguments("out", 2))
    crew = busy(process, shop.folder / "out")
    process.kill()
    process.communicate(timeout=60)
    assert gone(crew)
    assert shop(*arguments("out", 2)).code == 0
    assert not list((shop.folder / "out").glob(".nvpipe-*"))
