"""What a GGUF file says of itself, read without trusting it: its kind, its sizes, whether all of it is there.

The format is ggml's, docs/gguf.md there (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nvpipe.errors import InputError

MAX_HEADER_BYTES = 256 << 20
"""Vocabularies of a quarter of a million words with their merges take about 20 MB."""
MAX_KEYS = 4096
MAX_TENSORS = 65_536
MAX_NAME_BYTES = 1024
MAX_KEPT_TEXT_BYTES = 1 << 20
MAX_ARRAY_ITEMS = 8 << 20
MAX_LAYERS = 2048
_MAX_DIMENSIONS = 8
_MAX_NESTING = 2

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
"""Elements and bytes of a block, by the tensor type's number; other types are measured by their place."""
_NOT_WRITERS = {
    "bert",
    "nomic-bert",
    "jina-bert-v2",
    "t5encoder",
    "clip",
    "whisper",
    "wavtokenizer-dec",
    "modern-bert",
}

Value = int | float | bool | str | tuple[int, ...]


class GgufError(InputError):
    """A file is no model that can write."""


@dataclass(frozen=True, slots=True)
class Header:
    """What matters of a model before it is loaded.

    Attributes:
        layer_bytes: weights of each repeating layer.
        other_bytes: all other weights: embedding, output, norms.
        kv_heads: key-value heads of each layer.
        key_length, value_length: elements of one head's key and value.
    """

    architecture: str
    name: str
    context_length: int
    embedding_length: int
    feed_forward_length: int
    heads: int
    kv_heads: tuple[int, ...]
    key_length: int
    value_length: int
    vocabulary: int
    layer_bytes: tuple[int, ...]
    other_bytes: int
    file_bytes: int

    @property
    def weights_bytes(self) -> int:
        return sum(self.layer_bytes) + self.other_bytes


def read_header(path: Path) -> Header:
    """Read and check the header of a model.

    Raises:
        GgufError: the file is missing, unreadable, no GGUF, damaged, incomplete, or no model that writes text.
    """
    try:
        with path.open("rb") as file:
            return _Reader(file, path.name).header()
    except FileNotFoundError as error:
        raise GgufError(f"there is no model {_shown(str(path))}", hint="check the path") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GgufError(
            f"the model {_shown(str(path))} cannot be read: {reason}", hint="check the path and the permissions"
        ) from error


