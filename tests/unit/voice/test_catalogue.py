"""Names of voices."""

from __future__ import annotations

import pytest

from nvpipe.errors import ArticleError, UsageError


@pytest.mark.parametrize(
    ("language", "voice"),
    [
        ("en", "en-us"),
        ("en-GB", "en"),
        ("fr", "fr"),
        ("pt", "pt-br"),
        ("pt-pt", "pt"),
        ("es", "es"),
        ("es_MX", "es-419"),
        ("zh", "cmn"),
        ("zh-TW", "cmn"),
        ("no", "nb"),
        ("nn", "nb"),
        ("sr", "sr"),
        ("iw", "he"),
        ("fa", "fa"),
    ],
)
def test_the_default_voice_of_a_language(speaker, language, voice):
    assert speaker.resolve_voice(language, None).partition("+")[0] == voice


@pytest.mark.parametrize("language", ["xx", "tl", "", "fo", "en us; rm -rf"])
def test_a_language_without_a_voice_is_named(speaker, language):
    with pytest.raises(ArticleError, match="language") as caught:
        speaker.resolve_voice(language, None)
    assert repr(language) in caught.value.line()


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("en-gb", "en"),
        ("EN-US", "en-us"),
        ("en_us", "en-us"),
        ("en-us+F3", "en-us+f3"),
        ("en-us+annie", "en-us+Annie"),
        ("en-gb-x-rp", "en-gb-x-rp"),
        ("gmw/en-US", "en-us"),
        ("fr-fr", "fr"),
        ("German", "de"),
        ("English (America)", "en-us"),
        ("zh", "cmn"),
        ("no", "nb"),
        ("pt", "pt"),
    ],
)
def test_a_voice_may_be_named_in_many_ways(speaker, wanted, name):
    assert speaker.resolve_voice("en", wanted) == name


@pytest.mark.parametrize(
    "wanted", ["nope", "", "en-us+nope", "en-us+", "../../etc/passwd", "en-us+../../x", "a" * 5000, "\x00", "\ud800"]
)
def test_an_unknown_voice_is_a_usage_error_with_suggestions(speaker, wanted):
    with pytest.raises(UsageError) as caught:
        speaker.resolve_voice("en", wanted)
    assert "some that exist: " in caught.value.hint
    assert len(caught.value.line()) < 300


def test_suggestions_are_near(speaker):
    with pytest.raises(UsageError, match="en-uss") as caught:
        speaker.resolve_voice("en", "en-uss")
    assert "en-us" in caught.value.hint


def test_every_voice_that_is_listed_resolves_to_itself(speaker):
    names = speaker.voices()
    assert len(names) > 100
    assert len(set(names)) == len(names)
    assert "en-gb-x-rp" in speaker.voices("en")
    assert speaker.voices("xx") == ()


@pytest.mark.parametrize("voice", ["en", "en-029", "es-419", "ko", "sw", "en-us+f3"])
def test_resolved_voices_speak(speak, voice):
    assert speak("one two three", voice=voice).duration_s > 0.5


def test_who_asks_for_an_unknown_language_hears_which_ones_there_are(speaker):
    with pytest.raises(ArticleError, match="'xx'") as caught:
        speaker.resolve_voice("xx", None)
    assert " hi," in caught.value.hint
    assert "--language" in caught.value.hint
    assert len(caught.value.line()) < 300
