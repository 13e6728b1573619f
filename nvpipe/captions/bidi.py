"""Which way each character runs: the Unicode Bidirectional Algorithm for one short line.

Explicit embeddings, overrides and isolates are left out (captions contain none: `text.clean` drops them).
Libraries give the reordered string; fonts must be given the levels of the text in its logical order.
Source: Unicode Standard Annex 9, rules P2-P3, W1-W7, N0-N2, I1-I2, L1-L2.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

_RTL_LANGUAGES = frozenset(("ar", "fa", "he", "ur", "yi", "ps", "sd", "ug", "ckb", "dv"))
_NEUTRAL = frozenset(("B", "S", "WS", "ON"))
_BRACKETS = {"(": ")", "[": "]", "{": "}", "（": "）", "［": "］", "｛": "｝", "「": "」", "『": "』", "〈": "〉",
             "《": "》", "【": "】", "〔": "〕", "⟨": "⟩"}  # fmt: skip


def base_level(text: str, language: str) -> int:
    """0 for a line that starts at the left, 1 at the right: by its first letter, else by its language.

    In a language that is written from right to left, one such letter is enough: captions are parts of sentences,
    and a foreign word at the start of a part does not turn the sentence around.
    """
    kinds = [kind for char in text if (kind := unicodedata.bidirectional(char)) in ("L", "R", "AL")]
    if language.lower().partition("-")[0] in _RTL_LANGUAGES:
        return int(not kinds or kinds.count("L") < len(kinds))
    return int(bool(kinds) and kinds[0] != "L")


def levels(text: str, base: int) -> list[int]:
    """The embedding level of each character: even runs left to right, odd right to left."""
    sos = "R" if base else "L"
    original = [unicodedata.bidirectional(char) or "L" for char in text]
    kinds = list(original)
    _resolve_weak(kinds, sos)
    _resolve_brackets(text, kinds, sos)
    _resolve_neutral(kinds, sos)
    result = [_implicit(kind, base) for kind in kinds]
    for index in range(len(text) - 1, -1, -1):
        if original[index] not in ("WS", "S", "B", "BN"):
            break
        result[index] = base
    return result


def visual_order(levels: Sequence[int]) -> list[int]:
    """Indices from left to right of items with these levels (rule L2)."""
    order = list(range(len(levels)))
    for level in range(max(levels, default=0), 0, -1):
        start = None
        for index in range(len(levels) + 1):
            inside = index < len(levels) and levels[order[index]] >= level
            if inside and start is None:
                start = index
            elif not inside and start is not None:
                order[start:index] = reversed(order[start:index])
                start = None
    return order


def _implicit(kind: str, base: int) -> int:
    if base:
        return base + (kind != "R")
    return {"L": 0, "R": 1}.get(kind, 2)


def _resolve_weak(kinds: list[str], sos: str) -> None:
    before, strong = sos, sos
    for index, kind in enumerate(kinds):
        if kind in ("NSM", "BN"):
            kinds[index] = before  # W1
        elif kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[index] = "AN"  # W2
        before = kinds[index]
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]  # W3
    for index in range(1, len(kinds) - 1):  # W4
        left, right = kinds[index - 1], kinds[index + 1]
        if left == right and ((kinds[index] == "CS" and left in ("EN", "AN")) or
                              (kinds[index] == "ES" and left == "EN")):  # fmt: skip
            kinds[index] = left
    for start, end in _runs(kinds, frozenset(("ET",))):  # W5
        if "EN" in (kinds[start - 1] if start else "", kinds[end] if end < len(kinds) else ""):
            kinds[start:end] = ["EN"] * (end - start)
    strong = sos
    for index, kind in enumerate(kinds):
        if kind in ("ES", "ET", "CS"):
            kinds[index] = "ON"  # W6
        elif kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[index] = "L"  # W7


def _resolve_brackets(text: str, kinds: list[str], sos: str) -> None:
    """N0: a pair of brackets takes the direction of what it encloses, or of what stands before it."""
    for opening, closing in sorted(_bracket_pairs(text, kinds)):
        inside = {_strong(kind) for kind in kinds[opening + 1 : closing]} - {""}
        if sos in inside:
            direction = sos
        elif inside:
            before = next((d for kind in reversed(kinds[:opening]) if (d := _strong(kind))), sos)
            direction = before if before != sos else sos
        else:
            continue
        for place in (opening, closing):
            kinds[place] = direction
            follow = place + 1
            while follow < len(text) and unicodedata.bidirectional(text[follow]) == "NSM":
                kinds[follow] = direction
                follow += 1


def _bracket_pairs(text: str, kinds: list[str]) -> Iterator[tuple[int, int]]:
    stack: list[tuple[str, int]] = []
    for index, char in enumerate(text):
        if kinds[index] != "ON":
            continue
        if char in _BRACKETS:
            stack.append((_BRACKETS[char], index))
        elif any(char == wanted for wanted, _ in stack):
            while stack:
                wanted, opening = stack.pop()
                if wanted == char:
                    yield opening, index
                    break


def _strong(kind: str) -> str:
    return "L" if kind == "L" else "R" if kind in ("R", "EN", "AN") else ""


def _resolve_neutral(kinds: list[str], sos: str) -> None:
    for start, end in _runs(kinds, _NEUTRAL):  # N1, N2
        left = _strong(kinds[start - 1]) if start else sos
        right = _strong(kinds[end]) if end < len(kinds) else sos
        kinds[start:end] = [left if left == right else sos] * (end - start)


def _runs(kinds: list[str], wanted: frozenset[str]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index, kind in enumerate(kinds):
        if kind in wanted:
            if runs and runs[-1][1] == index:
                runs[-1] = (runs[-1][0], index + 1)
            else:
                runs.append((index, index + 1))
    return runs
