"""The energy that NVIDIA cards have taken, as their driver counts it (NVML)."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any

MODULE = "pynvml"
ABSENT = "energy is not measured: nvidia-ml-py is not installed (pip install nvidia-ml-py)"


class Cards:
    """The cards that NVML shows; none where there is no driver.

    Args:
        nvml: the library, as nvidia-ml-py gives it; imported when not given.

    Attributes:
        names: of the cards.
        driver: version of the driver, empty without one.
        reason: why energy is not measured; empty when it is.
    """

    def __init__(self, nvml: Any = None) -> None:
        self.names: tuple[str, ...] = ()
        self.driver = ""
        self.reason = ""
        self._handles: list[Any] = []
        self._nvml = nvml
        if nvml is None:
            try:
                self._nvml = importlib.import_module(MODULE)
            except ImportError:
                self.reason = ABSENT
                return
        try:
            self._nvml.nvmlInit()
            self.driver = _text(self._nvml.nvmlSystemGetDriverVersion())
            count = self._nvml.nvmlDeviceGetCount()
            self._handles = [self._nvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
            self.names = tuple(_text(self._nvml.nvmlDeviceGetName(handle)) for handle in self._handles)
        except self._nvml.NVMLError as error:
            self.reason = f"energy is not measured: NVML says: {error}"
            return
        if not self._handles:
            self.reason = "energy is not measured: NVML shows no card"
        elif self.energy_j() is None:
            self.reason = f"energy is not measured: {', '.join(self.names)} does not count it"

    def energy_j(self) -> float | None:
        """Joules of all cards since the driver was loaded; None where they are not counted."""
        if self.reason or not self._handles:
            return None
        with suppress(self._nvml.NVMLError):
            return float(sum(self._nvml.nvmlDeviceGetTotalEnergyConsumption(one) for one in self._handles)) / 1000
        return None


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
