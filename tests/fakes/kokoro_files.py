"""A Kokoro of random weights in files of a few hundred kilobytes, loaded by the real library; its speech is noise.

Kokoro's widths are fixed in its code (58 million parameters at least), but a file may hold each tensor as a view of
one small buffer, which torch saves once. Run as a file, since learning the tensors' shapes imports the library:

    python kokoro_files.py FOLDER

    FOLDER/config.json, FOLDER/tiny.pth, FOLDER/voices/<name>.pt
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

VOICES = (
    "af_heart",
    "af_bella",
    "am_adam",
    "bf_emma",
    "ef_dora",
    "ff_siwis",
    "hf_alpha",
    "if_sara",
    "pf_dora",
    "zf_xiaobei",
)
"""A few of the real one's names; the first letter is the language."""
PHONEMES = (
    ';:,.!?—…"()“” ̃ʣʥʦʨᵝꭧAIOQSTWYᵊabcdefhijklmnopqrstuvwxyz'
    "ɑɐɒæβɔɕçɖðʤəɚɛɜɟɡɥɨɪʝɯɰŋɳɲɴøɸθœɹɾɻʁɽʂʃʈʧʊʋʌɣɤχʎʒʔˈˌːʰʲ↓→↗↘ᵻ"
)
LONGEST_FRAMES = 5
"""Of a phoneme; the real one has 50 but speaks as fast."""
_BUFFER = 1 << 16


def kokoro_config() -> dict[str, Any]:
    """The smallest configuration that the library's code takes."""
    vocabulary = {symbol: number for number, symbol in enumerate(PHONEMES, 1)}
    return {
        "istftnet": {
            "upsample_kernel_sizes": [20, 12],
            "upsample_rates": [10, 6],
            "gen_istft_hop_size": 5,
            "gen_istft_n_fft": 20,
            "resblock_kernel_sizes": [3],
            "resblock_dilation_sizes": [[1, 3, 5]],
            "upsample_initial_channel": 512,
        },
        "hidden_dim": 512,
        "style_dim": 128,
        "n_layer": 1,
        "max_dur": LONGEST_FRAMES,
        "dropout": 0.2,
        "n_mels": 80,
        "n_token": len(vocabulary) + 1,
        "text_encoder_kernel_size": 3,
        "plbert": {
            "hidden_size": 32,
            "num_attention_heads": 2,
            "intermediate_size": 64,
            "max_position_embeddings": 512,
            "num_hidden_layers": 1,
            "embedding_size": 16,
            "dropout": 0.1,
        },
        "vocab": vocabulary,
    }


def make_kokoro(folder: Path) -> Path:
    """The folder with a Kokoro in it, written by a process of its own.

    A second folder is a copy of the first: learning the shapes takes seconds.
    """
    first = _made.get("folder")
    if first is not None and first.is_dir():
        shutil.copytree(first, folder, dirs_exist_ok=True)
        return folder
    subprocess.run([sys.executable, __file__, str(folder)], check=True, stdout=subprocess.DEVNULL)
    _made["folder"] = folder
    return folder


_made: dict[str, Path] = {}


def write_kokoro(folder: Path, seed: int = 0) -> None:
    """Write the files; imports the library."""
    import torch

    (folder / "voices").mkdir(parents=True, exist_ok=True)
    config = kokoro_config()
    (folder / "config.json").write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    generator = torch.Generator().manual_seed(seed)
    buffer = torch.randn(_BUFFER, generator=generator) * 0.02
    tensors = {
        part: {name: _view(name, shape, buffer) for name, shape in parts.items()}
        for part, parts in _shapes(config, folder).items()
    }
    # Phonemes of different lengths, so that a test can tell which is which.
    weight = tensors["predictor"]["duration_proj.linear_layer.weight"]
    tensors["predictor"]["duration_proj.linear_layer.weight"] = torch.randn(weight.shape, generator=generator)
    torch.save(tensors, folder / "tiny.pth")
    for name in VOICES:
        style = torch.randn(1, 1, 256, generator=generator) * 0.1
        torch.save(style.expand(510, 1, 256), folder / "voices" / f"{name}.pt")


def _shapes(config: dict[str, Any], folder: Path) -> dict[str, dict[str, Any]]:
    """The library's own tensors, without their content."""
    import torch

    from nvpipe.voice.kokoro.library import kokoro

    empty = folder / "tiny.pth"
    torch.save({}, empty)
    with torch.device("meta"):
        model = kokoro().KModel(repo_id="local/tiny", config=config, model=str(empty))
    parts = ("bert", "bert_encoder", "predictor", "decoder", "text_encoder")
    return {part: getattr(model, part).state_dict() for part in parts}


def _view(name: str, like: Any, buffer: Any) -> Any:
    import torch

    scales = ("weight_g", "original0", "gamma", "running_var", "LayerNorm.weight", "layer_norm.weight")
    if name.endswith(scales):
        return torch.ones(1).expand(like.shape)
    if like.dtype != torch.float32:
        return torch.arange(like.numel(), dtype=like.dtype).reshape(like.shape)
    if like.dim() == 0:
        return torch.zeros((), dtype=like.dtype)
    strides, left = [], _BUFFER - 1
    for size in like.shape:
        stride = max(1, min(61, left // max(1, size) // like.dim())) if size > 1 else 1
        strides.append(stride)
        left -= stride * (size - 1)
    return torch.as_strided(buffer, like.shape, strides)


if __name__ == "__main__":
    write_kokoro(Path(sys.argv[1]))
