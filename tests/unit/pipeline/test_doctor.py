"""What the doctor concludes from its findings, and how it looks at backends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nvpipe.errors import BackendUnavailableError, UsageError
from nvpipe.pipeline.doctor.examine import Examination, backends_of, named_by
from nvpipe.pipeline.doctor.finding import Finding
from nvpipe.registry import Entry, Registry
from nvpipe.settings import Settings, driver_variables


def finding(kind: str, name: str, usable: bool = True, chosen: bool = False, named: bool = False) -> Finding:
    return Finding(kind, name, usable, f"the reason of {name}", f"the fix of {name}", chosen, "", named)


WELL = (
    finding("gpu", "driver", usable=False),
    finding("decoder", "nvdec", usable=False),
    finding("decoder", "pyav", chosen=True),
    finding("writer", "llama", usable=False),
    finding("writer", "extractive", chosen=True),
    finding("cache", "storage"),
)


def registry(*entries: Entry) -> Registry[Any]:
    return Registry("decoder", entries)


def test_what_auto_takes_is_told_by_kind() -> None:
    auto = Examination(WELL).auto
    assert auto["decoder"] == "pyav"
    assert auto["writer"] == "extractive"
    assert auto["encoder"] is None
    assert "layout" not in auto


def test_a_machine_without_a_card_is_well() -> None:
    Examination(WELL).require(["run", "decoder", "pyav"])


@pytest.mark.parametrize("wanted", ["nvdec", "driver", "gpu"])
def test_what_is_asked_for_and_not_usable_is_an_error_with_its_fix(wanted: str) -> None:
    with pytest.raises(BackendUnavailableError, match="the reason of") as caught:
        Examination(WELL).require([wanted])
    assert "the fix of" in caught.value.hint


def test_a_kind_of_which_nothing_is_usable_keeps_a_run_from_being_made() -> None:
    ill = (*WELL[:2], replace(WELL[2], usable=False), *WELL[3:])
    with pytest.raises(BackendUnavailableError, match=r"nvdec.*pyav"):
        Examination(ill).require(["run"])


def test_a_model_that_is_named_and_broken_is_seen() -> None:
    ill = tuple(replace(one, named=one.name == "llama") for one in WELL)
    examination = Examination(ill)
    assert [one.name for one in examination.broken()] == ["llama"]
    with pytest.raises(BackendUnavailableError, match="writer llama: the reason of llama"):
        examination.require(["run"])


def test_what_nobody_knows_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="nothing named 'nvidia'") as caught:
        Examination(WELL).require(["nvidia"])
    assert "pyav" in caught.value.hint


def test_auto_takes_the_first_usable_one_that_is_not_by_name_only() -> None:
    kinds = registry(
        Entry("crashing", "fakes.backends:Crashing", "a"),
        Entry("apart", "fakes.backends:Working", "b", by_name_only=True),
        Entry("good", "fakes.backends:Working", "c"),
        Entry("second", "fakes.backends:Working", "d"),
    )
    found = {one.name: one for one in backends_of(kinds, None, {("decoder", "second"), ("encoder", "good")})}
    assert [name for name, one in found.items() if one.chosen] == ["good"]
    assert [name for name, one in found.items() if one.named] == ["second"]
    assert [name for name, one in found.items() if one.usable] == ["apart", "good", "second"]
    assert "libcuda.so.1" in found["crashing"].reason


def test_a_backends_own_fix_wins_and_a_known_failure_gets_one() -> None:
    kinds = registry(
        Entry("broken", "fakes.backends:Broken", "a"), Entry("missing", "triton_that_is_missing:X", "b"),
        Entry("pynv", "fakes.backends:WithoutPyNv", "c"),
    )  # fmt: skip
    found = {one.name: one for one in backends_of(kinds, None, set())}
    assert found["broken"].fix == "buy one"
    assert "pip install" in found["pynv"].fix
    assert not found["missing"].usable


def test_settings_name_backends_and_models(tmp_path: Path) -> None:
    plain = Settings(storage=tmp_path)
    assert named_by(plain) == set()
    named = named_by(replace(plain, decoder="nvdec", llama="a.gguf", kokoro="folder", encoder="x264"))
    assert named == {("decoder", "nvdec"), ("encoder", "x264"), ("writer", "llama"), ("speaker", "kokoro")}


def test_only_what_concerns_the_driver_is_taken_from_the_environment() -> None:
    environ = {"NVIDIA_DRIVER_CAPABILITIES": "utility", "HOME": "h", "CUDA_VISIBLE_DEVICES": ""}
    assert driver_variables(environ) == {"NVIDIA_DRIVER_CAPABILITIES": "utility", "CUDA_VISIBLE_DEVICES": ""}
