"""Kokoro's speaker on the real library, with random weights: times, lengths and levels are real, the speech is noise.

How it sounds, only trained weights can show.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.kokoro_speaker import Studio, kokoro_studio

from nvpipe.errors import ArticleError, InterruptedRunError, UsageError
from nvpipe.scheduler import CpuDevice, Scheduler
from nvpipe.types import Narration, Script, ScriptLine
from nvpipe.voice import Booth, Manner
from nvpipe.voice.kokoro.reading import require
from nvpipe.voice.kokoro.speaker import KokoroSpeaker

FRAME, RATE_HZ = 600, 24_000
LINE = "The harbour bridge was closed on Tuesday."
OTHER_LINE = "Ferries will run every ten minutes from both banks."


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with kokoro_studio(tmp_path_factory.mktemp("kokoro")) as ready:
        yield ready


def samples_of(narration: Narration) -> Any:
    with wave.open(str(narration.audio_path)) as reader:
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2").astype(int)


def readable(language: str) -> None:
    if language == "zh":
        require("z")


def spoken_words(studio: Studio) -> list[tuple[str, int, int]]:
    """(phonemes, first, last sample) of what stands between spaces, chunk by chunk, by the sums of the durations."""
    found = []
    for one in studio.said:
        ends = [count * FRAME for count in accumulate(one.frames)]
        at = 0
        for word in one.chunk.phonemes.split(" "):
            sounds = [place for place, sign in enumerate(word, at) if sign not in ";:,.!?—…\"()“”¿¡-'’"]
            if sounds:
                found.append((word, ends[sounds[0]], ends[sounds[-1] + 1]))
            at += len(word) + 1
    return found


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Well, the well-known bridge can't wait — really?"),
        ("en-gb", "“Harbour” lights, isn't it: the colour of Anna's boat!"),
        ("es", "¿Qué casa, el agua-fuerte? De la abuela."),
        ("fr", "C'est l'été; aujourd'hui, les amis sont ici."),
        ("it", "L'acqua è un'idea, no? Bella!"),
        ("pt", 'O João disse: "olá, mundo!" e riu.'),
        ("hi", "नमस्ते दुनिया। यह पानी है।"),
    ],
)
def test_words_begin_and_end_where_the_models_durations_say(
    studio: Studio, tmp_path: Path, language: str, text: str
) -> None:
    words = [word for word in studio.speak(tmp_path / "a.wav", text, language=language).words if word.text != "—"]
    said = spoken_words(studio)
    # Only texts in which what is written as a word is read as one, in one chunk.
    assert len(studio.said) == 1
    assert len(words) == len(said)
    zero = words[0].start_s - said[0][1] / RATE_HZ
    for word, (_, start, end) in zip(words, said, strict=True):
        assert round((word.start_s - zero) * RATE_HZ) == start
        assert round((word.end_s - zero) * RATE_HZ) == end
        assert abs((word.start_s - zero) * RATE_HZ - start) < 0.05


@pytest.mark.parametrize(
    ("language", "before", "number", "after"),
    [
        ("en", "bridge", "$48.5", "paid"),
        ("es", "casa", "48", "ventanas"),
        ("fr", "maison", "1999", "ensuite"),
        ("it", "casa", "250", "alberi"),
        ("pt", "casa", "31", "janelas"),
        ("hi", "पानी", "25", "लोग"),
    ],
)
def test_a_number_takes_all_the_words_that_it_becomes(
    studio: Studio, tmp_path: Path, language: str, before: str, number: str, after: str
) -> None:
    narration = studio.speak(tmp_path / "a.wav", f"{before} {number} {after}.", language=language)
    first, middle, last = narration.words
    said = spoken_words(studio)
    assert len(said) > 3 or language in ("it", "hi")
    assert (first.text, middle.text, last.text) == (before, number, f"{after}.")
    zero = first.start_s - said[0][1] / RATE_HZ
    borders = [(first, said[0][1], said[0][2]), (last, said[-1][1], said[-1][2])]
    for word, start, end in [*borders, (middle, said[1][1], said[-2][2])]:
        assert (round((word.start_s - zero) * RATE_HZ), round((word.end_s - zero) * RATE_HZ)) == (start, end)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", 'Dr. Obi 🎉 paid $48.5 million, "wow" — & 3/4 of it... on 12 May 2024 at example.com!'),
        ("es", "El 🎉 Sr. García pagó 1.200,50 € — ¿de veras? Del sur a la isla."),
        ("fr", "Il y a 21 % d'États-Unis, n'est-ce pas ? « Oui », dit-il 🎉."),
        ("zh", "今天天气很好，我们去北京2024年。你好！"),
    ],
)
def test_every_border_is_a_sum_of_durations_whatever_is_written(
    studio: Studio, tmp_path: Path, language: str, text: str
) -> None:
    readable(language)
    narration = studio.speak(tmp_path / "a.wav", text, language=language)
    assert "".join(word.text for word in narration.words) == "".join(text.split())
    assert all(before.end_s <= after.start_s + 1e-9 for before, after in pairwise(narration.words))
    sums = {count * FRAME for one in studio.said for count in accumulate(one.frames)}
    assert narration.words[0].start_s >= 0
    if len(studio.said) == 1:
        first = min(start for _, start, _ in spoken_words(studio))
        zero = round(next(word.start_s for word in narration.words if word.text.strip('“"🎉')) * RATE_HZ) - first
        timed = [word for word in narration.words if any(sign.isalnum() for sign in word.text)]
        assert {round(word.start_s * RATE_HZ) - zero for word in timed} <= sums


def test_a_long_text_without_a_stop_is_cut_between_words(studio: Studio, tmp_path: Path) -> None:
    text = " ".join(["harbour", "bridge", "ferries", "run"] * 26)
    narration = studio.speak(tmp_path / "a.wav", text)
    assert len(narration.words) == 104
    assert len(studio.said) > 1
    for one in studio.said:
        assert len(one.chunk.phonemes) <= 510
        assert len(one.samples) == sum(one.frames) * FRAME
    for before, after in pairwise(studio.said):
        assert set(before.chunk.owners).isdisjoint(set(after.chunk.owners) - {-1})


def test_the_sound_has_no_clicks_no_overs_and_even_lines(studio: Studio, tmp_path: Path) -> None:
    narration = studio.speak(tmp_path / "a.wav", LINE, OTHER_LINE, LINE)
    samples = samples_of(narration)
    assert np.abs(samples).max() <= 29204
    assert max(float(np.abs(one.samples).max()) for one in studio.said) > 1, "the model's own peaks are over 1 here"
    quiet = np.flatnonzero(samples == 0)
    runs = [run for run in np.split(quiet, np.flatnonzero(np.diff(quiet) != 1) + 1) if len(run) > 1000]
    assert [len(run) / RATE_HZ for run in runs] == pytest.approx([0.05, 0.36, 0.36, 0.2], abs=0.01)
    for run in runs:
        for edge in (run[0], run[-1]):
            assert np.abs(np.diff(samples[max(0, edge - 4) : edge + 5])).max(initial=0) < 0.002 * 32768
    levels = []
    for line in range(3):
        words = [word for word in narration.words if word.line == line]
        span = samples[round(words[0].start_s * RATE_HZ) : round(words[-1].end_s * RATE_HZ)]
        levels.append(20 * np.log10(np.sqrt(np.mean(span.astype(float) ** 2))))
    assert max(levels) - min(levels) < 1.5


def test_what_was_said_before_changes_nothing(studio: Studio, tmp_path: Path) -> None:
    first = studio.speak(tmp_path / "a.wav", OTHER_LINE)
    studio.speak(tmp_path / "b.wav", LINE, voice="am_adam")
    with kokoro_studio(tmp_path / "fresh") as fresh:
        again = fresh.speak(tmp_path / "c.wav", OTHER_LINE)
    assert again.audio_path.read_bytes() == first.audio_path.read_bytes()
    assert again.words == first.words


def test_voices_and_their_blends_sound_different(studio: Studio, tmp_path: Path) -> None:
    names = ("af_heart", "am_adam", "af_heart+am_adam", "am_adam+af_heart", "af_heart:0.9+am_adam:0.1")
    made = {name: studio.speak(tmp_path / "a.wav", LINE, voice=name) for name in names}
    sounds = {}
    for name in names:
        studio.speak(tmp_path / "a.wav", LINE, voice=name)
        sounds[name] = (tmp_path / "a.wav").read_bytes()
    assert len(set(sounds.values())) >= 4
    assert made["af_heart+am_adam"].voice == "af_heart:0.5+am_adam:0.5"


def test_faster_is_shorter(studio: Studio, tmp_path: Path) -> None:
    rates = (0.5, 0.8, 1.0, 1.25, 2.0)
    lengths = [studio.speak(tmp_path / "a.wav", LINE, rate=rate).duration_s for rate in rates]
    assert lengths == sorted(lengths, reverse=True)
    assert len(set(lengths)) == len(rates)


def test_lines_are_counted_where_some_say_nothing(studio: Studio, tmp_path: Path) -> None:
    narration = studio.speak(tmp_path / "a.wav", "One bridge.", "🎉", "Two boats.")
    assert [(word.text, word.line) for word in narration.words] == [
        ("One", 0), ("bridge.", 0), ("🎉", 1), ("Two", 2), ("boats.", 2),
    ]  # fmt: skip


def test_each_job_hears_of_an_accent(studio: Studio, tmp_path: Path) -> None:
    """A run has one speaker, which is prepared for every job."""
    manner = Manner(studio.folder.parent / "storage", str(studio.folder))
    for _ in range(2):
        heard: list[str] = []
        booth = Booth(lambda: studio.scheduler, heard.append)  # type: ignore[arg-type, return-value]
        studio.speaker.prepare(manner, booth)
        studio.speak(tmp_path / "a.wav", "Hola mundo.", language="es", voice="bf_emma")
        assert "the voice bf_emma is of en-gb and speaks es with an accent" in heard


@pytest.mark.parametrize("lines", [("",), ("🎉🎉", "—"), ("日本語のテキスト",)])
def test_what_cannot_be_said_is_an_article_error_and_leaves_no_file(
    studio: Studio, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    with pytest.raises(ArticleError):
        studio.speak(tmp_path / "a.wav", *lines)
    assert list(tmp_path.iterdir()) == []


def test_what_is_out_of_bounds_is_refused(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(ArticleError, match="40000"):
        studio.speak(tmp_path / "a.wav", "harbours " * 5001)
    with pytest.raises(UsageError, match="rate"):
        studio.speak(tmp_path / "a.wav", LINE, rate=3.0)
    with pytest.raises(ArticleError, match="hi"):
        studio.speaker.resolve_voice("de", None)


def test_a_speech_can_be_stopped_between_sentences_and_the_model_stays(studio: Studio) -> None:
    spec = studio.scheduler.specs[-1]
    line = [(sign, 0) for sign in "The harbour bridge was closed. " * 50]
    with studio.scheduler.real.lease(spec) as worker:
        pid = worker.pid
        with pytest.raises(InterruptedRunError):
            worker.call("speak", [line], "a", (("af_heart", 1.0),), 1.0, cancelled=lambda: True)
    with studio.scheduler.real.lease(spec) as worker:
        assert worker.pid == pid


def test_a_model_that_was_proven_is_not_opened_to_be_proven_again(studio: Studio) -> None:
    assert studio.speaker.probe().usable
    opened = []
    with Scheduler(CpuDevice()) as scheduler:

        def counted() -> Scheduler:
            opened.append(1)
            return scheduler

        speaker = KokoroSpeaker(threads=1)
        speaker.prepare(Manner(studio.folder.parent / "storage", str(studio.folder)), Booth(counted, print))
        assert speaker.probe().usable
        assert speaker.version == studio.speaker.version
    assert opened == []


def test_without_a_name_there_is_no_model(tmp_path: Path) -> None:
    assert "no model is named" in KokoroSpeaker().probe().reason
    speaker = KokoroSpeaker()
    with Scheduler(CpuDevice()) as scheduler:
        for named in (str(tmp_path / "gone"), str(tmp_path), "~", "a b", "", "\0"):
            speaker.prepare(Manner(tmp_path, named), Booth(lambda: scheduler, print))
            probe = speaker.probe()
            assert not probe.usable
            assert probe.fix


def test_a_script_of_another_language_is_refused(studio: Studio, tmp_path: Path) -> None:
    script = Script((ScriptLine("Guten Tag.", ()),), "de", "test", "0")
    with pytest.raises(ArticleError, match="does not speak"):
        studio.speaker.speak(script, voice="af_heart", rate=1.0, output=tmp_path / "a.wav")
