"""The MP4 box reader on files that libav wrote, on boxes written by hand and on damaged ones."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from pathlib import Path

import pytest
from fakes.shorts import Short, make_short, patched, payload_at

from nvpipe.errors import MediaError
from nvpipe.media.mp4 import Mp4, is_mp4, read_mp4


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Short(frames=12, size=(64, 96), x264={"keyint": 5, "min-keyint": 5}, aspect=Fraction(4, 3))
    return make_short(tmp_path_factory.mktemp("mp4") / "short.mp4", made)


@pytest.fixture
def mp4(short: Path) -> Mp4:
    return read_mp4(short)


def box(kind: str, payload: bytes = b"") -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind.encode()) + payload


def test_the_order_of_the_top_level_and_the_movie(mp4: Mp4) -> None:
    kinds = [box.kind for box in mp4.top_level]
    assert kinds.index("moov") < kinds.index("mdat")
    assert mp4.index_first
    assert not mp4.fragmented
    assert mp4.brands[0] == "isom"
    assert mp4.duration_s == pytest.approx(0.4)


def test_an_index_at_the_end_and_in_fragments(tmp_path: Path) -> None:
    last = read_mp4(make_short(tmp_path / "last.mp4", Short(frames=4, size=(64, 96), movflags="")))
    assert not last.index_first
    split = Short(frames=4, size=(64, 96), movflags="frag_keyframe+empty_moov")
    fragmented = read_mp4(make_short(tmp_path / "fragments.mp4", split))
    assert fragmented.fragmented
    assert not fragmented.index_first


def test_the_video_track(mp4: Mp4) -> None:
    track = mp4.track("vide")
    assert track is not None
    assert track.avc is not None
    assert track.colour is not None
    assert (track.codec, track.width_px, track.height_px) == ("avc1", 64, 96)
    assert (track.avc.profile_idc, track.avc.nal_length_bytes) == (100, 4)
    assert (track.colour.primaries, track.colour.transfer, track.colour.matrix) == (1, 1, 1)
    assert track.colour.full_range is False
    assert track.pixel_aspect == Fraction(4, 3)
    assert track.samples.count == 12
    assert list(track.samples.delta_runs) == [12, track.timescale // 30]
    assert len(track.samples.offset_runs) > 0
    assert list(track.samples.sync or ()) == [1, 6, 11]
    assert mp4.presented_s(track) == pytest.approx((0.0, 0.4), abs=1e-3)


def test_the_audio_track(mp4: Mp4) -> None:
    track = mp4.track("soun")
    assert track is not None
    assert track.aac is not None
    assert track.timescale == 48_000
    assert (track.aac.object_type, track.aac.rate_hz, track.aac.channels) == (2, 48_000, 2)
    assert track.aac.average_bit_rate > 0
    assert [(edit.media_time_ticks, edit.rate) for edit in track.edits] == [(1024, 1.0)]
    assert track.samples.sync is None
    assert mp4.presented_s(track) == pytest.approx((0.0, 0.4), abs=1e-3)


def test_a_late_start_is_an_empty_edit(tmp_path: Path) -> None:
    late = Short(frames=6, size=(64, 96), pts=lambda i: i + 15)
    mp4 = read_mp4(make_short(tmp_path / "late.mp4", late))
    track = mp4.track("vide")
    assert track is not None
    assert track.edits[0].media_time_ticks == -1
    assert mp4.presented_s(track) == pytest.approx((0.5, 0.7), abs=2e-3)


def test_sixty_four_bit_sizes_and_boxes_to_the_end(short: Path, tmp_path: Path, mp4: Mp4) -> None:
    data = short.read_bytes()
    moov = data[data.index(b"moov") - 4 : data.index(b"free") - 4]
    wide = struct.pack(">I4sQ", 1, b"moov", len(moov) + 8) + moov[8:]
    path = tmp_path / "wide.mp4"
    path.write_bytes(box("ftyp", b"isom\0\0\0\0") + wide + struct.pack(">I4s", 0, b"mdat") + bytes(50))
    read = read_mp4(path)
    assert [track.samples.count for track in read.tracks] == [track.samples.count for track in mp4.tracks]
    assert read.top_level[-1].size_bytes == 58


def test_tables_that_claim_billions_of_samples_cost_nothing(short: Path, tmp_path: Path) -> None:
    at = payload_at(short.read_bytes(), "moov", "stts") + 8
    read = read_mp4(patched(short, tmp_path / "huge.mp4", at, b"\xff\xff\xff\xff"))
    track = read.track("vide")
    assert track is not None
    assert track.samples.presentation_ticks()[1] > 2**40


@pytest.mark.parametrize("kind", ["stts", "ctts", "stss", "elst"])
def test_a_table_longer_than_its_box_is_refused(kind: str, short: Path, tmp_path: Path) -> None:
    at = payload_at(short.read_bytes(), "moov", kind) + 4
    with pytest.raises(MediaError, match=kind):
        read_mp4(patched(short, tmp_path / "bad.mp4", at, b"\x7f\xff\xff\xff"))


@pytest.mark.parametrize("size", [0xFFFFFFFF, 7, 2])
def test_a_box_of_an_impossible_size_is_refused(size: int, short: Path, tmp_path: Path) -> None:
    at = payload_at(short.read_bytes(), "moov", "trak") - 8
    with pytest.raises(MediaError, match="trak"):
        read_mp4(patched(short, tmp_path / "bad.mp4", at, struct.pack(">I", size)))


def test_boxes_without_number_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.mp4"
    path.write_bytes(box("ftyp", b"isom\0\0\0\0") + box("free") * 100_001)
    with pytest.raises(MediaError, match="more than 100000 boxes"):
        read_mp4(path)


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    nested = b""
    for _ in range(50):
        nested = box("trak", nested)
    path = tmp_path / "deep.mp4"
    path.write_bytes(box("moov", nested))
    with pytest.raises(MediaError, match="nested"):
        read_mp4(path)


def test_a_file_without_index_and_a_missing_one(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    path.write_bytes(box("ftyp", b"isom\0\0\0\0") + box("mdat", bytes(100)))
    with pytest.raises(MediaError, match="no index"):
        read_mp4(path)
    with pytest.raises(MediaError, match="cannot be read"):
        read_mp4(tmp_path / "missing.mp4")


def test_damaged_bytes_end_in_an_error_or_a_reading(short: Path, tmp_path: Path) -> None:
    data, rng, path = short.read_bytes(), random.Random(3), tmp_path / "fuzzed.mp4"
    index_end = data.index(b"mdat")
    lines = []
    for _ in range(150):
        broken = bytearray(data[:index_end])
        for _ in range(3):
            at = rng.randrange(index_end - 4)
            broken[at : at + 4] = rng.choice([b"\xff\xff\xff\xff", bytes(4), rng.randbytes(4)])
        path.write_bytes(broken)
        try:
            mp4 = read_mp4(path)
            for track in mp4.tracks:
                mp4.presented_s(track)
        except MediaError as error:
            lines.append(error.line())
    assert 0 < len(lines) < 150
    assert not any("\n" in line for line in lines)


def test_what_looks_like_mp4() -> None:
    assert is_mp4(b"\0\0\0\x20ftypisom")
    assert not is_mp4(b"\x1aE\xdf\xa3matroska")
    assert not is_mp4(b"")
