"""Chunks of a render: where they lie, and that each by itself gives the pictures and bytes of the whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from fakes.media import make_video
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nvpipe.compose import COMPOSERS, LAYOUTS
from nvpipe.compose.chunks import LONGEST_S, SHORTEST_S, Chunk, divided, plan_chunks
from nvpipe.compose.cpu import Pictures
from nvpipe.compose.render import Film, Rendered, Shot, Tools, render, shoot_chunk
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.encode.x264 import X264Encoder
from nvpipe.types import Still

if TYPE_CHECKING:
    from nvpipe.types import Timeline

FPS = 30
LONG_S = 20.0
"""Just enough to be divided."""
MakeTimeline = Callable[..., "Timeline"]


@given(st.integers(1, 3000), st.sets(st.integers(1, 2999), max_size=60))
def test_chunks_cover_everything_and_are_neither_short_nor_needlessly_long(total: int, borders: set[int]) -> None:
    inside = sorted(border for border in borders if border < total)
    chunks = divided(total, FPS, inside)
    assert [chunks[0].first, chunks[-1].end] == [0, total]
    assert all(one.end == other.first for one, other in itertools.pairwise(chunks))
    assert {chunk.first for chunk in chunks[1:]} <= borders
    shortest, longest = SHORTEST_S * FPS, LONGEST_S * FPS
    assert len(chunks) == 1 or all(chunk.end - chunk.first >= shortest for chunk in chunks)
    for chunk in chunks:
        if chunk.end - chunk.first > longest:
            assert not [at for at in inside if chunk.first + shortest <= at <= min(chunk.end, total) - shortest]


def test_short_videos_are_one_chunk_and_their_footage_is_not_looked_at(
    tmp_path: Path, timeline: MakeTimeline
) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=2, audio=None)
    plan = timeline((clip, 0.0, 2.0))
    clip.unlink()
    assert plan_chunks(plan) == (Chunk(0, 60),)


def test_borders_lie_at_cuts_and_keyframes(tmp_path: Path, timeline: MakeTimeline) -> None:
    # One keyframe in 4 s: a chunk starts with the first picture that needs nothing before it.
    clip = make_video(tmp_path / "clip.mp4", seconds=32, gop=120, audio=None)
    first, second = plan_chunks(timeline((clip, 1.0, 27.0)))
    assert first.end == second.first == 11 * FPS + 1
    cut = plan_chunks(timeline((clip, 1.0, 12.1), (clip, 20.1, 32.0)))
    assert [chunk.first for chunk in cut] == [0, 333]


@pytest.mark.parametrize("name", ["clip.ts", "clip.avi", "mpeg4.mp4", "one_keyframe.mp4"])
def test_footage_that_cannot_be_entered_exactly_is_one_chunk(
    name: str, tmp_path: Path, timeline: MakeTimeline
) -> None:
    codec = "mpeg4" if name.startswith("mpeg4") else "libx264"
    gop = 3000 if name.startswith("one") else 15
    clip = make_video(tmp_path / name, seconds=LONG_S + 1, codec=codec, gop=gop, b_frames=0, audio=None)
    assert plan_chunks(timeline((clip, 0.0, LONG_S))) == (Chunk(0, round(LONG_S * FPS)),)


def composed(plan: Timeline, layout: str, chunks: Sequence[Chunk]) -> list[np.ndarray]:
    with Pictures(plan, PyAvDecoder(), LAYOUTS.load(layout), (), chunks) as pictures:
        return [picture.to_ndarray() for picture in pictures]


def same_by_chunks(plan: Timeline, layout: str = "fill", *, count: int = 2) -> None:
    """Every chunk by itself shows what is shown without any."""
    chunks = plan_chunks(plan)
    assert len(chunks) == count
    whole = composed(plan, layout, [Chunk(0, chunks[-1].end)])
    for chunk in chunks:
        alone = composed(plan, layout, [chunk])
        assert len(alone) == chunk.end - chunk.first
        for number, picture in enumerate(alone, chunk.first):
            assert (picture == whole[number]).all(), f"picture {number} of {chunk}"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("closed.mp4", {}),
        ("open.mp4", {"options": {"x264-params": "open-gop=1:b-adapt=0:bframes=3"}, "gop": 40}),
        ("film.mkv", {"fps": Fraction(24000, 1001), "gop": 48}),
        ("odd.mkv", {"fps": 35, "gop": 50}),
        ("quick.mp4", {"fps": 60, "gop": 120}),
        ("interlaced.mp4", {"interlaced": True, "fps": 25, "gop": 25}),
        ("turned.mp4", {"rotation": 90, "matrix": "bt601"}),
        ("late.mp4", {"start_s": 1.4}),
        ("vp9.webm", {"codec": "libvpx-vp9", "options": {"cpu-used": "8", "deadline": "realtime"}, "gop": 60}),
        ("hevc.mp4", {"codec": "libx265", "options": {"preset": "ultrafast", "x265-params": "log-level=0"}}),
    ],
)
def test_a_chunk_shows_what_the_whole_shows(
    name: str, kind: dict[str, Any], tmp_path: Path, timeline: MakeTimeline
) -> None:
    clip = make_video(tmp_path / name, seconds=LONG_S + 1, audio=None, size=(96, 64), **kind)
    same_by_chunks(timeline((clip, 0.3, LONG_S + 0.3), canvas=(64, 64)))


def test_variable_frame_rate_by_chunks(tmp_path: Path, timeline: MakeTimeline) -> None:
    times, at_s = [], 0.0
    for index in range(500):
        times.append(round(at_s, 3))
        at_s += (0.021, 0.034, 0.09, 0.05)[index % 4]
    clip = make_video(tmp_path / "clip.mkv", times_s=times, b_frames=0, audio=None, size=(96, 64), gop=40)
    same_by_chunks(timeline((clip, 0.3, LONG_S + 0.3), canvas=(64, 64)))


def test_a_moving_crop_by_chunks(tmp_path: Path, timeline: MakeTimeline) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=LONG_S + 1, audio=None)
    plan = timeline((clip, 0.5, LONG_S + 0.5), canvas=(48, 72))
    path = ((0.0, 0.3), (7.0, 0.7), (7.0, 0.3), (LONG_S, 0.8))
    same_by_chunks(replace(plan, cuts=(replace(plan.cuts[0], crop_path=path),)))


def test_split_by_chunks_whose_footage_has_other_cuts(tmp_path: Path, timeline: MakeTimeline) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=LONG_S + 1, audio=None, size=(96, 64))
    other = make_video(tmp_path / "other.mp4", seconds=14, fps=25, gop=25, interlaced=True, audio=None, size=(96, 64))
    beside = timeline((other, 0.5, 13.5), (other, 1.0, 8.0)).cuts
    same_by_chunks(replace(timeline((clip, 0.0, LONG_S), canvas=(64, 96)), beside=beside), "split")


def test_split_with_a_picture_by_chunks(tmp_path: Path, timeline: MakeTimeline) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=LONG_S + 1, audio=None, size=(96, 64))
    Image.new("RGB", (64, 64), "white").save(tmp_path / "face.png")
    plan = replace(timeline((clip, 0.0, LONG_S), canvas=(64, 96)), still=Still(tmp_path / "face.png", "digest"))
    same_by_chunks(plan, "split")


class Backwards:
    """A crew of one that makes the last chunk first, as no render by itself would."""

    def __init__(self, plan: Timeline, tools: Tools, films: Sequence[Film]) -> None:
        self._plan = plan
        self._tools = tools
        self._films = films

    def count(self, chunks: int) -> int:
        return 2

    def shoot(
        self, chunks: Sequence[Chunk], folder: Path, on_frames: Callable[[int], None]
    ) -> Generator[Shot, None, None]:
        shots = []
        for chunk in reversed(chunks):
            files = [folder / f"{number}.{chunk.first}" for number in range(len(self._films))]
            shots.append(shoot_chunk(self._plan, self._tools, self._films, chunk, files, lambda _: None))
        yield from reversed(shots)


def rendered(plan: Timeline, folder: Path, *also: Timeline, by_crew: bool) -> tuple[Rendered, list[bytes]]:
    folder.mkdir()
    tools = Tools(PyAvDecoder(), X264Encoder(), COMPOSERS.load("cpu"), LAYOUTS.load("fill"), None)
    films = [Film(folder / f"{number}.mp4", one.output, None) for number, one in enumerate((plan, *also))]
    crew = Backwards(plan, tools, films) if by_crew else None
    done = render(plan, films[0].path, tools, also=films[1:], crew=crew)
    assert sorted(folder.iterdir()) == sorted(film.path for film in films)
    return done, [film.path.read_bytes() for film in films]


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("long") / "clip.mp4", seconds=LONG_S + 3)


@pytest.mark.parametrize(
    ("quality", "params", "bit_rate"),
    [
        ("medium", "", None),
        ("high", "bframes=3:b-pyramid=normal", None),
        ("original", "", None),
        ("low", "", 200_000),
    ],
)
def test_a_file_is_the_same_by_whom_its_chunks_are_made(
    quality: str, params: str, bit_rate: int | None, long_clip: Path, tmp_path: Path, timeline: MakeTimeline
) -> None:
    plan = timeline((long_clip, 0.5, LONG_S + 0.5), canvas=(64, 64), quality=quality, voice=np.zeros(22050))
    plan = replace(plan, output=replace(plan.output, x264_params=params, bit_rate=bit_rate))
    wide = replace(plan, output=replace(plan.output, width_px=96))
    alone = rendered(plan, tmp_path / "alone", wide, by_crew=False)
    assert rendered(plan, tmp_path / "crew", wide, by_crew=True) == alone
    for path in (tmp_path / "alone").iterdir():
        sound_pictures(path, plan_chunks(plan))


def sound_pictures(path: Path, chunks: Sequence[Chunk]) -> None:
    """The file's pictures come one after the other, and each chunk starts with a keyframe."""
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        packets = [packet for packet in file.demux(stream) if packet.size]
        step = round(1 / FPS / stream.time_base)
        decoding = [packet.dts for packet in packets]
        assert decoding == sorted(set(decoding))
        shown = sorted(packet.pts for packet in packets)
        assert shown == [shown[0] + step * number for number in range(round(LONG_S * FPS))]
        keyframes = {(packet.pts - shown[0]) // step for packet in packets if packet.is_keyframe}
        assert {chunk.first for chunk in chunks} <= keyframes
        file.seek(0)
        frames = list(file.decode(stream))
        assert len(frames) == len(shown)
        assert not any(frame.is_corrupt for frame in frames)


def test_pictures_of_a_chunk_that_are_missing_are_an_error(tmp_path: Path, timeline: MakeTimeline) -> None:
    from nvpipe.errors import OutputError

    clip = make_video(tmp_path / "clip.mp4", seconds=3, audio=None)
    plan = timeline((clip, 0.0, 2.0), canvas=(64, 64))
    tools = Tools(PyAvDecoder(), X264Encoder(), COMPOSERS.load("cpu"), LAYOUTS.load("fill"), None)
    film = Film(tmp_path / "a.mp4", plan.output, None)
    with pytest.raises(OutputError, match=r"a\.mp4 got 60 frames"):
        shoot_chunk(plan, tools, [film], Chunk(0, 90), [tmp_path / "a.packets"], lambda _: None)
