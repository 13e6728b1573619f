"""Text into Kokoro's phonemes by misaki, each phoneme with its owner; works in the model's process."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from nvpipe.errors import BackendUnavailableError
from nvpipe.voice.kokoro.align import owned
from nvpipe.voice.kokoro.chunks import Phoneme
from nvpipe.voice.saying.rewriting import NOBODY

Pair = tuple[str, int]
"""A character and the atom that it is said for."""

ESPEAK_PATH_BYTES = 159
_NEEDS = {
    "j": ("misaki[ja]", ("fugashi", "jaconv", "mojimoji", "pyopenjtalk", "unidic")),
    "z": ("misaki[zh]", ("cn2an", "jieba", "ordered_set", "pypinyin", "pypinyin_dict")),
}
_FIRST_WORDS = {"h": "एक", "j": "一", "z": "一"}
_NEWER_CHINESE = "ㄅ"
"""In the alphabet of the models that read Chinese as version 1.1 of Kokoro does."""
_SAME = {"।": ".", "॥": "."}


class Reader:
    """Reads one language.

    Args:
        code: Kokoro's letter for the language.
        alphabet: what the model knows.

    Raises:
        BackendUnavailableError: what it needs is not installed.
    """

    def __init__(self, code: str, alphabet: frozenset[str]) -> None:
        self.code = code
        self.is_trained = True
        """False where rules stand in for a trained pipeline."""
        self._alone: dict[str, str] = {}
        require(code)
        with _own_temporary_folder():
            if code in "ab":
                from nvpipe.voice.kokoro.english import english_reader

                self._read, self.is_trained = english_reader(code == "b")
            else:
                from nvpipe.voice.kokoro.library import kokoro

                repository = "local/kokoro" if _NEWER_CHINESE in alphabet else "local/Kokoro-82M"
                self._read = kokoro().KPipeline(lang_code=code, repo_id=repository, model=False).g2p
            # Dictionaries are read with the first word.
            self._read(_FIRST_WORDS.get(code, "one"))

    def phonemes(self, sentence: Sequence[Pair]) -> list[Phoneme]:
        """The phonemes of a sentence, each with its owner; a space's is nobody's."""
        found = self._english(sentence) if self.code in "ab" else self._together(sentence)
        return [(character, NOBODY if character.isspace() else owner) for character, owner in found]

    def _english(self, sentence: Sequence[Pair]) -> list[Phoneme]:
        """By misaki's tokens, which hold all of the text in order."""
        _, tokens = self._read(_text(sentence), preprocess=False)
        found: list[Phoneme] = []
        at = 0
        for token in tokens:
            owners: list[int] = []
            for character in token.text:
                place = next((index for index in range(at, len(sentence)) if sentence[index][0] == character), None)
                if place is not None:
                    at = place + 1
                    owners.append(sentence[place][1])
            found += _shared(token.phonemes or "", owners)
            if token.whitespace:
                found.append((" ", NOBODY))
        return found

    def _together(self, sentence: Sequence[Pair]) -> list[Phoneme]:
        """Read as a whole, so that words lean on each other as people say them, then held against single words."""
        together = self._say(_text(sentence))
        return owned(together, [(self._say_alone(word), owner) for word, owner in _words(sentence)])

    def _say_alone(self, word: str) -> str:
        if word not in self._alone:
            self._alone[word] = self._say(word)
        return self._alone[word]

    def _say(self, text: str) -> str:
        result = self._read(text)
        phonemes: str = result[0] if isinstance(result, tuple) else result
        return phonemes or ""


def require(code: str) -> None:
    """See that what misaki needs for a language is installed.

    Raises:
        BackendUnavailableError: it is not.
    """
    extra, packages = _NEEDS.get(code, ("", ()))
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise BackendUnavailableError(
            f"Kokoro's {'Japanese' if code == 'j' else 'Chinese'} needs {', '.join(missing)}",
            hint=f"python -m pip install '{extra}'",
        )
    if code == "z":
        return
    import espeakng_loader

    path = str(espeakng_loader.get_data_path())
    if len(path.encode()) > ESPEAK_PATH_BYTES:
        raise BackendUnavailableError(
            f"eSpeak NG, which reads for Kokoro, takes paths of {ESPEAK_PATH_BYTES} bytes, its data's has "
            f"{len(path.encode())}: {path}",
            hint="install nvpipe in a folder with a shorter path",
        )


def sentences_of(line: Sequence[Pair], language: str) -> list[list[Pair]]:
    """The sentences of a line, without white space around them and with single spaces in them."""
    import sentencex  # type: ignore[import-untyped]

    text = _text(line)
    sentences: list[list[Pair]] = []
    at = 0
    for sentence in sentencex.segment(language, text):
        place = text.find(sentence, at)
        if place < 0:
            continue
        sentences.append(_trimmed(line[at : place + len(sentence)]))
        at = place + len(sentence)
    rest = _trimmed(line[at:])
    return [one for one in (*sentences, rest) if one]


def _trimmed(pairs: Sequence[Pair]) -> list[Pair]:
    kept: list[Pair] = []
    for character, owner in pairs:
        character = " " if character.isspace() else _SAME.get(character, character)
        if character != " " or (kept and kept[-1][0] != " "):
            kept.append((character, owner))
    while kept and kept[-1][0] == " ":
        kept.pop()
    return kept


def _text(pairs: Sequence[Pair]) -> str:
    return "".join(character for character, _ in pairs)


def _words(sentence: Sequence[Pair]) -> Iterator[tuple[str, int]]:
    """Runs without a space that belong to one atom; what belongs to nobody stays with what it follows."""
    text, owner = "", NOBODY
    for character, whose in sentence:
        if character == " " or (text and whose not in (owner, NOBODY) and owner != NOBODY):
            if text:
                yield text, owner
            text, owner = "", NOBODY
        if character != " ":
            text += character
            owner = whose if owner == NOBODY else owner
    if text:
        yield text, owner


def _shared(phonemes: str, owners: Sequence[int]) -> list[Phoneme]:
    """A token's phonemes to those whose characters it has, by how many."""
    said = [owner for owner in owners if owner != NOBODY]
    if not said:
        return [(character, NOBODY) for character in phonemes]
    return [(character, said[at * len(said) // len(phonemes)]) for at, character in enumerate(phonemes)]


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """What libraries leave in the temporary folder (copies of eSpeak, jieba's cache) goes with it."""
    before: str | None = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="nvpipe-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before
