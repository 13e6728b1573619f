"""An article into a script and its narration of the length asked for: write, speak, measure, correct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.types.codec import digest_of, from_json, to_json
from nvpipe.types.text import Script

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.cache.stages import StageStore
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.story import Writer
    from nvpipe.types import Article, Narration
    from nvpipe.voice import Speaker

VERSION = 1
"""Part of the cache key; a change of how lengths are met changes it."""
LEAD_S = 0.0
"""Before the narration: none, a short starts with its hook."""
TAIL_S = 0.8
"""After the last word, when nothing else decides."""
SHORTEST_TAIL_S, LONGEST_TAIL_S = 0.35, 2.0
SLOWEST, FASTEST = 0.9, 1.12
"""How far the speaking rate may be bent to meet a length."""
HOPELESS = 0.75
"""Narrations that fill less than this share of the aim keep their natural rate."""
FIRST_GUESS = 2.96
"""Words a second before anything was measured."""
CLOSE_S = 0.35
"""Spoken length this near to the aim needs no other try; the tail takes up the rest."""
ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Tellers:
    """The backends that write and speak, by name, and the voice."""

    writer: Writer
    writer_name: str
    speaker: Speaker
    speaker_name: str
    voice: str
    language: str


@dataclass(frozen=True, slots=True)
class Told:
    """A script as it was spoken."""

    script: Script
    narration: Narration
    rate: float
    duration_s: float
    """Length of the finished file."""


@dataclass(frozen=True, slots=True)
class _Try:
    script: Script
    rate: float
    spoken_s: float

    def miss_s(self, aim_s: float) -> float:
        return abs(self.spoken_s - aim_s)


def tell(article: Article, seconds: float, tellers: Tellers, store: StageStore, log: JobLog, work: Path) -> Told:
    """Script and narration for a finished file of `seconds`, from the cache where they are known.

    Args:
        article: what to tell.
        seconds: length of the finished file.
        tellers: who writes and speaks.
        store: where scripts and narrations are kept.
        log: where stages are recorded.
        work: folder for tries that are thrown away.

    Raises:
        ArticleError: there is nothing in the article that can be told.
        BackendFailedError: the synthesiser failed.
    """
    aim_s = seconds - LEAD_S - TAIL_S
    key = digest_of(
        [
            VERSION,
            article.digest,
            seconds,
            tellers.writer.version,
            tellers.speaker.version,
            tellers.voice,
            tellers.language,
        ]
    )
    with log.stage("script", key) as stage:
        stage.backend = tellers.writer_name
        plan = _load_plan(store, key)
        stage.cached = plan is not None
        if plan is None:
            plan = _find_plan(article, aim_s, tellers, work)
            store.save("script", key, {"script": to_json(plan.script), "rate": plan.rate})
    narration = _narrate(plan, tellers, store, log, work)
    spoken_s = narration.duration_s
    natural_s = spoken_s + LEAD_S + TAIL_S
    # The tail grows or shrinks a little so that the file has the very length that was asked for.
    exact = SHORTEST_TAIL_S <= seconds - LEAD_S - spoken_s <= LONGEST_TAIL_S
    return Told(plan.script, narration, plan.rate, seconds if exact else natural_s)


def _load_plan(store: StageStore, key: str) -> _Try | None:
    data = store.load("script", key)
    try:
        if isinstance(data, dict):
            return _Try(from_json(Script, data["script"]), float(data["rate"]), 0.0)
    except (KeyError, TypeError, ValueError):
        return None
    return None


def _find_plan(article: Article, aim_s: float, tellers: Tellers, work: Path) -> _Try:
    """The script and speaking rate whose narration comes nearest to the aim."""
    from nvpipe.story.speech import spoken_words

    words_per_second = FIRST_GUESS
    best: _Try | None = None
    seen: set[str] = set()
    for _ in range(ROUNDS):
        script = tellers.writer.write(
            article, language=tellers.language, seconds=aim_s, words_per_second=words_per_second
        )
        if script.digest in seen:
            break
        seen.add(script.digest)
        plain_s = _speak(script, tellers, 1.0, work)
        found = _bend(_Try(script, 1.0, plain_s), aim_s, tellers, work)
        if best is None or found.miss_s(aim_s) < best.miss_s(aim_s):
            best = found
        if found.miss_s(aim_s) <= CLOSE_S:
            break
        words_per_second = sum(spoken_words(line.text, tellers.language) for line in script.lines) / plain_s
    assert best is not None
    return best


def _bend(plain: _Try, aim_s: float, tellers: Tellers, work: Path) -> _Try:
    """The same script at the speaking rate that brings it nearest to the aim, within what sounds natural."""
    best = plain
    rate = plain.spoken_s / aim_s
    if rate < HOPELESS:
        # Too little to say: a slow voice would not hide it.
        return plain
    for _ in range(3):
        rate = round(min(max(rate, SLOWEST), FASTEST), 3)
        if best.miss_s(aim_s) <= CLOSE_S or rate == best.rate:
            break
        found = _Try(plain.script, rate, _speak(plain.script, tellers, rate, work))
        if found.miss_s(aim_s) < best.miss_s(aim_s):
            best = found
        rate *= found.spoken_s / aim_s
    return best


def _speak(script: Script, tellers: Tellers, rate: float, work: Path) -> float:
    return tellers.speaker.speak(script, voice=tellers.voice, rate=rate, output=work / "try.wav").duration_s


def _narrate(plan: _Try, tellers: Tellers, store: StageStore, log: JobLog, work: Path) -> Narration:
    key = digest_of([VERSION, plan.script.digest, tellers.speaker.version, tellers.voice, plan.rate])
    with log.stage("narration", key) as stage:
        stage.backend = tellers.speaker_name
        narration = store.load_narration(key)
        stage.cached = narration is not None
        if narration is None:
            spoken = tellers.speaker.speak(
                plan.script, voice=tellers.voice, rate=plan.rate, output=work / "narration.wav"
            )
            narration = store.save_narration(key, spoken)
    return narration
