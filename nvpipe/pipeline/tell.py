"""An article into a script and its narration of the length asked for: write, speak, measure, correct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import WriterFailedError
from nvpipe.pipeline.drafts import Draft, Try
from nvpipe.pipeline.lengths import file_length, goal_of
from nvpipe.types.codec import digest_of, from_json, to_json
from nvpipe.types.text import Script

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.cache.stages import StageStore
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.story import Writer
    from nvpipe.types import Article, Narration
    from nvpipe.voice import Speaker

VERSION = 2
"""Part of the cache key; a change of how lengths are met changes it."""
LEAD_S = 0.0
"""Before the narration: none, a short starts with its hook."""
TAIL_S = 0.8
"""After the narration of a script whose length is not asked for."""
FIRST_GUESS = 2.96
"""Words a second before anything was measured."""
WRITINGS = 3
WITHIN_S = 0.5
"""A script that can be brought this near to its length is not written again."""
UNDERDELIVERED = 0.92
MOST_ASKED = 1.35
"""A writer that gave less than this share of what was asked is asked for more, up to so much."""


@dataclass(frozen=True, slots=True)
class Tellers:
    """The backends that write and speak, by name, and the voice."""

    writer: Writer
    writer_name: str
    speaker: Speaker
    speaker_name: str
    voice: str
    language: str
    speed: float = 1.0
    """The speaking rate that the user asked for."""
    call_to_action: str = ""
    """The script's last line, where it is this, stays."""


@dataclass(frozen=True, slots=True)
class Told:
    """A script as it was spoken."""

    script: Script
    narration: Narration
    rate: float
    duration_s: float
    """Length of the finished file."""


def tell(article: Article, seconds: float, tellers: Tellers, store: StageStore, log: JobLog, work: Path) -> Told:
    """Script and narration for a finished file of `seconds`, from the cache where they are known.

    The script is spoken once at the rate asked for. From the times of its words follows which lines are
    left out, and by how much the rate is bent, so that the file meets its length (`pipeline.lengths`);
    that is spoken, measured again, and corrected where the voice did not do as expected. Only a script
    that cannot be brought to its length is written anew, with the pace that was measured.

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
    key = _script_key(article, seconds, tellers)
    with log.stage("script", key) as stage:
        stage.backend = tellers.writer_name
        plan = _load_plan(store, key)
        stage.cached = plan is not None
        if plan is None:
            plan = _find_plan(article, seconds, tellers, log, work)
            store.save("script", key, {"script": to_json(plan.script), "rate": plan.rate})
        stage.made_bytes = sum(len(line.text.encode("utf-8", "replace")) for line in plan.script.lines)
    narration = _narrate(plan, tellers, store, log, work)
    end_s = narration.words[-1].end_s if narration.words else narration.duration_s
    length_s = file_length(seconds, LEAD_S, narration.duration_s, end_s)
    return Told(plan.script, narration, plan.rate, length_s)


def kept_story(article: Article, seconds: float, tellers: Tellers, store: StageStore) -> tuple[bool, float | None]:
    """Whether the script is in the cache, and how long the short is when its narration is there too."""
    plan = _load_plan(store, _script_key(article, seconds, tellers))
    if plan is None:
        return False, None
    narration = store.load_narration(_narration_key(plan, tellers))
    if narration is None:
        return True, None
    end_s = narration.words[-1].end_s if narration.words else narration.duration_s
    return True, file_length(seconds, LEAD_S, narration.duration_s, end_s)


def _script_key(article: Article, seconds: float, tellers: Tellers) -> str:
    return digest_of(
        [
            VERSION,
            article.digest,
            seconds,
            tellers.writer.version,
            tellers.speaker.version,
            tellers.voice,
            tellers.language,
            tellers.speed,
            tellers.call_to_action,
        ]
    )


def _narration_key(plan: Try, tellers: Tellers) -> str:
    return digest_of([VERSION, plan.script.digest, tellers.speaker.version, tellers.voice, plan.rate])


def _load_plan(store: StageStore, key: str) -> Try | None:
    data = store.load("script", key)
    try:
        if isinstance(data, dict):
            return Try(from_json(Script, data["script"]), float(data["rate"]), None)
    except (KeyError, TypeError, ValueError):
        return None
    return None


def _find_plan(article: Article, seconds: float, tellers: Tellers, log: JobLog, work: Path) -> Try:
    """The script and speaking rate whose narration comes nearest to the length."""
    from nvpipe.story.speech import spoken_words

    goal = goal_of(seconds, LEAD_S, tellers.speed)
    aim_s = (goal.earliest_s + goal.latest_s) / 2
    asked = FIRST_GUESS * tellers.speed
    drafts: list[Draft] = []
    seen: set[str] = set()
    for _ in range(WRITINGS):
        try:
            script = tellers.writer.write(article, language=tellers.language, seconds=aim_s, words_per_second=asked)
        except WriterFailedError:
            if not drafts:
                raise
            break
        if script.digest in seen:
            break
        seen.add(script.digest)
        draft = Draft(script, tellers.speaker, tellers.voice, goal, work, tellers.call_to_action)
        drafts.append(draft)
        draft.speak_whole()
        if draft.promise_s <= WITHIN_S:
            break
        words = sum(spoken_words(line.text, tellers.language) for line in script.lines)
        given = words / (aim_s * asked)
        asked = words / max(draft.whole_s, 0.1)
        if draft.is_short and given < UNDERDELIVERED:
            asked *= min(MOST_ASKED, 1 / given)
    best = min(drafts, key=lambda draft: draft.promise_s)
    found = best.as_it_is() if best.is_short and best.promise_s > WITHIN_S else best.brought_to_length()
    log.detail(f"spoken {sum(draft.spoken for draft in drafts)} times, written {len(drafts)} times")
    return found


def _narrate(plan: Try, tellers: Tellers, store: StageStore, log: JobLog, work: Path) -> Narration:
    key = _narration_key(plan, tellers)
    with log.stage("narration", key) as stage:
        stage.backend = tellers.speaker_name
        narration = store.load_narration(key)
        stage.cached = narration is not None
        if narration is None:
            spoken = plan.narration or tellers.speaker.speak(
                plan.script, voice=tellers.voice, rate=plan.rate, output=work / "narration.wav"
            )
            narration = store.save_narration(key, spoken)
        stage.made(narration.audio_path)
    return narration
