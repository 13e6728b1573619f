"""Decoders and scorers of a registry beside plain libav."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.media import make_video

from nvpipe.bench import decode, motion
from nvpipe.bench.sheet import markdown
from nvpipe.errors import BackendUnavailableError, MediaError, UsageError
from nvpipe.footage.motion import Scorer
from nvpipe.media.decode import Decoder
from nvpipe.pipeline.reporter import Silent
from nvpipe.registry import Entry, Registry

DECODERS: Registry[Decoder] = Registry(
    "decoder",
    (
        Entry("gone", "nvpipe.media.decode.gone:Decoder", "a decoder whose driver is missing"),
        Entry("breaking", "fakes.breaking_decoder:BreakingDecoder", "fails in the middle"),
        Entry("pyav", "nvpipe.media.decode.pyav:PyAvDecoder", ""),
    ),
)
SCORERS: Registry[Scorer] = Registry(
    "scorer", (Entry("torch-diff", "nvpipe.footage.motion.torch_diff:TorchDiffScorer", ""),)
)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("footage") / "clip.mp4", seconds=2, size=(320, 180))


def test_every_decoder_is_compared_and_one_that_fails_has_its_reason(footage: Path) -> None:
    result = decode.measure([footage], Silent(), runs=2, decoders=DECODERS)
    rows = {row.decoder: row for row in result.rows}
    assert list(rows) == ["libav", "breaking", "pyav"]
    assert [turn.frames for turn in rows["pyav"].turns] == [60, 60]
    assert len(rows["pyav"].shares) == 2
    assert rows["breaking"].reason == "the card is gone"
    document = json.loads(json.dumps(decode.result_json(result), allow_nan=False))
    assert [row["error"] for row in document["rows"]] == [None, "the card is gone", None]
    assert document["rows"][2]["fps"] > 0
    assert document["unusable"][0]["decoder"] == "gone"
    text = "\n".join(markdown(decode.result_sheet(result)))
    assert "gone is not measured, since it is not usable here" in text
    assert "| clip.mp4 | pyav | 60 |" in text


def test_only_the_beginning_of_a_long_video_is_decoded(footage: Path) -> None:
    result = decode.measure([footage], Silent(), seconds=1.0, runs=1, named="pyav", decoders=DECODERS)
    assert {turn.frames for row in result.rows for turn in row.turns} <= set(range(28, 34))


@pytest.mark.parametrize(("name", "error"), [("gone", BackendUnavailableError), ("nonsense", UsageError)])
def test_a_decoder_that_was_named_must_work(footage: Path, name: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=name):
        decode.measure([footage], Silent(), named=name, decoders=DECODERS)


def test_scoring_stands_beside_decoding_alone(footage: Path) -> None:
    result = motion.measure([footage], Silent(), seconds=60, runs=1, decoders=DECODERS, scorers=SCORERS)
    rows = {row.decoder: row for row in result.rows}
    assert list(rows) == ["breaking", "pyav"]
    assert rows["breaking"].reason == "the card is gone"
    good = rows["pyav"]
    assert (good.scorer, good.frames) == ("torch-diff", 60)
    assert good.duration_s == pytest.approx(2, abs=0.1)
    assert good.of_decoder[0] > 0
    document = json.loads(json.dumps(motion.result_json(result), allow_nan=False))
    assert document["rows"][1]["of_plain"] > 0
    assert "torch-diff" in "\n".join(markdown(motion.result_sheet(result)))


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(MediaError):
        decode.measure([text], Silent(), decoders=DECODERS)
