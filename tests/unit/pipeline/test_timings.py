"""How long work took, remembered for what the next will take."""

from __future__ import annotations

import pytest

from nvpipe.cache.stages import StageStore
from nvpipe.pipeline.timings import STAGE, Kind, Timings, kind_of
from nvpipe.settings import Settings
from nvpipe.types.codec import digest_of

RENDER = Kind("render", "x264", ("9:16", 30, "medium", "blur"))


def test_what_was_never_done_is_unknown_and_then_the_median_is_expected(tmp_path):
    timings = Timings(StageStore(tmp_path, lambda _: None))
    assert timings.expected(RENDER) is None
    for seconds in (30.0, 300.0, 45.0):
        timings.note(RENDER, seconds, 15.0)
    assert Timings(StageStore(tmp_path, lambda _: None)).expected(RENDER) == pytest.approx(3.0)
    assert timings.expected(Kind("render", "nvenc", RENDER.details)) is None


def test_old_times_are_forgotten(tmp_path):
    timings = Timings(StageStore(tmp_path, lambda _: None))
    for seconds in (*[100.0] * 9, *[1.0] * 9):
        timings.note(RENDER, seconds)
    assert timings.expected(RENDER) == 1.0


def test_nonsense_is_neither_kept_nor_read(tmp_path):
    store = StageStore(tmp_path, lambda _: None)
    timings = Timings(store)
    for seconds, units in ((float("nan"), 1.0), (5.0, 0.0), (-1.0, 1.0), (float("inf"), 1.0)):
        timings.note(RENDER, seconds, units)
    assert timings.expected(RENDER) is None
    for data in ({"seconds": "many"}, {"seconds": [None, "x", -3]}, [], 7):
        store.save(STAGE, RENDER.key, data)
        assert timings.expected(RENDER) is None
    assert timings.choice("encode") is None
    store.save(STAGE, digest_of(["backend", "encode", []]), {"used": 7})
    assert timings.choice("encode") is None


def test_the_backend_of_the_last_run_is_known(tmp_path):
    timings = Timings(StageStore(tmp_path, lambda _: None))
    timings.note_choice("encode", "x264")
    timings.note_choice("encode", "nvenc")
    assert timings.choice("encode") == "nvenc"


def test_options_that_change_the_pace_make_another_kind(tmp_path):
    plain = Settings(tmp_path)
    assert kind_of("render", "x264", plain) != kind_of("render", "x264", Settings(tmp_path, quality="low"))
    assert kind_of("render", "x264", plain) == kind_of("render", "x264", Settings(tmp_path, voice="af_heart"))
    assert kind_of("analysis", "torch", plain) != kind_of("analysis", "torch", Settings(tmp_path, fast=True))
