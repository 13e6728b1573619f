"""`nvpipe run` with several sizes, other frame rates and a split picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from fakes.cli import ARTICLE, Cli, Result, make_clip
from fakes.media import frame_number, make_video, solid
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.e2e
SLUG = "the-lighthouse-that-moved"


class Sized:
    """A run of two small sizes that the tests of this file share."""

    def __init__(self, folder: Path) -> None:
        self.cli = Cli(folder)
        (folder / "article.md").write_text(ARTICLE)
        make_clip(folder / "clip.mp4")
        self.out = folder / "out"
        self.result = self.run("--size", "270x480,360x360", out=self.out)

    def run(self, *options: str, out: Path) -> Result:
        return self.cli(
            "run", "article.md", "--footage", "clip.mp4", "--out", out, "--seconds", "4", "--json", *options
        )

    def manifest(self, out: Path) -> Any:
        return json.loads((out / f"{SLUG}.json").read_text())


@pytest.fixture(scope="module")
def sized(tmp_path_factory: pytest.TempPathFactory) -> Sized:
    return Sized(tmp_path_factory.mktemp("sized"))


def pictures(video: Path) -> list[np.ndarray]:
    with av.open(str(video)) as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


def names(folder: Path, *suffixes: str) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix in suffixes)


def test_every_size_has_its_file_with_subtitles_and_all_share_a_manifest(sized: Sized) -> None:
    assert sized.result.code == 0, sized.result.err
    stems = [SLUG, f"{SLUG}-360x360"]
    wanted = [f"{stem}{suffix}" for stem in stems for suffix in (".mp4", ".srt")]
    assert names(sized.out, ".mp4", ".srt", ".json") == sorted([*wanted, f"{SLUG}.json"])
    texts = {(sized.out / f"{stem}.srt").read_text() for stem in stems}
    assert len(texts) == 1
    manifest = sized.manifest(sized.out)
    assert manifest["output"] == manifest["outputs"][0]
    assert [(Path(one["path"]).stem, one["width_px"], one["height_px"]) for one in manifest["outputs"]] == [
        (stems[0], 270, 480),
        (stems[1], 360, 360),
    ]
    (job,) = sized.result.json["jobs"]
    assert Path(job["output"]) == sized.out / f"{SLUG}.mp4"


def test_every_size_is_whole_and_has_captions(sized: Sized) -> None:
    for name, size in ((SLUG, (270, 480)), (f"{SLUG}-360x360", (360, 360))):
        path = sized.out / f"{name}.mp4"
        with av.open(str(path)) as container:
            assert container.streams.audio[0].codec_context.name == "aac"
            assert container.duration is not None
            assert abs(container.duration / 1e6 - 4) <= 0.1
        found = pictures(path)
        assert len(found) == 120
        assert found[0].shape == (size[1] * 3 // 2, size[0])
        # The numbered footage has nothing as bright as the captions' letters below its bars.
        assert found[45][size[1] // 2 : size[1]].max() >= 225


def test_the_same_run_again_finds_everything_and_one_more_size_is_made_alone(sized: Sized) -> None:
    again = sized.run("--size", "270x480,360x360", out=sized.out)
    assert again.json["jobs"][0]["cached"] is True
    other = sized.cli.folder / "other"
    more = sized.run("--size", "360x360,480x270", out=other)
    assert more.code == 0, more.err
    assert (other / f"{SLUG}-480x270.mp4").is_file()
    # The footage and the file of the known size are those of the first run.
    assert sized.manifest(other)["footage"] == sized.manifest(sized.out)["footage"]
    assert (other / f"{SLUG}.mp4").read_bytes() == (sized.out / f"{SLUG}-360x360.mp4").read_bytes()


def test_a_file_that_vanished_is_made_again(sized: Sized) -> None:
    path = sized.out / f"{SLUG}-360x360.mp4"
    before = path.read_bytes()
    path.unlink()
    result = sized.run("--size", "270x480,360x360", out=sized.out)
    assert result.code == 0, result.err
    assert result.json["jobs"][0]["cached"] is False
    assert path.read_bytes() == before


def test_sixty_pictures_a_second(sized: Sized) -> None:
    out = sized.cli.folder / "fast"
    result = sized.run("--size", "180x320", "--fps", "60", "--captions", "none", "--layout", "fill", out=out)
    assert result.code == 0, result.err
    found = pictures(out / f"{SLUG}.mp4")
    assert len(found) == 240
    assert sized.manifest(out)["output"]["fps"] == "60"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--size", "3:2"], "9:16, 4:5, 1:1, 16:9"),
        (["--size", "1:1,1:1"], "twice"),
        (["--size", "271x480"], "odd"),
        (["--fps", "50"], "30, 60"),
        (["--blur", "-1"], "0 to 200"),
        (["--blur-opacity", "1.5"], "0 to 1"),
        (["--blur-desaturation", "red"], "number"),
    ],
)
def test_values_that_make_no_sense_are_refused_before_any_work(options: Sequence[str], says: str, cli: Cli) -> None:
    result = cli("run", "article.md", "--footage", "clip.mp4", *options)
    assert result.code == 2
    (line,) = result.error_lines
    assert says in line


def test_a_picture_above_the_footage(sized: Sized) -> None:
    Image.new("RGB", (400, 300), (250, 20, 20)).save(sized.cli.folder / "face.png")
    out = sized.cli.folder / "face"
    options = ["--size", "180x320,320x180", "--layout", "split", "--captions", "none"]
    result = sized.run(*options, "--split-with", "face.png", out=out)
    assert result.code == 0, result.err
    red = pictures(out / f"{SLUG}.mp4")[60]
    assert abs(int(red[80, 90]) - int(red[10, 10])) <= 3
    assert abs(float(red[20:140, 20:160].mean()) - 77) <= 6
    assert red[160:320].std() > 10
    wide = pictures(out / f"{SLUG}-320x180.mp4")[60]
    assert abs(float(wide[20:160, 20:140].mean()) - 77) <= 6
    (beside,) = sized.manifest(out)["beside"]
    assert beside["path"] == str(sized.cli.folder / "face.png")


def test_a_shorter_video_above_the_footage_is_looped(sized: Sized) -> None:
    make_video(sized.cli.folder / "loop.mp4", seconds=1.5, size=(180, 160), tags={"copyright": "CC0"})
    out = sized.cli.folder / "loop"
    options = ["--size", "180x320", "--layout", "split", "--captions", "none"]
    result = sized.run(*options, "--split-with", "loop.mp4", out=out)
    assert result.code == 0, result.err
    found = [frame_number(picture[:160]) for picture in pictures(out / f"{SLUG}.mp4")]
    assert found == [index % 45 for index in range(120)]
    beside = sized.manifest(out)["beside"]
    assert [(cut["at_s"], cut["licence"]) for cut in beside] == [(0.0, "CC0"), (1.5, "CC0"), (3.0, "CC0")]


@pytest.mark.parametrize("named", [[], ["--split-with", "clip.mp4"]], ids=["nothing named", "the footage itself"])
def test_without_a_second_video_more_of_the_footage_is_shown(named: Sequence[str], sized: Sized) -> None:
    out = sized.cli.folder / f"more{len(named)}"
    result = sized.run("--size", "180x320", "--layout", "split", "--captions", "none", *named, out=out)
    assert result.code == 0, result.err
    manifest = sized.manifest(out)
    assert sum(cut["end_s"] - cut["start_s"] for cut in manifest["beside"]) == pytest.approx(4.0)
    for cut in manifest["footage"]:
        assert all(
            cut["end_s"] <= other["start_s"] or other["end_s"] <= cut["start_s"] for other in manifest["beside"]
        )
    assert len(pictures(out / f"{SLUG}.mp4")) == 120


def test_the_sound_is_the_footage_s_own_and_not_the_second_video_s(sized: Sized) -> None:
    """Where the second video is loud and everything else the same, the sound is the same."""
    loud = 0.9 * np.sin(2 * np.pi * 3000 * np.arange(5 * 48000) / 48000)[None].repeat(2, axis=0).astype(np.float32)
    make_video(sized.cli.folder / "loud.mp4", seconds=5, picture=solid(9, 9, 9), sound=loud, tags={"copyright": "x"})
    make_video(sized.cli.folder / "mute.mp4", seconds=5, picture=solid(9, 9, 9), audio=None, tags={"copyright": "x"})
    sounds = []
    for name in ("loud", "mute"):
        out = sized.cli.folder / name
        options = ["--size", "180x320", "--layout", "split", "--split-with", f"{name}.mp4"]
        result = sized.run(*options, out=out)
        assert result.code == 0, result.err
        with av.open(str(out / f"{SLUG}.mp4")) as container:
            sounds.append(b"".join(bytes(packet) for packet in container.demux(audio=0)))
    assert sounds[0] == sounds[1]


def test_options_that_the_layout_does_not_use_are_said_once(sized: Sized) -> None:
    out = sized.cli.folder / "idle"
    result = sized.run("--size", "180x320", "--layout", "letterbox", "--blur", "5", "--captions", "none", out=out)
    assert result.code == 0, result.err
    assert result.err.count("layout letterbox does not use blur") == 1
