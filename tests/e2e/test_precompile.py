"""`nvpipe precompile`, and runs that take their pictures from what it made."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from fakes.cli import ARTICLE, Cli, Result, make_clip

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.e2e
SLUG = "the-lighthouse-that-moved"
SIZE = ("--size", "270x480")


class Made:
    """Precompiled footage that the tests of this file share; `direct` is a run that knows nothing of it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.cli = Cli(folder)
        (folder / "article.md").write_text(ARTICLE)
        make_clip(folder / "clip.mp4")
        self.result = self.precompile(*(options or SIZE))

    def precompile(self, *options: str | Path, footage: str = "clip.mp4") -> Result:
        return self.cli("precompile", footage, "--durations", "4,8", "--json", *options)

    def run(self, name: str, *options: str | Path) -> tuple[Result, Any]:
        out = self.cli.folder / name
        options = ("--out", out, "--seconds", "4", "--captions", "none", "--json", *SIZE, *options)
        result = self.cli("run", "article.md", "--footage", "clip.mp4", *options)
        assert result.code == 0, result.err
        return result, json.loads((out / f"{SLUG}.json").read_text())

    def files(self) -> list[Path]:
        return sorted((self.cli.storage / "stages" / "precompiled").glob("*.mkv"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("precompiled"))


def planes(video: Path) -> list[np.ndarray]:
    with av.open(str(video)) as container:
        return [frame.to_ndarray().astype(float) for frame in container.decode(video=0)]


def sound(video: Path) -> bytes:
    with av.open(str(video)) as container:
        return b"".join(bytes(packet) for packet in container.demux(audio=0))


def test_the_best_segments_are_kept_and_a_second_call_finds_them(made: Made) -> None:
    assert made.result.code == 0, made.result.err
    document = made.result.json
    assert document["size_bytes"] == sum(path.stat().st_size for path in made.files()) > 0
    assert [Path(one["file"]) for one in document["precompiled"]]
    best = made.cli("segments", "clip.mp4", "--duration", "8", "--json").json["segments"][0]
    for one in document["precompiled"]:
        assert (one["width_px"], one["height_px"], one["fps"], one["layout"]) == (270, 480, "30", "blur")
        assert one["cached"] is False
    assert any(one["start_s"] <= best["start_s"] and best["end_s"] <= one["end_s"] for one in document["precompiled"])
    again = made.precompile(*SIZE)
    assert again.code == 0
    assert [one["cached"] for one in again.json["precompiled"]] == [True] * len(document["precompiled"])
    assert again.json["size_bytes"] == document["size_bytes"]
    assert "already there" in again.err


def test_a_run_uses_them_says_so_and_looks_and_sounds_the_same(made: Made) -> None:
    _, manifest = made.run("ready")
    (cut,) = manifest["footage"]
    assert cut["precompiled"] is True
    assert cut["path"] == str(made.cli.folder / "clip.mp4")
    # Without the files the same job shows the same segments, composed.
    aside = made.cli.folder / "aside"
    (made.cli.storage / "stages" / "precompiled").rename(aside)
    try:
        _, plain = made.run("direct")
    finally:
        aside.rename(made.cli.storage / "stages" / "precompiled")
    assert plain["footage"] == [{**cut, "precompiled": False}]
    ready, direct = (made.cli.folder / name / f"{SLUG}.mp4" for name in ("ready", "direct"))
    assert sound(ready) == sound(direct)
    found, wanted = planes(ready), planes(direct)
    assert len(found) == len(wanted) == 120
    error = np.mean([np.mean((one - other) ** 2) for one, other in zip(found, wanted, strict=True)])
    assert 10 * np.log10(255**2 / error) > 38


def test_captions_quality_and_loudness_may_be_any(made: Made) -> None:
    _, manifest = made.run("other", "--captions", "bold", "--quality", "high", "--lufs", "-16")
    assert [cut["precompiled"] for cut in manifest["footage"]] == [True]


@pytest.mark.parametrize("options", [("--layout", "fill"), ("--size", "270x480,360x360")], ids=["layout", "size"])
def test_another_picture_is_composed(options: Sequence[str], made: Made) -> None:
    _, manifest = made.run(f"not{options[0]}", *options)
    assert not any(cut["precompiled"] for cut in manifest["footage"])
    assert manifest["warnings"] == []


def test_two_sizes_and_both_halves_of_a_split(tmp_path: Path) -> None:
    options = ("--size", "180x320,320x180", "--layout", "split")
    made = Made(tmp_path, *options)
    assert made.result.code == 0, made.result.err
    _, manifest = made.run("split", *options)
    assert [cut["precompiled"] for cut in manifest["footage"] + manifest["beside"]] == [True, True]
    for name, shape in ((SLUG, (480, 180)), (f"{SLUG}-320x180", (270, 320))):
        found = planes(made.cli.folder / "split" / f"{name}.mp4")
        assert len(found) == 120
        assert found[0].shape == shape


def test_the_cache_commands_know_the_files(made: Made) -> None:
    listed = made.cli("cache", "ls", "--json").json["files"]
    states = {file["path"]: (file["kind"], file["state"]) for file in listed}
    assert all(states[str(path)] == ("stage", "ok") for path in made.files())
    assert made.cli("cache", "verify").code == 0
    dropped = made.cli("cache", "prune", "--keep", "0", "--dry-run").out
    assert all(path.name in dropped for path in made.files())


def test_a_damaged_file_is_a_warning_and_made_again(made: Made, tmp_path: Path) -> None:
    house = Made(tmp_path)
    for path in house.files():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    assert house.cli("cache", "verify").code == 1
    result, manifest = house.run("damaged")
    assert [cut["precompiled"] for cut in manifest["footage"]] == [False]
    assert any("damaged or gone" in text for text in manifest["warnings"])
    assert "damaged or gone" in result.err
    again = house.precompile(*SIZE)
    assert again.code == 0
    assert not any(one["cached"] for one in again.json["precompiled"][:1])
    _, manifest = house.run("mended", "--lufs", "-15")
    assert [cut["precompiled"] for cut in manifest["footage"]] == [True]


def test_interrupted_it_leaves_nothing_half_done_and_goes_on_later(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    make_clip(tmp_path / "a.mp4", seconds=3)
    make_clip(tmp_path / "b.mp4", seconds=12)
    folder = cli.storage / "stages" / "precompiled"
    # The longer one comes first.
    options = ("precompile", "a.mp4", "b.mp4", "--durations", "12", "--size", "720x1280", "--jobs", "1")
    process = cli.start(*options)
    deadline = time.monotonic() + 200
    while not list(folder.glob("*.json")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.strip().endswith("nvpipe: error: interrupted")
    assert len(list(folder.glob("*.mkv"))) == 1
    assert [path for path in folder.iterdir() if path.name.startswith(".") and path.suffix == ".nvpipe-tmp"] == []
    assert cli("cache", "verify").code == 0
    again = cli(*options, "--json")
    assert again.code == 0, again.err
    assert sorted(one["cached"] for one in again.json["precompiled"]) == [False, True]


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_said_before_any_work(made: Made, tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    result = made.cli("precompile", "clip.mp4", "--storage", tmp_path, "--durations", "4")
    assert result.code == 1
    assert "cannot write" in result.error_lines[0]


def test_a_file_in_the_place_of_the_folder_is_one_clear_error(made: Made, tmp_path: Path) -> None:
    (tmp_path / "stages").write_text("in the way")
    result = made.cli("precompile", "clip.mp4", "--storage", tmp_path, "--durations", "4", *SIZE)
    assert result.code == 1
    assert len(result.error_lines) == 1
    assert "cannot write" in result.error_lines[0]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("missing.mp4", None, 3), ("empty.mp4", b"", 3), ("list.m3u8", b"#EXTM3U\nhttp://localhost/x\n", 3)],
)
def test_unusable_footage_is_one_line(name: str, content: bytes | None, code: int, cli: Cli) -> None:
    if content is not None:
        (cli.folder / name).write_bytes(content)
    result = cli("precompile", name)
    assert result.code == code
    assert len(result.error_lines) == 1
    assert name in result.error_lines[0]


def test_one_unusable_video_does_not_stop_the_others(cli: Cli, clip: Path) -> None:
    (cli.folder / "empty.mp4").write_bytes(b"")
    result = cli("precompile", "empty.mp4", clip, "--durations", "4", *SIZE, "--json")
    assert result.code == 1
    assert "empty.mp4 is empty" in result.error_lines[0]
    assert result.json["precompiled"]


def test_footage_that_is_cut_off_gives_what_can_be_decoded(cli: Cli, clip: Path) -> None:
    whole = make_clip(clip.with_name("whole.ts"))
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    result = cli("precompile", whole, "--durations", "4,60", *SIZE, "--json")
    assert result.code == 0, result.err
    assert all(0 <= one["start_s"] < one["end_s"] <= 8 for one in result.json["precompiled"])


@pytest.mark.parametrize("durations", ["", "x", "15,,30", "1", "-4", "nan", "1e9"])
def test_lengths_that_make_no_sense_are_refused_before_any_work(durations: str, cli: Cli) -> None:
    result = cli("precompile", "clip.mp4", "--durations", durations)
    assert result.code == 2
    assert "--durations" in result.error_lines[0]
