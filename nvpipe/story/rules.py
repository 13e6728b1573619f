"""What a script must keep to so that it can be spoken and watched; every fault is a sentence for its writer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nvpipe.story.language import detect_language
from nvpipe.story.sentences import split_sentences
from nvpipe.story.speakable import is_sayable
from nvpipe.story.speech import spoken_words

LONGEST_JUDGED_CHARS = 2000
"""Of a line that is longer only this much is looked at: it is too long whatever comes after."""

LONGEST_ANSWERED_CHARS = 70


@dataclass(frozen=True, slots=True)
class Limits:
    """How long lines may be; words are `speech.spoken_words`, which counts what a voice needs for them."""

    line_words: float = 26.0
    line_chars: int = 180
    hook_words: float = 17.0
    least_share: float = 0.75
    """Of the wanted words, how many a script must have at least."""
    most_share: float = 1.1


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a script breaks."""

    line: int | None
    """Index of the line; None for the script as a whole."""
    rule: str
    """Its name: `empty`, `length`, `sentences`, `markup`, `hashtag`, `emoji`, `stage`, `address`, `shouted`,
    `control`, `hook`, `opening`, `repeated`, `language`, `total`."""
    sentence: str
    """What is wrong and what to do, as one sentence that can be put into a prompt."""


_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\u20e3\ufe0f\u3030\u303d\u3297\u3299\U000e0020-\U000e007f]"
)
_HASHTAG = re.compile(r"(?<![\w&])[#＃][^\W\d_]|(?<![\w.])@[^\W\d_]\w")
_MARKUP = re.compile(
    r"\A\s*(?:[-*+•>|]\s|#{1,6}\s|\d{1,2}[.)]\s)|\*\*|__|``?|\]\(|</?[a-zA-Z][^<>]{0,80}>"
    r"|(?<!\w)[*_]\w[^*_]{0,200}\w[*_](?!\w)|&[a-z]{2,6};|\\n"
)
_CUE_WORDS = (
    "music|sound|sfx|pause|cut|zoom|scene|camera|b-roll|visual|voice-?over|narrator|host|laughs?|laughing|sighs?|whispers?|"
    "whispering|applause|cheering|intro|outro|fade|beat|text on screen|on "
    "screen|música|pausa|risas|escena|musique|rires|"
    "musica|risate|cena|risos|musik|lacht|szene|संगीत|विराम"
)
_STAGE = re.compile(
    rf"\[[^\]\[]{{0,200}}\]|\((?:[^()]{{0,40}}\b)?(?:{_CUE_WORDS})\b[^()]{{0,80}}\)|\*[^*]{{1,60}}\*"
    r"|\A\s*(?:narrator|voice-?over|vo|host|speaker(?: \d)?|hook|intro|outro|cta|call to action|title"
    r"|scene(?: \d+)?|line \d+"
    r"|narrador|narratrice|narrateur|narratore|sprecher(?:in)?|erzähler(?:in)?|titel|título|titolo|titre)\s*[:：]",
    re.IGNORECASE,
)
_DOMAIN = re.compile(
    r"\b[a-z0-9-]{2,}\.(?:com|org|net|io|gov|edu|info|tv|co\.uk|de|fr|es|it|pt|br|in)\b(?!\.\w)|\bdot com\b",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]")
