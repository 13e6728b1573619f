"""nvidia-ml-py as an object: cards that count the energy they take."""

# ruff: noqa: N802 - the library names its functions

from __future__ import annotations


class Nvml:
    """Some cards.

    Args:
        names: of the cards.
        step_mj: by how much a card's counter goes up each time it is read; None for cards that do not count.
        driver: whether there is a driver.
    """

    class NVMLError(Exception):
        """What the library raises."""

    def __init__(self, names: tuple[str, ...] = ("Card",), step_mj: int | None = 1000, driver: bool = True) -> None:
        self._names = names
        self._step_mj = step_mj
        self._driver = driver
        self._read_mj = [0] * len(names)

    def nvmlInit(self) -> None:
        if not self._driver:
            raise self.NVMLError("Driver Not Loaded")

    def nvmlSystemGetDriverVersion(self) -> str:
        return "580.95"

    def nvmlDeviceGetCount(self) -> int:
        return len(self._names)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, handle: int) -> bytes:
        return self._names[handle].encode()

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:
        if self._step_mj is None:
            raise self.NVMLError("Not Supported")
        self._read_mj[handle] += self._step_mj
        return self._read_mj[handle]
