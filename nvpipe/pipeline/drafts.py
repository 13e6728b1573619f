"""A script that is spoken, measured and corrected until it has its length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from nvpipe.pipeline.lengths import Choice, Goal, Line, choose, measured_lines
from nvpipe.story.speakable import leans_on_previous
from nvpipe.story.worth import line_values
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.types import Narration, Script
    from nvpipe.voice import Speaker

CORRECTIONS = 3
"""So often is a script spoken again after the first time."""
CLOSE_S = 0.015
"""Half a frame: an end this near to what is wanted needs no other try."""


@dataclass(frozen=True, slots=True)
class Try:
    """A script at a rate, and how it was spoken if it was."""

    script: Script
    rate: float
    narration: Narration | None

    @property
    def end_s(self) -> float:
        """End of the last word."""
        assert self.narration is not None
        return self.narration.words[-1].end_s if self.narration.words else self.narration.duration_s


class Draft:
    """A script as it was written, and what is known of how long its lines take.

    Args:
        script: what the writer made.
        speaker: who speaks it.
        voice: the voice.
        goal: when its last word is to end, and the rate asked for.
        work: folder for tries that are thrown away.
        call_to_action: a last line that stays.
    """

    def __init__(
        self, script: Script, speaker: Speaker, voice: str, goal: Goal, work: Path, call_to_action: str = ""
    ) -> None:
        self._script = script
        self._speaker = speaker
        self._voice = voice
        self._goal = goal
        self._work = work
        self._call_to_action = call_to_action.strip()
        self._known: dict[int, tuple[float, float]] = {}
        self._head_s = 0.0
        self._tries: dict[tuple[tuple[int, ...], float], Try] = {}
        self._latest: Try | None = None
        self._chosen: Choice | None = None

    @property
    def spoken(self) -> int:
        """How often it was spoken."""
        return len(self._tries)

    @property
    def whole_s(self) -> float:
        """How long the whole script took at the rate asked for."""
        return self.as_it_is().end_s

    @property
    def promise_s(self) -> float:
        """How far the best choice of lines and rate is expected to miss the goal."""
        return min(self._goal.miss_s(self._choice().end_s), self._miss_s(self._best))

    @property
    def is_short(self) -> bool:
        """Whether all of it at the rate asked for ends too early."""
        return self.whole_s < self._goal.earliest_s

    def as_it_is(self) -> Try:
        """All lines at the rate asked for."""
        return self._tries[self._everything, self._goal.rate]

    def speak_whole(self) -> None:
        """Measure all lines at the rate asked for.

        Raises:
            ArticleError: nothing in them can be spoken.
            BackendFailedError: the synthesiser failed.
        """
        self._speak(self._everything, self._goal.rate)

    def brought_to_length(self) -> Try:
        """The lines and the rate that came nearest to the goal, spoken.

        Raises:
            BackendFailedError: the synthesiser failed.
        """
        for _ in range(CORRECTIONS):
            missed_s = self._miss_s(self._best)
            choice = self._choice()
            is_better = self._goal.miss_s(choice.end_s) < missed_s - CLOSE_S
            if missed_s <= CLOSE_S or not is_better or (choice.kept, choice.rate) in self._tries:
                break
            self._speak(choice.kept, choice.rate)
        return self._best

    @property
    def _everything(self) -> tuple[int, ...]:
        return tuple(range(len(self._script.lines)))

    @property
    def _best(self) -> Try:
        return min(self._tries.values(), key=self._miss_s)

    def _miss_s(self, one: Try) -> float:
        return self._goal.miss_s(one.end_s)

    def _choice(self) -> Choice:
        if self._chosen is None:
            self._chosen = self._choose()
        return self._chosen

    def _choose(self) -> Choice:
        assert self._latest is not None
        if not self._miss_s(self._latest) and self._latest is self.as_it_is():
            return Choice(self._everything, self._goal.rate, self._latest.end_s)
        lines = [replace(line, speech_s=self._known[at][0], pause_s=self._known[at][1]) for at, line in self._lines]
        return choose(lines, self._head_s, self._latest.rate, self._goal)

    @cached_property
    def _lines(self) -> list[tuple[int, Line]]:
        """The lines with their number, their times left open."""
        texts = [line.text for line in self._script.lines]
        values = line_values(texts, self._script.language)
        last = len(texts) - 1
        found = []
        for at, (text, value) in enumerate(zip(texts, values, strict=True)):
            stays = at == 0 or (at == last and text.strip() == self._call_to_action)
            leans = not stays and leans_on_previous(text, self._script.language)
            found.append((at, Line(0.0, 0.0, value, leans, stays)))
        return found

    def _speak(self, kept: tuple[int, ...], rate: float) -> None:
        script = self._script if kept == self._everything else _only(self._script, kept)
        output = self._work / f"try-{len(self._tries)}-{script.digest[:12]}.wav"
        narration = self._speaker.speak(script, voice=self._voice, rate=rate, output=output)
        words = [(word.line, word.start_s, word.end_s) for word in narration.words]
        # What is not said this time is known from another rate.
        scale = self._latest.rate / rate if self._latest else 1.0
        earlier = {at: (speech_s * scale, pause_s * scale) for at, (speech_s, pause_s) in self._known.items()}
        self._known = measured_lines(words, earlier, kept)
        self._head_s = words[0][1] if words else 0.0
        self._chosen = None
        self._latest = self._tries[kept, rate] = Try(script, rate, narration)


def _only(script: Script, kept: tuple[int, ...]) -> Script:
    lines = tuple(script.lines[at] for at in kept)
    return replace(script, lines=lines, digest=digest_of([list(lines), script.language, script.digest]))
