"""What the user brings: a script that nobody rewrites, and perhaps its narration, which nobody speaks again."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from nvpipe.cache.disk import digest_file
from nvpipe.errors import BackendFailedError, BackendUnavailableError, MediaError, UsageError
from nvpipe.pipeline.casting import cast, recast
from nvpipe.pipeline.tell import LEAD_S, TAIL_S, Told
from nvpipe.story.given import WRITER, article_of, read_script
from nvpipe.types import BackendChoice, Narration
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from nvpipe.cache.stages import StageStore
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.types import Article, Script
    from nvpipe.voice import Speaker

VERSION = 1
"""Part of the cache keys; a change of what comes of the same files changes it."""
SPEAKER = "given"
REASON = "the user brought it"
ALIGNMENT = "alignment"
NOTICED_S = 0.5
"""A file that misses the length asked for by more gets a notice."""
ALIGN_RATE_HZ = 16_000
SOUND_RATE_HZ = 48_000
_HEAD_S, _END_S = 0.1, 0.3
"""What is left of the silence before and after a narration."""


def require_text(settings: Settings, where: str) -> None:
    """A narration comes with its text.

    Raises:
        UsageError: it does not.
    """
    if settings.narration is not None and settings.script is None:
        raise UsageError(f"{where}: --narration needs its text", hint="give --script FILE, one spoken line a line")


def given_article(settings: Settings) -> Article:
    """The article of a job that names a script alone.

    Raises:
        ArticleError: the script cannot be read.
    """
    assert settings.script is not None
    return article_of(read_script(settings.script, settings.language), settings.script)


def given_key(settings: Settings) -> dict[str, object]:
    """What a job's files follow from besides its options: the content of what the user brought.

    Raises:
        ArticleError: the script cannot be read.
        MediaError: the narration cannot be read.
    """
    found: dict[str, object] = {}
    if settings.script is not None:
        found["script"] = read_script(settings.script, settings.language).digest
    if settings.narration is not None:
        found["narration"] = _digest(settings.narration)
    return found


def told_as_given(settings: Settings, tools: Toolbox, store: StageStore, log: JobLog, work: Path) -> Told:
    """The script and its narration as long as they are.

    Args:
        settings: names the script, and perhaps the narration.
        tools: who speaks the script when there is no narration.
        store: where narrations are kept.
        log: where stages and warnings are recorded.
        work: folder for unfinished files.

    Raises:
        ArticleError: the script cannot be read or spoken, or the narration says something else.
        MediaError: the narration cannot be read.
        BackendFailedError: the synthesiser failed.
    """
    assert settings.script is not None
    with log.stage("script", digest_of([VERSION, given_key(settings)])) as stage:
        script = read_script(settings.script, settings.language)
        stage.backend = WRITER
    tools.choices["write"] = BackendChoice(WRITER, settings.writer, REASON)
    if settings.narration is None:
        narration = _spoken(script, settings, tools, store, log, work)
    else:
        tools.choices["speak"] = BackendChoice(SPEAKER, settings.speaker, REASON)
        narration = _aligned(settings.narration, script, store, log, work)
    duration_s = LEAD_S + narration.duration_s + TAIL_S
    usual = next(field.default for field in fields(settings) if field.name == "seconds")
    if settings.seconds != usual and abs(duration_s - settings.seconds) > NOTICED_S:
        log.notice(f"the script is told as it is, which takes {duration_s:.1f} s, not {settings.seconds:g} s")
    return Told(script, narration, 1.0, duration_s)


def _spoken(
    script: Script, settings: Settings, tools: Toolbox, store: StageStore, log: JobLog, work: Path
) -> Narration:
    language = settings.language or script.language
    speaker, voice = cast(language, settings, tools, log)
    try:
        return _narrated(script, settings, speaker, voice, tools, store, log, work)
    except (BackendFailedError, BackendUnavailableError) as error:
        speaker, voice = recast(error, language, settings, tools, log)
        return _narrated(script, settings, speaker, voice, tools, store, log, work)


def _narrated(
    script: Script,
    settings: Settings,
    speaker: Speaker,
    voice: str,
    tools: Toolbox,
    store: StageStore,
    log: JobLog,
    work: Path,
) -> Narration:
    key = digest_of([VERSION, script.digest, speaker.version, voice, settings.speed])
    with log.stage("narration", key) as stage:
        stage.backend = tools.choices["speak"].used
        narration = store.load_narration(key)
        stage.cached = narration is not None
        if narration is None:
            spoken = speaker.speak(script, voice=voice, rate=settings.speed, output=work / "narration.wav")
            narration = store.save_narration(key, spoken)
    return narration


def _aligned(path: Path, script: Script, store: StageStore, log: JobLog, work: Path) -> Narration:
    """The narration as mono WAV without the silence around it, each word at its time."""
    from nvpipe.voice.alignment import align as alignment

    key = digest_of([VERSION, alignment.VERSION, _digest(path), script.digest])
    with log.stage("narration", key) as stage:
        stage.backend = SPEAKER
        narration = store.load_narration(key)
        kept: Any = store.load(ALIGNMENT, key) if narration is not None else None
        stage.cached = narration is not None and isinstance(kept, str)
        if narration is None or not isinstance(kept, str):
            made, kept = _align(path, script, work)
            store.save(ALIGNMENT, key, kept)
            narration = store.save_narration(key, made)
    if kept:
        log.warn(f"{path.name}: {kept}")
    return narration


def _align(path: Path, script: Script, work: Path) -> tuple[Narration, str]:
    """A narration with its word times, and what speaks against them."""
    from nvpipe.media.audio import read_audio
    from nvpipe.voice.alignment.align import align, speech_bounds

    heard = sound_of(path, ALIGN_RATE_HZ)
    start_s, end_s = speech_bounds(heard, ALIGN_RATE_HZ)
    start_s, end_s = max(0.0, start_s - _HEAD_S), min(len(heard) / ALIGN_RATE_HZ, end_s + _END_S)
    speech = heard[round(start_s * ALIGN_RATE_HZ) : round(end_s * ALIGN_RATE_HZ)]
    found = align(speech, ALIGN_RATE_HZ, script, script.language)
    whole = read_audio(path, rate_hz=SOUND_RATE_HZ, channels=1, start_s=start_s, end_s=end_s)[0]
    output = work / "narration.wav"
    _write(whole, output)
    duration_s = len(whole) / SOUND_RATE_HZ
    return Narration(output, SOUND_RATE_HZ, duration_s, SPEAKER, path.name, found.words), found.doubt


def sound_of(path: Path, rate_hz: int) -> NDArray[np.float32]:
    """The sound of a file, mono, no longer than what can be aligned and a little more.

    Raises:
        MediaError: it cannot be read or has no sound.
    """
    import numpy as np

    from nvpipe.media.audio import audio_blocks
    from nvpipe.media.safety import name_of
    from nvpipe.voice.alignment.align import LONGEST_S

    blocks = list(audio_blocks(path, rate_hz=rate_hz, channels=1, end_s=LONGEST_S + 1))
    if not blocks:
        raise MediaError(f"{name_of(path)} has no sound", hint="name a file with the narration in it")
    sound: NDArray[np.float32] = np.concatenate(blocks, axis=1)[0]
    return sound


def _write(samples: NDArray[np.float32], output: Path) -> None:
    import numpy as np

    from nvpipe.voice.sound import write_wav

    # What is louder than full scale is made quieter as a whole instead of being cut off.
    peak = max(1.0, float(np.abs(samples).max(initial=0.0)))
    write_wav(np.round(samples * np.float32(32767 / peak)).astype(np.int16), SOUND_RATE_HZ, output)


def _digest(path: Path) -> str:
    from nvpipe.media.safety import name_of, read_head

    read_head(path)
    try:
        return digest_file(path)
    except OSError as error:
        raise MediaError(f"{name_of(path)} cannot be read: {error.strerror}", hint="check the permissions") from error
