"""NVENC's glue without a card: PyAV's real encoders against driver libraries that the test compiles.

The stand-ins (`fakes/nvenc`) give back what they read, byte for byte, as late as the interface allows, and note every
call. What they cannot show is what a card makes of the parameters, and how fast.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes.nvenc import scenes
from fakes.nvenc.driver import TESTS, Driver, Ran, compiler

from nvpipe.media.encode import QUALITIES

PRESETS = {"p1": "fc0a8d3e", "p4": "90a7b826", "p6": "8e75c279", "p7": "84848c12"}
"""First 32 bits of their GUIDs."""
HIGH, HEVC_MAIN = "e7cbc309", "b514c39a"
VBR, HIGH_QUALITY = 1, 1
NV12 = 1

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="NVIDIA's libraries have these names on Linux"),
    pytest.mark.skipif(compiler() is None, reason="needs a C compiler for the stand-in driver"),
]


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Driver:
    return Driver(tmp_path_factory.mktemp("driver"))


Variables = dict[str, str | int]


def play(
    driver: Driver, tmp_path: Path, scene: str, settings: Variables | None = None, **arguments: Any
) -> tuple[dict[str, Any], Ran]:
    """What a scene says and what was asked of the driver."""
    ran = driver.run("-m", "fakes.nvenc.scenes", scene, json.dumps(arguments), tmp_path=tmp_path, **settings or {})
    assert ran.code == 0, ran.err
    return json.loads(ran.out), ran


def initialized(ran: Ran) -> dict[str, Any]:
    return ran.asked("initialize")[-1]


def test_nvenc_owes_what_every_encoder_owes(driver: Driver, tmp_path: Path) -> None:
    suite = TESTS / "contract" / "test_encoders.py"
    ran = driver.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "nvenc", str(suite), tmp_path=tmp_path)
    assert ran.code == 0, ran.out
    assert "skipped" not in ran.out
    assert len(ran.asked("initialize")) > len(QUALITIES)


@pytest.mark.parametrize(
    ("quality", "preset", "cq", "b_frames", "lookahead"),
    [("low", "p1", 32, 0, 0), ("medium", "p4", 26, 2, 0), ("high", "p6", 22, 3, 16)],
)
def test_a_level_arrives_at_the_driver(
    driver: Driver, tmp_path: Path, quality: str, preset: str, cq: int, b_frames: int, lookahead: int
) -> None:
    said, ran = play(driver, tmp_path, "open", quality=quality)
    assert said == {"error": None}
    asked = initialized(ran)
    assert (asked["preset"], asked["profile"], asked["tuning"]) == (PRESETS[preset], HIGH, HIGH_QUALITY)
    assert (asked["rc"], asked["quality"], asked["average"]) == (VBR, cq, 0)
    assert (asked["gop"], asked["idr_period"], asked["interval"]) == (60, 60, b_frames + 1)
    assert (asked["lookahead"], asked["b_references"], asked["aq"]) == (
        lookahead,
        2 * bool(lookahead),
        bool(lookahead),
    )
    assert asked["colour"] == [1, 1, 1, 0]
    assert asked["fps"] == [30, 1]


@pytest.mark.parametrize(
    ("quality", "bit_rate", "seen"), [("original", None, 1_500_000), ("high", 8_000_000, 8_000_000)]
)
def test_a_bit_rate_arrives_at_the_driver(
    driver: Driver, tmp_path: Path, quality: str, bit_rate: int | None, seen: int
) -> None:
    _, ran = play(driver, tmp_path, "open", quality=quality, bit_rate=bit_rate)
    asked = initialized(ran)
    assert (asked["rc"], asked["quality"]) == (VBR, 0)
    assert (asked["average"], asked["max"], asked["vbv"]) == (seen, seen * 3 // 2, seen * 2)


@pytest.mark.parametrize(
    ("quality", "source", "fps"),
    [
        ("low", "cuda", "30"),
        ("high", "cuda", "30"),
        ("high", "cuda", "60"),
        ("high", "cuda", "30000/1001"),
        ("medium", "nv12", "30"),
        ("high", "yuv420p", "30000/1001"),
    ],
)
def test_a_film_is_every_picture_as_it_was(
    driver: Driver, tmp_path: Path, quality: str, source: str, fps: str
) -> None:
    frames, path = 70, str(tmp_path / "a.mp4")
    seen, ran = play(driver, tmp_path, "film", path=path, source=source, frames=frames, quality=quality, fps=fps)
    assert (seen["codec"], seen["profile"], seen["colour"], seen["range"]) == ("h264", "High", [1, 1, 1], 1)
    assert (seen["frames"], seen["equal"]) == (frames, frames)
    assert seen["times"] == pytest.approx(range(frames), abs=0.06)
    assert seen["dts_grows"]
    assert seen["pts_after_dts"]
    assert seen["keys"][1:] == [key for key in (60,) if fps != "60"]
    assert len(ran.asked("open")) == len(ran.asked("destroy")) == 2  # for the parameter sets, and for the film


@pytest.mark.parametrize(("width", "pitch"), [(216, 216), (214, 216)])
def test_pictures_on_the_card_are_registered_once(driver: Driver, tmp_path: Path, width: int, pitch: int) -> None:
    """One pointer and one pitch is all that NVENC learns of a picture; what came out shows where it found chroma."""
    path = str(tmp_path / "a.mp4")
    sizes = {"width_px": width, "height_px": 386}
    seen, ran = play(driver, tmp_path, "film", path=path, source="cuda", frames=90, quality="medium", **sizes)
    assert seen["equal"] == 90
    registered = ran.asked("register")
    assert len(registered) == len({one["pointer"] for one in registered}) == seen["ring"]
    assert {(one["pitch"], one["width"], one["height"], one["format"]) for one in registered} == {
        (pitch, width, 386, NV12)
    }


@pytest.mark.parametrize("quality", ["low", "high"])
def test_a_ring_is_long_enough_and_not_much_longer(driver: Driver, tmp_path: Path, quality: str) -> None:
    """The stand-in reads a picture when its bitstream is fetched; a card may have read it long before."""
    path = str(tmp_path / "a.mp4")
    enough, _ = play(driver, tmp_path, "film", path=path, source="cuda", frames=80, quality=quality, spare=1)
    short, _ = play(driver, tmp_path, "film", path=path, source="cuda", frames=80, quality=quality, spare=-3)
    assert enough["equal"] == 80
    assert short["equal"] < 80


@pytest.mark.parametrize(
    ("codec", "library", "parameters"),
    [
        ("hevc", "libx265", "keyint=60:bframes=3:b-adapt=0:open-gop=0:lossless=1:info=0:log-level=none"),
        ("av1", "libsvtav1", "keyint=60:crf=10"),
    ],
)
def test_other_codecs_pass_through(
    driver: Driver, tmp_path: Path, codec: str, library: str, parameters: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Their packets are a software encoder's; what is looked at is the parameters, the order and the file."""
    replay, path = str(tmp_path / "packets"), str(tmp_path / "a.mp4")
    scenes.record(replay, library, 70, parameters)
    settings: Variables = {"FAKE_NVENC_REPLAY": replay}
    seen, ran = play(
        driver, tmp_path, "film", settings, path=path, source="nv12", frames=70, quality="high", codec=codec
    )
    asked = initialized(ran)
    assert (asked["codec"], asked["idr_period"], asked["colour"]) == (codec, 60, [1, 1, 1, 0])
    assert (asked["interval"], asked["quality"]) == ((4, 22) if codec == "hevc" else (1, 27))
    assert (seen["tag"], seen["frames"]) == ("hvc1" if codec == "hevc" else "av01", 70)
    assert seen["times"] == pytest.approx(range(70), abs=0.06)
    assert seen["dts_grows"]
    assert codec == "av1" or (seen["equal"], asked["profile"]) == (70, HEVC_MAIN)


