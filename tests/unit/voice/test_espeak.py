"""The embedded speaker, on the real synthesiser."""

from __future__ import annotations

import itertools
import os
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from nvpipe.errors import ArticleError, NvpipeError, OutputError, UsageError
from nvpipe.types import Narration
from nvpipe.voice import SPEAKERS

LANGUAGES = {
    "en": ("en-us", "The council closed the old bridge.", "Ferries will run every ten minutes."),
    "es": ("es", "El consejo cerró el puente viejo.", "Los barcos saldrán cada diez minutos."),
    "fr": ("fr", "« Le conseil » a fermé le vieux pont.", "L’accord coûte 10 €."),
    "de": ("de", "Der Rat hat die alte Brücke geschlossen.", "Fähren fahren alle zehn Minuten."),
    "it": ("it", "Il consiglio ha chiuso il vecchio ponte.", "I traghetti partono ogni dieci minuti."),
    "pt": ("pt-br", "O conselho fechou a ponte velha.", "As balsas saem a cada dez minutos."),
    "hi": ("hi", "परिषद ने पुराना पुल बंद कर दिया।", "नावें हर दस मिनट में चलेंगी।"),
    "zh": ("cmn", "市议会决定关闭旧桥，修理需要十八个月。", "渡船每十分钟一班。"),
    "ja": ("ja", "ふるいはしは、とじられました。", "ふねがはしります。"),
    "ar": ("ar", "أغلق المجلس الجسر القديم.", "ستعمل العبارات كل عشر دقائق."),
    "ru": ("ru", "Совет закрыл старый мост.", "Паромы будут ходить каждые десять минут."),
}
HOSTILE = {
    "nul": ["a\x00b hello\x00 \x00 world"],
    "lone surrogates": ["hi \ud800 \udfff there\udc00"],
    "long word": ["x" * 10_000 + " end"],
    "dotted letters": ["A." * 400],
    "digits": ["9" * 600 + " end"],
    "combining": ["a" + "\u0301" * 5_000 + " b"],
    "right to left": ["שלום עולם, hello \u202eworld\u202c"],
    "one word and many emoji": ["a " + "😀 " * 2_000],
    "dots": ["." * 5_000 + " a"],
    "quotes": ['"' * 900 + 'a"' * 300],
    "embedded commands": ["hi \x01+200S\x01 200P there \x1b[31m red"],
    "unknown letters": ["ភាសាខ្មែរ នៅ"],
    "blank lines": ["", "one", "  ", "two"],
}


def samples_of(narration: Narration) -> np.ndarray:
    with wave.open(str(narration.audio_path)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth()) == (1, 2)
        assert reader.getframerate() == narration.sample_rate_hz
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2")


def check_words(narration: Narration, lines: list[str]) -> None:
    words = narration.words
    for number, line in enumerate(lines):
        shown = [word.text for word in words if word.line == number]
        assert "".join(shown) == "".join(line.split())
    assert [word.line for word in words] == sorted(word.line for word in words)
    assert words[0].start_s >= 0
    assert words[-1].end_s <= narration.duration_s
    assert all(word.start_s < word.end_s for word in words)
    assert all(one.end_s <= two.start_s for one, two in itertools.pairwise(words))


def energy(samples: np.ndarray, rate_hz: int, start_s: float, end_s: float) -> float:
    part = samples[round(start_s * rate_hz) : round(end_s * rate_hz)].astype(float)
    return float(np.sqrt(np.mean(part**2))) if len(part) else 0.0


def test_the_registered_speaker_proves_itself() -> None:
    speaker, choice = SPEAKERS.choose("espeak")
    assert choice.used == "espeak"
    assert speaker.resolve_voice("en", None).startswith("en-us")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_times_where_its_words_sound(speaker, speak, language):
    voice, *lines = LANGUAGES[language]
    assert speaker.resolve_voice(language, None).partition("+")[0] == voice
    narration = speak(*lines, language=language, voice=voice)
    check_words(narration, lines)
    samples = samples_of(narration)
    assert len(samples) == round(narration.duration_s * narration.sample_rate_hz)
    for word in narration.words:
        if any(character.isalnum() for character in word.text):
            assert energy(samples, narration.sample_rate_hz, word.start_s, word.end_s) > 100, word


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_spoken_in_order(speak, name):
    check_words(speak(*HOSTILE[name]), HOSTILE[name])


@pytest.mark.parametrize("text", ["", " \n ", "😀 🎉 👨‍👩‍👧", "... --- !!! ???", "\x00\x01"])
def test_nothing_to_say_is_an_error_and_leaves_no_file(speak, tmp_path, text):
    with pytest.raises(ArticleError):
        speak(text)
    assert list(tmp_path.iterdir()) == []


def test_a_script_without_end_is_refused(speak):
    with pytest.raises(ArticleError, match="80000 characters"):
        speak("word " * 20_000)


def test_the_same_script_gives_the_same_bytes_under_load(speak):
    lines = ["The council voted on Tuesday, 18 to 3.", "It costs $48 million."]
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda n: speak(*lines, name=f"{n}.wav"), range(6)))
    assert len({narration.audio_path.read_bytes() for narration in taken}) == 1
    assert len({narration.words for narration in taken}) == 1


def test_rate_shortens_the_speech_evenly(speak):
    line = "Engineers found corrosion in most of the cables, and the crossing carries many vehicles every day."
    rates = [0.8, 0.9, 1.0, 1.1, 1.25]
    durations = [speak(line, rate=rate).duration_s for rate in rates]
    assert durations == sorted(durations, reverse=True)
    assert durations[2] / durations[3] == pytest.approx(1.1, abs=0.04)
    assert durations[2] / durations[0] == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("rate", [0.0, -1.0, 9.0, float("nan")])
