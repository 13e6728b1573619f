"""Small GGUF models for the real llama.cpp: one of random weights, and one that is made to say what a test wants.

The second has a vocabulary with one token for each piece of each wanted reply. Attention and feed-forward weights are
zero, so what comes next hangs on the last token alone: its embedding is the next token's row of the output matrix.
Which reply begins is the chat template's choice, which ends the prompt with that reply's own control token.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import nvpipe.story

Array = npt.NDArray[np.float32]

UNK, BOS, EOS = 0, 1, 2
PIECE_CHARS = 8
TEMPLATE = "{% for m in messages %}<{{ m['role'] }}>\n{{ m['content'] }}\n{% endfor %}<assistant>\n"


@dataclass(frozen=True)
class Reply:
    """What the model says when a condition of the chat template holds.

    Attributes:
        text: all of it.
        when: Jinja expression over `messages`, `first` (the request) and `last` (the latest message).
    """

    text: str
    when: str = "true"


def reply_json(
    lines: Sequence[tuple[str, Sequence[int]]],
    title: str = "A title",
    description: str = "What it is about.",
    hashtags: Sequence[str] = ("news",),
) -> str:
    """A reply as the writer's grammar has it."""
    document = {
        "lines": [{"say": say, "from": list(numbers)} for say, numbers in lines],
        "title": title,
        "description": description,
        "hashtags": list(hashtags),
    }
    return json.dumps(document, ensure_ascii=False)


