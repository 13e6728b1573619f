"""What no speaker takes: nothing, too much, or a script that the voice cannot read."""

from __future__ import annotations

from collections.abc import Sequence

from nvpipe.errors import ArticleError
from nvpipe.types import Script
from nvpipe.voice.tokens import Atom, is_han

MAX_CHARACTERS = 40_000
_UNREADABLE_SHARE = 0.1
"""More of the letters than this may not be left out."""


def check_script(script: Script, atoms: Sequence[Atom], voice: str, *, reads_han: bool) -> None:
    """See that a voice can speak a script.

    Raises:
        ArticleError: it is empty, too long, or largely in Chinese characters that the voice cannot read.
    """
    characters = sum(len(atom.text) for atom in atoms)
    if not characters:
        raise ArticleError("the script is empty")
    if characters > MAX_CHARACTERS:
        raise ArticleError(f"the script has {characters} characters, at most {MAX_CHARACTERS} can be spoken")
    letters = [character for line in script.lines for character in line.text if character.isalpha()]
    han = sum(is_han(character) for character in letters)
    if not reads_han and han > _UNREADABLE_SHARE * len(letters):
        raise ArticleError(
            f"the voice {voice} cannot read Chinese characters, {han} of {len(letters)} letters here",
            hint="use a text without them, or a Chinese voice for a Chinese text (--language zh)",
        )
