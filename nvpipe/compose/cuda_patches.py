"""What lies above the pictures, on the device: every bitmap is brought there once."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from nvpipe.compose.overlay import Bitmap
    from nvpipe.kernels.compose_patches import DevicePatch, PatchSheet

KEPT = 48
"""Bitmaps that stay on the device, the last ones used; captions at rest come again and again."""


class PatchPress:
    """Sheets of bitmaps for one output.

    Args:
        device: where they are wanted.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._kept: OrderedDict[int, tuple[Bitmap, DevicePatch]] = OrderedDict()
        self._last: tuple[list[Bitmap], PatchSheet | None] = ([], None)
        self.uploads = 0
        """Bitmaps that were brought to the device."""

    def sheet(self, bitmaps: Sequence[Bitmap]) -> PatchSheet | None:
        """The sheet of some bitmaps, from below to above; None when there is nothing to lay."""
        from nvpipe.kernels.compose_patches import make_sheet

        before, sheet = self._last
        if len(before) == len(bitmaps) and all(one is other for one, other in zip(before, bitmaps, strict=True)):
            return sheet
        patches = [self._patch(bitmap) for bitmap in bitmaps]
        sheet = make_sheet(patches, self._device) if patches else None
        self._last = (list(bitmaps), sheet)
        return sheet

    def _patch(self, bitmap: Bitmap) -> DevicePatch:
        # The bitmap is kept beside it, so that no other one gets its identity.
        if id(bitmap) in self._kept:
            self._kept.move_to_end(id(bitmap))
            return self._kept[id(bitmap)][1]
        patch = self._uploaded(bitmap)
        self._kept[id(bitmap)] = (bitmap, patch)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return patch

    def _uploaded(self, bitmap: Bitmap) -> DevicePatch:
        import torch

        from nvpipe.kernels.compose_patches import DevicePatch, packed
        from nvpipe.kernels.compose_scene import Rect

        self.uploads += 1
        pixels = torch.from_numpy(packed(bitmap))
        if self._device.type == "cuda":
            pixels = pixels.pin_memory().to(self._device, non_blocking=True)
        height, width = bitmap.alpha.shape
        return DevicePatch(Rect(bitmap.x_px, bitmap.y_px, width, height), pixels)
