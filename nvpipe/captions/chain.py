"""Which font draws which part of a word: the shipped fonts first, then what the system has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from nvpipe.captions.breaks import clusters
from nvpipe.captions.text import prefers_emoji
from nvpipe.captions.typeface import Typeface, UnusableFontError

FONT_FOLDER = Path(__file__).parent / "fonts"
_SHIPPED = (
    "Montserrat_900Black.ttf",
    "Inter_900Black.ttf",
    "NotoSansArabic_900Black.ttf",
    "NotoSansHebrew_900Black.ttf",
    "NotoSansDevanagari_900Black.ttf",
)
_SYSTEM_FOLDERS = (
    "~/.local/share/fonts",
    "~/.fonts",
    "/usr/local/share/fonts",
    "/usr/share/fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
    "/System/Library/Fonts",
    "C:/Windows/Fonts",
)
_EMOJI_FONTS = ("emoji", "seguiemj")
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
_SUFFIXES = frozenset((".ttf", ".otf", ".ttc", ".otc"))
_HAN_FACES = {"zh": "SC", "ja": "JP", "ko": "KR"}
_RANKS = (("black", -4), ("heavy", -4), ("extrabold", -4), ("bold", -3), ("medium", -1), ("noto", -1),
          ("light", 2), ("thin", 3), ("condensed", 2), ("mono", 3), ("looped", 1), ("serif", 3), ("italic", 6),
          ("oblique", 6), ("emoji", 9))  # fmt: skip


class FontChain:
    """Fonts in the order in which they are asked for a glyph; system fonts are opened when first needed.

    Args:
        font: file name of the shipped font that comes first.
        language: ISO 639-1 code; of fonts for Han characters, the one made for it is preferred.
        system_folders: where fonts may be installed; None means this platform's folders.
        first: a font file that comes before all others.
        colour: whether emoji are drawn in colour; otherwise as outlines of some font, if one has them.

    Raises:
        UnusableFontError: `first` is no font that can be drawn.
    """

    def __init__(
        self,
        font: str,
        language: str,
        system_folders: Sequence[Path] | None = None,
        *,
        first: Path | None = None,
        colour: bool = False,
    ) -> None:
        self._han_face = _HAN_FACES.get(language.lower().partition("-")[0], "")
        names = (font, *(name for name in _SHIPPED if name != font))
        self._shipped = [Typeface(first, self._han_face)] if first else []
        self._shipped += [Typeface(FONT_FOLDER / name) for name in names]
        self._colour = colour
        self._folders = (
            [Path(folder).expanduser() for folder in _SYSTEM_FOLDERS]
            if system_folders is None
            else list(system_folders)
        )
        self._candidates: list[Path] | None = None
        self._opened: dict[Path, Typeface | None] = {}
        self._found: dict[str, Typeface | None] = {}
        self.missing: set[str] = set()
        """Characters that no font has, emoji sequences in one piece; they are left out."""

    @property
    def primary(self) -> Typeface:
        return self._shipped[0]

    def runs(self, word: str) -> list[tuple[str, Typeface]]:
        """A word in parts of one font each; one font for all of its letters where there is one."""
        runs: list[tuple[str, Typeface]] = []
        for is_emoji, group in groupby(clusters(word), prefers_emoji):
            for part, face in self._emoji(group) if is_emoji else self._letters(list(group)):
                if runs and runs[-1][1] is face:
                    runs[-1] = (runs[-1][0] + part, face)
                else:
                    runs.append((part, face))
        return runs

    def _letters(self, found: list[str]) -> Iterator[tuple[str, Typeface]]:
        parts = [kept for part in found if (kept := _without_selectors(part)) and _visible(kept)]
        whole = "".join(parts)
        if not parts:
            return
        if face := self._among_shipped(whole):
            yield whole, face
            return
        faces = [self._among_shipped(part) for part in parts]
        if None in faces and (face := self._among_system(whole)):
            yield whole, face
            return
        for part, chosen in zip(parts, faces, strict=True):
            if chosen or (chosen := self._among_system(part)):
                yield part, chosen
            elif less := self._without_missing(part):
                yield less

    def _without_missing(self, part: str) -> tuple[str, Typeface] | None:
        """A letter with those of its marks that a font of the letter has; the rest is reported."""
        base = part[0]
        face = self._among_shipped(base) or self._among_system(base)
        self.missing.update(char for char in _visible(part) if face is None or not face.covers(char))
        if face is None:
            return None
        return "".join(char for char in part if not _visible(char) or face.covers(char)), face

    def _emoji(self, parts: Iterable[str]) -> Iterator[tuple[str, Typeface]]:
        for part in parts:
            plain = _without_selectors(part)
            if self._colour and (face := self._among_coloured(part)):
                yield part, face
            elif plain and (face := self._among_shipped(plain) or self._among_system(plain)):
                yield plain, face
            else:
                self.missing.add(part)

    def _among_coloured(self, part: str) -> Typeface | None:
        needed = "".join(char for char in part if unicodedata.category(char) != "Cf" and char not in _SELECTORS)
        key = "colour " + part
        if key not in self._found:
            named = (path for path in self._paths() if any(word in path.stem.lower() for word in _EMOJI_FONTS))
            faces = (*self._shipped[:1], *filter(None, map(self._open, named)))
            self._found[key] = next(
                (f for f in faces if f.coloured and f.covers(needed) and f.draws(part, coloured=True)), None
            )
        return self._found[key]

    def _among_shipped(self, text: str) -> Typeface | None:
        visible = _visible(text)
        return next((face for face in self._shipped if face.covers(visible)), None)

    def _among_system(self, text: str) -> Typeface | None:
        visible = _visible(text)
        if visible not in self._found:
            self._found[visible] = next((f for f in self._system() if f.covers(visible) and f.draws(text)), None)
        return self._found[visible]

    def _system(self) -> Iterator[Typeface]:
        # A picture in a line of letters would be no letter, so fonts of bitmaps alone are for emoji.
        return (face for face in filter(None, map(self._open, self._paths())) if face.outlined)

    def _paths(self) -> list[Path]:
        if self._candidates is None:
            self._candidates = sorted(_installed(self._folders), key=self._rank)
        return self._candidates

    def _open(self, path: Path) -> Typeface | None:
        if path not in self._opened:
            try:
                self._opened[path] = Typeface(path, self._han_face)
            except UnusableFontError:
                self._opened[path] = None
        return self._opened[path]

    def _rank(self, path: Path) -> tuple[int, str, str]:
        name = path.stem.lower()
        rank = sum(weight for word, weight in _RANKS if word in name)
        made_for = self._han_face and self._han_face.lower() in name
        return rank - (2 if made_for else 0), path.name, str(path)


def _visible(text: str) -> str:
    """Characters that need a glyph: not joiners, selectors or the enclosing keycap."""
    return "".join(char for char in _without_selectors(text) if unicodedata.category(char) != "Cf")


def _without_selectors(text: str) -> str:
    """Text without variation selectors and the enclosing keycap, which only emoji fonts draw."""
    return "".join(char for char in text if char not in _SELECTORS and char != "\u20e3")


def _installed(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from (path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
