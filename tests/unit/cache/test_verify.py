"""Verifying tells damaged from stale, and both from what is fine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.reservations import reserve

from nvpipe.cache.action import ACTION, KeptTrack, save_segments, save_track
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.ledger import LEDGER, Ledger
from nvpipe.cache.naming import action_path, index_path, ledger_path, segments_path
from nvpipe.cache.sighting import Sighting, digest_settled
from nvpipe.cache.stages import STAGE, StageStore
from nvpipe.cache.store import Format, open_envelope, write
from nvpipe.cache.verify import Finding, verify
from nvpipe.errors import OutputError
from nvpipe.types import Footage, MotionTrack, Narration, Segment

KEY = "ab" * 16
SCORERS = ("diff/1",)


class Cache:
    """A storage folder with one good file of every kind."""

    def __init__(self, root: Path, make: Callable[..., Footage], said: list[str]) -> None:
        self.root, self.storage, self.said = root, root / "s", said
        self.clip = root / "clip.mp4"
        self.clip.write_bytes(b"content")
        digest, identity = digest_settled(self.clip)
        index = FootageIndex(self.storage, said.append)
        self.footage = index.add([Sighting(identity, make(self.clip, digest))])[0]
        self.video_id = self.footage.video_id
        track = MotionTrack(self.video_id, "diff/1", 0.5, 1.0, (1.0, 2.0), ())
        self.track = KeptTrack(track, KEY, save_track(self.storage, digest, KEY, track, said.append))
        self.segment = Segment(self.video_id, 0.0, 1.0, 1.0, 0.5)
        save_segments(self.storage, self.track, 30, None, (self.segment,))
        self.stages = StageStore(self.storage, said.append)
        self.stages.save("script", KEY, {"rate": 1.0})
        wav = root / "speech.wav"
        wav.write_bytes(b"RIFF" * 100)
        self.wav = self.stages.save_narration(KEY, Narration(wav, 8000, 1.0, "espeak", "en", ())).audio_path
        self.output = root / "short.mp4"
        self.output.write_bytes(b"movie")
        self.stages.save_render(KEY, self.output)
        reserve(Ledger(self.storage, said.append), "job", self.segment)

    @property
    def action(self) -> Path:
        return action_path(self.storage, self.video_id)

    @property
    def segments(self) -> Path:
        return segments_path(self.storage, self.video_id, 30)

    def stage(self, name: str) -> Path:
        return self.storage / "stages" / name / f"{KEY}.json"

    def rewrite(self, path: Path, **changes: object) -> None:
        """Another value in the data of a file, with a right checksum."""
        envelope = open_envelope(path, None, None)
        write(path, Format(envelope.format, envelope.version), envelope.key, {**envelope.data, **changes})

    def findings(self) -> dict[Path, Finding]:
        return {finding.path: finding for finding in verify(self.storage, SCORERS)}

    def not_ok(self) -> dict[Path, str]:
        return {path: one.state for path, one in self.findings().items() if one.state != "ok"}


@pytest.fixture
def cache(tmp_path: Path, footage: Callable[..., Footage], said: list[str]) -> Cache:
    return Cache(tmp_path, footage, said)


def test_a_sound_cache_is_ok(cache: Cache) -> None:
    findings = cache.findings()
    assert {finding.kind for finding in findings.values()} == {"footage", "ledger", "action", "segments", "stage"}
    assert cache.not_ok() == {}
    assert all(finding.reason == "" for finding in findings.values())
    assert list(findings) == sorted(findings)
    assert cache.said == []


@pytest.mark.parametrize("harm", ["truncated", "flipped", "empty", "zeros"])
def test_damage_of_any_file_is_told_and_nothing_is_moved(cache: Cache, harm: str) -> None:
    for path in cache.findings():
        whole = path.read_bytes()
        half = len(whole) // 2
        path.write_bytes(
            {
                "truncated": whole[:-3],
                "flipped": whole[:half] + bytes([whole[half] ^ 4]) + whole[half + 1 :],
                "empty": b"",
                "zeros": bytes(len(whole)),
            }[harm]
        )
        finding = cache.findings()[path]
        assert finding.state == "damaged", path
        assert finding.reason
        assert "\n" not in finding.reason
        path.write_bytes(whole)
    assert cache.not_ok() == {}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_damage(cache: Cache, number: str) -> None:
    cache.action.write_text(cache.action.read_text().replace("2.0", number))
    finding = cache.findings()[cache.action]
    assert finding.state == "damaged"
    assert "finite" in finding.reason


def test_a_wrong_structure_under_a_right_checksum_is_damage(cache: Cache) -> None:
    cache.rewrite(cache.action, tracks=[])
    cache.rewrite(cache.segments, segments=3)
    cache.rewrite(index_path(cache.storage), files=[])
    cache.rewrite(ledger_path(cache.storage), jobs=[{"key": 3}])
    cache.rewrite(cache.stage("narration"), file={"name": "../../x"})
    cache.rewrite(cache.stage("render"), outputs=3)
    damaged = {path for path, state in cache.not_ok().items() if state == "damaged"}
    assert damaged == {
        cache.action,
        cache.segments,
        index_path(cache.storage),
        ledger_path(cache.storage),
        cache.stage("narration"),
        cache.stage("render"),
    }


def test_a_file_under_a_wrong_name_is_damage(cache: Cache) -> None:
    cache.action.rename(action_path(cache.storage, "other-12345678"))
    cache.stage("script").rename(cache.stage("script").with_name(f"{'cd' * 16}.json"))
    states = cache.not_ok()
    assert states[action_path(cache.storage, "other-12345678")] == "damaged"
    assert states[cache.stage("script").with_name(f"{'cd' * 16}.json")] == "damaged"
    assert states[cache.segments] == "stale"


def test_a_stage_without_its_file_is_damaged_and_a_file_without_its_stage_is_left_over(cache: Cache) -> None:
    kept = cache.wav.read_bytes()
    cache.wav.unlink()
    finding = cache.findings()[cache.stage("narration")]
    assert finding.state == "damaged"
    assert cache.wav.name in finding.reason
    cache.wav.write_bytes(kept[:-1] + b"?")
    assert cache.not_ok() == {cache.wav: "damaged"}
    cache.wav.write_bytes(kept)
    cache.stage("narration").unlink()
    assert cache.not_ok() == {cache.wav: "leftover"}


def test_a_changed_video_makes_what_was_made_of_it_stale(cache: Cache) -> None:
    cache.clip.write_bytes(b"CONTENT")
    assert cache.not_ok() == {cache.action: "stale", cache.segments: "stale"}
    assert str(cache.clip) in cache.findings()[cache.action].reason


def test_a_video_that_was_only_touched_is_as_good_as_before(cache: Cache) -> None:
    os.utime(cache.clip, (1.0, 1.0))
    assert cache.not_ok() == {}


def test_a_vanished_video_is_stale_until_it_is_met_again(cache: Cache, footage: Callable[..., Footage]) -> None:
    moved = cache.clip.rename(cache.root / "moved.mp4")
    assert cache.not_ok() == {cache.action: "stale", cache.segments: "stale"}
    digest, identity = digest_settled(moved)
    FootageIndex(cache.storage, cache.said.append).add([Sighting(identity, footage(moved, digest))])
    assert cache.not_ok() == {}


def test_a_video_that_is_not_known_any_more_is_stale(cache: Cache) -> None:
    cache.rewrite(index_path(cache.storage), files={}, seen={})
    assert cache.not_ok() == {cache.action: "stale", cache.segments: "stale"}


def test_without_an_index_nothing_is_stale(cache: Cache) -> None:
    index_path(cache.storage).unlink()
    assert cache.not_ok() == {}


def test_tracks_of_another_scorer_are_stale(cache: Cache) -> None:
    (finding,) = [one for one in verify(cache.storage, ["diff/2"]) if one.state != "ok"]
    assert (finding.path, finding.state) == (cache.action, "stale")
    assert "diff/1" in finding.reason
    assert "diff/2" in finding.reason
    newer = replace(cache.track.track, scorer="diff/2")
    save_track(cache.storage, cache.footage.digest, "cd" * 16, newer, cache.said.append)
    assert cache.not_ok() == {cache.segments: "stale"}


def test_another_format_version_is_stale_or_newer(cache: Cache) -> None:
    for path, kind in ((cache.action, ACTION), (cache.stage("script"), STAGE), (ledger_path(cache.storage), LEDGER)):
        write(path, Format(kind.name, kind.version + 1), KEY, {})
    assert set(cache.not_ok().values()) == {"newer", "stale"}
    write(cache.action, Format(ACTION.name, ACTION.version - 1), KEY, {})
    findings = cache.findings()
    assert findings[cache.action].state == "stale"
    assert findings[cache.segments].state == "stale"


def test_segments_without_their_action_cache_are_stale(cache: Cache) -> None:
    cache.action.unlink()
    assert cache.not_ok() == {cache.segments: "stale"}
    assert "gone" in cache.findings()[cache.segments].reason


def test_a_render_whose_output_is_gone_is_stale(cache: Cache) -> None:
    cache.output.unlink()
    assert cache.not_ok() == {cache.stage("render"): "stale"}


def test_other_peoples_files_leftovers_and_what_was_set_aside(cache: Cache) -> None:
    storage = cache.storage
    (storage / "theirs_action_cache.json").write_text('{"high": []}')
    (storage / "x_segments_30s.json").write_text("{}")
    (storage / "y_action_cache.json.original-1").write_text("")
    (storage / "z_action_cache.json.damaged-1").write_text("{")
    (storage / ".99999999999-0123456789ab.nvpipe-tmp").write_text("{")
    (storage / f".{os.getpid()}-0123456789ab.nvpipe-tmp").write_text("{")
    (storage / "notes.txt").write_text("")
    assert {path.name: state for path, state in cache.not_ok().items()} == {
        "theirs_action_cache.json": "foreign",
        "x_segments_30s.json": "foreign",
        "y_action_cache.json.original-1": "foreign",
        "z_action_cache.json.damaged-1": "leftover",
        ".99999999999-0123456789ab.nvpipe-tmp": "leftover",
        f".{os.getpid()}-0123456789ab.nvpipe-tmp": "leftover",
    }


def test_a_storage_that_is_missing_is_empty_and_one_that_is_a_file_an_error(tmp_path: Path) -> None:
    assert verify(tmp_path / "none") == []
    (tmp_path / "s").write_text("")
    with pytest.raises(OutputError):
        verify(tmp_path / "s")


@pytest.mark.parametrize(
    "data", [{"files": {"d": 3}, "seen": {}}, {"files": {}, "seen": {"p": 3}}, {"files": {}, "seen": {"a\0": {}}}, 3]
)
def test_a_senseless_index_does_not_stop_it(cache: Cache, data: object) -> None:
    path = index_path(cache.storage)
    envelope = open_envelope(path, None, None)
    write(path, Format(envelope.format, envelope.version), "", data)
    assert len(cache.findings()) == 8
    json.dumps([finding.reason for finding in cache.findings().values()])


def test_segments_of_another_length_than_their_name_says_are_damaged(cache: Cache) -> None:
    cache.segments.rename(segments_path(cache.storage, cache.video_id, 45))
    assert cache.not_ok() == {segments_path(cache.storage, cache.video_id, 45): "damaged"}


@pytest.mark.parametrize("duration_s", [None, "30", True, -1.0, 1 << 63])
def test_segments_of_a_senseless_length_are_damaged(cache: Cache, duration_s: object) -> None:
    cache.rewrite(cache.segments, duration_s=duration_s)
    assert cache.not_ok() == {cache.segments: "damaged"}


def test_segments_chosen_by_other_rules_are_stale(cache: Cache) -> None:
    def states(*rules: object) -> set[str]:
        return {one.state for one in verify(cache.storage, SCORERS, rules)}

    assert states() == states(None) == states(2, None) == {"ok"}
    (finding,) = [one for one in verify(cache.storage, SCORERS, [2]) if one.state != "ok"]
    assert (finding.path, finding.state) == (cache.segments, "stale")
    assert "rules" in finding.reason