_OPENINGS = {
    "en": (
        r"(?:in|on) (?:this|today'?s) (?:video|short|episode|clip|article|story)|hello\b|hi\b|hey (?:guys"
        r"|everyone|everybody|there|folks|you)"
        r"|welcome (?:to|back)|what'?s up|good (?:morning|evening|afternoon)|greetings|today,? (?:we|i"
        r"|let'?s)\b|let'?s (?:talk|dive|take a look)"
        r"|(?:sure|certainly|of course|okay|ok)[,!.:]|here(?:'s| is| are) (?:the|a|your"
        r"|my)(?: \w+)? (?:script|video|short|line|lines)\b"
        r"|this (?:video|article|short) |according to (?:the|this) article|as an ai\b|the article\b"
    ),
    "es": (
        r"(?:en|hoy en) (?:este|el) (?:vídeo|video|artículo)|hola\b|bienvenid[oa]s\b|buen[oa]s (?:días|tardes"
        r"|noches)|hoy (?:vamos|hablamos)|claro[,!]"
    ),
    "fr": (
        r"dans cette vidéo|dans cet article|bonjour\b|salut\b|bienvenue\b|aujourd'hui,? (?:nous|on|je)\b"
        r"|voici le script|bien sûr"
    ),
    "pt": (
        r"n(?:este|esse|o) (?:vídeo|artigo)|olá\b|oi\b|bem-vind[oa]s?\b|bom dia|boa (?:tarde|noite)"
        r"|hoje (?:vamos|eu)\b|claro[,!]"
    ),
    "it": (
        r"in questo (?:video|articolo)|ciao\b|salve\b|benvenut[iaoe]\b|buon(?:giorno|asera)|oggi (?:parliamo"
        r"|vi|vediamo)|ecco lo script|certo[,!]"
    ),
    "de": (
        r"in diesem (?:video|artikel|beitrag)|hallo\b|hi\b|willkommen\b|guten (?:tag|morgen|abend)"
        r"|heute (?:geht es|sprechen|zeige)|hier ist das skript|natürlich[,!]"
    ),
    "hi": r"इस वीडियो में|नमस्ते|नमस्कार|हेलो|हैलो|स्वागत है|आज हम|दोस्तों",
}
_KEY_WORD = re.compile(r"[^\W_]+")
_NEAR_LANGUAGES = (
    {"no", "da", "sv"},
    {"hr", "bs", "sr", "sl"},
    {"id", "ms"},
    {"cs", "sk"},
    {"hi", "mr", "ne"},
    {"ca", "es", "gl", "pt"},
)
_LETTERS_FOR_LANGUAGE = 60
"""A shorter script's language can't be told reliably."""
_REPEATED_SHARE = 0.85


def script_faults(
    lines: Sequence[str], language: str, *, wanted_words: float, limits: Limits | None = None
) -> tuple[Fault, ...]:
    """Every rule that a script breaks, line by line, then as a whole.

    Args:
        language: ISO 639-1 code that it has to be written in.
        wanted_words: how many words fill the time (`speech.spoken_words`).
    """
    limits = limits or Limits()
    faults: list[Fault] = []
    for at, line in enumerate(lines):
        faults += line_faults(line, language, at=at, limits=limits)
    if not lines:
        return (Fault(None, "empty", "The script has no lines; write at least one."),)
    faults += _hook(lines[0], language, limits)
    faults += _repeated(lines)
    faults += _total(lines, language, wanted_words, limits)
    faults += _language(lines, language)
    return tuple(faults)


def line_faults(line: str, language: str, *, at: int = 0, limits: Limits | None = None) -> tuple[Fault, ...]:
    """The rules that one line breaks by itself; `at` is its index, from which its number in the sentences follows."""
    limits = limits or Limits()
    return tuple(Fault(at, rule, f"Line {at + 1} {what}.") for rule, what in _broken(line, language, limits))


def _broken(line: str, language: str, limits: Limits) -> Iterator[tuple[str, str]]:
    if not any(char.isalnum() for char in line):
        yield "empty", "has nothing to say; write a sentence or leave it out"
        return
    head = line[:LONGEST_JUDGED_CHARS]
    words = spoken_words(head, language)
    if words > limits.line_words or len(line) > limits.line_chars:
        yield "length", f"is too long; say one idea in at most {limits.line_words * 0.75:.0f} words"
    if len(line) <= LONGEST_JUDGED_CHARS and _has_many_sentences(line, language):
        yield "sentences", "has more than one sentence; give each sentence a line of its own"
    for rule, pattern, what in _PATTERNS:
        if found := pattern.search(head):
            yield rule, what.format(found[0].strip()[:40])
    if not is_sayable(head) or _DOMAIN.search(head):
        yield "address", "has a web or e-mail address, or nothing that can be read aloud; leave addresses out"
    letters = [word for word in head.split() if sum(char.isalpha() for char in word) > 1]
    if len(letters) > 3 and sum(word.isupper() for word in letters) > 0.6 * len(letters):
        yield "shouted", "is written in capital letters; use ordinary spelling"


