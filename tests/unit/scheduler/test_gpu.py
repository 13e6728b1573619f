"""A card's memory, as NVML tells it; the libraries are stand-ins, since there is no card where this runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes.nvml import UUID, FakeCard, FakeCuda, FakeNvml

from nvpipe.errors import BackendUnavailableError
from nvpipe.scheduler.gpu import GpuDevice
from nvpipe.scheduler.nvml import cuda_uuid, open_card

GIB = 1 << 30


def libraries(nvml: FakeNvml | None, cuda: FakeCuda | None = None) -> Any:
    def load(name: str) -> Any:
        found = {"libnvidia-ml.so.1": nvml, "libcuda.so.1": cuda}[name]
        if found is None:
            raise OSError(f"{name}: cannot open shared object file")
        return found

    return load


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    (tmp_path / "pid").symlink_to("pid:[4026531836]")
    return tmp_path / "pid"


def test_the_card_of_cuda_is_found_by_its_uuid_not_by_nvmls_number():
    nvml = FakeNvml(("GPU-another", f"GPU-{UUID}"))
    card = open_card(0, libraries(nvml, FakeCuda()))
    assert (card.name, card.driver, card.uuid) == ("Card 2", "580.1", f"GPU-{UUID}")
    assert (card.memory().total_bytes, card.memory().free_bytes) == (8 * GIB, 7 * GIB)


def test_a_slice_of_a_card_is_found_too():
    assert open_card(0, libraries(FakeNvml((f"MIG-{UUID}",)), FakeCuda())).uuid == f"MIG-{UUID}"


def test_without_cuda_nvmls_number_counts():
    assert cuda_uuid(0, libraries(None)) is None
    assert open_card(0, libraries(FakeNvml(("GPU-only",)))).uuid == "GPU-only"


@pytest.mark.parametrize(
    ("nvml", "cuda", "index", "says"),
    [
        (None, None, 0, "there is no NVIDIA driver here"),
        (FakeNvml(init=9), None, 0, "cannot be initialised: Driver Not Loaded"),
        (FakeNvml(), None, 3, "knows no card cuda:3: Not Found"),
        (FakeNvml(), FakeCuda(1), 2, "there is no cuda:2, CUDA shows 1 cards"),
    ],
)
def test_what_is_missing_is_said(nvml, cuda, index, says):
    with pytest.raises(BackendUnavailableError, match=says):
        open_card(index, libraries(nvml, cuda))


def test_all_processes_are_listed_however_many_there_are():
    nvml = FakeNvml()
    nvml.used = {pid: pid * 10 for pid in range(1, 41)}
    assert open_card(0, libraries(nvml, FakeCuda())).processes() == nvml.used


def test_what_a_process_holds_and_has_held(hosts):
    card = FakeCard()
    device = GpuDevice(card, namespace=hosts)
    assert device.tells_processes
    card.used = {7: 300, 8: 50}
    assert (device.used_bytes(7), device.used_bytes(9)) == (300, 0)
    card.used = {7: 100, 8: 50}
    assert (device.used_bytes(7), device.peak_bytes(7)) == (100, 300)
    assert device.foreign(frozenset({7})) == {8: 50}


def test_in_a_container_or_where_the_driver_keeps_it_to_itself_processes_are_not_told(tmp_path, hosts):
    card = FakeCard()
    card.used = {7: 300}
    (tmp_path / "inner").symlink_to("pid:[4026532999]")
    assert not GpuDevice(card, namespace=tmp_path / "inner").tells_processes
    assert not GpuDevice(card, namespace=tmp_path / "missing").tells_processes
    card.used = {7: None}
    device = GpuDevice(card, namespace=hosts)
    assert not device.tells_processes
    assert device.used_bytes(7) == 0


def test_peaks_are_those_of_a_card_and_its_driver():
    assert GpuDevice(FakeCard()).label == "Card, driver 580.1"
    assert GpuDevice(FakeCard()).name == "cuda:0"
