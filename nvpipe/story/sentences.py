"""Text into whole sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from nvpipe.story.speech import spoken_words

__all__ = ["split_sentences", "spoken_words"]

LONGEST_QUOTED_WORDS = 60
"""A quotation of several sentences is kept together up to this length."""

_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")
_CLOSERS = "\"'”’»)\\]」』）】"
_OPENERS = "\"'“‘„«(\\[「『（¿¡"

_NEVER_LAST = {
    "": "Dr Prof Mr Mrs Ms St Nr No ca vs cf approx est Fig Vol pp Hr Fr Mme Mlle Sr Sra Dra",
    "en": "Assoc Asst Messrs Gen Gov Sen Rep Capt Lt Col Sgt Cpl Rev Hon Pres Supt Mt Ft i.e e.g viz Nos eds esp",
    "fr": "M MM Mmes Mlles Pr Me Mgr Ste env art chap éd p.ex cf av apr",
    "de": "Hl Sog Bzw Ggf Evtl Inkl Zzgl Abs Art Hrsg Str Bd z.B d.h u.a i.d.R z.T v.a o.g bzw sog ggf evtl inkl",
    "es": "D Dª Dña Sres Sras Srta Dres Ud Uds Vd Vds Lic Ing Arq Gral Cnel Av Avda pág págs núm art p.ej Mons Fr",
    "pt": "Exa Av Eng Arq Srta Sta Sto Exmo Exma Profa Dª núm pág art R",
    "it": "sig sigg dott ing avv on arch rag geom dott.ssa prof.ssa sig.ra S pag art es p.es Mons",
    "nl": "Dhr Mevr Mw Drs Ir Mr Ing Bijv d.w.z o.a m.b.t t.a.v blz art resp incl excl",
    "pl": "np ul im ok tzn tzw al pl mgr inż hab św dot ww m.in r.ż godz nr str gen płk kpt ks",
    "ru": "т.е т.н г-н ул им просп пл пер д кв стр рис гл акад доц проф св ст гр ок см ср напр",
    "uk": "вул ім просп пл буд кв стор рис гл акад доц проф св ст див напр м",
    "cs": "např tzv tj tzn mj ul nám sv str č obr Ing Mgr MUDr JUDr PhDr Bc odst",
    "tr": "Av Doç Yrd Öğr Uzm Mah Cad Sok Apt Blv örn yy s",
    "sv": "t.ex bl.a d.v.s s.k fr.o.m t.o.m f.d kl ung resp",
    "da": "f.eks bl.a dvs kl nr ca hhv evt",
    "no": "f.eks bl.a dvs kl nr ca hhv evt",
    "hi": "डॉ श्री श्रीमती सुश्री प्रो कु पं स्व मा मि कि मी से.मी कि.मी कि.ग्रा रु सं क्र पृ ई जि पु",
}
_ORDINAL_LANGUAGES = ("de", "da", "no", "nb", "fi", "cs", "sk", "hu", "hr", "sl", "sr", "pl", "tr", "et", "lv", "is")
_ORDINAL_END = re.compile(r"(?:^|[^\w.,])(?:\d{1,2}|[IVX]{1,6})\.\Z")
_TOKEN_BORDER = re.compile(rf"[\s{_OPENERS}]")
_LOWER_START = re.compile(rf"[{_OPENERS}—–\-\s]*([^\W\d_])(\w?)")
_GOES_ON = re.compile(rf"[,;:，、；：]|[-–]\w|[{_CLOSERS}]+\Z")
_GOES_ON_AFTER_QUOTE = re.compile(r"と|って")
_ITEM_NUMBER = re.compile(r"\(?\d{1,3}[.)]\Z")
_ABJAD_INITIAL = re.compile(r"(?:^|\s)[\u05d0-\u05ea\u0620-\u06ff]\.\Z")
_PARTED_BEFORE_NUMBER = re.compile(r"(?<=[^\W\d_]{6}[.!?]) (?=\d{4} )|(?<=[。！？])(?=\d)")
_PARTED_AFTER_BRACKETS = re.compile(r"[(\[][^()\[\]]{8,}[.!?][)\]] (?=[\"“(\[]?[^\W\d_a-z])")
_SAYS = (
    "said says asked asks added adds told tells replied wrote writes shouted cried recalled insisted warned "
    "joked explained argued declared announced admitted"
)
_ATTRIBUTION = re.compile(rf"(?:[A-Z][\w.'’-]*\s+){{1,4}}(?:{'|'.join(_SAYS.split())})\b")
_QUOTED_QUESTION = re.compile(r"[?!][\"”’]\Z")
_PAIRS = {"”": "“„", "“": "„", "»": "«", "」": "「", "』": "『", ")": "(", "）": "（"}
_GUILLEMETS_INWARD = frozenset(("de", "da", "sl", "hr", "sr"))


def split_sentences(text: str, language: str) -> list[str]:
    """The sentences of a text, each whole and stripped, in order; none crosses a paragraph.

    Boundaries come from sentencex (Wikimedia). Where it still parts what belongs together (titles and
    abbreviations it does not know, ordinals, quotations of several sentences, a question and who asked it)
    the parts are joined again: a sentence too long reads better than a broken one.

    Args:
        language: ISO 639-1 code; an unknown one is split by the rules common to most.
    """
    from sentencex import segment  # type: ignore[import-untyped, unused-ignore]

    never_last = _never_last(language)
    sentences: list[str] = []
    for paragraph in _PARAGRAPH_BREAK.split(text):
        line = " ".join(paragraph.split())
        if line:
            pieces = [piece for piece in _segmented(line, language, segment) if piece.strip()]
            sentences += _rejoined(pieces, language, never_last)
    return sentences


def _segmented(line: str, language: str, segment: Callable[[str, str], list[str]]) -> Iterator[str]:
    """The segmenter's pieces, parted also before a year and after a sentence in brackets, which it joins."""
    for piece in segment(language, line):
        start = 0
        if bracketed := _PARTED_AFTER_BRACKETS.match(piece):
            yield bracketed[0]
            start = bracketed.end()
        for gap in _PARTED_BEFORE_NUMBER.finditer(piece, start):
            if not _open_marks(piece[start : gap.start()], language):
                yield piece[start : gap.end()]
                start = gap.end()
        yield piece[start:]