def test_an_impossible_rate_is_refused(speak, rate):
    with pytest.raises(UsageError, match="rate"):
        speak("hello", rate=rate)


@pytest.mark.parametrize("first", ["The bridge is closed", "They went to the U.S.", "He sees J.", "It is (closed"])
def test_a_new_line_is_a_sentence_pause(speak, first):
    narration = speak(first, "and so on it goes")
    last = [word for word in narration.words if word.line == 0][-1]
    following = next(word for word in narration.words if word.line == 1)
    assert 0.2 < following.start_s - last.end_s < 0.8


def test_a_highlight_does_not_hang_over_a_pause(speak):
    narration = speak("We stopped. Then we went on, slowly.")
    samples = samples_of(narration)
    stopped, then = narration.words[1:3]
    assert then.start_s - stopped.end_s > 0.2
    assert energy(samples, narration.sample_rate_hz, stopped.end_s + 0.01, then.start_s - 0.01) < 60


def test_silence_around_the_speech_is_short_and_fixed(speak):
    for line in ("Ten.", "“Hello there,” she said?"):
        narration = speak(line)
        heard = np.flatnonzero(np.abs(samples_of(narration).astype(int)) > 80) / narration.sample_rate_hz
        assert 0.04 <= heard[0] <= 0.07
        assert 0.18 <= narration.duration_s - heard[-1] <= 0.22


@pytest.mark.parametrize("voice", ["en-us", "en-us+f3", "en-us+whisper", "cmn"])
def test_level_is_common_and_never_clips(speak, voice):
    samples = samples_of(speak("One two three four five. 中国 is far.", voice=voice)).astype(float)
    loud = samples[np.abs(samples) > 64]
    assert np.max(np.abs(samples)) <= 29_204
    assert -24 < 20 * np.log10(np.sqrt(np.mean(loud**2)) / 32_768) < -17


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("So <b>bold</b> it is", "So b bold b it is"),
        ("a [[h@loU]] b", "a h@loU b"),
        ("It is *really* good _now_", "It is really good now"),
        ("Tools & toys 🎉 ™ here", "Tools & toys here"),
        ("cats/dogs and 24/7", "cats dogs and twenty-four seven"),
        ("wait!what now", "wait! what now"),
        ("one . two", "one, two"),
        ("𝐇𝐞𝐥𝐥𝐨 ｗｏｒｌｄ", "Hello world"),
        ("see https://www.example.com/a?b=c, ok", "see example dot com, ok"),
        ("It cost $10.5 billion", "It cost ten point five billion dollars"),
        ("From $5-$10 a day", "From five to ten dollars a day"),
        ("Dr. Smith met J. K. Rowling", "Doctor Smith met J K Rowling"),
        ("in the U.S. Senate", "in the U.S Senate"),
        ("US$5 is due", "five dollars is due"),
        ("call 555-1234 now", "call five five five, one two three four now"),
        ("the 3-2 win", "the three to two win"),
        ("Hello 中国 world and a lot more of it", "Hello world and a lot more of it"),
    ],
)
def test_text_is_said_as_people_say_it(speak, marked, plain):
    assert samples_of(speak(marked)).tobytes() == samples_of(speak(plain)).tobytes()


@pytest.mark.parametrize("symbol", ["%", "&", "+", "$", "€", "£", "°", "="])
def test_symbols_that_have_a_word_are_said(speak, symbol):
    assert speak(f"one {symbol} two").duration_s > speak("one two").duration_s + 0.1


def test_markup_of_a_pause_is_not_obeyed(speak):
    assert speak('Wait <break time="100s"/> here').duration_s < 10


@pytest.mark.parametrize("language", ["ja", "ko", "en"])
def test_chinese_characters_are_refused_by_voices_that_cannot_read_them(speak, language):
    with pytest.raises(ArticleError, match="Chinese characters"):
        speak("東京の新しい橋", language=language, voice=language)


def test_ten_minutes_can_be_spoken(speak):
    lines = ["The quick brown fox jumps over the lazy dog while the river runs on."] * 150
    narration = speak(*lines)
    assert narration.duration_s > 600
    check_words(narration, lines)
    samples, rate_hz = samples_of(narration), narration.sample_rate_hz
    for one, two in itertools.pairwise(narration.words):
        if two.line != one.line:
            assert two.start_s - one.end_s > 0.2
            assert energy(samples, rate_hz, one.end_s + 0.01, two.start_s - 0.01) < 60


def test_an_unwritable_folder_is_an_output_error(speaker, make_script, tmp_path):
    with pytest.raises(OutputError, match=r"missing/voice\.wav"):
        speaker.speak(make_script("hi"), voice="en-us", rate=1.0, output=tmp_path / "missing" / "voice.wav")
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(OutputError):
        speaker.speak(make_script("hi"), voice="en-us", rate=1.0, output=file / "voice.wav")


def test_a_failed_narration_leaves_the_old_one_in_place(speaker, make_script, tmp_path):
    output = tmp_path / "voice.wav"
    speaker.speak(make_script("one"), voice="en-us", rate=1.0, output=output)
    before = output.read_bytes()
    with pytest.raises(NvpipeError):
        speaker.speak(make_script("two"), voice="no-such-voice", rate=1.0, output=output)
    assert output.read_bytes() == before
    assert os.listdir(tmp_path) == ["voice.wav"]  # noqa: PTH208


def test_nothing_is_left_beside_the_narration(speak, tmp_path: Path):
    speak("one two")
    assert [entry.name for entry in tmp_path.iterdir()] == ["voice.wav"]
