"""Who may use a device's memory: models live in processes of their own, are leased, and leave by exit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nvpipe.scheduler.broker import Scheduler
    from nvpipe.scheduler.device import CpuDevice, Device, Memory
    from nvpipe.scheduler.spec import Estimate, ModelSpec, ModelStats, Peaks
    from nvpipe.scheduler.worker import Worker

__all__ = ["CpuDevice", "Device", "Estimate", "Memory", "ModelSpec", "ModelStats", "Peaks", "Scheduler", "Worker"]


_MODULES = {
    "broker": {"Scheduler"},
    "device": {"CpuDevice", "Device", "Memory"},
    "spec": {"Estimate", "ModelSpec", "ModelStats", "Peaks"},
    "worker": {"Worker"},
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: who only wants to know what memory is free pays for no processes."""
    from importlib import import_module

    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"nvpipe.scheduler.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
