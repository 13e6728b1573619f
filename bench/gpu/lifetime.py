"""Checks of how long a decoded surface stays what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sources import SOURCES, need_cuda

if TYPE_CHECKING:
    from probe import Context

FETCHES = 12
HELD_AT_MOST = 128


def keep(context: Context, source: str) -> None:
    """Keep the first batch uncloned while later ones are fetched, and see when its content changes."""
    torch = need_cuda()
    pointers: list[list[str]] = []
    held: list[tuple[Any, Any]] = []
    overwritten_after: int | None = None
    for number, batch in enumerate(SOURCES[source](context.video)):
        torch.cuda.synchronize()
        pointers.append([hex(y.data_ptr()) for y, _ in batch])
        if number == 0:
            held = [(y, y.clone()) for y, _ in batch]
        elif overwritten_after is None and any(not torch.equal(kept, copy) for kept, copy in held):
            overwritten_after = number
        context.note(pointers=pointers, first_batch_overwritten_after_fetch=overwritten_after)
        if number + 1 >= FETCHES:
            break
    flat = [pointer for batch in pointers for pointer in batch]
    context.note(fetches=len(pointers), frames=len(flat), distinct_pointers=len(set(flat)))
    if len(pointers) < 2:
        raise RuntimeError(f"the decoder gave {len(pointers)} batches, so nothing can be said of a second one")


def simple(context: Context) -> None:
    keep(context, "simple")


def threaded(context: Context) -> None:
    keep(context, "threaded")


def low_level(context: Context) -> None:
    keep(context, "low_level")


def pyav_cuda(context: Context) -> None:
    """The same, then hold ever more surfaces to see whether the pool runs dry."""
    keep(context, "pyav_cuda")
    surfaces: list[Any] = []
    for batch in SOURCES["pyav_cuda"](context.video):
        surfaces += [y for y, _ in batch]
        context.note(surfaces_held_together=len(surfaces))
        if len(surfaces) >= HELD_AT_MOST:
            break
