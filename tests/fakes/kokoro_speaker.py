"""A Kokoro speaker on tiny files, with a look at what its model gave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fakes.kokoro_files import make_kokoro

from nvpipe.scheduler import CpuDevice, ModelSpec, Scheduler, Worker
from nvpipe.types import Narration, Script, ScriptLine
from nvpipe.voice import Booth, Manner
from nvpipe.voice.kokoro.chunks import Said
from nvpipe.voice.kokoro.speaker import KokoroSpeaker


class OverheardWorker:
    """A worker whose answers are noted."""

    def __init__(self, worker: Worker, heard: list[Any]) -> None:
        self._worker = worker
        self._heard = heard

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        answer = self._worker.call(method, *args, **kwargs)
        self._heard.append(answer)
        return answer


class OverheardScheduler:
    """A real scheduler; what models answer is noted."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.real = scheduler
        self.heard: list[Any] = []
        self.specs: list[ModelSpec] = []

    @contextmanager
    def lease(self, spec: ModelSpec, *, proof: bool = False) -> Iterator[OverheardWorker]:
        self.specs.append(spec)
        with self.real.lease(spec, proof=proof) as worker:
            yield OverheardWorker(worker, self.heard)


@dataclass
class Studio:
    """A speaker that is ready, where it works, and what it said to the user."""

    speaker: KokoroSpeaker
    scheduler: OverheardScheduler
    folder: Path
    notices: list[str] = field(default_factory=list)

    def speak(
        self, output: Path, *lines: str, language: str = "en", voice: str | None = None, rate: float = 1.0
    ) -> Narration:
        script = Script(tuple(ScriptLine(line, ()) for line in lines), language, "test", "0")
        name = self.speaker.resolve_voice(language, voice)
        return self.speaker.speak(script, voice=name, rate=rate, output=output)

    @property
    def said(self) -> list[Said]:
        """The chunks of the last speech."""
        chunks: list[Said] = self.scheduler.heard[-1][0]
        return chunks


@contextmanager
def kokoro_studio(folder: Path) -> Iterator[Studio]:
    """A speaker with a tiny Kokoro in a folder whose name is awkward, and a process that ends with it."""
    model = make_kokoro(folder / "a model, with 'spaces'")
    with Scheduler(CpuDevice()) as scheduler:
        overheard = OverheardScheduler(scheduler)
        studio = Studio(KokoroSpeaker(threads=1), overheard, model)
        booth = Booth(lambda: overheard, studio.notices.append)  # type: ignore[arg-type, return-value]
        studio.speaker.prepare(Manner(folder / "storage", str(model)), booth)
        yield studio
