"""Memory for pictures as stages ask for it, and what is told of it afterwards."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from nvpipe.errors import OutOfMemoryError
from nvpipe.pipeline.models import Models

MIB = 1 << 20


def test_the_user_says_how_many_share_the_work_or_else_memory_does(tmp_path: Path) -> None:
    with closing(Models(tmp_path, vram="700M")) as models:
        with models.vision("render", None, 8, 200 * MIB) as held:
            assert (held.workers, held.estimate.bytes) == (3, 600 * MIB)
        with models.vision("render", 1, 8, 200 * MIB) as held:
            assert (held.workers, held.estimate.bytes) == (1, 200 * MIB)
        with models.vision("render", None, 2, 200 * MIB) as held:
            assert held.workers == 2


def test_the_users_limit_is_obeyed_with_numbers(tmp_path: Path) -> None:
    with (
        closing(Models(tmp_path, vram="700M")) as models,
        pytest.raises(OutOfMemoryError, match=r"vision render needs 0\.8 GB, 0\.7 GB of 0\.7 GB are free"),
        models.vision("render", 4, 8, 200 * MIB),
    ):
        pass


def test_without_a_limit_too_little_memory_is_a_warning_and_it_is_tried(tmp_path: Path) -> None:
    said: list[str] = []
    with closing(Models(tmp_path, said.append)) as models, models.vision("render", 1, 8, 1 << 50) as held:
        assert held.workers == 1
    assert len(said) == 1
    assert said[0].startswith("vision render needs ")
    assert said[0].endswith("are free; it is tried with what there is")


def test_nothing_is_left_in_the_folder_where_processes_meet(tmp_path: Path) -> None:
    from nvpipe.scheduler.neighbours import folder_of

    with closing(Models(tmp_path)) as models, models.vision("render", 1, 8, 10 * MIB):
        assert list(folder_of("cpu").glob("*.json"))
    name = f"{os.getpid()}-"
    assert [path for path in folder_of("cpu").glob("*.json") if path.name.startswith(name)] == []