class _Reader:
    """Reads a header from the start of a file; every length is held against what can be there."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = _shown(name)
        self._size = os.fstat(file.fileno()).st_size
        self._at = 0

    def header(self) -> Header:
        magic = self._file.read(4)
        self._at = 4
        if magic != b"GGUF":
            what = "is empty" if not magic else "is no GGUF file"
            raise self._fault(what, "name a model in llama.cpp's format, a file that ends in .gguf")
        version = self._number("I")
        if version not in (2, 3):
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
            what = "is for big-endian machines" if swapped in (2, 3) else f"is GGUF version {version}, not 2 or 3"
            raise self._fault(what, "get it in another version")
        tensors, keys = self._number("Q"), self._number("Q")
        if tensors > MAX_TENSORS or keys > MAX_KEYS:
            raise self._damaged(f"it claims {tensors} tensors and {keys} keys")
        values: dict[str, Value] = {}
        for _ in range(keys):
            key = self._text(MAX_NAME_BYTES)
            value = self._value(self._number("I"))
            if value is not None:
                values[key] = value
        self._refuse_other_kinds(values, tensors)
        return self._described(values, self._tensors(tensors, values))

    def _refuse_other_kinds(self, values: dict[str, Value], tensors: int) -> None:
        architecture = values.get("general.architecture")
        if not isinstance(architecture, str) or not architecture:
            raise self._damaged("it does not say which architecture it has")
        kind = values.get("general.type", "model")
        parts = values.get("split.count", 0)
        if isinstance(parts, int) and parts > 1:
            part = values.get("split.no", 0)
            number = part + 1 if isinstance(part, int) else 1
            raise self._fault(
                f"is part {number} of {parts} of a model", "join the parts with llama-gguf-split --merge"
            )
        if kind != "model" or architecture in _NOT_WRITERS or architecture.startswith("t5"):
            what = architecture if kind == "model" else kind
            raise self._fault(f"holds {_shown(str(what))}, which does not write text", "name a chat model")
        if not tensors:
            raise self._fault("has a vocabulary but no weights", "name a whole model")

    def _described(self, values: dict[str, Value], sizes: dict[str, int]) -> Header:
        prefix = str(values["general.architecture"])

        def number(key: str, default: int | None = None, most: int = 1 << 31) -> int:
            value = values.get(f"{prefix}.{key}", default)
            if isinstance(value, tuple):
                value = max(value, default=0)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= most:
                raise self._damaged(f"its {key} is {'missing' if value is None else value}")
            return value

        layers = number("block_count", most=MAX_LAYERS)
        width, heads = number("embedding_length", most=1 << 20), number("attention.head_count", 1, 1 << 16)
        length = number("attention.key_length", max(1, width // heads), 1 << 16)
        kv_heads = values.get(f"{prefix}.attention.head_count_kv", heads)
        if not isinstance(kv_heads, tuple):
            kv_heads = (number("attention.head_count_kv", heads, 1 << 16),) * layers
        if any(one < 0 or one > 1 << 16 for one in kv_heads):
            raise self._damaged("its head_count_kv is no number of heads")
        by_layer = [0] * layers
        other = 0
        for name, size in sizes.items():
            index = name.split(".")[1] if name.startswith("blk.") else ""
            if index.isascii() and index.isdigit() and len(index) < 6 and int(index) < layers:
                by_layer[int(index)] += size
            else:
                other += size
        vocabulary = values.get("tokenizer.ggml.tokens", 0)
        return Header(
            prefix,
            str(values.get("general.name", "")),
            number("context_length"),
            width,
            number("feed_forward_length", 4 * width, 1 << 24),
            heads,
            kv_heads,
            length,
            number("attention.value_length", length, 1 << 16),
            vocabulary if isinstance(vocabulary, int) else 0,
            tuple(by_layer),
            other,
            self._size,
        )

    def _tensors(self, count: int, values: dict[str, Value]) -> dict[str, int]:
        """Bytes of every tensor, by name; the file must hold them all."""
        found: list[tuple[str, int, int | None]] = []
        for _ in range(count):
            name = self._text(MAX_NAME_BYTES)
            dimensions = self._number("I")
            if dimensions > _MAX_DIMENSIONS:
                raise self._damaged(f"a tensor claims {dimensions} dimensions")
            elements = 1
            for _ in range(dimensions):
                elements *= self._number("Q")
            block = _BLOCKS.get(self._number("I"))
            offset = self._number("Q")
            found.append((name, offset, None if block is None else -(-elements // block[0]) * block[1]))
        alignment = values.get("general.alignment", 32)
        if isinstance(alignment, bool) or not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise self._damaged("its alignment is no number")
        start = -(-self._at // alignment) * alignment
        sizes: dict[str, int] = {}
        end = self._size - start
        for name, offset, size in sorted(found, key=lambda one: -one[1]):
            sizes[name] = max(0, end - offset) if size is None else size
            if offset + sizes[name] > self._size - start:
                there = f"{self._size / 1e9:.2f} of at least {(start + offset + sizes[name]) / 1e9:.2f} GB"
                raise self._fault(f"is incomplete: {there} are there", "get it again")
            end = offset
        return sizes

    def _value(self, kind: int, nesting: int = 0) -> Value | None:
        """A value that may matter; long arrays are passed over, leaving their length."""
        if kind in _SCALARS:
            number = self._number(_SCALARS[kind])
            return number if kind not in (6, 12) else float(number)
        if kind == _STRING:
            return self._text(MAX_KEPT_TEXT_BYTES)
        if kind != _ARRAY:
            raise self._damaged(f"it has a value of type {kind}, which there is not")
        if nesting >= _MAX_NESTING:
            raise self._damaged("its arrays are nested too deep")
        item, count = self._number("I"), self._number("Q")
        if count > MAX_ARRAY_ITEMS:
            raise self._damaged(f"an array claims {count} items")
        if item in _SCALARS:
            if count <= MAX_LAYERS and item in (2, 3, 4, 5, 10, 11):
                return tuple(self._number(_SCALARS[item]) for _ in range(count))
            self._skip(count * struct.calcsize(f"<{_SCALARS[item]}"))
            return count
        for _ in range(count):
            if item == _STRING:
                self._skip(self._number("Q"))
            else:
                self._value(item, nesting + 1)
        return count

    def _number(self, code: str) -> int:
        number: int = struct.unpack(f"<{code}", self._bytes(struct.calcsize(f"<{code}")))[0]
        return number

    def _text(self, most: int) -> str:
        length = self._number("Q")
        if length > most:
            raise self._damaged(f"a text claims {length} bytes")
        return self._bytes(length).decode("utf-8", "replace")

    def _bytes(self, count: int) -> bytes:
        self._pass(count)
        data = self._file.read(count)
        if len(data) < count:
            raise self._fault("ends in the middle of its header", "get it again")
        return data

    def _skip(self, count: int) -> None:
        self._pass(count)
        self._file.seek(count, os.SEEK_CUR)

    def _pass(self, count: int) -> None:
        self._at += count
        if self._at > self._size:
            raise self._fault("ends in the middle of its header", "get it again")
        if self._at > MAX_HEADER_BYTES:
            raise self._damaged(f"its header is larger than {MAX_HEADER_BYTES >> 20} MiB")

    def _damaged(self, why: str) -> GgufError:
        return self._fault(f"is damaged: {why}", "get it again")

    def _fault(self, what: str, hint: str) -> GgufError:
        return GgufError(f"the model {self._name} {what}", hint=hint)


def _shown(text: str) -> str:
    return text if text.isprintable() else ascii(text)
