"""`nvpipe caption` on finished videos."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np
import pytest
from fakes.cli import Cli
from fakes.media import make_video, solid
from fakes.readers import LINES, recorded

from nvpipe.media.audio import read_audio
from nvpipe.types import Narration

pytestmark = pytest.mark.e2e
RATE_HZ = 48_000


@pytest.fixture
def spoken(tmp_path: Path) -> tuple[Path, Narration]:
    """A grey wide video, turned by its matrix, in which a line is spoken from second 1 on."""
    true, _ = recorded(tmp_path / "voice.wav", "en-us+f3", lines=LINES[:1])
    voice = read_audio(tmp_path / "voice.wav", rate_hz=RATE_HZ, channels=1)[0]
    sound = np.zeros((2, round((true.duration_s + 2) * RATE_HZ)), np.float32)
    sound[:, RATE_HZ : RATE_HZ + len(voice)] = voice
    path = tmp_path / "talk.mp4"
    seconds = sound.shape[1] / RATE_HZ
    make_video(path, seconds=seconds, fps=25, size=(320, 240), picture=solid(90, 90, 90), sound=sound, rotation=90)
    (tmp_path / "talk.txt").write_text(LINES[0])
    return path, true


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_words_appear_when_they_are_said(cli: Cli, spoken: tuple[Path, Narration], tmp_path: Path) -> None:
    video, true = spoken
    before = hashlib.sha256(video.read_bytes()).hexdigest()
    out = tmp_path / "new" / "done.mp4"
    result = cli("caption", video, "--text", tmp_path / "talk.txt", "--out", out, "--quality", "high", "--json")
    assert result.code == 0, result.err
    assert result.json["output"] == str(out)
    assert result.json["sound_copied"]
    misses = [
        abs(word["start_s"] - known.start_s - 1) for word, known in zip(result.json["words"], true.words, strict=True)
    ]
    assert sorted(misses)[len(misses) * 9 // 10] < 0.1
    assert "-->" in out.with_suffix(".srt").read_text()
    assert sorted(path.name for path in out.parent.iterdir()) == ["done.mp4", "done.srt"]
    assert hashlib.sha256(video.read_bytes()).hexdigest() == before
    assert packets(out) == packets(video)
    assert np.array_equal(
        read_audio(out, rate_hz=RATE_HZ, channels=2)[:, :RATE_HZ],
        read_audio(video, rate_hz=RATE_HZ, channels=2)[:, :RATE_HZ],
    )
    shown, original = pictures(out), pictures(video)
    assert shown[0].shape == (320, 240)
    assert len(shown) == len(original)
    assert np.ptp(shown[5]) < 12, "nothing is said yet"
    middle_s = 1 + true.words[3].start_s
    assert np.ptp(shown[round(middle_s * 25) + 2]) > 100


def test_subtitles_bring_their_own_times(cli: Cli, tmp_path: Path) -> None:
    video, text = tmp_path / "v.mkv", tmp_path / "v.vtt"
    make_video(video, seconds=3, size=(322, 181), audio="flac", container="matroska", codec="ffv1")
    text.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello <b>there</b>\n")
    result = cli("caption", video, "--text", text, "--out", tmp_path / "o.mp4", "--subtitles", "vtt", "--json")
    assert result.code == 0, result.err
    assert not result.json["sound_copied"]
    assert [word["start_s"] for word in result.json["words"]] == [1.0, 1.5]
    assert (tmp_path / "o.vtt").is_file()
    with av.open(str(tmp_path / "o.mp4")) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (322, 180)
        assert container.streams.audio[0].codec_context.name == "aac"


def test_what_cannot_be_used_is_one_line(cli: Cli, spoken: tuple[Path, Narration], tmp_path: Path) -> None:
    video, _ = spoken
    text, mute, cut = tmp_path / "talk.txt", tmp_path / "mute.mp4", tmp_path / "cut.mp4"
    make_video(mute, audio=None)
    cut.write_bytes(video.read_bytes()[:2000])
    empty = tmp_path / "empty.srt"
    empty.write_text("")
    for code, says, arguments in (
        (3, "no sound", (mute, "--text", text)),
        (3, "gone.mp4", (tmp_path / "gone.mp4", "--text", text)),
        (3, "cut.mp4", (cut, "--text", text)),
        (3, "gone.txt", (video, "--text", tmp_path / "gone.txt")),
        (3, "empty.srt", (video, "--text", empty)),
        (2, "input", (video, "--text", text, "--out", video)),
        (2, "input", (video, "--text", empty, "--out", tmp_path / "empty.mp4")),
        (2, "no .mp4", (video, "--text", text, "--out", tmp_path / "a.mov")),
        (2, "nothing to do", (video, "--text", text, "--captions", "none")),
        (2, "--text", (video,)),
    ):
        result = cli("caption", *arguments)
        assert result.code == code, (arguments, result.err)
        (line,) = result.error_lines
        assert says in line
    assert not list(tmp_path.glob("**/*captioned*"))
