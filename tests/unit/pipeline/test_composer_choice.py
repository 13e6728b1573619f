"""Which composer shows what: the card's what it shows as the CPU does, the CPU's everything else."""

from __future__ import annotations

from pathlib import Path

from fakes.media import make_video

from nvpipe.compose.cpu import CpuComposer
from nvpipe.compose.cuda import CudaComposer
from nvpipe.pipeline.tools import Toolbox
from nvpipe.registry import AUTO
from nvpipe.settings import Settings
from nvpipe.types import BackendChoice


def toolbox(tmp_path: Path, said: list[str]) -> Toolbox:
    """One whose composer is the card's."""
    settings = Settings(storage=tmp_path / "storage")
    proven = {("compose", AUTO, None): (CudaComposer("cpu"), BackendChoice("cuda", AUTO, ""))}
    return Toolbox(settings, proven, said.append)


def test_footage_that_the_card_shows_alike_stays_there(tmp_path: Path) -> None:
    clip, said = make_video(tmp_path / "clip.mp4", audio=None), []
    tools = toolbox(tmp_path, said)
    assert isinstance(tools.composer([clip]), CudaComposer)
    assert isinstance(tools.composer(), CudaComposer)
    assert tools.choices["compose"] == BackendChoice("cuda", AUTO, "")
    assert said == []


def test_other_footage_is_composed_on_the_cpu_and_said_once(tmp_path: Path) -> None:
    clip = make_video(tmp_path / "odd.mp4", audio=None, interlaced=True)
    said: list[str] = []
    tools = toolbox(tmp_path, said)
    for _ in range(3):
        assert isinstance(tools.composer([clip]), CpuComposer)
        choice = tools.choices["compose"]
        assert (choice.used, choice.wanted) == ("cpu", AUTO)
        assert "odd.mp4" in choice.reason
    assert len(said) == 1
    assert "interlaced" in said[0]


def test_without_a_card_nothing_is_missed(tmp_path: Path) -> None:
    said: list[str] = []
    tools = Toolbox(Settings(storage=tmp_path / "storage"), {}, said.append)
    tools.composer()
    assert tools.choices["compose"].used in ("cpu", "cuda")
    assert said == [] or tools.choices["compose"].used == "cpu"
