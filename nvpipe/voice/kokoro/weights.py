"""Kokoro's files of tensors: read without running what may be in them, and checked before they are used."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import BackendUnavailableError

if TYPE_CHECKING:
    import torch

STYLES, STYLE_SIZE = 510, 256
"""A voice has one style for each number of phonemes."""
PARTS = ("bert", "bert_encoder", "predictor", "decoder", "text_encoder")
UNREADABLE = (
    OSError,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    pickle.UnpicklingError,
)
"""What torch.load and the library raise on files that are not what they say."""
_MISSING_SHARE = 0.02
"""Published files lack the unused scales of normalisations; more than that is another model."""
_AGAIN = "download it again from where you trust it"


def read_style(path: Path) -> torch.Tensor:
    """A voice's styles, [510, 1, 256].

    Raises:
        BackendUnavailableError: it is damaged, holds code, or is no voice.
    """
    import torch

    style = _load(path, "the voice")
    if not isinstance(style, torch.Tensor) or tuple(style.shape) != (STYLES, 1, STYLE_SIZE):
        found = f"shape {list(style.shape)}" if isinstance(style, torch.Tensor) else type(style).__name__
        raise BackendUnavailableError(
            f"{path.name} is no voice of Kokoro: {found}, not [{STYLES}, 1, {STYLE_SIZE}]",
            hint="download it again, or take it out of the folder",
        )
    if not style.is_floating_point() or not bool(torch.isfinite(style).all()):
        raise BackendUnavailableError(
            f"{path.name} has values that are no numbers", hint="download it again, or take it out of the folder"
        )
    return style.float()


def read_parts(path: Path) -> dict[str, dict[str, torch.Tensor]]:
    """The model's tensors by part and name.

    Raises:
        BackendUnavailableError: the file is damaged, holds code, or another model.
    """
    import torch

    parts = _load(path, "the model")
    if not isinstance(parts, dict) or set(parts) != set(PARTS):
        raise BackendUnavailableError(
            f"{path.name} is no model of Kokoro: it has not the parts {', '.join(PARTS)}", hint=_AGAIN
        )
    for name, state in parts.items():
        if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
            raise BackendUnavailableError(f"{path.name}: the part {name} holds no tensors", hint=_AGAIN)
    found: dict[str, dict[str, torch.Tensor]] = parts
    return found


def fill(model: Any, parts: dict[str, dict[str, torch.Tensor]], path: Path) -> None:
    """Put the weights into the model.

    Raises:
        BackendUnavailableError: there are too few of them.
        RuntimeError: their shapes are not the model's.
    """
    for name in PARTS:
        part = getattr(model, name)
        state = {str(key).removeprefix("module."): value for key, value in parts[name].items()}
        missing = part.load_state_dict(state, strict=False).missing_keys
        sizes = {key: value.numel() for key, value in part.state_dict().items()}
        if sum(sizes[key] for key in missing) > _MISSING_SHARE * sum(sizes.values()):
            raise BackendUnavailableError(
                f"{path.name}: the part {name} lacks {len(missing)} of {len(sizes)} tensors", hint=_AGAIN
            )


def reason_of(error: BaseException) -> str:
    """A library's words in one short line."""
    return " ".join(str(error).split())[:160] or type(error).__name__


def _load(path: Path, what: str) -> Any:
    """A file of tensors; code in it is refused."""
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        text = str(error)
        code = isinstance(error, pickle.UnpicklingError) and ("GLOBAL" in text or "Unsupported" in text)
        reason = "it holds more than tensors, which could run code" if code else "it is damaged or cut short"
        raise BackendUnavailableError(f"{what} {path.name} cannot be read: {reason}", hint=_AGAIN) from error
