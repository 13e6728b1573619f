"""A scheduler whose one model is a script: it says what it is told to say, fails when it is told to, and notes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from nvpipe.errors import BackendFailedError
from nvpipe.scheduler import ModelSpec

Messages = list[tuple[str, str]]


class ScriptedWorker:
    """Every letter is a token; a conversation that its context has no room for is refused."""

    def __init__(self, says: Sequence[str | Exception], context: int, asked: list[Messages]) -> None:
        self._says = says
        self._context = context
        self._asked = asked

    def call(self, method: str, /, *args: Any, **kwargs: Any) -> Any:
        if method == "about":
            return {"gpu_layers": 0, "n_ctx": self._context}
        used = sum(len(content.encode()) for _, content in args[0])
        if method == "count":
            return used
        if used + kwargs["max_tokens"] > self._context:
            raise BackendFailedError(f"{used + kwargs['max_tokens']} tokens do not fit into {self._context}")
        if not kwargs["grammar"]:
            return "Yes", "stop"
        said = self._says[min(len(self._asked), len(self._says) - 1)]
        self._asked.append(args[0])
        if isinstance(said, Exception):
            raise said
        return said, "stop"


class ScriptedScheduler:
    """Leases one model that says one thing after the other, the last one for ever.

    Attributes:
        asked: the conversations that it was to go on with.
        leased: what it was opened with, each time.
    """

    def __init__(self, *says: str | Exception) -> None:
        self._says = says
        self.asked: list[Messages] = []
        self.leased: list[ModelSpec] = []

    @contextmanager
    def lease(self, spec: ModelSpec, *, proof: bool = False) -> Iterator[ScriptedWorker]:
        self.leased.append(spec)
        yield ScriptedWorker(self._says, spec.arguments["n_ctx"], self.asked)
