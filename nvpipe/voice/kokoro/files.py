"""The files of a Kokoro model: what has to be there, and what a configuration may say."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nvpipe.errors import BackendUnavailableError

CONFIG, VOICES = "config.json", "voices"
_FIX = "name the folder that has config.json, the model's .pth and voices/*.pt, as in hexgrad/Kokoro-82M"
_VOICE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.IGNORECASE)
_CONFIG_BYTES = 1 << 20
_VOICE_BYTES = 16 << 20
_FRAME_SAMPLES = 600
_SIZES = {
    "hidden_dim": 4096,
    "style_dim": 128,
    "n_layer": 32,
    "max_dur": 1000,
    "n_mels": 1024,
    "n_token": 8192,
    "text_encoder_kernel_size": 63,
}
"""What the library reads from the configuration, and the most that is believed."""
_BERT_SIZES = {
    "hidden_size": 4096,
    "num_attention_heads": 64,
    "intermediate_size": 16384,
    "max_position_embeddings": 4096,
    "num_hidden_layers": 48,
}


@dataclass(frozen=True, slots=True)
class KokoroFiles:
    """A complete set."""

    config: Path
    weights: Path
    voices: dict[str, Path]

    def all(self) -> tuple[Path, ...]:
        return (self.config, self.weights, *self.voices.values())


def find_files(folder: Path) -> KokoroFiles:
    """The files of the model in a folder.

    Raises:
        BackendUnavailableError: one is missing, or there are several models.
    """
    try:
        if not folder.is_dir():
            raise BackendUnavailableError(f"there is no folder {folder}", hint=_FIX)
        weights = sorted(path for path in folder.glob("*.pth") if path.is_file())
        voices = {
            path.stem: path
            for path in sorted((folder / VOICES).glob("*.pt"))
            if path.is_file() and _VOICE_NAME.fullmatch(path.stem)
        }
        large = [path.name for path in voices.values() if path.stat().st_size > _VOICE_BYTES]
    except OSError as error:
        raise BackendUnavailableError(f"{folder} cannot be read: {error.strerror or error}", hint=_FIX) from error
    if not (folder / CONFIG).is_file():
        raise BackendUnavailableError(f"{folder} has no {CONFIG}", hint=_FIX)
    if len(weights) != 1:
        found = (
            f"{len(weights)} models ({', '.join(path.name for path in weights[:4])})" if weights else "no .pth file"
        )
        raise BackendUnavailableError(f"{folder} has {found}", hint=_FIX)
    if not voices:
        raise BackendUnavailableError(f"{folder} has no {VOICES}/*.pt", hint=_FIX)
    if large:
        raise BackendUnavailableError(
            f"{large[0]} is too large for a voice of Kokoro", hint="take it out of the folder"
        )
    return KokoroFiles(folder / CONFIG, weights[0], voices)


def read_config(path: Path) -> dict[str, Any]:
    """The configuration, with nothing in it that the model would choke on.

    Raises:
        BackendUnavailableError: it cannot be read or is not Kokoro's.
    """
    try:
        if path.stat().st_size > _CONFIG_BYTES:
            raise BackendUnavailableError(f"{path} is too large for a configuration", hint=_FIX)
        config = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BackendUnavailableError(f"{path} cannot be read: {error.strerror or error}", hint=_FIX) from error
    except (ValueError, RecursionError) as error:
        raise BackendUnavailableError(f"{path} is damaged: it is no JSON", hint="download it again") from error
    wrong = _wrong(config)
    if wrong:
        raise BackendUnavailableError(f"{path} is not Kokoro's: {wrong}", hint="download it again")
    found: dict[str, Any] = config
    return found


def _wrong(config: Any) -> str:
    """What speaks against a configuration, "" for nothing."""
    if not isinstance(config, dict):
        return "it is no object"
    vocabulary, bert, decoder = (config.get(key) for key in ("vocab", "plbert", "istftnet"))
    if not isinstance(vocabulary, dict) or not isinstance(bert, dict) or not isinstance(decoder, dict):
        return "it lacks one of vocab, plbert, istftnet"
    for table, sizes in ((config, _SIZES), (bert, _BERT_SIZES)):
        for key, largest in sizes.items():
            value = table.get(key)
            if not isinstance(value, int) or not 1 <= value <= largest:
                return f"{key} is {str(value)[:20]}, not 1 to {largest}"
    tokens = config["n_token"]
    if not all(len(key) == 1 and isinstance(one, int) and 0 < one < tokens for key, one in vocabulary.items()):
        return "vocab is no table of characters and numbers"
    rates: Any = decoder.get("upsample_rates")
    hop: Any = decoder.get("gen_istft_hop_size")
    if not isinstance(rates, list) or not all(_is_factor(one) for one in rates) or not _is_factor(hop):
        return "istftnet lacks upsample_rates or gen_istft_hop_size"
    # The decoder makes two steps of every frame.
    if 2 * math.prod(rates) * hop != _FRAME_SAMPLES:
        return f"a frame has {2 * math.prod(rates) * hop} samples, not {_FRAME_SAMPLES}"
    return ""


def _is_factor(value: Any) -> bool:
    return isinstance(value, int) and 0 < value < 100
