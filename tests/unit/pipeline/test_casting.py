"""Who speaks a language that the chosen speaker does not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nvpipe.errors import (
    ArticleError,
    BackendFailedError,
    NvpipeError,
    OutOfMemoryError,
    SpeakerFailedError,
    UsageError,
    WriterFailedError,
)
from nvpipe.pipeline.casting import cast, recast
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog
from nvpipe.settings import Settings
from nvpipe.types import BackendChoice

if TYPE_CHECKING:
    from nvpipe.pipeline.tools import Toolbox


class Polyglot:
    """Has a voice for some languages."""

    def __init__(self, name: str, *languages: str) -> None:
        self.name = name
        self._languages = languages

    def resolve_voice(self, language: str, voice: str | None) -> str:
        if voice is not None and not voice.startswith(self.name):
            raise UsageError(f"{self.name} has no voice named {voice}")
        if language not in self._languages:
            raise ArticleError(f"{self.name} does not speak {language}")
        return voice or f"{self.name}-{language}"


class Tools:
    """Two speakers, of which `auto` takes the better one."""

    def __init__(self, wanted: str) -> None:
        self.wanted = wanted
        self.choices: dict[str, BackendChoice] = {}
        self._speakers = {"kokoro": Polyglot("kokoro", "en", "es"), "espeak": Polyglot("espeak", "en", "es", "pl")}

    def speaker(self, wanted: str | None = None) -> Any:
        name = wanted or self.wanted
        used = "kokoro" if name == "auto" else name
        self.choices["speak"] = BackendChoice(used, name, "")
        return self._speakers[used]


class Scene:
    def __init__(self, wanted: str = "auto", voice: str | None = None) -> None:
        self.tools = Tools(wanted)
        self.log = JobLog("job", Silent())
        self._settings = Settings(storage=Path("storage"), speaker=wanted, voice=voice)

    def cast(self, language: str) -> tuple[str, str]:
        tools: Toolbox = self.tools  # type: ignore[assignment]
        speaker, voice = cast(language, self._settings, tools, self.log)
        return speaker.name, voice  # type: ignore[attr-defined]

    def recast(self, error: NvpipeError) -> tuple[str, str]:
        self.cast("en")
        tools: Toolbox = self.tools  # type: ignore[assignment]
        speaker, voice = recast(error, "en", self._settings, tools, self.log)
        return speaker.name, voice  # type: ignore[attr-defined]


def test_the_better_speaker_is_taken_where_it_has_the_language() -> None:
    scene = Scene()
    assert scene.cast("es") == ("kokoro", "kokoro-es")
    assert scene.log.warnings == []


def test_the_embedded_one_takes_over_and_says_so() -> None:
    scene = Scene()
    assert scene.cast("pl") == ("espeak", "espeak-pl")
    assert scene.tools.choices["speak"] == BackendChoice("espeak", "auto", "kokoro: kokoro does not speak pl")
    assert scene.log.warnings == ["speaker espeak is used, since kokoro: kokoro does not speak pl"]


def test_a_speaker_that_was_named_does_not_fall_back() -> None:
    with pytest.raises(ArticleError, match="kokoro does not speak pl"):
        Scene("kokoro").cast("pl")


def test_a_voice_that_was_named_stays_with_its_speaker() -> None:
    with pytest.raises(ArticleError, match="kokoro does not speak pl"):
        Scene(voice="kokoro-heart").cast("pl")


def test_a_language_that_nobody_speaks_is_the_articles_fault() -> None:
    with pytest.raises(ArticleError, match="espeak does not speak xx"):
        Scene().cast("xx")


def test_a_voice_that_nobody_has_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        Scene(voice="nobody").cast("en")


def test_a_language_that_is_lacking_will_be_lacking() -> None:
    scene = Scene()
    scene.cast("pl")
    assert not scene.log.fallback


@pytest.mark.parametrize("error", [BackendFailedError("it crashed"), OutOfMemoryError("it crashed")])
def test_the_embedded_one_takes_over_from_one_that_fails_while_it_speaks(error: NvpipeError) -> None:
    scene = Scene()
    assert scene.recast(error) == ("espeak", "espeak-en")
    assert scene.tools.choices["speak"] == BackendChoice("espeak", "auto", "kokoro: it crashed")
    assert scene.log.warnings == ["speaker espeak is used, since kokoro: it crashed"]
    assert scene.log.fallback


@pytest.mark.parametrize("scene", [Scene("kokoro"), Scene(voice="kokoro-heart")])
def test_one_that_was_named_is_not_made_up_for_when_it_fails(scene: Scene) -> None:
    with pytest.raises(SpeakerFailedError, match="it crashed") as caught:
        scene.recast(BackendFailedError("it crashed"))
    assert caught.value.exit_code == 4
    with pytest.raises(OutOfMemoryError):
        scene.recast(OutOfMemoryError("no room"))


def test_the_writers_failure_is_not_the_speakers() -> None:
    with pytest.raises(WriterFailedError):
        Scene().recast(WriterFailedError("no script"))


def test_nobody_takes_over_from_the_embedded_one() -> None:
    scene = Scene()
    scene.cast("pl")
    with pytest.raises(BackendFailedError, match="it crashed"):
        recast(BackendFailedError("it crashed"), "pl", Settings(storage=Path("s")), scene.tools, scene.log)  # type: ignore[arg-type]
