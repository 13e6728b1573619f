"""Every rule of a finished short, with a file that keeps it and one that breaks it and nothing else."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest
from fakes.shorts import Short, make_short, patched, payload_at

from nvpipe.errors import MediaError
from nvpipe.report.check import CheckReport, check_file, render_lines, report_json

COLOURS = {"colour range", "colour primaries", "colour transfer", "colour matrix"}
SOUND = {
    "audio",
    "audio codec",
    "sample rate",
    "audio channels",
    "audio bit rate",
    "start",
    "end",
    "loudness",
    "true peak",
    "silence",
}


def failing(report: CheckReport) -> dict[str, str]:
    return {rule.name: rule.measured for rule in report.rules if not rule.ok and not rule.advisory}


BROKEN: dict[str, tuple[Short, set[str]]] = {
    "matroska": (Short(format="matroska"), {"container", "index"}),
    "quicktime": (Short(format="mov"), {"container"}),
    "index-last": (Short(movflags=""), {"index"}),
    "fragments": (Short(movflags="frag_keyframe+empty_moov"), {"index", "start"}),
    "starts-late": (Short(pts=lambda i: i + 3), {"edit lists", "start", "end"}),
    "main-profile": (Short(x264={"8x8dct": 0}), {"profile"}),
    "small": (Short(size=(540, 960)), {"frame size"}),
    "wide-pixels": (Short(aspect=Fraction(4, 3)), {"pixel shape"}),
    "4:2:2": (Short(pixel_format="yuv422p"), {"pixel format", "profile"}),
    "interlaced": (Short(x264={"tff": 1}), {"scan"}),
    "full-range": (Short(x264={"range": "pc"}, colours=(1, 1, 1, 2)), {"colour range"}),
    "untagged": (
        Short(
            x264={"colorprim": "undef", "transfer": "undef", "colormatrix": "undef", "range": "auto"},
            colours=(2, 2, 2, 0),
        ),
        COLOURS,
    ),
    "primaries": (
        Short(x264={"colorprim": "smpte170m"}, colours=(6, 1, 1, 1)),
        {"colour primaries"},
    ),
    "transfer": (Short(x264={"transfer": "smpte170m"}, colours=(1, 6, 1, 1)), {"colour transfer"}),
    "matrix": (Short(x264={"colormatrix": "smpte170m"}, colours=(1, 1, 6, 1)), {"colour matrix"}),
    "contradiction": (Short(x264={"colormatrix": "smpte170m"}), {"colour matrix"}),
    "25-fps": (Short(fps=25), {"frame rate"}),
    "29.97-fps": (Short(timescale=30000, pts=lambda i: i * 1001), {"frame rate"}),
    "one-frame-late": (Short(timescale=600, pts=lambda i: i * 20 + 5 * (i == 7)), {"frame rate"}),
    "rare-key-frames": (Short(frames=64, x264={"keyint": 250}), {"key frames"}),
    "open-gop": (
        Short(frames=22, x264={"keyint": 10, "min-keyint": 1, "open-gop": 1, "bframes": 3}),
        {"closed GOP"},
    ),
    "mute": (Short(audio=None), SOUND),
    "mp3": (Short(audio="libmp3lame"), {"audio codec"}),
    "44.1-khz": (Short(rate_hz=44_100), {"sample rate"}),
    "mono": (Short(layout="mono", amplitude=0.28), {"audio channels"}),
    "thin-sound": (Short(bit_rate=64_000), {"audio bit rate"}),
    "fat-sound": (Short(bit_rate=256_000), {"audio bit rate"}),
    "sound-ends-early": (Short(audio_s=0.4), {"end"}),
    "sound-ends-late": (Short(audio_s=0.6), {"end"}),
    "quiet": (Short(amplitude=0.1), {"loudness"}),
    "silent": (Short(amplitude=0.0), {"loudness", "audio bit rate"}),
    "clicks": (Short(clicks=1.3), {"true peak"}),
}


def test_a_good_short_passes(good: Path) -> None:
    report = check_file(good)
    assert failing(report) == {}
    assert report.passed


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named_alone(name: str, tmp_path: Path) -> None:
    short, rules = BROKEN[name]
    report = check_file(make_short(tmp_path / "short.bin", short))
    assert set(failing(report)) == rules
    assert not report.passed


def test_another_codec_fails_what_only_h264_can_show(tmp_path: Path) -> None:
    report = check_file(make_short(tmp_path / "short.mp4", Short(codec="mpeg4")))
    assert (
        {"video codec", "profile", "closed GOP"}
        <= set(failing(report))
        <= {
            "video codec",
            "profile",
            "closed GOP",
            "frame rate",
        }
        | COLOURS
    )


def test_sixty_frames_a_second_pass(tmp_path: Path) -> None:
    assert check_file(make_short(tmp_path / "60.mp4", Short(fps=60, frames=30))).passed


def test_no_edit_list_at_all_is_fine_without_b_frames(tmp_path: Path) -> None:
    short = Short(x264={"bframes": 0}, movflags="+faststart", audio="aac")
    path = make_short(tmp_path / "short.mp4", short)
    data = path.read_bytes()
    at = payload_at(data, "moov", "trak", "edts") - 4
    assert check_file(patched(path, tmp_path / "plain.mp4", at, b"free")).passed


def test_a_rotation_is_found(good: Path, tmp_path: Path) -> None:
    at = payload_at(good.read_bytes(), "moov", "trak", "tkhd") + 40
    turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 1080 << 16, 0, 1 << 30)
    assert set(failing(check_file(patched(good, tmp_path / "short.mp4", at, turned)))) == {"rotation"}


def test_a_display_size_of_another_shape_is_found(good: Path, tmp_path: Path) -> None:
    at = payload_at(good.read_bytes(), "moov", "trak", "tkhd") + 76
    report = check_file(patched(good, tmp_path / "short.mp4", at, struct.pack(">I", 1200 << 16)))
    assert failing(report) == {"pixel shape": "shown as 1200x1920"}


@pytest.mark.parametrize("field", [4, 8], ids=["starts inside", "slowed down"])
def test_an_edit_of_the_sound_is_found(good: Path, tmp_path: Path, field: int) -> None:
    at = payload_at(good.read_bytes(), "moov", "elst", nth=1) + 8 + field
    new = struct.pack(">I", 9000) if field == 4 else struct.pack(">I", 32768)
    broken = failing(check_file(patched(good, tmp_path / "short.mp4", at, new)))
    assert "edit lists" in broken
    assert set(broken) <= {"edit lists", "end", "audio bit rate"}


def test_an_edit_that_hides_the_end_of_the_video_is_found(good: Path, tmp_path: Path) -> None:
    at = payload_at(good.read_bytes(), "moov", "elst") + 8
    broken = failing(check_file(patched(good, tmp_path / "short.mp4", at, struct.pack(">I", 300))))
    assert set(broken) == {"edit lists", "end"}
    assert "last 0.167 s" in broken["edit lists"]


def test_a_colour_box_may_stand_in_for_the_stream(tmp_path: Path) -> None:
    untagged = {"colorprim": "undef", "transfer": "undef", "colormatrix": "undef", "range": "auto"}
    path = make_short(tmp_path / "short.mp4", Short(x264=untagged))
    data = path.read_bytes()
    report = check_file(path)
    assert {rule.measured for rule in report.rules if rule.name == "colour matrix"} == {"bt709 (container only)"}
    assert report.passed
    at = payload_at(data, "moov", "colr") + 8
    wrong = check_file(patched(path, tmp_path / "wrong.mp4", at, struct.pack(">H", 6)))
    assert failing(wrong) == {"colour matrix": "smpte170m (container only)"}


def test_a_frame_listed_as_key_that_is_none_is_found(tmp_path: Path) -> None:
    path = make_short(tmp_path / "short.mp4", Short(frames=20, x264={"keyint": 10, "min-keyint": 10}))
    at = payload_at(path.read_bytes(), "moov", "stss") + 12
    broken = failing(check_file(patched(path, tmp_path / "wrong.mp4", at, struct.pack(">I", 7))))
    assert set(broken) == {"closed GOP"}
    assert broken["closed GOP"].startswith("1 of 2")


def test_damaged_data_does_not_decode(good: Path, tmp_path: Path) -> None:
    at = payload_at(good.read_bytes(), "mdat") + 2000
    broken = failing(check_file(patched(good, tmp_path / "short.mp4", at, bytes(range(256)) * 4)))
    assert "decoding" in broken


def test_a_file_cut_off_after_its_index_is_said_to_lack_packets(good: Path, tmp_path: Path) -> None:
    cut = tmp_path / "short.mp4"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size * 6 // 10])
    assert "decoding" in failing(check_file(cut))


def test_a_short_length_is_a_note_and_no_failure(good: Path) -> None:
    report = check_file(good)
    length = next(rule for rule in report.rules if rule.name == "length")
    assert (length.ok, length.advisory, length.measured) == (False, True, "0.47 s")
    assert report.passed
    assert any(line.startswith("note") and "length" in line for line in render_lines(report))


def test_the_report_shows_every_rule_and_the_verdict(tmp_path: Path) -> None:
    report = check_file(make_short(tmp_path / "short.mp4", Short(fps=25, audio=None)))
    lines = render_lines(report)
    assert len(lines) == len(report.rules) + 1
    assert any(line.startswith("FAIL") and "25.000 fps" in line and "30 or 60" in line for line in lines)
    assert "frame rate" in lines[-1]
    starts = {line.index("expected:") for line in lines[:-1]}
    assert len(starts) == 1
    data = report_json(report)
    assert data["passed"] is False
    assert {rule["name"] for rule in data["rules"] if not rule["ok"] and not rule["advisory"]} == {
        "frame rate",
        *SOUND,
    }


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "playlist", "no index", "audio only", "folder"])
def test_what_is_no_video_cannot_be_checked(kind: str, good: Path, tmp_path: Path) -> None:
    path = tmp_path / "input.mp4"
    data = good.read_bytes()
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("a text and nothing else\n" * 50)
    elif kind == "playlist":
        path.write_text(f"#EXTM3U\n#EXTINF:1,\n{good}\n")
    elif kind == "no index":
        path.write_bytes(data.replace(b"moov", b"free", 1))
    elif kind == "audio only":
        make_short(path, Short(codec=None))
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(MediaError) as error:
        check_file(path)
    assert "\n" not in error.value.line()
