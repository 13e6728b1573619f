"""The cache commands, and what the cache does for the others, as processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes.cli import Cli, make_clip
from fakes.reservations import reserve

from nvpipe.cache.ledger import Ledger

pytestmark = pytest.mark.e2e

NOT_FOR_A_HIT = {
    *("torch", "av", "numpy", "PIL", "rich", "filelock", "platformdirs", "trafilatura", "yt_dlp"),
    *("asyncio", "concurrent.futures", "logging", "multiprocessing", "resource", "shutil", "socket", "ssl"),
    *("subprocess", "email", "glob", "importlib.metadata", "tempfile", "tomllib", "traceback", "unicodedata"),
    *("nvpipe.pipeline.tools", "nvpipe.pipeline.analyse", "nvpipe.footage.newcomers", "nvpipe.footage.sidecar_text"),
    *("nvpipe.footage.curve", "nvpipe.footage.summary", "nvpipe.cache.about", "nvpipe.cache.adopt"),
    *("nvpipe.cache.journal", "nvpipe.cache.merge", "nvpipe.cache.original", "nvpipe.cache.sighting"),
    *("nvpipe.types.backend", "nvpipe.types.captions", "nvpipe.types.media", "nvpipe.types.motion"),
    *("nvpipe.types.speech", "nvpipe.types.text", "nvpipe.types.timeline"),
}
"""Modules that a cached answer would pay for and has no use of."""
ORIGINAL = {"high": [{"timestamp": 15.0, "motion_intensity": 0.0, "action_type": "high"}], "medium": [], "low": []}


def action_of(cli: Cli) -> Path:
    (path,) = cli.storage.glob("*_action_cache.json")
    return path


def states(cli: Cli) -> dict[str, str]:
    files = cli("cache", "verify", "--json").json["files"]
    return {Path(one["path"]).name: one["state"] for one in files if one["state"] != "ok"}


def test_hits_after_moving_and_misses_after_changes(cli: Cli, clip: Path, tmp_path: Path) -> None:
    def is_cached(path: Path) -> bool:
        return "already there" in cli("segments", path, "--duration", "4").err

    assert not is_cached(clip)
    assert is_cached(clip)
    (tmp_path / "deep" / "er").mkdir(parents=True)
    moved = shutil.move(clip, tmp_path / "deep" / "er" / "another name.mkv")
    assert is_cached(moved)
    copied = shutil.copyfile(moved, tmp_path / "copy.mp4")
    assert is_cached(copied)
    raw = bytearray(copied.read_bytes())
    raw[-1] ^= 1
    times = copied.stat().st_atime_ns, copied.stat().st_mtime_ns
    copied.write_bytes(raw)
    os.utime(copied, ns=times)
    assert not is_cached(copied)
    action_of_moved = next(path for path in cli.storage.glob("*_action_cache.json") if path.name.startswith("clip-"))
    action_of_moved.unlink()
    assert not is_cached(moved)


def test_cached_segments_are_the_same_and_import_only_what_they_need(cli: Cli, clip: Path) -> None:
    arguments = ["segments", str(clip), "--duration", "4", "--json"]
    first = cli(*arguments)
    # What a registry imports does not show in -X importtime.
    code = f"""
import sys
from nvpipe.cli import main
sys.argv = ["nvpipe", *{arguments!r}]
try:
    main()
