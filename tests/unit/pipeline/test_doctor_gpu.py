"""The doctor's look at driver, cards and engines, over the driver's libraries as they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.driver_libraries import Card, LibCuda, Nvml, Shelf

from nvpipe.pipeline.doctor import cures
from nvpipe.pipeline.doctor.card_trial import TRIALS
from nvpipe.pipeline.doctor.driver_look import look
from nvpipe.pipeline.doctor.gpu import ask_child, examine_gpu

HOPPER = Card("NVIDIA H200", (9, 0), 140 << 30, 139 << 30, mig=False)
WHOLE = {"cuda": LibCuda(), "nvml": Nvml(), "decoding": object(), "encoding": object()}
TRIED: dict[str, dict[str, Any]] = {
    "nvdec": {"engines": 4, "codecs": ["h264", "hevc", "av1"]},
    "nvenc": {"engines": 2, "codecs": ["h264"]},
    "torch": {"torch": "2.13.0", "cuda": "13.0"},
}


def traces(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def found(seen: dict[str, Any], trials: dict[str, Any] | None = None, **environ: str) -> dict[str, Any]:
    """Findings by name, when the children say this."""

    def ask(module: str, argument: str, limit_s: float) -> dict[str, Any]:
        assert limit_s > 0
        return (TRIED | (trials or {}))[argument] if argument else seen

    findings = examine_gpu(environ, ask)
    assert {finding.kind for finding in findings} == {"gpu"}
    assert not any(finding.chosen for finding in findings)
    return {finding.name: finding for finding in findings}


def test_a_whole_machine(tmp_path: Path) -> None:
    nvml = Nvml((HOPPER,))
    seen = look(Shelf(**WHOLE | {"cuda": LibCuda((HOPPER,)), "nvml": nvml}), tmp_path)
    assert nvml.open == 0
    verdicts = found(seen)
    assert all(finding.usable for finding in verdicts.values())
    assert not any(finding.fix for finding in verdicts.values())
    assert "580.95.05" in verdicts["driver"].reason
    assert "13.0" in verdicts["driver"].reason
    assert verdicts["card"].reason == "cuda:0 NVIDIA H200, compute capability 9.0, 139.0 of 140.0 GiB free"
    assert verdicts["nvdec-engines"].reason == "4 engines, for h264, hevc, av1"
    assert verdicts["nvenc-engines"].reason == "2 engines, for h264"
    assert "2.13.0" in verdicts["torch-cuda"].reason


def test_every_card_is_told_and_nvml_only_where_its_order_is_the_same(tmp_path: Path) -> None:
    cards = (Card(sessions=3), HOPPER)
    same = found(look(Shelf(**WHOLE | {"cuda": LibCuda(cards), "nvml": Nvml(cards)}), tmp_path))["card"].reason
    assert "cuda:0 NVIDIA L4" in same
    assert "3 encoding sessions open; cuda:1 NVIDIA H200" in same
    other = found(look(Shelf(**WHOLE | {"cuda": LibCuda(cards), "nvml": Nvml(cards[::-1])}), tmp_path))["card"].reason
    assert "GiB" not in other


def test_a_machine_without_anything_of_it(tmp_path: Path) -> None:
    verdicts = found(look(Shelf(), tmp_path))
    assert list(verdicts) == ["driver", "card", "nvdec-engines", "nvenc-engines", "torch-cuda"]
    assert not any(finding.usable for finding in verdicts.values())
    assert "no NVIDIA driver" in verdicts["driver"].reason
    assert "everything works on the CPU" in verdicts["driver"].fix
    assert all(finding.reason for finding in verdicts.values())


@pytest.mark.parametrize(
    ("files", "environ", "reason", "fix"),
    [
        ((".dockerenv",), {}, "this container has no card", "--gpus all"),
        (("dev/nvidiactl",), {}, "not the driver's libraries", "install the rest of the driver"),
        (
            (".dockerenv", "dev/nvidia0"),
            {"NVIDIA_DRIVER_CAPABILITIES": "utility"},
            "'utility'",
            "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility",
        ),
        (
            ("usr/local/nvidia/lib64/libcuda.so.1", "dev/nvidia0"),
            {},
            "lies in /usr/local/nvidia/lib64",
            "LD_LIBRARY_PATH",
        ),
    ],
)
def test_libcuda_is_missing(
    tmp_path: Path, files: tuple[str, ...], environ: dict[str, str], reason: str, fix: str
) -> None:
    driver = found(look(Shelf(), traces(tmp_path, *files)), **environ)["driver"]
    assert not driver.usable
    assert reason in driver.reason
    assert fix in driver.fix


@pytest.mark.parametrize(
    ("code", "reason", "fix"),
    [
        (34, "stub", "stubs"),
        (100, "no card", "CUDA_VISIBLE_DEVICES"),
        (802, "not ready", "nvidia-fabricmanager"),
        (803, "different versions", "restart"),
        (804, "forward compatibility", "compat"),
        (999, "without saying why", "nvidia_uvm"),
        (777, "does not start", "nvidia-smi"),
    ],
)
def test_the_driver_refuses(tmp_path: Path, code: int, reason: str, fix: str) -> None:
    driver = found(look(Shelf(cuda=LibCuda(code=code)), tmp_path))["driver"]
    assert not driver.usable
    assert reason in driver.reason
    assert f"error {code}, CUDA_ERROR_" in driver.reason
    assert fix in driver.fix


def test_no_card_in_a_container_without_devices(tmp_path: Path) -> None:
    driver = found(look(Shelf(cuda=LibCuda(code=100)), traces(tmp_path, "run/.containerenv")))["driver"]
    assert "--gpus all" in driver.fix


def test_a_driver_that_lists_no_card(tmp_path: Path) -> None:
    assert "no card" in found(look(Shelf(cuda=LibCuda(())), tmp_path))["driver"].reason


@pytest.mark.parametrize("container", [True, False])
def test_a_capability_is_missing(tmp_path: Path, container: bool) -> None:
    seen = look(Shelf(cuda=LibCuda()), traces(tmp_path, ".dockerenv") if container else tmp_path)
    error = {"error": "libnvcuvid.so.1: cannot open shared object file"}
    verdicts = found(seen, {"nvdec": error, "nvenc": error})
    assert verdicts["driver"].usable
    assert "NVML is not here" in verdicts["driver"].reason
    video, utility = ("video", "utility") if container else ("libnvidia-decode", "nvidia-utils")
    assert video in verdicts["nvdec-engines"].fix
    assert video in verdicts["nvenc-engines"].fix
    assert utility in verdicts["driver"].fix


def test_nvml_of_another_version_than_the_kernel_module(tmp_path: Path) -> None:
    seen = look(Shelf(**WHOLE | {"nvml": Nvml(code=18)}), tmp_path)
    assert seen["nvml"] == {"error": 18, "error_name": "Driver/library version mismatch"}
    assert "GiB" not in found(seen)["card"].reason


@pytest.mark.parametrize(
    ("name", "error", "fix"),
    [
        ("nvenc", "h264: Unsupported device (NV_ENC_ERR_UNSUPPORTED_DEVICE)", "no NVENC"),
        ("nvenc", "h264: incompatible client key", "sessions"),
        ("nvenc", "PyNvVideoCodec is not installed, which tells the engines", "pip install"),
        ("torch", "torch 2.13.0+cpu is a build without CUDA", "torch's build for CUDA"),
        ("torch", "RuntimeError: The NVIDIA driver on your system is too old (found version 12040)", "580"),
        ("torch", "CUDA error: no kernel image is available for execution on the device", "architectures"),
        ("torch", "OutOfMemoryError: CUDA out of memory", "nvidia-smi"),
        ("nvdec", "no answer within 90 s", "nvidia-smi"),
    ],
)
def test_a_trial_fails_and_the_others_are_told(tmp_path: Path, name: str, error: str, fix: str) -> None:
    verdicts = found(look(Shelf(**WHOLE), tmp_path), {name: {"error": error}})
    broken = verdicts["torch-cuda" if name == "torch" else f"{name}-engines"]
    assert (broken.usable, broken.reason) == (False, error)
    assert fix in broken.fix
    assert sum(not finding.usable for finding in verdicts.values()) == 1


def test_a_part_of_a_card_without_decoders(tmp_path: Path) -> None:
    verdict = found(look(Shelf(**WHOLE), tmp_path), {"nvdec": {"engines": 0, "codecs": []}})["nvdec-engines"]
    assert not verdict.usable
    assert "MIG" in verdict.fix


def test_a_driver_that_crashes_or_hangs_is_a_verdict() -> None:
    crashed = found({"error": "ended by SIGSEGV"})["driver"]
    assert not crashed.usable
    assert "SIGSEGV" in crashed.reason
    assert "nvidia-smi" in crashed.fix
    assert found({"error": "something else"})["driver"].fix


def test_every_failure_of_backends_that_is_known_has_its_cure() -> None:
    for reason in (
        "triton: RuntimeError: Failed to find C compiler. Please specify via CC environment variable",
        "fatal error: Python.h: No such file or directory",
        "cannot be opened: ModuleNotFoundError: No module named 'triton'",
        "nvdec-threaded: ModuleNotFoundError: No module named 'PyNvVideoCodec'",
        "nvenc: OpenEncodeSessionEx failed: out of memory (10)",
        "/dev/nvidia0: Permission denied",
    ):
        assert cures.of_reason(reason), reason
    assert cures.of_reason("something that nobody has seen") == ""


def test_a_child_that_ends_hangs_or_talks_nonsense(tmp_path: Path) -> None:
    assert "status 1" in ask_child("nvpipe.no_such_module", "", 60)["error"]
    assert "within 0 s" in ask_child("http.server", "0", 0.3)["error"]
    assert ask_child("platform", "", 60)["error"].startswith("ended with status 0")


def test_the_real_look_answers_on_any_machine() -> None:
    seen = ask_child("nvpipe.pipeline.doctor.driver_look", "", 60)
    assert set(seen["libraries"]) == {"cuda", "nvml", "decoding", "encoding"}
    assert set(found(seen)) >= {"driver", "card"}


def test_trials_that_cannot_be_made_say_why() -> None:
    assert set(TRIALS) == {"nvdec", "nvenc", "torch"}
    assert "error" in ask_child("nvpipe.pipeline.doctor.card_trial", "none", 60)
