"""Word times of recordings, against voices whose times are known."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.readers import LINES, OTHER_LINES, recorded, script_of

from nvpipe.errors import ArticleError
from nvpipe.types import Narration
from nvpipe.voice.alignment.align import Alignment, align, speech_bounds

Recording = tuple[Narration, Any]


@pytest.fixture(scope="module")
def woman(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    recording: Recording = recorded(tmp_path_factory.mktemp("woman") / "a.wav", "en-us+f3", 1.15)
    return recording


def errors_s(found: Alignment, true: Narration, late_s: float = 0.0) -> Any:
    assert [word.text for word in found.words] == [word.text for word in true.words]
    return np.array([abs(a.start_s - b.start_s - late_s) for a, b in zip(found.words, true.words, strict=True)])


@pytest.mark.parametrize(("voice", "rate"), [("en-us+klatt4", 0.8), ("en-gb-scotland+m7", 1.3)])
def test_words_of_another_voice_and_pace_are_found(tmp_path: Path, voice: str, rate: float) -> None:
    true, samples = recorded(tmp_path / "a.wav", voice, rate)
    found = align(samples, true.sample_rate_hz, script_of(), "en")
    errors = errors_s(found, true)
    assert np.median(errors) < 0.03
    assert np.mean(errors < 0.1) > 0.9
    assert not found.doubt


def test_words_are_in_order_inside_the_recording(woman: Recording) -> None:
    true, samples = woman
    words = align(samples, true.sample_rate_hz, script_of(), "en").words
    assert [word.line for word in words] == [word.line for word in true.words]
    assert words[0].start_s >= 0
    assert words[-1].end_s <= len(samples) / true.sample_rate_hz
    assert all(word.end_s - word.start_s >= 0.0299 for word in words)
    assert all(one.end_s <= two.start_s for one, two in pairwise(words))
    assert words == align(samples, true.sample_rate_hz, script_of(), "en").words


def test_pauses_noise_and_silence_around_don_t_mislead(woman: Recording) -> None:
    true, samples = woman
    rate_hz = true.sample_rate_hz
    at_s = next(word.start_s for word in true.words if word.line == 1)
    at = round((at_s - 0.02) * rate_hz)
    silence = np.zeros(round(1.5 * rate_hz), np.float32)
    noise = np.random.default_rng(3).standard_normal(len(samples) + 3 * len(silence)).astype(np.float32)
    paused = np.concatenate([silence, samples[:at], silence, samples[at:], silence]) + 0.003 * noise
    found = align(paused, rate_hz, script_of(), "en")
    late = np.array([1.5 if word.line == 0 else 3.0 for word in true.words])
    starts = np.array([a.start_s - b.start_s for a, b in zip(found.words, true.words, strict=True)])
    assert np.mean(np.abs(starts - late) < 0.1) > 0.9, starts - late
    start_s, end_s = speech_bounds(paused, rate_hz)
    assert start_s == pytest.approx(1.5, abs=0.15)
    assert end_s == pytest.approx(len(paused) / rate_hz - 1.5, abs=0.3)


def test_another_text_is_doubted_with_numbers(woman: Recording) -> None:
    true, samples = woman
    found = align(samples, true.sample_rate_hz, script_of(OTHER_LINES), "en")
    assert "0.9" in found.doubt or "1.0" in found.doubt
    assert len(found.words) == sum(len(line.split()) for line in OTHER_LINES)


@pytest.mark.parametrize("lines", [("Boat.",), LINES * 6])
def test_a_text_of_another_length_is_refused(woman: Recording, lines: tuple[str, ...]) -> None:
    true, samples = woman
    with pytest.raises(ArticleError, match=r"\d s of speech where its text takes about \d"):
        align(samples, true.sample_rate_hz, script_of(lines), "en")


def test_silence_and_endless_sound_are_refused() -> None:
    for samples in (np.zeros(0, np.float32), np.zeros(48_000, np.float32)):
        with pytest.raises(ArticleError, match="silent"):
            align(samples, 16_000, script_of(), "en")
    with pytest.raises(ArticleError, match="minutes long"):
        align(np.zeros(3601, np.float32), 1, script_of(), "en")


def test_noise_and_clicks_give_an_answer_or_a_refusal() -> None:
    rng = np.random.default_rng(0)
    click = np.zeros(5 * 16_000, np.float32)
    click[40_000] = 1.0
    for samples in (rng.standard_normal(160_000).astype(np.float32), click):
        try:
            words = align(samples, 16_000, script_of(), "en").words
        except ArticleError:
            continue
        assert all(one.end_s <= two.start_s for one, two in pairwise(words))
