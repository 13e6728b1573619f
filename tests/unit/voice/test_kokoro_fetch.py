"""Where a model of a repository is kept, and who may write there."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from nvpipe.cache.locks import LOCK_NAME
from nvpipe.errors import BackendUnavailableError
from nvpipe.voice import Booth
from nvpipe.voice.kokoro.fetch import folder_of


def no_scheduler() -> None:
    raise AssertionError("no model is opened here")


@pytest.fixture
def booth() -> Booth:
    return Booth(no_scheduler, lambda _: None)  # type: ignore[arg-type]


def test_a_download_of_another_process_is_left_alone(tmp_path: Path, booth: Booth) -> None:
    folder = tmp_path / "models" / "someone--model"
    folder.mkdir(parents=True)
    with (
        FileLock(folder / LOCK_NAME),
        pytest.raises(BackendUnavailableError, match="another process downloads someone/model at this moment"),
    ):
        folder_of("someone/model", tmp_path, booth)


def test_a_folder_with_another_repositorys_model_is_not_taken(tmp_path: Path, booth: Booth) -> None:
    folder = tmp_path / "models" / "a--b--c"
    folder.mkdir(parents=True)
    (folder / ".whole").write_text("a--b/c", "utf-8")
    assert folder_of("a--b/c", tmp_path, booth) == folder
    # The hub has no such name, so that nothing is asked of it.
    with pytest.raises(BackendUnavailableError, match="a/b--c"):
        folder_of("a/b--c", tmp_path, booth)
    assert folder_of("a--b/c", tmp_path, booth) == folder