PROBES: dict[str, tuple[Variables, str, str]] = {
    "no session left": (
        {"FAKE_NVENC_OPEN": 10},
        "NVIDIA L4 opens no further encoding session (out of memory)",
        "end",
    ),
    "older limit": ({"FAKE_NVENC_OPEN": 21}, "no further encoding session (incompatible client key)", "end"),
    "no NVENC": ({"FAKE_NVENC_OPEN": 2, "FAKE_CUDA_NAME": "NVIDIA H200"}, "NVIDIA H200 has no NVENC", "x264"),
    "another card without": ({"FAKE_NVENC_OPEN": 2}, "NVIDIA L4 has no NVENC", "x264"),
    "an old driver": ({"FAKE_NVENC_VERSION": 12 << 4 | 1}, "NVENC 12.1, and 13.0 is needed", "570.0 or newer"),
    "no card": ({"FAKE_CUDA_INIT": 100}, "lists no card", "CUDA_VISIBLE_DEVICES"),
    "no cards": ({"FAKE_CUDA_DEVICES": 0}, "lists no card", "CUDA_VISIBLE_DEVICES"),
    "a broken driver": (
        {"FAKE_CUDA_INIT": 999},
        "CUDA does not start: as the test asked (CUDA_ERROR_UNKNOWN)",
        "nvidia-smi",
    ),
    "no B-frames": ({"FAKE_NVENC_B_FRAMES": 0}, "NVIDIA L4 cannot do what is asked: Max B-frames 3 exceed 0", "x264"),
    "parameters": ({"FAKE_NVENC_INIT": 8}, "InitializeEncoder failed: invalid param (8): the fake says no", "x264"),
    "a picture": ({"FAKE_NVENC_FAIL_AT": 0}, "EncodePicture failed!: invalid param (8)", "x264"),
}


