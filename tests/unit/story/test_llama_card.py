"""A language model on a card: how much of it goes there, and what that is counted with."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.lighthouse import good_model

from nvpipe.story import Desk, Wishes
from nvpipe.story.llama.gguf import Header
from nvpipe.story.llama.memory import CONTEXT_BYTES, card_bytes, layers_that_fit, needed_bytes
from nvpipe.story.llama.writer import LlamaWriter

GIB = 1 << 30
SHAPE = Header(
    "llama", "", 131_072, 3072, 8192, 24, (8,) * 28, 128, 128, 128_256, (60 << 20,) * 28, 300 << 20, 2 * GIB
)


def test_more_layers_take_more_and_what_fits_is_within_the_room() -> None:
    sizes = [card_bytes(SHAPE, 4096, layers) for layers in range(len(SHAPE.layer_bytes) + 2)]
    assert sizes[0] == 0
    assert sizes == sorted(set(sizes))
    for room in range(0, 4 * GIB, GIB // 4):
        layers = layers_that_fit(SHAPE, 4096, room)
        assert layers == 0 or card_bytes(SHAPE, 4096, layers) <= room + CONTEXT_BYTES
    assert layers_that_fit(SHAPE, 4096, 8 * GIB) == 29


def no_scheduler() -> None:
    raise AssertionError("nothing is leased")


@pytest.fixture
def writer(tmp_path: Path) -> LlamaWriter:
    found = LlamaWriter()
    found.prepare(Wishes(tmp_path, str(good_model(tmp_path / "tiny.gguf"))), Desk(no_scheduler, print))  # type: ignore[arg-type]
    return found


def test_with_room_on_a_card_it_is_leased_there_and_without_on_the_cpu(writer: LlamaWriter) -> None:
    on_card = writer.usual_spec(8 * GIB)
    layers = on_card.arguments["gpu_layers"]
    header = writer._model().header
    assert on_card.device == "cuda:0"
    assert layers == len(header.layer_bytes) + 1
    assert on_card.estimate.bytes == card_bytes(header, on_card.arguments["n_ctx"], layers)
    on_cpu = writer.usual_spec(CONTEXT_BYTES)
    assert (on_cpu.device, on_cpu.key) == ("", writer.usual_spec().key)
    assert on_cpu.estimate.bytes == needed_bytes(header, on_cpu.arguments["n_ctx"])
    assert on_cpu.key != on_card.key