def write_random(
    path: Path, *, seed: int = 0, n_ctx: int = 8192, template: str | None = TEMPLATE, by_letter: bool = False
) -> Path:
    """Random weights: by its grammar it gives valid JSON, by its weights nonsense.

    With `by_letter` a token is a letter, so that every text is long.
    """
    rng = np.random.default_rng(seed)
    tokens = _base_tokens(by_letter)
    width, feed, heads, kv_heads = 64, 128, 4, 2

    def some(*shape: int) -> Array:
        return np.asarray(rng.standard_normal(shape) * 0.3 / np.sqrt(shape[-1]), np.float32)

    tensors: dict[str, Array] = {"token_embd.weight": some(len(tokens), width)}
    for layer in range(2):
        tensors |= _layer(layer, width, feed, width * kv_heads // heads, some)
    tensors |= {"output_norm.weight": np.ones(width, np.float32), "output.weight": some(len(tokens), width)}
    return _write(path, tokens, tensors, (heads, kv_heads, feed), n_ctx, template, "random", 2)


def write_scripted(
    path: Path,
    replies: Sequence[Reply],
    *,
    n_ctx: int = 32_768,
    seed: int = 0,
    name: str = "scripted",
    by_letter: bool = False,
) -> Path:
    """A model whose reply is the first of `replies` whose condition holds; the last needs none."""
    tokens = _base_tokens(by_letter)
    known = {token for token, _, _ in tokens}
    markers, chains = [], []
    for number, reply in enumerate(replies):
        markers.append(len(tokens))
        tokens.append((f"<|reply{number}|>", _kind().CONTROL, 0.0))
        pieces = _pieces(reply.text, known)
        chains.append(list(range(len(tokens), len(tokens) + len(pieces))))
        tokens += [(piece.replace(" ", "\u2581"), _kind().NORMAL, -100.0) for piece in pieces]
    width = 128
    rng = np.random.default_rng(seed)
    codes = rng.choice(np.array([-1, 1], np.float32), (len(tokens), width))
    spoken = {EOS, *(token for chain in chains for token in chain)}
    output = np.where(np.isin(np.arange(len(tokens)), list(spoken))[:, None], codes, 0).astype(np.float32)
    embedding = np.repeat(codes[EOS][None], len(tokens), axis=0)
    for marker, chain in zip(markers, chains, strict=True):
        for token, after in zip([marker, *chain], [*chain, EOS], strict=True):
            embedding[token] = codes[after]

    def nothing(*shape: int) -> Array:
        return np.zeros(shape, np.float32)

    tensors = {"token_embd.weight": embedding, **_layer(0, width, 32, width // 2, nothing)}
    tensors |= {"output_norm.weight": np.ones(width, np.float32), "output.weight": output}
    return _write(path, tokens, tensors, (2, 1, 32), n_ctx, _choosing_template(replies), name, 1)


def _choosing_template(replies: Sequence[Reply]) -> str:
    choice = "".join(
        f"{{% {'elif' if number else 'if'} {reply.when} %}}<|reply{number}|>" for number, reply in enumerate(replies)
    )
    names = "{% set first = messages[1]['content'] %}{% set last = messages[-1]['content'] %}"
    return f"{TEMPLATE}{names}{choice}{{% endif %}}"


def _pieces(text: str, known: set[str]) -> list[str]:
    """The text cut into pieces no two of which, of any reply, are the same."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        end = at + PIECE_CHARS
        while end < len(text) and text[at:end].replace(" ", "\u2581") in known:
            end += 1
        pieces.append(text[at:end])
        at = end
        if pieces[-1].replace(" ", "\u2581") in known and len(pieces) > 1:
            last = pieces.pop()
            known.discard(pieces[-1].replace(" ", "\u2581"))
            pieces[-1] += last
        known.add(pieces[-1].replace(" ", "\u2581"))
    return pieces


def _kind() -> Any:
    import gguf

    return gguf.TokenType


def _base_tokens(by_letter: bool) -> list[tuple[str, Any, float]]:
    """Specials, the 256 bytes, the printable ASCII characters and the words of the prompts, with types and scores."""
    kind = _kind()
    tokens = [("<unk>", kind.UNKNOWN, 0.0), ("<s>", kind.CONTROL, 0.0), ("</s>", kind.CONTROL, 0.0)]
    tokens += [(f"<0x{byte:02X}>", kind.BYTE, 0.0) for byte in range(256)]
    pieces = ["\u2581", *(chr(code) for code in range(0x21, 0x7F))]
    # A word is merged from its beginning on, which takes a token for each of its beginnings.
    words = [] if by_letter else sorted(_prompt_words())
    starts = {f"\u2581{word[:end]}" for word in words for end in range(1, len(word) + 1)}
    pieces += sorted(starts, key=lambda piece: (len(piece), piece))
    return tokens + [(piece, kind.NORMAL, float(-place)) for place, piece in enumerate(pieces)]


def _prompt_words() -> set[str]:
    folder = Path(nvpipe.story.__file__).parent / "llama" / "prompts"
    text = " ".join(path.read_text("utf-8") for path in sorted(folder.glob("*.md")))
    assert text, f"there are no prompts in {folder}"
    return set(re.findall(r"[A-Za-z]{2,14}", text))


def _layer(number: int, width: int, feed: int, kv_width: int, fill: Any) -> dict[str, Array]:
    ones = np.ones(width, np.float32)
    shapes = {
        "attn_q": (width, width),
        "attn_k": (kv_width, width),
        "attn_v": (kv_width, width),
        "attn_output": (width, width),
        "ffn_gate": (feed, width),
        "ffn_up": (feed, width),
        "ffn_down": (width, feed),
    }
    tensors = {f"blk.{number}.{name}.weight": fill(*shape) for name, shape in shapes.items()}
    return tensors | {f"blk.{number}.attn_norm.weight": ones, f"blk.{number}.ffn_norm.weight": ones}


def _write(
    path: Path,
    tokens: Sequence[tuple[str, Any, float]],
    tensors: dict[str, Array],
    sizes: tuple[int, int, int],
    n_ctx: int,
    template: str | None,
    name: str,
    layers: int,
) -> Path:
    import gguf

    heads, kv_heads, feed = sizes
    width = tensors["token_embd.weight"].shape[1]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(f"nvpipe-tiny-{name}")
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([token.encode() for token, _, _ in tokens])
    writer.add_token_scores([score for _, _, score in tokens])
    writer.add_token_types([kind for _, kind, _ in tokens])
    writer.add_unk_token_id(UNK)
    writer.add_bos_token_id(BOS)
    writer.add_eos_token_id(EOS)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_vocab_size(len(tokens))
    if template is not None:
        writer.add_chat_template(template)
    for key, tensor in tensors.items():
        writer.add_tensor(key, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
