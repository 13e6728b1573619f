"""What the scorer takes for action, on painted pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes.scripted import Painter, Planes, ScriptedDecoder, even_times, footage, planes, texture

from nvpipe.errors import MediaError
from nvpipe.footage.motion.torch_diff import TorchDiffScorer
from nvpipe.footage.select import best_segments
from nvpipe.types import MotionTrack

WALL = texture(72, 512)


def corridor(time_s: float) -> np.ndarray:
    """A textured wall that runs past: much motion, no event."""
    left = int(time_s * 60) % 384
    return np.array(WALL[:, left : left + 128])


def flashing(time_s: float) -> bool:
    return 8 <= time_s < 12 and time_s % 0.5 < 0.1


def score(paint: Painter, seconds: float = 20, **options: Any) -> MotionTrack:
    times = options.pop("times_s", None) or even_times(seconds)
    return TorchDiffScorer().score(footage(), ScriptedDecoder(paint, times, **options))


def best_start(track: MotionTrack, duration_s: float = 4.0) -> float:
    return best_segments(track, duration_s, 1)[0].start_s


def fight(time_s: float) -> Planes:
    return planes(np.clip(corridor(time_s) + 50 * flashing(time_s), 0, 255))


def test_flashes_beat_a_camera_that_only_moves() -> None:
    assert best_start(score(fight)) == pytest.approx(8, abs=1)


@pytest.mark.parametrize(("u", "v"), [(90, 200), (200, 90), (60, 60), (128, 220)])
def test_jumps_of_any_colour_count(u: int, v: int) -> None:
    def paint(time_s: float) -> Planes:
        picture = planes(corridor(time_s))
        if flashing(time_s):
            picture[1][:12], picture[2][:12] = u, v
        return picture

    assert best_start(score(paint)) == pytest.approx(8, abs=1)


def test_with_a_fixed_camera_what_moves_is_the_action() -> None:
    def paint(time_s: float) -> Planes:
        luma = texture()
        left = 50 + int(time_s * (40 if 8 <= time_s < 12 else 3)) % 20
        luma[30:50, left : left + 10] = 230
        return planes(luma)

    assert best_start(score(paint)) == pytest.approx(8, abs=1)


@pytest.mark.parametrize("level", [16, 128])
def test_still_pictures_score_nothing(level: int) -> None:
    assert set(score(lambda _: planes(np.full((72, 128), level))).scores) == {0.0}
    assert set(score(lambda _: planes(texture())).scores) == {0.0}


def test_a_menu_and_a_black_screen_count_against() -> None:
    def paint(time_s: float) -> Planes:
        if time_s < 6:
            return planes(texture(seed=2))
        return planes(np.full((72, 128), 16)) if 14 <= time_s < 16 else planes(corridor(time_s))

    track = score(paint)
    assert max(track.scores[2:10]) < 0.1
    assert track.scores[30] < 0.1
    assert min(track.scores[14:26]) > 0.5


def lettering(height: int = 72, width: int = 128) -> np.ndarray:
    """Where there are letters: thin upright strokes in a few lines of text."""
    rows, columns = np.indices((height, width))
    return (rows % 12 < 6) & (columns % 4 < 2) & (columns > 8) & (columns < 120)


def test_text_over_a_moving_picture_counts_against_it() -> None:
    def paint(time_s: float) -> Planes:
        luma = corridor(time_s)
        if 8 <= time_s < 14:
            luma[lettering()] = 250
        return planes(luma)

    track = score(paint)
    signals = {signal.name: signal.values for signal in track.signals}
    assert min(signals["covered"][18:26]) > 0.9
    assert max(signals["covered"][:14]) == 0
    assert max(track.scores[18:26]) < 0.6 * min(track.scores[:14])


def test_a_display_that_is_always_there_costs_only_what_the_crop_cuts() -> None:
    def paint(time_s: float) -> Planes:
        luma = corridor(time_s)
        luma[lettering()] = 250
        return planes(luma)

    track = score(paint, 8)
    signals = {signal.name: signal.values for signal in track.signals}
    assert max(signals["covered"]) == 0
    assert 0.65 < min(track.scores) < 0.75


def test_a_hard_cut_is_no_action() -> None:
    """Two calm rooms, one dark and one light: where they meet, everything jumps."""

    def paint(time_s: float) -> Planes:
        room = corridor(time_s) if time_s < 10 else 250 - corridor(time_s)[::-1, ::-1]
        return planes(room, 128 if time_s < 10 else 90)

    track = score(paint)
    assert min(abs(cut_s - 10) for cut_s in track.cuts_s) < 0.05
    values = {signal.name: signal.values for signal in track.signals}
    for name in ("flash", "tint"):
        assert max(values[name][18:22]) < 1.2


def test_every_signal_is_told_with_its_weight() -> None:
    track = score(fight, 12)
    assert {signal.name for signal in track.signals} == {
        "flash",
        "tint",
        "packets",
        "flicker",
        "live",
        "covered",
        "cut",
    }
    assert all(len(signal.values) == len(track.scores) for signal in track.signals)
    assert all(-2 <= value <= 2 for signal in track.signals for value in signal.values)
    assert {signal.name: signal.weight for signal in track.signals}["tint"] == 0


def test_faint_noise_is_not_blown_up() -> None:
    noise = np.random.default_rng(3)

    def paint(time_s: float) -> Planes:
        return planes(texture() + noise.integers(0, 2, (72, 128)) * (8 <= time_s < 12))

    assert max(score(paint).scores) < 0.8


def test_only_what_is_inside_the_middle_9_16_moves_the_choice() -> None:
    def paint(time_s: float) -> Planes:
        luma = texture()
        left = 60 if 14 <= time_s < 18 else 4
        if 4 <= time_s < 18:
            luma[20:50, left + int(time_s * 20) % 8 :][:, :4] = 240
        return planes(luma)

    assert best_start(score(paint)) == pytest.approx(14, abs=1)


@pytest.mark.parametrize(
    ("rotation_deg", "mirrored", "left"),
    [
        (0, False, True), (90, False, None), (180, False, False), (270, False, None),
        (0, True, False), (90, True, None), (180, True, True), (270, True, None),
    ],
)  # fmt: skip
def test_the_crop_goes_to_where_the_change_is_seen(rotation_deg: int, mirrored: bool, left: bool | None) -> None:
    """A spot left of the coded middle; turned by 90 degrees it is above or below the middle."""

    def paint(time_s: float) -> Planes:
        luma = texture(96, 96)
        luma[40:56, 8 + int(time_s * 60) % 8 :][:, :16] = 240
        return planes(luma)

    place = float(np.median(score(paint, 4, rotation_deg=rotation_deg, mirrored=mirrored).focus_x))
    assert abs(place - 0.5) < 0.02 if left is None else (place < 0.47 if left else place > 0.53)


@pytest.mark.parametrize(
    ("rotation_deg", "mirrored", "left"),
    [(90, False, False), (90, True, True), (270, False, True), (270, True, False)],
)
def test_the_crop_of_turned_and_mirrored_video_is_as_it_is_shown(
    rotation_deg: int, mirrored: bool, left: bool
) -> None:
    """A spot above the coded middle."""

    def paint(time_s: float) -> Planes:
        luma = texture(96, 96)
        luma[8 + int(time_s * 60) % 8 :, 40:56][:16] = 240
        return planes(luma)

    place = float(np.median(score(paint, 4, rotation_deg=rotation_deg, mirrored=mirrored).focus_x))
    assert place < 0.47 if left else place > 0.53


def test_times_count_and_not_the_number_of_frames() -> None:
    dense, sparse = even_times(8, 60), [time_s + 8 for time_s in even_times(12, 20)]
    track = score(fight, times_s=dense + sparse)
    assert track.duration_s == pytest.approx(20, abs=0.06)
    assert best_start(track) == pytest.approx(8, abs=1)


def test_a_gap_without_frames_is_a_still_picture() -> None:
    times = [time_s for time_s in even_times(20) if not 4 <= time_s < 8]
    track = score(lambda time_s: planes(corridor(time_s)), times_s=times)
    assert len(track.scores) == 40
    assert max(track.scores[10:14]) == 0.0


def test_scores_are_finite_and_one_for_each_step() -> None:
    track = score(fight, 7.3)
    assert len(track.scores) == len(track.focus_x) == math.ceil(track.duration_s / track.step_s)
    assert all(math.isfinite(value) and value >= 0 for value in track.scores)
    assert all(0 <= place <= 1 for place in track.focus_x)


def test_threads_and_layout_in_memory_change_nothing() -> None:
    def strided(time_s: float) -> Planes:
        y, u, v = fight(time_s)
        wide = np.zeros((72, 160), np.uint8)
        wide[:, :128] = y
        pair = np.stack((u, v), axis=-1)
        return wide[:, :128], pair[..., 0], pair[..., 1]

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = score(fight, 6)
        torch.set_num_threads(4)
        assert score(fight, 6) == one
        assert score(strided, 6) == one
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (2, 4000), (4000, 2), (1, 1)])
def test_odd_shapes_are_scored(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    track = score(lambda _: planes(rng.integers(0, 255, size)), 2)
    assert len(track.scores) == 4
    assert all(math.isfinite(value) for value in track.scores)


def test_a_change_of_size_in_the_middle_is_survived() -> None:
    track = score(lambda time_s: planes(corridor(time_s) if time_s < 2 else texture(36, 64)), 4)
    assert len(track.scores) == 8


def test_one_frame_is_a_short_still() -> None:
    track = score(lambda _: planes(texture()), times_s=[0.0])
    assert track.scores == (0.0,)
    assert 0 < track.duration_s < 0.1


def test_damage_is_told() -> None:
    track = score(fight, 4, damaged=3, header_s=60.0)
    assert track.duration_s == pytest.approx(4, abs=0.01)
    assert [("60.0 s" in text, "3 packets" in text) for text in track.warnings] == [(True, False), (False, True)]
    assert score(fight, 4, header_s=4.5).warnings == ()


def test_nothing_decodable_is_an_error_that_names_the_file() -> None:
    decoder = ScriptedDecoder(fight, [])
    with pytest.raises(MediaError, match=r"broken\.mp4"):
        TorchDiffScorer().score(footage(Path("broken.mp4")), decoder)


def test_progress_rises_to_the_end() -> None:
    seen: list[float] = []
    decoder = ScriptedDecoder(fight, even_times(3))
    track = TorchDiffScorer().score(footage(), decoder, on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(track.duration_s)
    assert len(seen) > 3


def test_a_light_that_flashes_in_step_with_the_comparisons_is_not_still() -> None:
    def strobe(time_s: float) -> Planes:
        on = 8 <= time_s < 12 and round(time_s * 30) % 6 == 0
        return planes(np.full((72, 128), 235, np.uint8) if on else corridor(time_s))

    scores = score(strobe).scores
    assert min(scores[17:23]) > 1


def test_an_uneventful_corridor_is_no_action() -> None:
    scores = score(lambda time_s: planes(corridor(time_s))).scores
    assert 0.5 < float(np.median(scores)) < 2
    assert max(scores) < 2 < max(score(fight).scores)
