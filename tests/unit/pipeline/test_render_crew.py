"""Chunks of a render in processes of their own: the same files, one error, nothing left."""

from __future__ import annotations

import multiprocessing
import threading
import time
import wave
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import pytest
from fakes.drawing import drawn, dying
from fakes.media import make_video

from nvpipe.compose import COMPOSERS, LAYOUTS
from nvpipe.compose.render import Film, Tools, render
from nvpipe.errors import MediaError
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.encode.x264 import X264Encoder
from nvpipe.media.probe import probe
from nvpipe.pipeline.render_crew import RenderCrew, worker_count
from nvpipe.scheduler.device import cores
from nvpipe.types import CaptionTrack, CoverHint, Cue, Cut, Footage, Narration, OutputFormat, Timeline

SECONDS = 20.0
NOWHERE = "\u0378"


def plan(folder: Path) -> Timeline:
    clip = make_video(folder / "clip.mp4", seconds=SECONDS + 2, gop=30)
    info = probe(clip)
    footage = Footage(
        "clip", clip, "clip", info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
        info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed,
    )  # fmt: skip
    with wave.open(str(folder / "voice.wav"), "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", ""))
        file.writeframes(bytes(2 * 22050))
    words = Narration(folder / "voice.wav", 22050, 1.0, "fake", "fake", ())
    cues = (Cue(1.0, 3.0, ("Said", "early"), 0), Cue(17.0, 19.0, ("late", NOWHERE), 0))
    output = OutputFormat(144, 256, Fraction(30), "fill", "medium")
    cut = Cut(footage, 0.5, SECONDS + 0.5, 0.0)
    cover = CoverHint(15.0, (0.0,))
    return Timeline((cut,), words, 0.0, CaptionTrack(cues, "default"), output, SECONDS, cover=cover)


@dataclass
class Made:
    files: list[bytes]
    cover: bytes
    missing: set[str]


def made(timeline: Timeline, folder: Path, workers: int, draw: object = drawn) -> Made:
    folder.mkdir()
    second = replace(timeline, output=replace(timeline.output, width_px=192, height_px=192), cover=None)
    paths = [folder / "a.mp4", folder / "b.mp4"]
    (painter, extras), (other, _) = drawn(timeline), drawn(second)
    tools = Tools(PyAvDecoder(), X264Encoder(), COMPOSERS.load("cpu"), LAYOUTS.load("fill"), painter, extras.overlays)
    crew = RenderCrew([timeline, second], paths, ("pyav", "x264", "cpu", "fill"), draw, extras, workers)  # type: ignore[arg-type]
    heard: list[float] = []
    render(
        timeline, paths[0], tools, also=[Film(paths[1], second.output, other)], on_progress=heard.append, crew=crew
    )
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(SECONDS, abs=0.4)
    assert sorted(path.name for path in folder.iterdir()) == ["a.mp4", "b.mp4"]
    assert extras.picker is not None
    extras.picker.write(folder / "cover.jpg")
    assert (crew.peak_bytes > 0) == (workers > 1)
    return Made(
        [path.read_bytes() for path in paths], (folder / "cover.jpg").read_bytes(), painter.missing | crew.missing
    )


def test_any_number_of_processes_makes_the_same_files(tmp_path: Path) -> None:
    timeline = plan(tmp_path)
    alone = made(timeline, tmp_path / "alone", 1)
    assert NOWHERE in alone.missing
    assert made(timeline, tmp_path / "two", 2) == alone
    assert not multiprocessing.active_children()


def test_a_killed_process_is_one_error_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match=r"pictures \d+ to \d+ are not rendered: .* killed by signal 9") as caught:
        made(plan(tmp_path), tmp_path / "out", 2, dying)
    assert "--workers 1" in caught.value.hint
    assert not multiprocessing.active_children()
    assert not list((tmp_path / "out").glob("*.packets"))


def test_an_error_in_a_process_is_the_render_s(tmp_path: Path) -> None:
    timeline = plan(tmp_path)
    clip, aside = tmp_path / "clip.mp4", tmp_path / "aside.mp4"
    hole = bytes(clip.stat().st_size // 3)
    data = clip.read_bytes()
    aside.write_bytes(data)

    def spoil() -> None:
        # When the chunks are planned already.
        while not multiprocessing.active_children():
            time.sleep(0.01)
        clip.write_bytes(hole)

    spoiling = threading.Thread(target=spoil)
    spoiling.start()
    with pytest.raises(MediaError, match=r"clip\.mp4"):
        made(timeline, tmp_path / "out", 2)
    spoiling.join()
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("max 100000", None),
        ("nonsense", None),
        ("1 0", None),
    ],
)
def test_a_container_s_quota_counts(text: str, most: int | None, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(text)
    assert cores(tmp_path) == (most or cores(tmp_path / "none"))


def test_no_more_processes_than_chunks() -> None:
    assert worker_count(1, 8) == 1
    assert worker_count(5, 3) == 3
    assert worker_count(1, None) == 1
    assert 1 <= worker_count(100, None) <= max(1, cores() // 2)
