"""Decoders for tests of all of them, those that need a card with stand-ins too, and in what each may differ."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes import nvidia, pynvvideocodec

from nvpipe.media.decode import DECODERS, ON_CARD, Decoder, UndecodableHereError
from nvpipe.media.decode.nvdec import NvdecDecoder
from nvpipe.media.decode.nvdec_threaded import NvdecThreadedDecoder


@dataclass(frozen=True)
class Declared:
    """In what a decoder differs from libavcodec on the CPU."""

    refuses: frozenset[str] = frozenset()
    """What it says that it cannot decode."""
    tells_damage: bool = True
    """Whether it counts what cannot be decoded."""
    gives_up: frozenset[str] = frozenset()
    """Containers in which it goes no further than the first packet that cannot be decoded."""
    off_levels: float = 0.0
    """How far a plane of 8 bits may be from the coded one, on average."""
    off_levels_10_bit: float = 0.0
    """The same of planes of 10 bits, which are made 8."""
    exact_copies: bool = True
    """Whether its pictures in host memory are bit for bit those of the CPU."""


NOT_FOR_CARDS = frozenset({"ffv1", "yuv420p10le h264", "yuv422p", "yuv444p", "interlaced"})
DECLARED = {
    "pyav": Declared(),
    # Of ten bits it drops two, where the CPU rounds and dithers.
    "nvdec": Declared(refuses=NOT_FOR_CARDS, off_levels_10_bit=0.75),
    # Errors in the stream are concealed on the card, and it says nothing of them.
    "nvdec-threaded": Declared(refuses=NOT_FOR_CARDS | {"avi"}, tells_damage=False, off_levels_10_bit=0.75),
    # It makes RGB of every picture, counts pictures that it does not give, and seeks wrong in some files.
    "decord": Declared(
        refuses=frozenset({"avi", "ts", "interlaced", "mirrored", "hdr"}),
        tells_damage=False,
        gives_up=frozenset({"mp4"}),
        off_levels=1.2,
        off_levels_10_bit=1.5,
        exact_copies=False,
    ),
}
STAND_INS = {
    "nvdec": lambda: NvdecDecoder(nvidia.driver(), nvidia.open_on_fake_card, nvidia.FakeCard()),
    "nvdec-threaded": lambda: NvdecThreadedDecoder(nvidia.driver(), pynvvideocodec.Library, nvidia.FakeCard()),
}
SUBJECTS = [
    *(pytest.param(name, marks=pytest.mark.gpu if name in ON_CARD else ()) for name in DECODERS.names()),
    *(f"{name} on a stand-in" for name in STAND_INS),
]


class Subject:
    """A decoder and in what it may differ."""

    def __init__(self, name: str, decoder: Decoder) -> None:
        self.may = DECLARED[name]
        self._decoder = decoder

    def open(self, path: Path) -> Any:
        return self._decoder.open(path)

    def refuses(self, kind: str, path: Path) -> bool:
        """Whether it is declared to refuse such a file, and really does."""
        if kind not in self.may.refuses:
            return False
        with pytest.raises(UndecodableHereError, match=path.name) as caught:
            self._decoder.open(path)
        assert caught.value.exit_code == 4
        assert "pyav" in caught.value.hint
        return True


def subject_of(subject: str) -> Subject:
    """The decoder that one of `SUBJECTS` names; without its card the test is skipped, or fails if one is required."""
    name, is_stood_in, _ = subject.partition(" on a stand-in")
    if is_stood_in:
        return Subject(name, STAND_INS[name]())
    probe = DECODERS.probe(name)
    if not probe.usable:
        if name in ON_CARD and os.environ.get("NVPIPE_REQUIRE_GPU") == "1":
            pytest.fail(probe.reason, pytrace=False)
        pytest.skip(probe.reason)
    return Subject(name, DECODERS.load(name))
