"""Pictures that a user names: every kind that is read, and every way in which one can be useless."""

from __future__ import annotations

import os
import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nvpipe.errors import MediaError
from nvpipe.media.picture import read_picture


def make(path: Path, mode: str = "RGBA", colour: object = (255, 0, 0, 128), **options: object) -> Path:
    Image.new(mode, (40, 20), colour).save(path, **options)  # type: ignore[arg-type]
    return path


def png_of(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_transparency_is_kept(tmp_path: Path, suffix: str) -> None:
    picture = read_picture(make(tmp_path / f"logo{suffix}", lossless=True))
    assert (picture.mode, picture.size) == ("RGBA", (40, 20))
    assert picture.getpixel((3, 3)) == (255, 0, 0, 128)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_of_every_mode_is_opaque_rgba(tmp_path: Path, mode: str) -> None:
    picture = read_picture(make(tmp_path / "logo.jpg", mode, 0))
    assert picture.mode == "RGBA"
    assert picture.getchannel("A").getextrema() == (255, 255)


@pytest.mark.parametrize("mode", ["P", "LA", "1", "L"])
def test_png_of_other_modes(tmp_path: Path, mode: str) -> None:
    assert read_picture(make(tmp_path / "logo.png", mode, 0 if mode != "LA" else (0, 255))).mode == "RGBA"


def test_sixteen_bit_grey_is_scaled_and_not_cut_off(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 40), 0x8000, np.uint16)).save(tmp_path / "grey.png")
    assert read_picture(tmp_path / "grey.png").getpixel((0, 0)) == (128, 128, 128, 255)


def test_the_content_counts_and_not_the_suffix(tmp_path: Path) -> None:
    make(tmp_path / "logo.png").rename(tmp_path / "logo.txt")
    assert read_picture(tmp_path / "logo.txt").size == (40, 20)


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read_picture(make(tmp_path / "turned.jpg", "RGB", "red", exif=exif)).size == (20, 40)


def hostile(folder: Path) -> dict[str, Path]:
    good = make(folder / "good.png").read_bytes()
    jpeg = make(folder / "good.jpg", "RGB", "red").read_bytes()
    webp = make(folder / "good.webp").read_bytes()
    contents = {
        "empty": b"",
        "text": b"I am no picture.",
        "cut.png": good[: len(good) // 2],
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.webp": webp[: len(webp) // 2],
        "head only.png": good[:20],
        "bomb.png": png_of(10_000, 10_000, bytes(1000)),
        "huge.png": png_of(2**31 - 1, 2**31 - 1),
        "no size.png": png_of(0, 0),
        "no data.png": png_of(20, 20),
        "zeros": bytes(4096),
        "gif": b"GIF89a" + bytes(64),
        "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    }
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    return {name: folder / name for name in (*contents, "folder", "pipe", "missing")}


def test_every_useless_file_is_one_line_with_its_name(tmp_path: Path) -> None:
    for name, path in hostile(tmp_path).items():
        with pytest.raises(MediaError) as caught:
            read_picture(path)
        assert name in caught.value.line(), name
        assert "\n" not in caught.value.line()
        assert caught.value.hint, name


def test_damage_anywhere_is_read_or_refused_but_never_worse(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    for suffix, mode in ((".png", "RGBA"), (".jpg", "RGB"), (".webp", "RGBA")):
        path = tmp_path / f"logo{suffix}"
        Image.fromarray(random.integers(0, 255, (24, 24, len(mode)), np.uint8), mode).save(path)
        good = path.read_bytes()
        for _ in range(60):
            data = bytearray(good)
            for place in random.integers(0, len(data), 4):
                data[place] = int(random.integers(0, 256))
            path.write_bytes(data)
            with suppress(MediaError):
                assert read_picture(path).mode == "RGBA"
