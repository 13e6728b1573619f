from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.story.sentences import split_sentences, spoken_words

WHOLE = {
    "en": [
        "He moved to the U.S. in 1999.",
        "The U.S. Senate passed $10.5 billion in aid.",
        "Dr. Obi met Gen. Lee and Sen. Ruiz at 6:30 a.m. on Tuesday.",
        "J. R. R. Tolkien wrote it.",
        "Some tools, e.g. a saw, cost approx. 300 dollars.",
        '"Is it safe?" Dr. Obi asked.',
        '"Is it safe?" she asked.',
        '"We lost. It hurts," said the captain.',
        "He said “Go. Now.”",
        "She paused... and then went on.",
        "(It was late. Nobody stayed.)",
        "No. 5 is alive!",
        'The pipe is 5" wide.',
        "iPhone sales at Acme Inc. rose by 3.5 percent.",
        "Really?!",
        "Why not?",
    ],
    "de": [
        "Am 3. Oktober 1990 war es so weit.",
        "Die 2. Liga beginnt.",
        "Das kostet z. B. 3,50 Euro.",
        "„Wir gehen. Jetzt.“",
        "Dr. Müller kam um 5 Uhr.",
    ],
    "fr": ["M. Dupont est arrivé.", "Il dit « Va. Vite. » et part.", "Il vécut au Ve siècle av. J.-C. en Grèce."],
    "es": ["El Sr. García llegó.", "¿Qué pasa?", "¡Nada!", "La Dra. López vino."],
    "ru": ["А. С. Пушкин писал стихи.", "Он родился в 1990 г. в Москве."],
    "hi": ["यह एक वाक्य है।", "पं. नेहरू और डॉ. शर्मा ने 3.5 कि.मी. सड़क बनाई।", "क्या यह सच है?"],
    "ar": ["ذهب إلى المدرسة.", "هل عاد؟", "نعم!"],
}


@pytest.mark.parametrize("language", sorted(WHOLE))
def test_sentences_stay_whole(language: str) -> None:
    assert split_sentences(" ".join(WHOLE[language]), language) == WHOLE[language]


def test_cjk_stops_and_quotations() -> None:
    assert split_sentences("彼は去った！本当？「行く。すぐに。」と彼は言った。雨だ。", "ja") == [
        "彼は去った！",
        "本当？",
        "「行く。すぐに。」と彼は言った。",
        "雨だ。",
    ]
    assert split_sentences("第3.5版发布了。1999年他走了。他说：“走吧。快。”", "zh") == [
        "第3.5版发布了。",
        "1999年他走了。",
        "他说：“走吧。快。”",
    ]


def test_no_sentence_crosses_a_paragraph() -> None:
    assert split_sentences("A heading\n\nthen the text goes on. It ends", "en") == [
        "A heading",
        "then the text goes on.",
        "It ends",
    ]


def test_an_unclosed_quotation_does_not_swallow_the_rest() -> None:
    text = 'He said "this is how it starts. ' + "Then it goes on for a while in this way. " * 30
    assert len(split_sentences(text, "en")) > 25


def test_unknown_language_and_nothing() -> None:
    assert split_sentences("One here. Two here.", "xx") == ["One here.", "Two here."]
    assert split_sentences(" \n\n ", "en") == []


@given(st.text(alphabet='ab AB.!?"“”()«»。「」\n1', max_size=200), st.sampled_from(["en", "de", "ja"]))
def test_nothing_is_lost(text: str, language: str) -> None:
    def squeezed(value: str) -> str:
        return re.sub(r"\s", "", value)

    assert squeezed("".join(split_sentences(text, language))) == squeezed(text)


def test_numbers_count_as_they_are_read() -> None:
    spelt = spoken_words("It cost ten point five billion dollars.", "en")
    assert spoken_words("It cost $10.5 billion.", "en") == pytest.approx(spelt, rel=0.15)
    assert spoken_words("In 1999 he left.", "en") == pytest.approx(
        spoken_words("In nineteen ninety nine he left.", "en"), rel=0.3
    )
    assert spoken_words("The 31,500 cars.", "en") == pytest.approx(
        spoken_words("The thirty one thousand five hundred cars.", "en"), rel=0.2
    )


def test_running_text_is_about_one_a_word() -> None:
    text = (
        "The river rose slowly through the night, and by morning the lower streets were under water. "
        "Nobody in the old town had seen anything like it, and most people had stayed in their houses."
    )
    assert spoken_words(text, "en") == pytest.approx(len(text.split()), rel=0.1)


def test_longer_words_and_pauses_take_longer() -> None:
    assert spoken_words("international organisations", "en") > 2 * spoken_words("big men", "en")
    assert spoken_words("red, green, blue", "en") > spoken_words("red green blue", "en")
    assert spoken_words("NASA and the FBI", "en") > spoken_words("Nasa and the Fbi", "en")


def test_cjk_counts_by_character() -> None:
    assert spoken_words("橋は閉鎖された", "ja") > 2.0
    assert spoken_words("桥" * 40, "zh") == pytest.approx(4 * spoken_words("桥" * 10, "zh"), rel=0.01)


@pytest.mark.parametrize("text", ["", " ", "…", "0", "007", "9" * 400, "1,2,3", "\u0663"])
def test_odd_numbers_have_a_length(text: str) -> None:
    assert 0.0 <= spoken_words(text, "en") < 1000.0


@given(st.text(), st.text())
def test_length_never_shrinks_much_when_text_is_added(first: str, second: str) -> None:
    together = spoken_words(f"{first}. {second}.", "en")
    assert together >= 0.5 * spoken_words(first, "en") - 1.0
