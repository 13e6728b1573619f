"""How far finished shorts are from the length asked for, and how often each was spoken.

    python bench/lengths.py [--out TABLE.md] [--json]

Every article in `lengths/` and the packaged sample is written by the extractive writer and spoken by eSpeak NG for
several lengths and voices; nothing is rendered, since a render is as long as the timeline says, to half a frame. A
run that is short because the article has no more to say is counted apart: its length is the article's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from nvpipe.cache.stages import StageStore
from nvpipe.pipeline.reporter import Silent
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tell import Tellers, tell
from nvpipe.registry import Probe
from nvpipe.sample import sample_article
from nvpipe.story.article import read_article
from nvpipe.story.extractive import ExtractiveWriter, told_sentences
from nvpipe.story.language import detect_language
from nvpipe.types import Narration, Script
from nvpipe.voice import Booth, Manner
from nvpipe.voice.espeak import EspeakSpeaker

FOLDER = Path(__file__).parent / "lengths"
LENGTHS_S = (12.0, 20.0, 30.0, 45.0, 60.0, 90.0)
VOICES: dict[str, tuple[str | None, ...]] = {
    "en": (None, "en-gb-x-rp", "en-us+f3", "en-gb-scotland+m7", "en-us+klatt2"),
    "es": (None, "es-419"),
    "pt": (None, "pt"),
}
WITHIN_S = 0.5


class Counting:
    """A speaker that counts."""

    def __init__(self) -> None:
        self.version = EspeakSpeaker().version
        self.spoken = 0
        self._speaker = EspeakSpeaker()

    def prepare(self, manner: Manner, booth: Booth) -> None:
        self._speaker.prepare(manner, booth)

    def probe(self) -> Probe:
        return self._speaker.probe()

    def resolve_voice(self, language: str, voice: str | None) -> str:
        return self._speaker.resolve_voice(language, voice)

    def speak(self, script: Script, *, voice: str, rate: float, output: Path) -> Narration:
        self.spoken += 1
        return self._speaker.speak(script, voice=voice, rate=rate, output=output)


@dataclass(frozen=True)
class Run:
    """One article told at one length by one voice."""

    article: str
    voice: str
    asked_s: float
    file_s: float
    tail_s: float
    rate: float
    lines: int
    spoken: int
    told_whole: bool
    seconds: float

    @property
    def error_s(self) -> float:
        return abs(self.file_s - self.asked_s)

    @property
    def ran_out(self) -> bool:
        """Every sentence of the article is in it."""
        return self.told_whole and self.file_s < self.asked_s - WITHIN_S


def runs(sources: Sequence[Path], lengths_s: Sequence[float]) -> Iterator[Run]:
    """Articles, lengths and voices in turns, so that every pair of them comes up."""
    for number, source in enumerate(sources):
        article = read_article(str(source))
        language = detect_language(article.text)
        voices = VOICES.get(language, (None,))
        for turn, asked_s in enumerate(lengths_s):
            with tempfile.TemporaryDirectory() as folder:
                speaker = Counting()
                voice = speaker.resolve_voice(language, voices[(number + turn) % len(voices)])
                log = JobLog(source.name, Silent())
                store = StageStore(Path(folder) / "cache", log.warn)
                tellers = Tellers(ExtractiveWriter(), "extractive", speaker, "espeak", voice, language)
                start = time.perf_counter()
                told = tell(article, asked_s, tellers, store, log, Path(folder))
                spent_s = time.perf_counter() - start
            sentences = told_sentences(article.text, language)
            yield Run(
                source.name,
                voice,
                asked_s,
                told.duration_s,
                told.duration_s - told.narration.words[-1].end_s,
                told.rate,
                len(told.script.lines),
                speaker.spoken,
                len(told.script.lines) == len(sentences),
                spent_s,
            )


def table(found: Sequence[Run]) -> str:
    """Every run, and what they come to."""
    rows = ["| article | voice | asked s | file s | error s | tail s | rate | lines | spoken |", "|" + " --- |" * 9]
    for run in found:
        note = " (all of it)" if run.ran_out else ""
        rows.append(
            f"| {run.article} | {run.voice} | {run.asked_s:g} | {run.file_s:.2f}{note} | {run.error_s:.2f} "
            f"| {run.tail_s:.2f} | {run.rate:.3f} | {run.lines} | {run.spoken} |"
        )
    return "\n".join([*rows, "", summary(found)])


def summary(found: Sequence[Run]) -> str:
    fair = [run for run in found if not run.ran_out]
    errors = sorted(run.error_s for run in fair)
    spoken = [run.spoken for run in found]
    met = sum(error <= WITHIN_S for error in errors)
    return (
        f"{len(found)} runs; {len(found) - len(fair)} articles had no more to say. Of the other {len(fair)}: median "
        f"error {statistics.median(errors):.3f} s, worst {errors[-1]:.2f} s, within {WITHIN_S} s: {met} "
        f"({100 * met / len(fair):.0f} %). Spoken {statistics.mean(spoken):.2f} times a job, at most {max(spoken)}; "
        f"{statistics.median(run.seconds for run in found):.1f} s a job."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("articles", nargs="*", type=Path)
    parser.add_argument("--seconds", nargs="*", type=float, default=list(LENGTHS_S))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sources = options.articles or [sample_article(), *sorted(FOLDER.iterdir())]
    found = list(runs(sources, options.seconds))
    text = table(found)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")
    print(json.dumps([asdict(run) for run in found], indent=1) if options.json else text)


if __name__ == "__main__":
    main()
