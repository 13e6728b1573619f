"""Headers of models: what they say, and that a hostile one takes neither memory nor time."""

from __future__ import annotations

import struct
import time
from pathlib import Path

import pytest
from fakes.tiny_llama import Reply, write_random, write_scripted

from nvpipe.story.llama.gguf import GgufError, read_header
from nvpipe.story.llama.memory import compute_bytes, kv_bytes, layers_that_fit, needed_bytes, threads_for


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random(tmp_path_factory.mktemp("gguf") / "tiny.gguf", by_letter=True)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def key(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def strings(**pairs: str) -> list[bytes]:
    return [key(name.replace("__", "."), 8, text(value)) for name, value in pairs.items()]


def head(*keys: bytes, tensors: int = 0, version: int = 3, count: int | None = None) -> bytes:
    claimed = len(keys) if count is None else count
    return b"GGUF" + struct.pack("<IQQ", version, tensors, claimed) + b"".join(keys)


def test_a_model_tells_its_sizes(model: Path) -> None:
    header = read_header(model)
    assert (header.architecture, header.name) == ("llama", "nvpipe-tiny-random")
    assert (header.context_length, header.embedding_length, header.feed_forward_length) == (8192, 64, 128)
    assert (header.heads, header.kv_heads, header.key_length, header.value_length) == (4, (2, 2), 16, 16)
    layer = 4 * (2 * 64 + 2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 128)
    assert header.layer_bytes == (layer, layer)
    assert header.other_bytes == 4 * (64 + 2 * header.vocabulary * 64)
    assert 0 < header.file_bytes - header.weights_bytes < 20_000


def test_memory_is_counted_from_the_header(model: Path) -> None:
    header = read_header(model)
    assert kv_bytes(header, 1000) == 1000 * 2 * 2 * (16 + 16) * 2
    assert compute_bytes(header, 8192) > compute_bytes(header, 1024)
    assert needed_bytes(header, 8192) - needed_bytes(header, 4096) >= kv_bytes(header, 4096)


def test_layers_go_to_the_gpu_as_they_fit(model: Path) -> None:
    header = read_header(model)
    each = header.layer_bytes[0] + kv_bytes(header, 512) // 2
    base = compute_bytes(header, 512)
    fitting = [layers_that_fit(header, 512, base + extra) for extra in (-1, 0, each, 2 * each, 1 << 40)]
    assert fitting == [0, 0, 1, 2, 3]
    assert layers_that_fit(header, 512, 0) == 0


def test_a_small_model_needs_one_thread(model: Path) -> None:
    assert threads_for(read_header(model), 16) == 1


@pytest.mark.parametrize("share", [0.001, 0.01, 0.02, 0.3, 0.6, 0.99, 0.9999])
def test_a_part_of_a_model_is_refused(model: Path, tmp_path: Path, share: float) -> None:
    data = model.read_bytes()
    path = tmp_path / "part.gguf"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(GgufError, match=r"ends in the middle|is incomplete"):
        read_header(path)


LLAMA = strings(general__architecture="llama")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"GG", "is no GGUF file"),
        (b"\x7fELF" + bytes(100), "is no GGUF file"),
        (head(version=1), "is GGUF version 1, not 2 or 3"),
        (head(version=3 << 24), "is for big-endian machines"),
        (head(tensors=1 << 63), "is damaged: it claims 9223372036854775808 tensors"),
        (head(count=1 << 40), "is damaged: it claims 0 tensors and 1099511627776 keys"),
        (head(struct.pack("<Q", 1 << 62)), "is damaged: a text claims 4611686018427387904 bytes"),
        (head(key("general.name", 8, struct.pack("<Q", 1 << 50))), "is damaged: a text claims"),
        (head(key("a", 9, struct.pack("<IQ", 8, 1 << 60))), "is damaged: an array claims"),
        (head(key("a", 9, struct.pack("<IQ", 8, 1 << 22))), "ends in the middle of its header"),
        (head(key("a", 9, struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 9, 1) * 9)), "nested too deep"),
        (head(key("a", 77, b"")), "is damaged: it has a value of type 77"),
        (head(), "does not say which architecture"),
        (head(key("general.architecture", 4, struct.pack("<I", 3))), "does not say which architecture"),
        (head(*strings(general__architecture="bert")), "holds bert, which does not write text"),
        (head(*strings(general__architecture="t5")), "holds t5, which does not write text"),
        (head(*strings(general__architecture="llama", general__type="adapter")), "holds adapter"),
        (head(*LLAMA), "has a vocabulary but no weights"),
        (
            head(*LLAMA, key("split.count", 2, struct.pack("<H", 3)), key("split.no", 2, struct.pack("<H", 1))),
            "is part 2 of 3 of a model",
        ),
        (
            head(*LLAMA, tensors=1) + text("x") + struct.pack("<IQIQ", 1, 32, 0, 0) + bytes(200),
            "is damaged: its block_count is missing",
        ),
        (
            head(*LLAMA, key("llama.block_count", 4, struct.pack("<I", 1 << 30)), tensors=1)
            + text("x") + struct.pack("<IQIQ", 1, 32, 0, 0) + bytes(200),
            "is damaged: its block_count is 1073741824",
        ),
        (head(*LLAMA, tensors=1) + text("x") + struct.pack("<I", 99), "a tensor claims 99 dimensions"),
        (
            head(*LLAMA, tensors=1) + text("x") + struct.pack("<I", 4) + struct.pack("<QQQQIQ", *4 * [1 << 60], 0, 0),
            "is incomplete",
        ),
        (
            head(*LLAMA, key("general.alignment", 4, struct.pack("<I", 0)), tensors=1)
            + text("x") + struct.pack("<IQIQ", 1, 32, 0, 0),
            "its alignment is no number",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_once(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    start_s = time.process_time()
    with pytest.raises(GgufError) as caught:
        read_header(path)
    assert says in caught.value.message
    assert caught.value.message.startswith("the model bad.gguf ")
    assert caught.value.hint
    assert time.process_time() - start_s < 2


def test_a_missing_model_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(GgufError, match="there is no model"):
        read_header(tmp_path / "none.gguf")
    with pytest.raises(GgufError, match="cannot be read"):
        read_header(tmp_path)


def test_any_damaged_byte_of_the_header_is_a_verdict(tmp_path: Path) -> None:
    data = write_scripted(tmp_path / "s.gguf", [Reply("{}")], by_letter=True).read_bytes()
    path = tmp_path / "flipped.gguf"
    for place in [*range(0, 400, 3), *range(400, 9000, 211)]:
        broken = bytearray(data)
        broken[place] ^= 0xA5
        path.write_bytes(broken)
        try:
            header = read_header(path)
        except GgufError:
            continue
        assert header.weights_bytes <= len(data)