finally:
    sys.stderr.write(" ".join(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cli.folder, env=cli.environ, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == first.json
    imported = set(done.stderr.split())
    assert "nvpipe.cache.action" in imported
    assert sorted(imported & NOT_FOR_A_HIT) == []
    # The names of the decoders are known, but none is imported.
    assert sorted(name for name in imported if name.startswith("nvpipe.media.")) == ["nvpipe.media.decode"]


def test_verify_tells_damaged_from_stale(cli: Cli, clip: Path) -> None:
    cli("segments", clip, "--duration", "4")
    sound = cli("cache", "verify")
    assert (sound.code, states(cli)) == (0, {})
    assert "ok" in sound.out
    video_id = action_of(cli).name.removesuffix("_action_cache.json")
    names = {f"{video_id}_action_cache.json", f"{video_id}_segments_4s.json"}
    kept = clip.rename(clip.with_suffix(".kept"))
    make_clip(clip, seconds=5)
    assert states(cli) == dict.fromkeys(names, "stale")
    assert cli("cache", "verify").code == 0
    kept.replace(clip)
    action = action_of(cli)
    whole = action.read_bytes()
    action.write_bytes(whole[: len(whole) // 2])
    result = cli("cache", "verify")
    assert result.code == 1
    assert states(cli) == {action.name: "damaged", f"{video_id}_segments_4s.json": "stale"}
    assert any(line.startswith("damaged") and action.name in line for line in result.out.splitlines())
    assert action.exists()


def test_a_damaged_action_cache_is_set_aside_and_made_again(cli: Cli, clip: Path) -> None:
    first = cli("segments", clip, "--duration", "4", "--json")
    action = action_of(cli)
    action.write_bytes(action.read_bytes()[:-5])
    again = cli("segments", clip, "--duration", "4", "--json")
    assert again.json == first.json
    assert sum("warning" in line for line in again.err.splitlines()) == 1
    assert action.with_name(f"{action.name}.damaged-1").exists()
    assert cli("cache", "verify").code == 0


def test_prune_keeps_what_was_used_last(cli: Cli, clip: Path, tmp_path: Path) -> None:
    other = make_clip(tmp_path / "other.mp4", seconds=4)
    for path in (clip, other):
        cli("segments", path, "--duration", "3")
    past_s = time.time() - 9 * 86_400
    for path in cli.storage.glob("*s.json"):
        os.utime(path, (past_s, past_s))
    for path in cli.storage.glob("*_action_cache.json"):
        os.utime(path, (past_s, past_s))
    cli("segments", clip, "--duration", "3")
    before = {path.name for path in cli.storage.iterdir()}
    sizes = sum(path.stat().st_size for path in cli.storage.glob("*.json"))
    dry = cli("cache", "prune", "--keep", str(sizes - 1), "--dry-run", "--json").json
    assert {path.name for path in cli.storage.iterdir()} == before
    assert all(Path(one["path"]).name.startswith("other-") for one in dry["files"])
    assert len(dry["files"]) == 2
    done = cli("cache", "prune", "--keep", str(sizes - 1))
    assert "2 files" in done.out
    left = {path.name for path in cli.storage.iterdir()}
    assert before - left == {Path(one["path"]).name for one in dry["files"]}
    assert "already there" in cli("segments", clip, "--duration", "3").err
    cli("cache", "prune", "--keep", "0")
    assert {path.name for path in cli.storage.glob("*.json")} == {"footage_metadata.json"}


@pytest.mark.parametrize("size", ["lots", "-5", "", "5X"])
def test_prune_refuses_nonsense(cli: Cli, size: str) -> None:
    result = cli("cache", "prune", "--keep", size)
    assert result.code == 2
    assert len(result.error_lines) == 1


def test_the_commands_of_an_empty_cache(cli: Cli) -> None:
    for arguments in (("ls",), ("verify",), ("prune", "--keep", "1G"), ("clear",)):
        assert cli("cache", *arguments).code == 0
        json.loads(cli("cache", *arguments, "--json").out)
    assert not cli.storage.exists()


def test_clear_keeps_the_ledger_unless_told(cli: Cli) -> None:
    reserve(Ledger(cli.storage, pytest.fail), "job")
    ledger = cli.storage / "footage_ledger.json"
    result = cli("cache", "clear")
    assert "--ledger" in result.out
    assert ledger.exists()
    assert cli("cache", "clear", "--ledger").code == 0
    assert list(cli.storage.iterdir()) == []


def test_a_folder_of_the_original_program(cli: Cli, clip: Path) -> None:
    cli.storage.mkdir()
    known = {"title": "A game", "duration": 12.0, "content_type": "shooter", "file_path": str(clip)}
    files = {
        "abc_action_cache.json": ORIGINAL,
        "abc_segments_30.0s.json": [{"start": 1.0, "end": 31.0}],
        "footage_metadata.json": {"sources": {}, "videos": {"abc": known}},
    }
    for name, data in files.items():
        (cli.storage / name).write_text(json.dumps(data))
    assert cli("cache", "verify", "--json").json["counts"] == {"foreign": 3}
    result = cli("segments", clip, "--duration", "4")
    assert result.code == 0
    told = [line for line in result.err.splitlines() if "tiktok-automata" in line]
    assert len(told) == 2
    assert {f"{name}.original-1" for name in files} <= {path.name for path in cli.storage.iterdir()}
    data = json.loads((cli.storage / "footage_metadata.json").read_text())["data"]
    (video,) = data["files"].values()
    assert (video["title"], video["path"]) == ("A game", str(clip))
    assert data["original"] == []
    again = cli("segments", clip, "--duration", "4")
    assert "tiktok-automata" not in again.err
    cli("cache", "clear")
    assert {path.name for path in cli.storage.iterdir()} == {f"{name}.original-1" for name in files}
