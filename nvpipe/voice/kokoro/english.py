"""Which part of speech an English word is, as far as Kokoro's dictionary asks, without spaCy's trained pipeline.

`en_core_web_sm` is in no package registry, and misaki downloads it when it is missing. A blank pipeline with rules
does instead: words that are spelled alike and said differently ("read", "lead") get their commonest reading.
"""

from __future__ import annotations

from typing import Any

TRAINED = "en_core_web_sm"
_WORDS = {
    "DT": "the a an this that these those each every no",
    "IN": "of in on at by for from with about into over after before under as than",
    "TO": "to",
    "CC": "and or but nor",
    "PRP": "i you he she it we they me him them us",
    "PRP$": "my your his her its our their",
    "VBZ": "is are was were has have had does do did 's",
    "MD": "will can could would may might must should ca wo",
    "CD": "hundred thousand million billion trillion",
}
_PATTERNS = (
    (r"^[-+]?\d[\d.,]*(st|nd|rd|th|s)?$", "CD"),
    (r"^[.!?…]+$", "."),
    (r"^,$", ","),
    (r"^([:;—–-]|--|\.\.\.)$", ":"),
    (r"^[\(\[{]$", "-LRB-"),
    (r"^[\)\]}]$", "-RRB-"),
    (r"^(“|‘)$", "``"),
    (r"^(”|’|\")$", "''"),
    (r"^[$£€]$", "$"),
)


def english_reader(british: bool) -> tuple[Any, bool]:
    """Misaki's English reader, and whether it has the trained pipeline; nothing is downloaded."""
    import spacy.util
    from misaki import en, espeak

    fallback = espeak.EspeakFallback(british=british)
    if spacy.util.is_package(TRAINED):
        return en.G2P(trf=False, british=british, fallback=fallback, unk=""), True
    # Its constructor downloads the pipeline; the rest of it is what is set here.
    reader = en.G2P.__new__(en.G2P)
    reader.version, reader.british, reader.unk = None, british, ""
    reader.nlp = rules()
    reader.lexicon = en.Lexicon(british)
    reader.fallback = fallback
    return reader, False


def rules() -> Any:
    """A blank English pipeline that tags by rules; later ones win."""
    import spacy

    pipeline: Any = spacy.blank("en")
    ruler = pipeline.add_pipe("attribute_ruler", name="tagger")
    ruler.add([[{"TEXT": {"REGEX": "."}}]], {"TAG": "NN"})
    ruler.add([[{"TEXT": {"REGEX": "^[A-Z]"}}]], {"TAG": "NNP"})
    for tag, words in _WORDS.items():
        ruler.add([[{"LOWER": {"IN": words.split()}}]], {"TAG": tag})
    for pattern, tag in _PATTERNS:
        ruler.add([[{"TEXT": {"REGEX": pattern}}]], {"TAG": tag})
    return pipeline
