"""What the driver's libraries say, and what is said to the user when they are not there."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest
from fakes import nvidia, pynvvideocodec

from nvpipe.media.decode import nvdec_driver
from nvpipe.media.decode.nvdec import NvdecDecoder
from nvpipe.media.decode.nvdec_driver import Driver, DriverError
from nvpipe.media.decode.nvdec_threaded import NvdecThreadedDecoder, proven_apart
from nvpipe.registry import Probe


def card_in(root: Path) -> Path:
    """The root of a machine that has a card with its kernel module."""
    (root / "dev").mkdir()
    (root / "dev" / "nvidiactl").touch()
    return root


def test_a_machine_without_a_card_is_told_apart_from_a_container_without_the_driver(tmp_path: Path) -> None:
    none = nvidia.driver("libcuda.so.1").refusal()
    assert none is not None
    assert none.reason.startswith("no NVIDIA driver: libcuda.so.1")
    hidden = nvidia.driver("libcuda.so.1", root=card_in(tmp_path)).refusal()
    assert hidden is not None
    assert "there is an NVIDIA card" in hidden.reason
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility" in hidden.fix


def test_a_container_without_the_video_capability_is_named() -> None:
    refused = nvidia.driver("libnvcuvid.so.1").refusal()
    assert refused is not None
    assert "libnvcuvid.so.1 is not here" in refused.reason
    assert "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility" in refused.fix


@pytest.mark.parametrize(
    ("cuda", "reason"),
    [
        (nvidia.Cuda(code=100), "lists no card"),
        (nvidia.Cuda(cards=0), "lists no card"),
        (nvidia.Cuda(code=34), "stub for linking"),
        (nvidia.Cuda(code=803), "different versions"),
        (nvidia.Cuda(code=999), r"error 999 \(CUDA_ERROR_UNKNOWN\)"),
    ],
)
def test_a_driver_that_does_not_start_is_told_by_its_error(cuda: nvidia.Cuda, reason: str) -> None:
    refused = nvidia.driver(cuda=cuda).refusal()
    assert refused is not None
    assert refused.fix
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(refused.reason)


def test_all_there_is_no_refusal() -> None:
    assert nvidia.driver().refusal() is None


def test_caps_are_asked_in_a_context_which_is_given_back() -> None:
    cuda = nvidia.Cuda()
    caps = nvidia.driver(cuda=cuda).caps("hevc", 10)
    assert (caps.supported, caps.engines, caps.max_px) == (True, 7, (8192, 8192))
    assert (cuda.contexts, cuda.current) == (0, 0)
    assert not nvidia.driver().caps("av1", 8).supported


def test_caps_that_cannot_be_asked_are_an_error() -> None:
    with pytest.raises(DriverError, match="libnvcuvid"):
        nvidia.driver("libnvcuvid.so.1").caps("h264", 8)
    with pytest.raises(DriverError, match="cuInit failed with error 999"):
        nvidia.driver(cuda=nvidia.Cuda(code=999)).caps("h264", 8)


def test_the_structure_is_laid_out_as_the_header_says() -> None:
    kind = nvdec_driver._DecodeCaps
    assert ctypes.sizeof(kind) == 88
    places = {name: getattr(kind, name).offset for name, *_ in kind._fields_}
    assert (places["is_supported"], places["engines"], places["output_formats"]) == (24, 25, 26)
    assert (places["max_width"], places["min_width"], places["max_histogram_bins"]) == (28, 40, 46)


def test_a_card_without_nvdec_is_named() -> None:
    probe = NvdecDecoder(nvidia.driver(sizes={}), nvidia.open_on_fake_card, nvidia.FakeCard()).probe()
    assert not probe.usable
    assert "has no NVDEC for H.264" in probe.reason
    assert "MIG" in probe.fix


def test_a_torch_that_cannot_use_the_card_is_named() -> None:
    refused = Probe(False, "torch 2.13.0+cpu (built without CUDA) cannot use the card", "install another")
    probe = NvdecDecoder(nvidia.driver(), nvidia.open_on_fake_card, nvidia.FakeCard(refused)).probe()
    assert probe == refused


def test_a_library_that_ends_its_process_is_a_verdict() -> None:
    dying = "import sys; print('[FATAL][00:00:00] CUDA driver API error', file=sys.stderr); sys.exit(1)"
    probe = proven_apart((sys.executable, "-c", dying))
    assert not probe.usable
    assert probe.reason == "PyNvVideoCodec ends its process: [FATAL][00:00:00] CUDA driver API error"
    assert "--decoder nvdec" in probe.fix


@pytest.mark.skipif(Driver().refusal() is None, reason="there is a card")
def test_the_proof_apart_tells_its_verdict() -> None:
    probe = proven_apart()
    assert not probe.usable
    assert "libcuda.so.1" in probe.reason


def test_what_pynvvideocodec_misses_is_told_apart() -> None:
    def gone() -> object:
        raise ModuleNotFoundError("No module named 'PyNvVideoCodec'")

    def broken() -> object:
        raise ImportError("undefined symbol: cuEventElapsedTime_v2")

    def probed(missing: tuple[str, ...], library: object) -> Probe:
        return NvdecThreadedDecoder(nvidia.driver(*missing), library, nvidia.FakeCard()).probe()  # type: ignore[arg-type]

    assert "PyNvVideoCodec is not installed" in probed((), gone).reason
    assert "pip install" in probed((), gone).fix
    assert "undefined symbol" in probed((), broken).reason
    lacking = probed(("libnvidia-encode.so.1",), pynvvideocodec.Library)
    assert "without which PyNvVideoCodec does not load" in lacking.reason
    assert "compute,video,utility" in lacking.fix