def _never_last(language: str) -> frozenset[str]:
    words = f"{_NEVER_LAST['']} {_NEVER_LAST.get(language, '')}".split()
    return frozenset(words) | frozenset(word[0].upper() + word[1:] for word in words)


def _rejoined(pieces: list[str], language: str, never_last: frozenset[str]) -> list[str]:
    """Join the pieces that one sentence was broken into; a piece keeps the space that followed it."""
    sentences: list[str] = []
    at = 0
    while at < len(pieces):
        sentence = pieces[at]
        at += 1
        while at < len(pieces):
            count = _belonging(sentence, pieces, at, language, never_last)
            if not count:
                break
            sentence += "".join(pieces[at : at + count])
            at += count
        sentences.append(sentence.strip())
    return sentences


def _belonging(sentence: str, pieces: list[str], at: int, language: str, never_last: frozenset[str]) -> int:
    """How many of the pieces from `at` on belong to the sentence before them."""
    before, after = sentence.rstrip(), pieces[at].strip()
    if before.endswith("."):
        tail = _TOKEN_BORDER.split(before[-40:])
        if tail[-1][:-1] in never_last or "".join(tail[-2:])[:-1] in never_last:
            return 1
        if _ITEM_NUMBER.match(before) or _ABJAD_INITIAL.search(before[-3:]):
            return 1
        if language in _ORDINAL_LANGUAGES and _ORDINAL_END.search(before[-12:]):
            return 1
    if _GOES_ON.match(after) or (before[-1] in "」』" and _GOES_ON_AFTER_QUOTE.match(after)):
        return 1
    start = _LOWER_START.match(after)
    if start and start[1].islower() and not start[2].isupper():
        return 1
    if language == "en" and _QUOTED_QUESTION.search(before) and _ATTRIBUTION.match(after):
        return 1
    return _until_closed(sentence, pieces, at, language)


def _until_closed(sentence: str, pieces: list[str], at: int, language: str) -> int:
    depth = _open_marks(sentence, language)
    if not depth:
        return 0
    joined = sentence
    for count in range(1, 7):
        if at + count > len(pieces):
            return 0
        joined += pieces[at + count - 1]
        if len(joined.split()) > LONGEST_QUOTED_WORDS:
            return 0
        if not _open_marks(joined, language):
            return count
    return 0


def _open_marks(text: str, language: str) -> int:
    """How many quotation marks and brackets are open at the end."""
    open_marks: list[str] = []
    for index, char in enumerate(text):
        if char == '"':
            if open_marks and '"' in open_marks:
                open_marks.remove('"')
            elif index == 0 or text[index - 1].isspace() or text[index - 1] in "([—–-":
                open_marks.append(char)
        elif char in _PAIRS:
            opener = next((mark for mark in reversed(open_marks) if mark in _PAIRS[char]), None)
            if opener is not None:
                open_marks.remove(opener)
            elif char == "“":
                open_marks.append(char)
        elif char in "“„「『(（" or (char == "«" and language not in _GUILLEMETS_INWARD):
            open_marks.append(char)
    return len(open_marks)
