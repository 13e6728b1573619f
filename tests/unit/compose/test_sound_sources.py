"""The game's sound of every kind of source: channels, rates, where it starts, and lip-sync after an hour."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
from fakes.media import frame_number, make_video, numbered
from fakes.sounds import RATE_HZ, balanced, level_db, mix, speech

from nvpipe.compose import COMPOSERS, LAYOUTS
from nvpipe.media.audio import read_audio
from nvpipe.media.decode import DECODERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.types import Timeline

GAME_HZ = 440
SURROUND = ("FL", "FR", "FC", "LFE", "BL", "BR")


def surround(path: Path, **amplitudes: float) -> Path:
    """Six seconds with a tone in some of the six channels."""
    tone = np.sin(2 * np.pi * GAME_HZ * np.arange(6 * RATE_HZ) / RATE_HZ)
    sound = np.stack([amplitudes.get(name, 0.0) * tone for name in SURROUND]).astype(np.float32)
    return make_video(path, seconds=6, audio="pcm_s16le", layout="5.1", sound=sound)


# ITU-R BS.775-4, annex 8: centre and surround 3 dB down, no LFE; all of it turned down so that nothing clips.
@pytest.mark.parametrize(
    ("channel", "left", "right"),
    [("FL", 1, 0), ("FR", 0, 1), ("FC", 2**-0.5, 2**-0.5), ("BL", 2**-0.5, 0), ("BR", 0, 2**-0.5), ("LFE", 0, 0)],
)
def test_surround_is_mixed_down_as_the_standard_says(channel: str, left: float, right: float, tmp_path: Path) -> None:
    path = surround(tmp_path / "clip.mkv", **{channel: 0.9})
    sound = read_audio(path, rate_hz=RATE_HZ, channels=2, start_s=1.0, end_s=2.0)
    scale = 0.9 / (1 + 2 * 2**-0.5)
    found = [float(np.abs(row).max()) for row in sound]
    assert found == pytest.approx([scale * left, scale * right], abs=0.002)


def test_full_scale_surround_does_not_clip(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = surround(tmp_path / "clip.mkv", **dict.fromkeys(SURROUND, 0.999))
    sound = mix(timeline((clip, 0.0, 6.0), voice=speech((1.0, 2.0))))
    assert np.abs(sound).max() <= 10 ** (-1.4 / 20)
    tone = sound[0, 4 * RATE_HZ : 5 * RATE_HZ]
    assert level_db(sound, 3 * GAME_HZ, 4.0, 5.0) - level_db(sound, GAME_HZ, 4.0, 5.0) < -60, tone.max()


def test_mono_is_heard_on_both_sides_at_the_same_loudness(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    levels = []
    for layout in ("mono", "stereo"):
        clip = make_video(tmp_path / f"{layout}.mp4", seconds=4, layout=layout)
        sound = balanced(timeline((clip, 0.0, 4.0)))
        assert np.abs(sound[0] - sound[1]).max() < 0.01 * np.abs(sound).max()
        levels.append(level_db(sound, GAME_HZ, 1.0, 3.0))
    assert levels[0] == pytest.approx(levels[1], abs=0.2)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 96_000])
def test_other_rates_keep_pitch_and_time(rate_hz: int, tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    tone = 0.3 * np.sin(2 * np.pi * GAME_HZ * np.arange(6 * rate_hz) / rate_hz)
    tone[: 2 * rate_hz] = 0
    sound = np.stack([tone, tone]).astype(np.float32)
    clip = make_video(tmp_path / "clip.mkv", seconds=6, audio="pcm_s16le", audio_hz=rate_hz, sound=sound)
    found = balanced(timeline((clip, 1.0, 6.0)))
    assert level_db(found, GAME_HZ, 2.0, 4.0) - level_db(found, 1.1 * GAME_HZ, 2.0, 4.0) > 40
    first = int(np.flatnonzero(np.abs(found[0]) > 0.3 * np.abs(found[0]).max())[0])
    assert first / RATE_HZ == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("late_s", [0.5, 2.0])
def test_sound_that_starts_late_stays_in_its_place(
    late_s: float, tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=6, clicks_s=(1.0,), audio_start_s=late_s)
    found = np.abs(balanced(timeline((clip, 0.0, 6.0)))[0])
    assert found.argmax() / RATE_HZ == pytest.approx(1.0 + late_s, abs=0.002)


def hour(path: Path, rate_hz: int) -> Path:
    """A video of an hour at one frame a second, each with its number, and a click at each of its last frames.

    Its sound is one silent AAC frame, repeated, before the seconds that are really encoded.
    """
    seconds, tail = 3600, 20
    with av.open(str(path), "w") as file:
        video: Any = file.add_stream("libx264", rate=1, options={"preset": "ultrafast", "g": "10", "bf": "0"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        audio: Any = file.add_stream("aac", rate=rate_hz, layout="mono")
        before = (seconds - tail) * rate_hz // 1024
        silence = _encoded(audio, np.zeros(8 * 1024, np.float32))[4]
        jobs = [(at, bytes(silence)) for at in range(before - 1)]
        sound = np.zeros(tail * rate_hz, np.float32)
        for at in range(seconds - tail + 2, seconds):
            sound[at * rate_hz - before * 1024] = 0.9
        jobs += [(before - 1 + at, bytes(one)) for at, one in enumerate(_encoded(audio, sound))]
        for index in range(seconds):
            picture = av.VideoFrame.from_ndarray(numbered(index, index, 96, 64), format="rgb24")
            picture = picture.reformat(format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1)
            file.mux(video.encode(picture))
        file.mux(video.encode(None))
        for at, data in jobs:
            packet: Any = av.Packet(data)
            packet.pts = packet.dts = at * 1024
            packet.duration, packet.time_base, packet.stream, packet.is_keyframe = (
                1024,
                Fraction(1, rate_hz),
                audio,
                True,
            )
            file.mux(packet)
    return path


def _encoded(stream: Any, sound: np.ndarray) -> list[Any]:
    """Packets of a fresh AAC encoder with the settings of a stream; the first is its priming."""
    encoder: Any = av.CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = stream.rate, "mono", "fltp"
    encoder.time_base = Fraction(1, stream.rate)
    packets = []
    for at in range(0, sound.size, 1024):
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[None, at : at + 1024]), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = stream.rate, at, Fraction(1, stream.rate)
        packets += encoder.encode(frame)
    return packets + encoder.encode(None)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_sound_and_pictures_are_together_after_an_hour(
    rate_hz: int, tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    clip = hour(tmp_path / "hour.mp4", rate_hz)
    start_s = 3588.4
    plan = timeline((clip, start_s, start_s + 8))
    found = np.abs(balanced(plan)[0])
    clicks_s = [
        (at * RATE_HZ // 10 + int(found[at * RATE_HZ // 10 :][: RATE_HZ // 10].argmax())) / RATE_HZ
        for at in range(79)
        if found[at * RATE_HZ // 10 :][: RATE_HZ // 10].max() > 0.5 * found.max()
    ]
    shown = []
    composition = COMPOSERS.load("cpu").open(plan, DECODERS.load("pyav"), LAYOUTS.load("fill"))
    with composition as pictures:
        for picture in pictures:
            plane = picture.planes[0]
            luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:, : plane.width]
            shown.append(frame_number(luma))
    changes_s = [index / 30 for index in range(1, len(shown)) if shown[index] != shown[index - 1]]
    assert [shown[round(at * 30)] for at in changes_s] == list(range(3589, 3597))
    assert len(clicks_s) == 8
    errors = [abs(click - change) for click, change in zip(clicks_s, changes_s, strict=True)]
    assert max(errors) < 1 / 30
    wanted = [number - start_s for number in range(3589, 3597)]
    assert max(abs(click - at) for click, at in zip(clicks_s, wanted, strict=True)) < 0.002
