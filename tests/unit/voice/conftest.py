"""A real eSpeak NG and short ways to speak with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nvpipe.types import Narration, Script, ScriptLine
from nvpipe.voice.espeak import EspeakSpeaker

Speak = Callable[..., Narration]


def script_of(*lines: str, language: str = "en") -> Script:
    return Script(tuple(ScriptLine(line, ()) for line in lines), language, "test", "0")


@pytest.fixture(scope="session")
def speaker() -> EspeakSpeaker:
    return EspeakSpeaker()


@pytest.fixture
def speak(speaker: EspeakSpeaker, tmp_path: Path) -> Speak:
    """speak(*lines, language="en", voice="en-us", rate=1.0, name="voice.wav")"""

    def run(
        *lines: str, language: str = "en", voice: str = "en-us", rate: float = 1.0, name: str = "voice.wav"
    ) -> Narration:
        script = script_of(*lines, language=language)
        return speaker.speak(script, voice=voice, rate=rate, output=tmp_path / name)

    return run


@pytest.fixture
def make_script() -> Callable[..., Script]:
    return script_of