def _has_many_sentences(line: str, language: str) -> bool:
    """A question of a few words may be answered in its own line: `The price? Two million euros.`"""
    sentences = split_sentences(line, language)
    asked = len(sentences) == 2 and sentences[0].endswith(("?", "？", "؟")) and len(line) <= LONGEST_ANSWERED_CHARS
    return len(sentences) > 1 and not asked


_PATTERNS = (
    ("markup", _MARKUP, "has markup (“{}”); write plain text"),
    ("hashtag", _HASHTAG, "has a hashtag or a handle (“{}”); hashtags don't belong in what is spoken"),
    ("emoji", _EMOJI, "has an emoji or a symbol (“{}”) that can't be read aloud; leave it out"),
    ("stage", _STAGE, "has a stage direction or a label (“{}”); write only what the voice says"),
    ("control", _CONTROL, "has characters that can't be read aloud; write plain text"),
)


def _hook(line: str, language: str, limits: Limits) -> Iterator[Fault]:
    if spoken_words(line[:LONGEST_JUDGED_CHARS], language) > limits.hook_words:
        most = f"{limits.hook_words * 0.75:.0f}"
        yield Fault(
            0, "hook", f"Line 1 is too long for a hook; open with the most surprising fact in at most {most} words."
        )
    start = line.lstrip(" \t\"'“‘«¡¿*#-[(").replace("’", "'")
    pattern = _OPENINGS.get(language)
    if pattern and (found := re.match(pattern, start, re.IGNORECASE)):
        yield Fault(
            0,
            "opening",
            f"Line 1 opens with “{found[0].strip()}”; begin with the news itself, not with a greeting.",
        )


def _repeated(lines: Sequence[str]) -> Iterator[Fault]:
    seen: list[frozenset[str]] = []
    texts: dict[str, int] = {}
    for at, line in enumerate(lines):
        words = _KEY_WORD.findall(line[:LONGEST_JUDGED_CHARS].casefold())
        key, bag = " ".join(words), frozenset(words)
        before = texts.get(key)
        if before is None and len(bag) > 3:
            alike = (n for n, other in enumerate(seen) if len(bag & other) >= _REPEATED_SHARE * len(bag | other))
            before = next(alike, None)
        if before is not None and key:
            yield Fault(
                at, "repeated", f"Line {at + 1} repeats line {before + 1}; say something new or leave it out."
            )
        texts.setdefault(key, at)
        seen.append(bag)


def _total(lines: Sequence[str], language: str, wanted: float, limits: Limits) -> Iterator[Fault]:
    words = sum(spoken_words(line[:LONGEST_JUDGED_CHARS], language) for line in lines)
    if words > limits.most_share * wanted:
        share = round(100 * (1 - wanted / words))
        yield Fault(None, "total", f"The script is too long; make it {share} % shorter by leaving out whole lines.")
    elif words < limits.least_share * wanted:
        share = round(100 * (wanted / max(words, 1.0) - 1))
        yield Fault(
            None, "total", f"The script is too short; make it {share} % longer with more facts from the article."
        )


def _language(lines: Sequence[str], language: str) -> Iterator[Fault]:
    text = "\n".join(line[:LONGEST_JUDGED_CHARS] for line in lines)
    if sum(char.isalpha() for char in text) < _LETTERS_FOR_LANGUAGE:
        return
    found = detect_language(text)
    if found != language and not any({found, language} <= family for family in _NEAR_LANGUAGES):
        yield Fault(None, "language", f"The script is written in “{found}”; write every line in “{language}”.")
