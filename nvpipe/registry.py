"""Named backends, proven by opening them, and the one rule by which `auto` chooses."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar, cast

from nvpipe.errors import BackendUnavailableError, UsageError

if TYPE_CHECKING:
    from nvpipe.types import BackendChoice

AUTO = "auto"


class Probe(NamedTuple):
    """What came of really opening a backend."""

    usable: bool
    reason: str
    """What was proven, or why it cannot be used."""
    fix: str = ""
    """What the user can do about it."""


class Backend(Protocol):
    """What every registered backend has."""

    def probe(self) -> Probe:
        """Open a small real session; an import that succeeds proves nothing."""
        ...


T = TypeVar("T", bound=Backend)


class Entry(NamedTuple):
    """A backend by name; its module is imported only when it is loaded."""

    name: str
    target: str
    """`module:class`; the class is called without arguments."""
    summary: str
    by_name_only: bool = False
    """Whether `auto` leaves it out."""


class Registry(Generic[T]):
    """The backends of one kind, best first.

    Raises:
        ValueError: two entries have the same name.
    """

    def __init__(self, kind: str, entries: tuple[Entry, ...]) -> None:
        self.kind = kind
        self._entries = {entry.name: entry for entry in entries}
        if len(self._entries) != len(entries):
            raise ValueError(f"two {kind}s have the same name")

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def _automatic(self) -> tuple[str, ...]:
        """What `auto` chooses from."""
        return tuple(entry.name for entry in self if not entry.by_name_only)

    def load(self, name: str) -> T:
        """Import and create a backend.

        Raises:
            UsageError: there is no backend of that name.
        """
        if name not in self._entries:
            raise UsageError(
                f"there is no {self.kind} named {name!r}", hint=f"choose one of: {', '.join(self.names())}"
            )
        module, _, attribute = self._entries[name].target.partition(":")
        return cast(T, cast(Any, getattr(importlib.import_module(module), attribute))())

    def probe(self, name: str, prepare: Callable[[T], None] | None = None) -> Probe:
        """Load and prove a backend; whatever goes wrong is a verdict, not a crash.

        Args:
            name: which one.
            prepare: given the backend before it is proven.

        Raises:
            UsageError: there is no backend of that name.
        """
        return self._opened(name, prepare)[1]

    def choose(self, wanted: str = AUTO, prepare: Callable[[T], None] | None = None) -> tuple[T, BackendChoice]:
        """The backend asked for, or with `auto` the first one that proves usable.

        Args:
            wanted: its name, or `auto`.
            prepare: given each backend before it is proven.

        Raises:
            UsageError: there is no backend of that name.
            BackendUnavailableError: it is not usable here.
        """
        from nvpipe.types import BackendChoice

        refused: list[str] = []
        for name in self._automatic() if wanted == AUTO else (wanted,):
            backend, probe = self._opened(name, prepare)
            if backend is not None and probe.usable:
                return backend, BackendChoice(name, wanted, "; ".join(refused))
            refused.append(f"{name}: {probe.reason}")
            if wanted != AUTO:
                raise BackendUnavailableError(
                    f"{self.kind} {name} is not usable here: {probe.reason}", hint=probe.fix
                )
        raise BackendUnavailableError(f"no {self.kind} is usable here: {'; '.join(refused)}")

    def _opened(self, name: str, prepare: Callable[[T], None] | None) -> tuple[T | None, Probe]:
        try:
            backend = self.load(name)
            if prepare is not None:
                prepare(backend)
            return backend, backend.probe()
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - a missing driver or a broken library fails in its own way
            return None, Probe(False, f"cannot be opened: {type(error).__name__}: {error}")