@pytest.mark.parametrize(("settings", "reason", "fix"), PROBES.values(), ids=PROBES.keys())
def test_the_probe_says_why_and_auto_goes_on(
    driver: Driver, tmp_path: Path, settings: Variables, reason: str, fix: str
) -> None:
    seen, _ = play(driver, tmp_path, "probe", {"FAKE_CUDA_NAME": "NVIDIA L4"} | settings, codec="h264")
    assert not seen["usable"]
    assert reason in seen["reason"]
    assert fix in seen["fix"]
    assert seen["auto"] == "x264"


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
def test_the_probe_is_of_the_codec_that_is_wanted(driver: Driver, tmp_path: Path, codec: str) -> None:
    """The stand-in codes H.264 alone by itself; of a codec that gives nothing back the probe says so."""
    seen, ran = play(driver, tmp_path, "probe", codec=codec)
    assert initialized(ran)["codec"] == codec
    assert seen["usable"] is (codec == "h264")
    assert seen["usable"] or "gave nothing back" in seen["reason"]
    lacking, _ = play(driver, tmp_path, "probe", {"FAKE_NVENC_CODECS": "none"}, codec=codec)
    assert f"does not encode {codec}" in lacking["reason"]


def test_auto_takes_nvenc_where_it_works(driver: Driver, tmp_path: Path) -> None:
    seen, ran = play(driver, tmp_path, "probe", codec="h264")
    assert (seen["usable"], seen["reason"], seen["auto"]) == (True, "encoded a frame of h264", "nvenc")
    assert len(ran.asked("open")) == len(ran.asked("destroy"))  # no session is left open


@pytest.mark.parametrize("missing", ["libcuda.so.1", "libnvidia-encode.so.1"])
def test_libraries_that_are_missing_are_named(tmp_path: Path, missing: str) -> None:
    driver = Driver(tmp_path / "driver", without=(missing,))
    seen, _ = play(driver, tmp_path, "probe", codec="h264")
    assert f"{missing} is not found" in seen["reason"]


def test_a_stream_that_does_not_open_says_why(driver: Driver, tmp_path: Path) -> None:
    said, _ = play(driver, tmp_path, "open", {"FAKE_NVENC_OPEN": 10})
    assert said["code"] == 4
    assert "no further encoding session" in said["error"]
    said, _ = play(driver, tmp_path, "open", x264_params="crf=20")
    assert said["code"] == 2


def test_a_card_that_fails_at_work_ends_in_one_line(driver: Driver, tmp_path: Path) -> None:
    settings: Variables = {"FAKE_NVENC_FAIL_AT": 40}
    arguments = json.dumps({"path": str(tmp_path / "a.mp4"), "source": "cuda", "frames": 70})
    ran = driver.run("-m", "fakes.nvenc.scenes", "film", arguments, tmp_path=tmp_path, **settings)
    assert ran.code != 0
    assert "BackendFailedError: encoder h264_nvenc failed at picture 40" in ran.err
    assert len(ran.asked("open")) == len(ran.asked("destroy"))


def test_the_bench_for_cards_measures_what_it_can(driver: Driver, tmp_path: Path) -> None:
    script = str(TESTS.parent / "bench" / "gpu" / "encode.py")
    words = (script, "--source", "host", "--frames", "40", "--size", "216x384")
    document = json.loads(driver.run(*words, tmp_path=tmp_path).out)
    assert [(row["level"], row["packets"], row["psnr_y_db"]) for row in document["rows"]] == [
        (level, 40, 100.0) for level in ("low", "medium", "high")
    ]
    refused = driver.run(*words, tmp_path=tmp_path, FAKE_NVENC_OPEN=2, FAKE_CUDA_NAME="NVIDIA H200")
    assert (refused.code, json.loads(refused.out)["missing"]) == (4, {"host": "nvenc: NVIDIA H200 has no NVENC"})


@pytest.mark.e2e
def test_a_whole_run_through_nvenc_is_one_stream_that_passes_every_rule(driver: Driver, tmp_path: Path) -> None:
    storage, out = str(tmp_path / "storage"), str(tmp_path / "out")
    options = ("--seconds", "19", "--size", "180x320", "--storage", storage, "--out", out, "--workers", "2", "--json")
    ran = driver.run("-m", "nvpipe", "run", "--sample", *options, tmp_path=tmp_path)
    assert ran.code == 0, ran.err
    (job,) = json.loads(ran.out)["jobs"]
    manifest = json.loads(Path(job["manifest"]).read_text("utf-8"))
    assert manifest["backends"]["encode"] == {"used": "nvenc", "wanted": "auto", "reason": ""}
    # The probe's, the one for the parameter sets, and the film's, although there were two processes for chunks.
    assert [one["frames"] for one in ran.asked("destroy")] == [1, 1, 570]
    checked = driver.run("-m", "nvpipe", "check", job["output"], tmp_path=tmp_path)
    assert checked.code == 0, checked.out
