"""Which font draws which part of a word: the shipped fonts first, then what the system has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

from nvpipe.captions.text import clusters
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
_SUFFIXES = frozenset((".ttf", ".otf", ".ttc", ".otc"))
_HAN_FACES = {"zh": "SC", "ja": "JP", "ko": "KR"}
_RANKS = (("black", -4), ("heavy", -4), ("extrabold", -4), ("bold", -3), ("medium", -1), ("noto", -1),
          ("light", 2), ("thin", 3), ("condensed", 2), ("mono", 3), ("serif", 3), ("italic", 6), ("oblique", 6),
          ("emoji", 9))  # fmt: skip


class FontChain:
    """Fonts in the order in which they are asked for a glyph; system fonts are opened when first needed.

    Args:
        font: file name of the shipped font that comes first.
        language: ISO 639-1 code; of fonts for Han characters, the one made for it is preferred.
        system_folders: where fonts may be installed; None means this platform's folders.
    """

    def __init__(self, font: str, language: str, system_folders: Sequence[Path] | None = None) -> None:
        names = (font, *(name for name in _SHIPPED if name != font))
        self._shipped = [Typeface(FONT_FOLDER / name) for name in names]
        self._han_face = _HAN_FACES.get(language.lower().partition("-")[0], "")
        self._folders = (
            [Path(folder).expanduser() for folder in _SYSTEM_FOLDERS]
            if system_folders is None
            else list(system_folders)
        )
        self._candidates: list[Path] | None = None
        self._opened: dict[Path, Typeface | None] = {}
        self._found: dict[str, Typeface | None] = {}
        self.missing: set[str] = set()
        """Characters that no font has, and emoji; they are left out."""

    @property
    def primary(self) -> Typeface:
        return self._shipped[0]

    def runs(self, word: str) -> list[tuple[str, Typeface]]:
        """A word in parts of one font each; one font for all of it where there is one."""
        parts = [_without_selectors(part) for part in clusters(word) if self._drawable(part)]
        if not parts:
            return []
        whole = "".join(parts)
        if face := self._among_shipped(whole):
            return [(whole, face)]
        faces = [self._among_shipped(part) for part in parts]
        if None in faces and (face := self._among_system(whole)):
            return [(whole, face)]
        runs: list[tuple[str, Typeface]] = []
        for part, found in zip(parts, faces, strict=True):
            chosen = found or self._among_system(part)
            if chosen is None:
                self.missing.update(_visible(part))
            elif runs and runs[-1][1] is chosen:
                runs[-1] = (runs[-1][0] + part, chosen)
            else:
                runs.append((part, chosen))
        return runs

    def _drawable(self, part: str) -> bool:
        if emoji := [char for char in part if 0x1F000 <= ord(char) <= 0x1FFFF]:
            self.missing.update(emoji)
        return not emoji and bool(_visible(part))

    def _among_shipped(self, text: str) -> Typeface | None:
        visible = _visible(text)
        return next((face for face in self._shipped if face.covers(visible)), None)

    def _among_system(self, text: str) -> Typeface | None:
        visible = _visible(text)
        if visible not in self._found:
            self._found[visible] = next((face for face in self._system() if face.covers(visible)), None)
        return self._found[visible]

    def _system(self) -> Iterator[Typeface]:
        if self._candidates is None:
            self._candidates = sorted(_installed(self._folders), key=self._rank)
        for path in self._candidates:
            if path not in self._opened:
                try:
                    self._opened[path] = Typeface(path, self._han_face)
                except UnusableFontError:
                    self._opened[path] = None
            if face := self._opened[path]:
                yield face

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
    return "".join(char for char in text if not "\ufe00" <= char <= "\ufe0f" and char != "\u20e3")


def _installed(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from (path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
