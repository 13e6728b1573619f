"""Which language a text is written in."""

from __future__ import annotations

import re

NO_EVIDENCE = "en"
SAMPLE_CHARS = 20_000
SHORT_TEXT_LETTERS = 200
"""Below this only widely written languages are considered: rare ones win by chance."""

_ONE_LANGUAGE_SCRIPTS = {
    "ko": "\uac00-\ud7a3\u1100-\u11ff",
    "he": "\u05d0-\u05ea",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "th": "\u0e01-\u0e4e",
    "lo": "\u0e81-\u0edf",
    "km": "\u1780-\u17ff",
    "my": "\u1000-\u109f",
    "ka": "\u10a0-\u10ff\u1c90-\u1cbf",
    "hy": "\u0531-\u0587",
    "am": "\u1200-\u137f",
    "bn": "\u0985-\u09fb",
    "pa": "\u0a05-\u0a74",
    "gu": "\u0a85-\u0af1",
    "or": "\u0b05-\u0b71",
    "ta": "\u0b85-\u0bfa",
    "te": "\u0c05-\u0c7f",
    "kn": "\u0c85-\u0cff",
    "ml": "\u0d05-\u0d7f",
    "si": "\u0d85-\u0df4",
}
_HAN, _KANA = "\u3400-\u9fff\uf900-\ufaff", "\u3041-\u3096\u30a1-\u30fa"
_CANDIDATES = {
    "cyrillic": ("\u0400-\u052f", "ru uk bg sr mk be kk ky mn", "ru uk bg sr"),
    "arabic": ("\u0620-\u06ff\u0750-\u077f", "ar fa ur ps ug", "ar fa ur"),
    "devanagari": ("\u0904-\u0939\u0958-\u0961", "hi mr ne", "hi mr ne"),
    "latin": (
        "A-Za-zª-ɏḀ-ỿ",
        (
            "en de fr es pt it nl sv da no nb fi is pl cs sk sl hr bs hu ro tr et lv lt sq mt ga cy eu ca gl af "
            "id ms tl vi sw az eo lb"
        ),
        "en de fr es pt it nl sv da no fi pl cs sk hr hu ro tr ca id vi",
    ),
}
"""Script: its letters, the languages written in it, and those considered for a short text."""
_KANA_SHARE = 0.05
"""Japanese prose is more than a third kana; a Chinese text may quote a name."""
_ALPHABETS = frozenset(("latin", "cyrillic", "el", "ka", "hy", "zh", "ja"))
"""The others write vowels as signs, syllables as one letter or no vowels at all: half as many letters say as much."""
_AS_WRITTEN = {"nb": "no", "nn": "no"}


def detect_language(text: str) -> str:
    """The ISO 639-1 code of a text's language; `en` only for a text without letters.

    The script decides where it can; among the languages of one script py3langid does (naive Bayes over byte
    n-grams, Lui & Baldwin 2012). The same text always gives the same answer.
    """
    sample = text[:SAMPLE_CHARS]
    counts = {code: _count(chars, sample) for code, chars in _ONE_LANGUAGE_SCRIPTS.items()}
    han, kana = _count(_HAN, sample), _count(_KANA, sample)
    counts["ja" if kana > _KANA_SHARE * (han + kana) else "zh"] = 2 * han + kana
    counts |= {script: _count(chars, sample) for script, (chars, _, _) in _CANDIDATES.items()}
    winner = max(counts, key=lambda name: counts[name] * (1 if name in _ALPHABETS else 2))
    if not counts[winner]:
        return NO_EVIDENCE
    if winner not in _CANDIDATES:
        return winner
    _, all_languages, common = _CANDIDATES[winner]
    choice = common if counts[winner] < SHORT_TEXT_LETTERS else all_languages
    return _classified(sample, tuple(choice.split()))


def primary_of(code: str) -> str:
    """A language code without its region, by which texts are written and split: `pt` of `pt_BR`."""
    primary = code.strip().lower().replace("_", "-").partition("-")[0]
    return _AS_WRITTEN.get(primary, primary)


def _count(chars: str, text: str) -> int:
    return len(re.findall(f"[{chars}]", text))


def _classified(text: str, languages: tuple[str, ...]) -> str:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    # The package's own shortcut keeps its 75 MB for as long as the process lives, which then has a film to make.
    ranked = [str(code) for code, _ in LanguageIdentifier.from_model_file(MODEL_FILE).rank(text)]
    code = next((code for code in ranked if code in languages), languages[0])
    return _AS_WRITTEN.get(code, code)
