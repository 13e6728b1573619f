"""NVENC's settings, its verdicts and its ring of pictures, as far as no driver is needed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from av import VideoFrame

from nvpipe.media.encode import CODECS, ENCODERS, QUALITIES
from nvpipe.media.encode.nvenc_levels import LEVELS, RICHEST, TRIALS, level_of, options_of, surfaces
from nvpipe.media.encode.nvenc_reason import CUDA, NVENC, Seen, device_of, explain
from nvpipe.media.encode.passes import EncoderPass
from nvpipe.media.encode.surfaces import FrameRing, downloaded
from nvpipe.types import OutputFormat

OUTPUT = OutputFormat(1080, 1920, Fraction(30), "blur", "medium")
GREY = np.full((384, 256), 128, np.uint8)
CARD = "[ GPU #0 - < NVIDIA L4 > has Compute SM 8.9 ]\n"
NONE = "No capable devices found\n"
NO_CODEC = (CARD, "Codec not supported\n", NONE)

VERDICTS = {
    "no driver": (Seen((CUDA, NVENC)), "no NVIDIA driver", "570"),
    "a card without its driver": (Seen((CUDA, NVENC), card=True), "there is an NVIDIA card", "install"),
    "a container without the card": (Seen((CUDA, NVENC), in_container=True), "the container has no", "--gpus all"),
    "no driver, from the log alone": (Seen(lines=("Cannot load libcuda.so.1\n",)), "no NVIDIA driver", "570"),
    "no encode library": (Seen((NVENC,)), "encode library is missing", "libnvidia-encode"),
    "no video capability": (
        Seen((NVENC,), "NVIDIA L4", in_container=True),
        "`video` capability",
        "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility",
    ),
    "capabilities without video": (
        Seen((NVENC,), "NVIDIA L4", capabilities="compute,utility"),
        "`video` capability (libnvidia-encode.so.1 is not found, NVIDIA_DRIVER_CAPABILITIES is compute,utility)",
        "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility",
    ),
    "a host without the library": (
        Seen((NVENC,), "NVIDIA L4", in_container=True, capabilities="compute, video"),
        "encode library is missing",
        "on the container's host",
    ),
    "a card without NVENC, by its name": (
        Seen((NVENC,), "NVIDIA H200", in_container=True),
        "H200 has no NVENC",
        "x264",
    ),
    "a card without NVENC, by the driver": (
        Seen(lines=(CARD, "OpenEncodeSessionEx failed: unsupported device (2): (no details)\n")),
        "NVIDIA L4 has no NVENC",
        "x264",
    ),
    "an old card": (Seen(lines=(CARD, "does not support NVENC\n", NONE)), "no NVENC", "x264"),
    "no further session": (
        Seen(lines=(CARD, "OpenEncodeSessionEx failed: out of memory (10): (no details)\n", NONE)),
        "NVIDIA L4 opens no further encoding session (out of memory)",
        "end other programs",
    ),
    "no further session, older drivers": (
        Seen(lines=("OpenEncodeSessionEx failed: incompatible client key (21): (no details)\n",)),
        "no further encoding session (incompatible client key)",
        "end other programs",
    ),
    "an old driver": (
        Seen(
            lines=(
                "Driver does not support the required nvenc API version. Required: 13.0 Found: 12.1\n",
                "The minimum required Nvidia driver for nvenc is 570.0 or newer\n",
            )
        ),
        "NVENC 12.1, and 13.0 is needed",
        "570.0 or newer",
    ),
    "no card": (
        Seen(lines=("cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected\n",)),
        "lists no card",
        "CUDA_VISIBLE_DEVICES",
    ),
    "none of the cards": (
        Seen(lines=("No CUDA capable devices found\n",), in_container=True),
        "no card",
        "--gpus all",
    ),
    "the toolkit's stub": (
        Seen(lines=("cuInit(0) failed -> CUDA_ERROR_STUB_LIBRARY: CUDA driver is a stub library\n",)),
        "stub",
        "LD_LIBRARY_PATH",
    ),
    "CUDA does not start": (
        Seen(lines=("cuInit(0) failed -> CUDA_ERROR_UNKNOWN: unknown error\n",)),
        "unknown error (CUDA_ERROR_UNKNOWN)",
        "nvidia-smi",
    ),
    "a full card": (
        Seen(lines=(CARD, "cuCtxCreate(&ctx, 0, dev) failed -> CUDA_ERROR_OUT_OF_MEMORY: out of memory\n")),
        "NVIDIA L4 has no memory left",
        "end other programs",
    ),
    "a codec that the card lacks": (Seen(lines=NO_CODEC, codec="av1"), "NVIDIA L4 does not encode av1", "h264"),
    "a small picture": (
        Seen(
            lines=(
                "InitializeEncoder failed: invalid param (8): Frame Dimension less than the minimum supported value.",
            )
        ),
        "does not take the size",
        "x264",
    ),
    "a large picture": (
        Seen(lines=(CARD, "Width 5000 exceeds 4096\n", NONE)),
        "5000",
        "x264",
    ),
    "B-frames": (Seen(lines=(CARD, "Max B-frames 3 exceed 0\n", NONE)), "B-frames 3", "x264"),
    "lookahead": (Seen(lines=(CARD, "RC lookahead not supported\n")), "cannot do what is asked", "x264"),
    "anything else": (
        Seen(lines=("Nvenc unloaded\n",), faults=("EncodePicture failed!: generic error (20)\n",), error="[Errno 1]"),
        "EncodePicture failed!: generic error (20)",
        "nvidia-smi",
    ),
    "nothing is known": (Seen(error="[Errno 5] I/O error"), "I/O error", "nvidia-smi"),
    "nothing at all": (Seen(), "no reason was given", "nvidia-smi"),
}


@pytest.mark.parametrize(("seen", "reason", "fix"), VERDICTS.values(), ids=VERDICTS.keys())
def test_a_failure_is_told_apart_with_its_fix(seen: Seen, reason: str, fix: str) -> None:
    verdict = explain(seen)
    assert not verdict.usable
    assert reason in verdict.reason
    assert fix in verdict.fix
    assert "\n" not in verdict.reason + verdict.fix


def test_verdicts_differ() -> None:
    seen = {explain(case[0]).reason for case in VERDICTS.values()}
    assert len(seen) == len(VERDICTS) - 4  # four of them can be known in two ways


@pytest.mark.parametrize(
    "name",
    ["NVIDIA A100-SXM4-80GB", "NVIDIA H100 PCIe", "NVIDIA H200", "NVIDIA B200", "NVIDIA GH200 480GB", "NVIDIA A30"],
)
def test_data_centre_cards_without_nvenc_are_known(name: str) -> None:
    assert explain(Seen((NVENC,), f"NVIDIA {name}")).reason == f"NVIDIA {name} has no NVENC"


@pytest.mark.parametrize("name", ["L4", "A10", "L40S", "RTX A3000", "RTX PRO 2000", "T4"])
def test_other_cards_are_not_taken_for_them(name: str) -> None:
    assert "has no NVENC" not in explain(Seen((NVENC,), f"NVIDIA {name}")).reason


def test_the_logs_name_wins() -> None:
    assert device_of(Seen(device="NVIDIA T4", lines=(CARD,))) == "NVIDIA L4"
    assert device_of(Seen(device="NVIDIA T4")) == "NVIDIA T4"


def test_every_quality_has_its_level() -> None:
    assert tuple(LEVELS) == QUALITIES
    richest = LEVELS[RICHEST]
    assert all(one.b_frames <= richest.b_frames and one.lookahead <= richest.lookahead for one in LEVELS.values())


@pytest.mark.parametrize("fps", [Fraction(30), Fraction(60), Fraction(30000, 1001)])
@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("quality", [*QUALITIES, TRIALS[-1]])
def test_groups_are_two_seconds_long_and_the_rate_is_one_of_two(quality: str, codec: str, fps: Fraction) -> None:
    rate, options = options_of(level_of(quality), codec, replace(OUTPUT, fps=fps, quality=quality))
    assert int(options["g"]) <= 2 * fps + Fraction(1, 10)
    assert ("cq" in options) != bool(rate)
    assert ("maxrate" in options) == bool(rate)


@pytest.mark.parametrize("quality", QUALITIES)
def test_the_users_bit_rate_wins(quality: str) -> None:
    rate, options = options_of(level_of(quality), "h264", replace(OUTPUT, bit_rate=8_000_000))
    assert (rate, options["maxrate"], options.get("cq")) == (8_000_000, "12000000", None)


def test_av1_has_its_own_scale_and_no_b_frames() -> None:
    _, h264 = options_of(LEVELS["high"], "h264", OUTPUT)
    _, av1 = options_of(LEVELS["high"], "av1", OUTPUT)
    assert (h264["cq"], av1["cq"], h264["bf"], av1["bf"], av1["b_ref_mode"]) == ("22", "27", "3", "0", "disabled")
    assert "profile" not in av1


def test_trials_are_levels_of_their_own() -> None:
    assert len(set(TRIALS)) == len(TRIALS)
    assert {level_of(name).preset for name in TRIALS} == {"p1", "p3", "p4", "p5", "p7"}
    assert all(4 <= surfaces(level_of(name)) <= 64 for name in TRIALS)


def test_a_ring_goes_round_and_keeps_its_memory() -> None:
    ring = FrameRing((214, 386), 3, device="cpu")
    first = [ring.next() for _ in range(3)]
    again = [ring.next() for _ in range(3)]
    addresses = [one.data_ptr() for one in first]
    assert len(ring) == len(set(addresses)) == 3
    assert [one.data_ptr() for one in again] == addresses


@pytest.mark.parametrize(("size", "count"), [((215, 386), 2), ((214, 385), 2), ((214, 386), 0)])
def test_a_ring_of_no_pictures_is_refused(size: tuple[int, int], count: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        FrameRing(size, count, device="cpu")


@pytest.mark.parametrize("width", [216, 214])
def test_pictures_of_a_ring_in_host_memory_are_what_was_drawn(width: int) -> None:
    ring = FrameRing((width, 386), 2, device="cpu")
    surface = ring.next()
    drawn = torch.arange(579 * width, dtype=torch.int64).remainder(251).to(torch.uint8).reshape(579, width)
    surface.copy_(drawn)
    frame = ring.frame(surface)
    assert (frame.format.name, frame.width, frame.height) == ("nv12", width, 386)
    assert (frame.to_ndarray() == drawn.numpy()).all()
    assert frame.planes[0].line_size == frame.planes[1].line_size == surface.stride(0)
    # NVENC looks for chroma by the luma's address and pitch alone.
    assert frame.planes[1].buffer_ptr - frame.planes[0].buffer_ptr == frame.planes[0].line_size * 386


def test_downloads_come_in_order_and_own_their_memory() -> None:
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (96, 64), np.uint8) for _ in range(10)]
    surface = torch.empty((96, 64), dtype=torch.uint8)
    taken = 0

    def drawn() -> object:
        nonlocal taken
        for picture in pictures:
            surface.copy_(torch.from_numpy(picture))
            taken += 1
            yield surface

    frames = []
    for frame in downloaded(drawn(), in_flight=3):  # type: ignore[arg-type]
        frames.append(frame)
        assert taken - len(frames) <= 3
    assert [frame.format.name for frame in frames] == ["nv12"] * 10
    assert all((frame.to_ndarray() == picture).all() for frame, picture in zip(frames, pictures, strict=True))


def test_downloads_of_several_sizes_and_of_none() -> None:
    sizes = [(96, 64), (48, 32), (96, 64), (48, 32)]
    frames = list(downloaded((torch.zeros(size, dtype=torch.uint8) for size in sizes), in_flight=1))
    assert [(frame.height * 3 // 2, frame.width) for frame in frames] == sizes
    assert list(downloaded([])) == []


@pytest.mark.parametrize("shape", [(97, 64), (96, 63)])
def test_what_is_no_picture_is_not_downloaded(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no NV12"):
        list(downloaded([torch.zeros(shape, dtype=torch.uint8)]))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 9])
@pytest.mark.parametrize(("encoder", "codec"), [("x264", "h264"), ("x265", "hevc"), ("svtav1", "av1")])
def test_films_of_a_few_pictures_have_times_that_a_file_can_hold(encoder: str, codec: str, count: int) -> None:
    coder = EncoderPass(ENCODERS.load(encoder), OutputFormat(256, 256, Fraction(30), "fill", "low", codec=codec))
    packets = [
        packet for _ in range(count) for packet in coder.encode(VideoFrame.from_ndarray(GREY, format="yuv420p"))
    ]
    packets += coder.finish()
    assert sorted(packet.pts for packet in packets) == list(range(count))
    assert all(-4 <= packet.dts <= packet.pts and packet.duration == 1 for packet in packets)
    assert [packet.dts for packet in packets] == sorted(packet.dts for packet in packets)
