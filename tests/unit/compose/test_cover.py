"""Which picture becomes the cover."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from nvpipe.compose.cover import NEAR_S, Candidate, CoverPicker, choose, measure, next_look_s
from nvpipe.errors import OutputError
from nvpipe.types import CoverHint

HINT = CoverHint(10.0, (0.0, 4.0, 12.0))


def candidate(at_s: float, luma: float = 120, contrast: float = 40, sharpness: float = 200) -> Candidate:
    return Candidate(at_s, luma, contrast, sharpness)


def chosen(*candidates: Candidate) -> float:
    found = choose(candidates, HINT)
    assert found is not None
    assert choose(reversed(candidates), HINT) == found
    return found.at_s


def test_of_equal_pictures_the_one_at_the_peak_is_chosen() -> None:
    assert chosen(*(candidate(at_s) for at_s in (1.0, 6.0, 9.8, 14.0))) == 9.8


def test_a_sharper_picture_near_the_peak_beats_the_peak_itself() -> None:
    assert chosen(candidate(10.0, sharpness=50), candidate(9.0, sharpness=200)) == 9.0


def test_a_much_sharper_picture_far_away_does_not() -> None:
    assert chosen(candidate(10.0, sharpness=100), candidate(10 + 3 * NEAR_S, sharpness=1000)) == 10.0


@pytest.mark.parametrize(
    "spoilt",
    [
        candidate(10.0, luma=17, contrast=2, sharpness=0),
        candidate(10.0, luma=30),
        candidate(10.0, luma=230),
        candidate(10.0, contrast=3),
        candidate(12.05, sharpness=900),
    ],
    ids=["black", "dark", "glaring", "plain", "beside a cut"],
)
def test_a_spoilt_picture_loses_to_a_dull_one_far_away(spoilt: Candidate) -> None:
    assert chosen(spoilt, candidate(1.0, sharpness=5)) == 1.0


def test_where_all_are_spoilt_the_best_of_them_is_taken() -> None:
    assert chosen(candidate(10.0, luma=20), candidate(1.0, luma=20)) == 10.0


def test_equal_merit_goes_to_the_earlier() -> None:
    assert chosen(candidate(9.0), candidate(11.0)) == 9.0


def test_nothing_gives_nothing() -> None:
    assert choose([], HINT) is None


def test_blur_darkness_and_plainness_are_measured() -> None:
    noise = np.random.default_rng(1).integers(60, 200, (320, 180)).astype(np.uint8)
    blurred = np.mean([np.roll(noise, shift, 1) for shift in range(5)], axis=0).astype(np.uint8)
    sharp, soft, plain = (measure(plane, 0.0) for plane in (noise, blurred, np.full_like(noise, 90)))
    assert sharp.sharpness > 4 * soft.sharpness > 0 == plain.sharpness
    assert sharp.contrast > soft.contrast > plain.contrast == 0
    assert (plain.luma, round(sharp.luma, -1)) == (90, 130)


def picture(luma: int, texture: int = 0) -> av.VideoFrame:
    frame = av.VideoFrame(180, 320, "yuv420p")
    for plane, value in zip(frame.planes, (luma, 128, 128), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[:] = value
        if texture and value == luma:
            rows[:, ::4] = value + texture
    return frame


def picked(pictures: dict[float, av.VideoFrame], peak_s: float = 5.0) -> CoverPicker:
    picker = CoverPicker(CoverHint(peak_s))
    for index in range(300):
        at_s = index / 30
        near = min(pictures, key=lambda key: abs(key - at_s))
        frame = pictures[near]
        picker.draw(frame, at_s)
    return picker


def test_the_picker_keeps_the_best_of_what_passes(tmp_path: Path) -> None:
    picker = picked({0.0: picture(20), 5.0: picture(100, 60), 9.0: picture(200)})
    assert picker.best is not None
    assert abs(picker.best.at_s - 5.0) < 0.5
    picker.write(tmp_path / "cover.jpg")
    with Image.open(tmp_path / "cover.jpg") as cover:
        assert (cover.format, cover.size, cover.mode) == ("JPEG", (180, 320), "RGB")
        grey = np.asarray(cover.convert("L"), float)
    # Luma 100 to 160 of 16 to 235 is 98 to 168 of 0 to 255.
    assert abs(grey.max() - 168) < 8
    assert abs(grey.min() - 98) < 8


def test_the_picker_changes_no_picture_and_keeps_a_copy(tmp_path: Path) -> None:
    frame = picture(100, 60)
    before = frame.to_ndarray()
    picker = CoverPicker(CoverHint(0.0))
    picker.draw(frame, 0.0)
    assert (frame.to_ndarray() == before).all()
    np.frombuffer(memoryview(frame.planes[0]), np.uint8)[:] = 16
    picker.write(tmp_path / "cover.jpg")
    with Image.open(tmp_path / "cover.jpg") as cover:
        assert np.asarray(cover.convert("L")).mean() > 90


def test_pictures_are_looked_at_often_near_the_peak_only() -> None:
    at_s, looks = 0.0, [0.0]
    while (at_s := next_look_s(at_s, 20.0)) < 60:
        looks.append(at_s)
    near = [look for look in looks if abs(look - 20) <= NEAR_S]
    assert len(near) >= 20
    assert near[0] == 20 - NEAR_S
    assert 10 <= len(looks) - len(near) <= 18


def test_a_cover_that_cannot_be_written_is_an_error_in_one_line(tmp_path: Path) -> None:
    picker = CoverPicker(CoverHint(0.0))
    picker.draw(picture(100), 0.0)
    with pytest.raises(OutputError, match=r"cannot write cover.jpg"):
        picker.write(tmp_path / "missing" / "cover.jpg")


def test_a_cover_of_pure_noise_is_written(tmp_path: Path) -> None:
    frame = av.VideoFrame(1080, 1920, "yuv420p")
    random = np.random.default_rng(3)
    for plane in frame.planes:
        np.frombuffer(memoryview(plane), np.uint8)[:] = random.integers(16, 236, plane.buffer_size)
    picker = CoverPicker(CoverHint(0.0))
    picker.draw(frame, 0.0)
    picker.write(tmp_path / "cover.jpg")
    with Image.open(tmp_path / "cover.jpg") as cover:
        cover.load()
        assert cover.size == (1080, 1920)


def test_pickers_that_share_a_film_choose_what_one_would(tmp_path: Path) -> None:
    """Chunks are looked at by processes of their own, in any order."""
    rng = np.random.default_rng(3)
    hint, fps = CoverHint(7.0, (0.0, 4.0)), Fraction(30)
    noise = rng.integers(40, 200, (2, 12, 20), dtype=np.uint8)

    def picture(number: int) -> av.VideoFrame:
        level = 1 + number * 37 % 100
        pixels = np.full((24, 20), 128, np.uint8)
        pixels[:16, :20] = (noise[0, :8, :20].repeat(2, 0) * level // 100) + 20
        return av.VideoFrame.from_ndarray(pixels, format="yuv420p")

    alone = CoverPicker(hint)
    for number in range(400):
        alone.draw(picture(number), float(number / fps))
    together = CoverPicker(hint)
    shared = CoverPicker(hint)
    for first, end in ((290, 400), (0, 130), (130, 290)):
        shared.begin(first, fps)
        for number in range(first, end):
            shared.draw(picture(number), float(number / fps))
        assert shared.chosen is not None
        together.offer(shared.chosen)
    assert together.best == alone.best
    alone.write(tmp_path / "alone.jpg")
    together.write(tmp_path / "together.jpg")
    assert (tmp_path / "alone.jpg").read_bytes() == (tmp_path / "together.jpg").read_bytes()
