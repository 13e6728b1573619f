"""Types as JSON and back."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from nvpipe.types import CaptionTrack, Cue, Cut, Footage, Narration, OutputFormat, Timeline, Word
from nvpipe.types.codec import digest_of, from_json, to_json


def timeline() -> Timeline:
    footage = Footage(
        "clip-01234567", Path("clip.mp4"), "ab", 1920, 1080, Fraction(30000, 1001), 12.5, "h264", 90, True, "bt709",
        False, None, "me",
    )  # fmt: skip
    return Timeline(
        (Cut(footage, 1.0, 3.0, 0.0, ((0.0, 0.5), (1.0, 0.75))),),
        Narration(Path("n.wav"), 22050, 1.5, "espeak", "en-us", (Word("Hi", 0.0, 0.5),)),
        0.0,
        CaptionTrack((Cue(0.0, 0.5, ("Hi",), 0), Cue(0.5, 0.6, ("Hi",), None)), "default"),
        OutputFormat(1080, 1920, Fraction(30), "blur", "medium"),
        2.0,
    )


def test_a_timeline_survives_json() -> None:
    assert from_json(Timeline, json.loads(json.dumps(to_json(timeline())))) == timeline()


@pytest.mark.parametrize(
    "data",
    [
        {"start_s": 0.0},
        {"text": "a", "start_s": "0", "end_s": 1.0},
        {"text": 1, "start_s": 0.0, "end_s": 1.0},
        {"text": "a", "start_s": 0.0, "end_s": 1.0, "more": 1},
        {"text": "a", "start_s": 0.0, "end_s": 1.0, "line": True},
        [],
        None,
    ],
)
def test_what_does_not_fit_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_json(Word, data)


def test_the_digest_follows_the_content_alone() -> None:
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1})
    assert digest_of(timeline()) == digest_of(timeline())
    assert digest_of("a") != digest_of("b")


@pytest.mark.parametrize("text", ["1e20000000", "9" * 11, "1/0", "1/-3", "0.5", " 30", "1_0", "\u0661", "", "nan"])
def test_what_is_no_plain_fraction_is_refused(text: str) -> None:
    data = {**to_json(timeline().output), "fps": text}
    with pytest.raises(ValueError, match=r"\w"):
        from_json(OutputFormat, data)


def test_an_endless_number_is_refused() -> None:
    with pytest.raises(ValueError, match="large"):
        from_json(Word, {"text": "a", "start_s": 10**400, "end_s": 1.0})
