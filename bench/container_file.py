"""Reads Dockerfiles as far as nvpipe's own go: stages, their steps, and the variables that hold in each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_WORD = re.compile(r"^\s*([A-Za-z]+)\s+(.*)$", re.DOTALL)
_FROM = re.compile(r"(?P<image>\S+)(?:\s+AS\s+(?P<name>\S+))?\s*$", re.IGNORECASE)
_OPTION = re.compile(r"--([a-z-]+)(?:=(\S+))?\s+")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::-(?P<default>[^}]*))?\}|(?P<plain>\w+))")
_PAIR = re.compile(r"""(?P<name>[\w.]+)=(?P<value>"[^"]*"|'[^']*'|\S*)""")
_EXEC_FORM = ("ENTRYPOINT", "CMD", "SHELL", "VOLUME")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction."""

    line: int
    word: str
    """In capitals."""
    text: str
    """What follows it and its options, continued lines joined."""
    options: tuple[tuple[str, str], ...] = ()

    def words(self) -> list[str]:
        """The exec form's words.

        Raises:
            ValueError: it is not in the exec form.
        """
        found = json.loads(self.text)
        if not isinstance(found, list):
            raise ValueError(f"line {self.line}: {self.word} is not a list of words")
        return [str(word) for word in found]

    def pairs(self) -> dict[str, str]:
        """What ENV, LABEL or ARG set; a bare ARG sets nothing."""
        return {found["name"]: found["value"].strip("\"'") for found in _PAIR.finditer(self.text)}


@dataclass(slots=True)
class Stage:
    """What stands between one FROM and the next."""

    name: str
    parent: str
    """Name of an earlier stage, or of an image."""
    line: int
    steps: list[Step] = field(default_factory=list)


def logical_lines(text: str) -> list[tuple[int, str]]:
    """Instructions with the number of their first line; comments left out, continued lines joined."""
    found: list[tuple[int, str]] = []
    start, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not line.strip() and not parts):
            continue
        start = start if parts else number
        parts.append(line.removesuffix("\\").strip() if line.endswith("\\") else line.strip())
        if not line.endswith("\\"):
            found.append((start, " ".join(parts)))
            parts = []
    if parts:
        raise ValueError(f"line {start}: nothing follows the last backslash")
    return found


def parse(text: str) -> tuple[dict[str, str], list[Stage]]:
    """The ARGs before the first stage, and the stages.

    Raises:
        ValueError: it is no Dockerfile, or has what this reader does not know.
    """
    globals_: dict[str, str] = {}
    stages: list[Stage] = []
    for number, line in logical_lines(text):
        match = _WORD.match(line)
        if match is None:
            raise ValueError(f"line {number}: not an instruction: {line[:60]}")
        word, rest = match[1].upper(), match[2].strip()
        if word == "FROM":
            origin = _FROM.match(rest)
            if origin is None:
                raise ValueError(f"line {number}: FROM without an image")
            stages.append(Stage(origin["name"] or str(len(stages)), expand(origin["image"], globals_), number))
            continue
        options: list[tuple[str, str]] = []
        while word != "ARG" and (option := _OPTION.match(rest)):
            options.append((option[1], option[2] or ""))
            rest = rest[option.end() :]
        step = Step(number, word, rest, tuple(options))
        if stages:
            stages[-1].steps.append(step)
        elif word == "ARG":
            globals_ |= step.pairs()
        else:
            raise ValueError(f"line {number}: {word} before the first FROM")
    return globals_, stages


def expand(text: str, values: Mapping[str, str]) -> str:
    """`$NAME`, `${NAME}` and `${NAME:-default}` as the builder replaces them outside of RUN."""

    def value(match: re.Match[str]) -> str:
        return values.get(match["braced"] or match["plain"], "") or match["default"] or ""

    return _VARIABLE.sub(value, text)


def chain(stages: list[Stage], name: str) -> list[Stage]:
    """A stage and those that it stands on, the lowest first.

    Raises:
        ValueError: there is no such stage.
    """
    by_name = {stage.name: stage for stage in stages}
    if name not in by_name:
        raise ValueError(f"there is no stage {name!r}; there are: {', '.join(by_name)}")
    found = [by_name[name]]
    while found[0].parent in by_name:
        found.insert(0, by_name[found[0].parent])
    return found


def image_settings(stages: list[Stage], name: str) -> dict[str, list[str]]:
    """The words of what an image runs by, by instruction: ENTRYPOINT, CMD, USER, WORKDIR; the last one counts."""
    found: dict[str, list[str]] = {}
    for stage in chain(stages, name):
        for step in stage.steps:
            if step.word in ("ENTRYPOINT", "CMD"):
                found[step.word] = step.words()
            elif step.word in ("USER", "WORKDIR"):
                found[step.word] = [step.text]
            elif step.word == "HEALTHCHECK":
                found[step.word] = json.loads(step.text.removeprefix("CMD").strip())
    return found
