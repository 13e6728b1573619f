"""Two backends: one that works and one that does not."""

from __future__ import annotations

from nvpipe.registry import Probe


class Working:
    def probe(self) -> Probe:
        return Probe(True, "opened")


class Broken:
    def probe(self) -> Probe:
        return Probe(False, "no card", "buy one")
