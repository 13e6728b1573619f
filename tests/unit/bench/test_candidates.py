"""What is compared, and in which order."""

from __future__ import annotations

import pytest

from nvpipe.bench.candidates import candidates
from nvpipe.errors import BackendUnavailableError, UsageError
from nvpipe.media.encode import QUALITIES, Encoder
from nvpipe.registry import Entry, Registry

THREE: Registry[Encoder] = Registry(
    "encoder",
    (
        Entry("absent", "fakes.encoders:Absent", ""),
        Entry("second", "fakes.encoders:Second", ""),
        Entry("small", "fakes.encoders:Small", ""),
    ),
)
ALONE: Registry[Encoder] = Registry("encoder", (Entry("absent", "fakes.encoders:Absent", ""),))


def names(asked: tuple[str, ...]) -> list[str]:
    found = candidates(asked, THREE)
    ways = [*found.levels, *(way for family in found.families for way in family)]
    return [f"{way.encoder} {way.setting}" for way in ways]


def test_encoders_take_turns_preset_by_preset() -> None:
    found = candidates((), THREE)
    assert [(family[0].encoder, family[0].family) for family in found.families] == [
        ("second", "veryfast"),
        ("small", "ultrafast"),
        ("small", "superfast"),
    ]
    assert [way.factor for way in found.families[0]] == [18, 23, 28, 33]
    assert [way.setting for way in found.levels] == [*QUALITIES, *QUALITIES]


def test_the_last_encoder_that_works_is_the_reference_and_the_others_have_a_reason() -> None:
    found = candidates((), THREE)
    assert found.reference == "small"
    assert found.unusable == (("absent", "this card has no encoder"),)


def test_presets_rates_and_levels_can_be_asked_for() -> None:
    assert names(("superfast",)) == [f"small superfast@{crf}" for crf in (18, 23, 28, 33)]
    assert names(("superfast@21", "low")) == ["second low", "small low", "small superfast@21"]
    assert names(("ultrafast@18",)) == ["small ultrafast@18"]


@pytest.mark.parametrize(
    "text", ["nonsense", "nonsense@20", "superfast@", "superfast@x", "superfast@2.5", "superfast@-1", "@", ""]
)
def test_what_nobody_has_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="there is no setting"):
        candidates((text,), THREE)


def test_without_any_encoder_the_reasons_are_told() -> None:
    with pytest.raises(BackendUnavailableError, match="this card has no encoder"):
        candidates((), ALONE)


def test_every_codec_has_its_encoders_and_the_first_one_is_the_reference() -> None:
    found = candidates(("low",), THREE, ("h264", "hevc"))
    assert [way.encoder for way in found.levels] == ["second", "small"]
    assert found.reference == "small"
    with pytest.raises(UsageError, match="codec"):
        candidates((), THREE, ("h266",))
    with pytest.raises(BackendUnavailableError):
        candidates((), THREE, ("hevc",))
