"""x264's quality levels, and what wins over them."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from nvpipe.errors import UsageError
from nvpipe.media.encode import ENCODERS, QUALITIES, prove_parameters
from nvpipe.types import OutputFormat

FRAMES = 90
OUTPUT = OutputFormat(216, 384, Fraction(30), "fill", "medium")


def encoded(output: OutputFormat) -> bytes:
    """Noise that no encoder can do much about."""
    rng = np.random.default_rng(5)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = ENCODERS.load("x264").add_stream(container, output)
        for index in range(FRAMES):
            picture = np.kron(rng.integers(60, 190, (144, 54), np.uint8), np.ones((4, 4), np.uint8))
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def settings_of(video: bytes) -> dict[str, str]:
    """What x264 writes of itself into its stream."""
    at = video.index(b"options: ")
    text = video[at + 9 : video.index(b"\0", at)].decode("ascii", "replace")
    return dict(item.split("=", 1) for item in text.split() if "=" in item)


def kilobits(video: bytes) -> float:
    with av.open(io.BytesIO(video)) as container:
        return sum(packet.size for packet in container.demux(video=0)) * 8 / (FRAMES / 30) / 1000


def test_original_is_what_the_original_finishes_its_files_with() -> None:
    seen = settings_of(encoded(replace(OUTPUT, quality="original")))
    wanted = {
        "rc": "abr", "bitrate": "1500", "threads": "8", "ref": "1", "bframes": "0", "me": "dia", "subme": "0",
        "cabac": "0", "deblock": "0:0:0",
    }  # fmt: skip
    assert {name: seen[name] for name in wanted} == wanted


@pytest.mark.parametrize(("quality", "crf"), [("low", "30.0"), ("medium", "23.0"), ("high", "20.0")])
def test_the_other_levels_hold_their_quality(quality: str, crf: str) -> None:
    seen = settings_of(encoded(replace(OUTPUT, quality=quality)))
    assert (seen["rc"], seen["crf"], seen["mbtree"]) == ("crf", crf, "0")


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_bit_rate_wins_over_the_level_and_gives_the_same_bytes(quality: str) -> None:
    output = replace(OUTPUT, quality=quality, bit_rate=900_000)
    video = encoded(output)
    assert settings_of(video)["bitrate"] == "900"
    assert kilobits(video) == pytest.approx(900, rel=0.3)
    assert encoded(output) == video


@pytest.mark.parametrize(
    ("params", "rate"), [("crf=35", ("crf", "35.0")), ("bitrate=700", ("abr", "700")), ("qp=33", ("cqp", "33"))]
)
@pytest.mark.parametrize("quality", ["medium", "original"])
def test_parameters_win_over_the_level(params: str, rate: tuple[str, str], quality: str) -> None:
    seen = settings_of(encoded(replace(OUTPUT, quality=quality, x264_params=f"{params}:me=hex")))
    method, value = rate
    assert (seen["rc"], seen["me"]) == (method, "hex")
    assert seen[params.partition("=")[0]] == value


@pytest.mark.parametrize("params", ["crf=20", "qp=20", "bitrate=5000"])
def test_two_rate_controls_contradict_each_other(params: str) -> None:
    with pytest.raises(UsageError, match="contradict"):
        prove_parameters("x264", params, 8_000_000)


def test_every_trial_can_be_encoded() -> None:
    encoder = ENCODERS.load("x264")
    assert len(set(encoder.trials())) == len(encoder.trials()) > len(QUALITIES)
    for name in encoder.trials():
        with av.open(io.BytesIO(), "w", format="mp4") as container:
            encoder.add_stream(container, replace(OUTPUT, quality=name))
