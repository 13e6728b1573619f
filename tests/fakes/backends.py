"""Backends that work, do not, or crash."""

from __future__ import annotations

from nvpipe.registry import Probe


class Working:
    def probe(self) -> Probe:
        return Probe(True, "opened")


class Broken:
    def probe(self) -> Probe:
        return Probe(False, "no card", "buy one")


class Crashing:
    def probe(self) -> Probe:
        raise OSError("libcuda.so.1: cannot open shared object file")


class WithoutPyNv:
    def probe(self) -> Probe:
        raise ModuleNotFoundError("No module named 'PyNvVideoCodec'")
