"""Several outputs from one decode, and several sources on one canvas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from fakes.counting_decoder import CountingDecoder
from fakes.media import frame_number, make_video, solid
from PIL import Image

from nvpipe.compose import COMPOSERS, LAYOUTS
from nvpipe.compose.cpu import Pictures
from nvpipe.compose.render import Film, Tools, render
from nvpipe.compose.views import SMALL_AFTER_S, Target
from nvpipe.errors import MediaError
from nvpipe.media.encode import COMPOSED_SMALL
from nvpipe.media.encode.x264 import X264Encoder
from nvpipe.types import OutputFormat, Still

if TYPE_CHECKING:
    from nvpipe.types import Cut, Timeline

TALL, WIDE = (96, 160), (160, 96)


def output(size: tuple[int, int], layout: str = "fill", quality: str = "medium") -> OutputFormat:
    return OutputFormat(*size, Fraction(30), layout, quality)


def drawn(plan: Timeline, layout: str, *also: OutputFormat) -> list[np.ndarray]:
    with Pictures(plan, CountingDecoder(), LAYOUTS.load(layout), also) as pictures:
        return [picture.to_ndarray() for picture in pictures]


def luma(picture: np.ndarray, size: tuple[int, int], across: float, down: float) -> int:
    """At a place given in shares of the canvas."""
    assert picture.shape == (size[1] * 3 // 2, size[0])
    return int(picture[int(down * size[1]), int(across * size[0])])


def test_one_decode_gives_every_size(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(128, 72), matrix="bt709")
    plan = timeline((clip, 0.5, 1.5), canvas=(128, 72), voice=np.zeros(22050))
    decoder = CountingDecoder()
    tools = Tools(decoder, X264Encoder(), COMPOSERS.load("cpu"), LAYOUTS.load("fill"), None)
    films = [Film(tmp_path / "tall.mp4", output(TALL), None), Film(tmp_path / "wide.mp4", output(WIDE), None)]
    heard: list[float] = []
    rendered = render(plan, tmp_path / "first.mp4", tools, also=films, on_progress=heard.append)
    assert decoder.opened == [clip]
    assert rendered.frames == 30
    assert heard == sorted(heard)
    sounds = []
    for name, size in (("first", (128, 72)), ("tall", TALL), ("wide", WIDE)):
        with av.open(str(tmp_path / f"{name}.mp4")) as container:
            frames = list(container.decode(video=0))
            assert (frames[0].width, frames[0].height, len(frames)) == (*size, 30)
            container.seek(0)
            sounds.append(b"".join(bytes(packet) for packet in container.demux(audio=0)))
    assert sounds[0]
    assert sounds[0] == sounds[1] == sounds[2]
    assert not list(tmp_path.glob("*.m4a"))


def test_a_file_of_several_is_the_same_as_made_alone(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", matrix="bt601", audio=None)
    plan = timeline((clip, 0.0, 1.0), voice=np.zeros(22050))
    tools = Tools(CountingDecoder(), X264Encoder(), COMPOSERS.load("cpu"), LAYOUTS.load("blur"), None)
    render(plan, tmp_path / "a.mp4", tools, also=[Film(tmp_path / "b.mp4", output(TALL), None)])
    render(replace(plan, output=output(TALL)), tmp_path / "c.mp4", tools)
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()


def test_an_output_that_cannot_be_written_leaves_no_sound_behind(
    tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    from nvpipe.errors import OutputError

    clip = make_video(tmp_path / "clip.mp4", audio=None)
    plan = timeline((clip, 0.0, 1.0))
    tools = Tools(CountingDecoder(), X264Encoder(), COMPOSERS.load("cpu"), LAYOUTS.load("fill"), None)
    with pytest.raises(OutputError, match=r"b\.mp4"):
        render(plan, tmp_path / "a.mp4", tools, also=[Film(tmp_path / "none" / "b.mp4", output(TALL), None)])


def cuts_of(plan: Timeline) -> tuple[Cut, ...]:
    return plan.cuts


@pytest.mark.parametrize("quality", ["medium", "low"])
def test_split_shows_both_and_each_at_its_own_pace(
    quality: str, tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    first = make_video(tmp_path / "first.mp4", size=(128, 96), seconds=3, audio=None)
    second = make_video(tmp_path / "second.mp4", size=(128, 96), seconds=3, fps=60, audio=None)
    beside = cuts_of(timeline((second, 0.5, 1.5), (second, 0.0, 1.0)))
    plan = replace(timeline((first, 1.0, 3.0), canvas=(96, 144), quality=quality), beside=beside)
    pictures = drawn(plan, "split")
    assert len(pictures) == 60
    assert [frame_number(picture[72:144]) for picture in pictures] == list(range(30, 90))
    assert [frame_number(picture[:72]) for picture in pictures] == [*range(30, 90, 2), *range(0, 60, 2)]


def test_split_at_two_sizes(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    dark = make_video(tmp_path / "dark.mp4", picture=solid(20, 20, 20), matrix="bt709", audio=None)
    light = make_video(tmp_path / "light.mp4", picture=solid(220, 220, 220), matrix="bt709", audio=None)
    beside = cuts_of(timeline((light, 0.0, 1.0)))
    plan = replace(timeline((dark, 0.0, 1.0), canvas=TALL), beside=beside)
    pictures = drawn(plan, "split", output(WIDE))
    tall, wide = pictures[0], pictures[1]
    assert luma(tall, TALL, 0.5, 0.1) > 180 > 60 > luma(tall, TALL, 0.5, 0.9)
    assert luma(wide, WIDE, 0.1, 0.5) > 180 > 60 > luma(wide, WIDE, 0.9, 0.5)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_split_with_a_picture(suffix: str, tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", picture=solid(20, 20, 20), matrix="bt709", audio=None)
    face = tmp_path / f"face.{suffix}"
    Image.new("RGB", (101, 57), (200, 60, 120)).save(face)
    plan = replace(timeline((clip, 0.0, 1.0), canvas=TALL), still=Still(face, "digest"))
    pictures = drawn(plan, "split", output(WIDE))
    assert len(pictures) == 60
    red = (0.2126 * 200 + 0.7152 * 60 + 0.0722 * 120) / 255 * 219 + 16
    for picture, size in ((pictures[0], TALL), (pictures[-1], WIDE)):
        assert abs(luma(picture, size, 0.2, 0.2) - red) <= 3
        assert luma(picture, size, 0.9, 0.9) < 60


def test_a_picture_is_drawn_anew_on_every_frame(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    """What captions leave on one picture must not be on the next."""
    clip = make_video(tmp_path / "clip.mp4", audio=None)
    Image.new("RGB", (64, 64), "white").save(tmp_path / "face.png")
    plan = replace(timeline((clip, 0.0, 0.5), canvas=TALL), still=Still(tmp_path / "face.png", "digest"))
    with Pictures(plan, CountingDecoder(), LAYOUTS.load("split")) as pictures:
        for picture in pictures:
            rows = np.frombuffer(memoryview(picture.planes[0]), np.uint8)
            assert rows[0] > 200
            rows[:] = 0


def test_split_without_a_second_source_is_an_error(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", audio=None)
    with pytest.raises(ValueError, match="second"):
        drawn(timeline((clip, 0.0, 0.5)), "split")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + bytes(40), b"\xff\xd8\xff" + bytes(100)])
def test_a_damaged_picture_is_an_error_with_its_name(
    data: bytes, tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    clip = make_video(tmp_path / "clip.mp4", audio=None)
    face = tmp_path / "face.png"
    face.write_bytes(data)
    plan = replace(timeline((clip, 0.0, 0.5), canvas=TALL), still=Still(face, "digest"))
    with pytest.raises(MediaError, match=r"face\.png"):
        drawn(plan, "split")


@pytest.mark.parametrize("size", [(2, 2), (3, 1), (1, 300), (5000, 3), (4001, 3001)])
def test_pictures_of_any_shape_fill_their_half(
    size: tuple[int, int], tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    clip = make_video(tmp_path / "clip.mp4", audio=None)
    Image.new("RGB", size, "white").save(tmp_path / "face.png")
    plan = replace(timeline((clip, 0.0, 0.1), canvas=TALL), still=Still(tmp_path / "face.png", "digest"))
    picture = drawn(plan, "split")[0]
    assert (picture[: TALL[1] // 2] > 230).all()


def test_long_shorts_of_the_fast_levels_are_composed_small_in_every_area(
    tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    light = make_video(tmp_path / "light.mp4", picture=solid(220, 220, 220), matrix="bt709", audio=None)
    dark = make_video(tmp_path / "dark.mp4", picture=solid(20, 20, 20), matrix="bt709", audio=None)
    beside = cuts_of(timeline((light, 0.0, 2.0)))
    plan = timeline((dark, 0.0, 2.0), canvas=TALL, quality=COMPOSED_SMALL[0])
    plan = replace(plan, beside=beside, duration_s=SMALL_AFTER_S + 1)
    also = output(WIDE, "split", COMPOSED_SMALL[0])
    assert Target(also, (80, 96), plan.duration_s).composed_px == (54, 64)
    assert Target(also, (80, 96), SMALL_AFTER_S).composed_px == (80, 96)
    with Pictures(plan, CountingDecoder(), LAYOUTS.load("split"), [also]) as pictures:
        tall, wide = next(pictures).to_ndarray(), next(pictures).to_ndarray()
    assert luma(tall, TALL, 0.5, 0.1) > 180 > 60 > luma(tall, TALL, 0.5, 0.9)
    assert luma(wide, WIDE, 0.1, 0.5) > 180 > 60 > luma(wide, WIDE, 0.9, 0.5)


def test_what_the_source_needs_is_done_once_and_right_for_every_size(
    tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    """Ten bits, BT.601 and a quarter turn at once, at 24 pictures a second, so that some are shown twice."""
    clip = make_video(
        tmp_path / "clip.mp4", fps=24, matrix="bt601", pix_fmt="yuv420p10le", rotation=90, size=(96, 64), audio=None
    )
    plan = timeline((clip, 0.0, 1.0), canvas=TALL)
    together = drawn(plan, "blur", output(WIDE, "blur"))
    assert all((one == other).all() for one, other in zip(together[::2], drawn(plan, "blur"), strict=True))
    wide = replace(plan, output=output(WIDE, "blur"))
    assert all((one == other).all() for one, other in zip(together[1::2], drawn(wide, "blur"), strict=True))
