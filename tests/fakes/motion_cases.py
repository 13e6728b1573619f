"""Batches on which the motion kernel is compared with its reference, in Triton's interpreter and on a card."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from fakes import surfaces


def batches(device: str, *, small: bool) -> Iterator[tuple[str, list[surfaces.Planes], list[int]]]:
    """A name, pictures, and which of them are due; few and `small` ones for the interpreter, which is slow."""
    for height, width, pitch in surfaces.ODD_SIZES if small else surfaces.SIZES:
        frames = surfaces.surfaces(1 if small else 3, height, width, pitch, device=device)
        yield f"nv12 {width}x{height} in rows of {pitch}", frames, [0]
    yield "planar", surfaces.planar(2, 75, 131, device=device), [1, 0]
    yield "p010", surfaces.upper_halves(1, 75, 131, device=device), []
    apart = [surfaces.surfaces(1, 90, 160, pitch, seed=pitch, device=device)[0] for pitch in (160, 192)]
    yield "every surface with rows of its own", apart, [1]
    if not small:
        white = torch.full((48, 1080 * 3 // 2, 1920), 255, dtype=torch.uint8, device=device)
        yield "white", [surfaces.nv12(surface, 1080, 1920) for surface in white], list(range(48))


def unequal(device: str, *, small: bool = False) -> tuple[list[str], int]:
    """Where the kernel differs from its reference, and how many batches there were."""
    from nvpipe.kernels.motion import gather, gather_reference

    from nvpipe.footage.motion.card_gather import plan_of

    wrong, count = [], 0
    for name, frames, due in batches(device, small=small):
        plan = plan_of(frames[0])
        count += 1
        if not torch.equal(gather(frames, due, plan), gather_reference(frames, due, plan)):
            wrong.append(name)
    return wrong, count
