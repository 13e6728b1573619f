"""The backends of a run: proven once, at work for one job after the other."""

from __future__ import annotations

from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any

from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tools import Toolbox
from nvpipe.registry import Entry, Probe, Registry
from nvpipe.settings import Settings
from nvpipe.story import Desk, Wishes

WRITERS: Registry[Any] = Registry(
    "writer",
    (
        Entry("absent", "nvpipe.story.llama.writer:LlamaWriter", "a model that nobody named"),
        Entry("extractive", "nvpipe.story.extractive:ExtractiveWriter", "the article's own sentences"),
    ),
)


class Hearing(Silent):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.notices: list[str] = []

    def notice(self, text: str) -> None:
        self.notices.append(text)


class Writer:
    """Says something to its desk; counts how often it was proven."""

    def __init__(self) -> None:
        self.proofs = 0
        self.desk: Desk | None = None

    def prepare(self, wishes: Wishes, desk: Desk) -> None:
        self.desk = desk

    def probe(self) -> Probe:
        self.proofs += 1
        return Probe(True, "here")


class OneWriter(Registry[Any]):
    """Always gives the same writer."""

    def __init__(self, writer: Writer) -> None:
        super().__init__("writer", (Entry("one", "nowhere:Writer", "the writer"),))
        self._writer = writer

    def load(self, name: str) -> Any:
        return self._writer


def test_a_proven_backend_works_for_the_job_that_asks_for_it(tmp_path: Path) -> None:
    writer = Writer()
    registry = OneWriter(writer)
    proven: dict[Any, Any] = {}
    for job in ("one", "two"):
        heard: list[str] = []
        tools = Toolbox(Settings(tmp_path), proven, heard.append)
        wishes, desk = tools.wishes_and_desk()
        found = tools._choose("write", registry, "auto", methodcaller("prepare", wishes, desk), wishes)
        found.desk.say(f"of {job}")
        assert heard == [f"of {job}"]
    assert writer.proofs == 1


def test_every_job_notes_who_took_over_and_the_user_hears_of_it_once(tmp_path: Path) -> None:
    proven: dict[Any, Any] = {}
    reporter, said = Hearing(), dict[str, JobLog]()
    for job in ("one", "two"):
        log = JobLog(job, reporter, said)
        tools = Toolbox(Settings(tmp_path), proven, partial(log.notice, once_a_run=True))
        wishes, desk = tools.wishes_and_desk()
        for _ in range(2):
            tools._choose("write", WRITERS, "auto", methodcaller("prepare", wishes, desk), wishes)
        assert log.warnings == ["writer extractive is used, since absent: no model is named"]
    assert reporter.notices == ["writer extractive is used, since absent: no model is named"]
