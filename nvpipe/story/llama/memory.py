"""How much memory a model takes before it is loaded, and how many of its layers a GPU can take."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.story.llama.gguf import Header

BATCH = 512
"""Tokens of the prompt that are worked on at once."""
KV_BYTES = 2
"""Of one element of the cache: half precision."""
BASE_BYTES = 128 << 20
"""Of a process with the interpreter, numpy and llama.cpp, before it loads anything (measured: 55 MB)."""
CONTEXT_BYTES = 512 << 20
"""Declared for a process on a card before it loads anything: CUDA's context and llama.cpp's kernels; not measured."""
_SMALL_BYTES = 64 << 20
"""Weights that are worked through faster than several threads can agree on it."""


def kv_bytes(header: Header, n_ctx: int) -> int:
    """The keys and values of a full context."""
    per_head = (header.key_length + header.value_length) * KV_BYTES
    return n_ctx * sum(header.kv_heads) * per_head


def compute_bytes(header: Header, n_ctx: int, n_batch: int = BATCH) -> int:
    """The buffer for one batch: the logits, or the widest layer with its attention scores."""
    n_batch = min(n_batch, n_ctx)
    logits = n_batch * header.vocabulary * 4
    wide = n_batch * (6 * header.embedding_length + 3 * header.feed_forward_length) * 4
    attention = n_batch * header.heads * n_ctx * 4
    return max(logits, wide + attention) + (16 << 20)


def needed_bytes(header: Header, n_ctx: int) -> int:
    """All of a model that works on the CPU, its process included."""
    # Reading a prompt and holding the logits of its last token, for the vocabulary twice.
    sampling = header.vocabulary * 64
    return BASE_BYTES + header.weights_bytes + kv_bytes(header, n_ctx) + compute_bytes(header, n_ctx) + sampling


def card_bytes(header: Header, n_ctx: int, layers: int) -> int:
    """What a card holds of a model of which it has so many layers; see `layers_that_fit`."""
    if layers <= 0:
        return 0
    count = len(header.layer_bytes)
    weights = sum(header.layer_bytes[max(0, count - layers) :])
    cache = kv_bytes(header, n_ctx) * min(layers, count) // max(1, count)
    rest = header.other_bytes if layers > count else 0
    return CONTEXT_BYTES + weights + cache + rest + compute_bytes(header, n_ctx)


def layers_that_fit(header: Header, n_ctx: int, free_bytes: int) -> int:
    """How many layers fit into a GPU's free memory, from the last one on as llama.cpp takes them.

    One more than there are layers means that the output and all else goes there too; 0 that none does.
    """
    left = free_bytes - compute_bytes(header, n_ctx)
    count = len(header.layer_bytes)
    each_kv = [kv_bytes(header, n_ctx) // max(1, count)] * count
    fitting = 0
    for weights, cache in zip(reversed(header.layer_bytes), each_kv, strict=True):
        left -= weights + cache
        if left < 0:
            return fitting
        fitting += 1
    return fitting + 1 if left >= header.other_bytes else fitting


def threads_for(header: Header, cores: int) -> int:
    """Threads that write; hyperthreads only get into each other's way."""
    if header.weights_bytes < _SMALL_BYTES:
        return 1
    return max(1, min(cores, 2), cores // 2)
