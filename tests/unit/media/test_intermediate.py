"""Pictures kept to be decoded again: all of them, in order, nearly as they were, and the same bytes every time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from nvpipe.errors import OutputError
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.intermediate import GOP, IntermediateWriter
from nvpipe.media.normalise import source_filters

SIZE = (272, 482)


def picture(index: int, size: tuple[int, int] = SIZE) -> av.VideoFrame:
    """A picture with soft gradients, fine texture and a bright bar that moves."""
    width, height = size
    rows, columns = np.mgrid[0:height, 0:width]
    luma = 70 + 60 * rows / height + 12 * np.sin(columns * 0.9 + index) * np.cos(rows * 0.7)
    luma[:, index * 3 % width : index * 3 % width + 12] = 220
    chroma = np.full((height // 2, width), 118.0) + 20 * np.arange(height // 2)[:, None] / height
    planes = np.concatenate([luma, chroma]).round().astype(np.uint8)
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def write(path: Path, count: int, fps: int = 30, size: tuple[int, int] = SIZE) -> Path:
    with IntermediateWriter(path, size, Fraction(fps)) as writer:
        for index in range(count):
            writer.write(picture(index, size))
    return path


@pytest.mark.parametrize("fps", [30, 60])
@pytest.mark.parametrize("size", [SIZE, (180, 640), (720, 1280)])
def test_every_picture_comes_back_nearly_as_it_was(size: tuple[int, int], fps: int, tmp_path: Path) -> None:
    count = round(1.2 * fps)
    path = write(tmp_path / "kept.mkv", count, fps, size)
    with PyAvDecoder().open(path) as reader:
        assert source_filters(reader.info) == "", "nothing has to be converted"
        assert (reader.info.width_px, reader.info.height_px) == size
        found = [(frame.time_s, frame.to_av().to_ndarray()) for frame in reader.frames()]
    assert [time_s for time_s, _ in found] == pytest.approx([index / fps for index in range(count)], abs=0.001)
    for index, (_, planes) in enumerate(found):
        error = np.mean((planes.astype(float) - picture(index, size).to_ndarray()) ** 2)
        assert 10 * np.log10(255**2 / error) > 44


def test_reading_can_begin_anywhere(tmp_path: Path) -> None:
    path = write(tmp_path / "kept.mkv", 3 * GOP + 20)
    with PyAvDecoder().open(path) as reader:
        for first in (0, 1, GOP - 1, GOP, 3 * GOP + 7):
            frame = next(reader.frames(first / 30))
            assert frame.time_s == pytest.approx(first / 30, abs=0.001)


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (write(tmp_path / name, 40).read_bytes() for name in ("a.mkv", "b.mkv"))
    assert one == other


def test_pictures_from_a_decoder_don_t_bring_their_kinds_along(tmp_path: Path) -> None:
    first = write(tmp_path / "first.mkv", 2 * GOP)
    with av.open(str(first)) as container, IntermediateWriter(tmp_path / "second.mkv", SIZE, Fraction(30)) as writer:
        for frame in list(container.decode(video=0))[5:]:
            writer.write(frame)
    with av.open(str(tmp_path / "second.mkv")) as container:
        keys = [index for index, packet in enumerate(container.demux(video=0)) if packet.is_keyframe and packet.size]
    assert keys == [0, GOP]


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot write"):
        write(tmp_path / "missing" / "kept.mkv", 20)


def test_an_error_in_between_is_not_hidden(tmp_path: Path) -> None:
    pictures: dict[int, av.VideoFrame] = {0: picture(0)}
    with (  # noqa: PT012 - leaving the writer is what is tested
        pytest.raises(KeyError),
        IntermediateWriter(tmp_path / "kept.mkv", SIZE, Fraction(30)) as writer,
    ):
        writer.write(pictures[0])
        writer.write(pictures[1])
