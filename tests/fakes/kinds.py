"""One small file of every kind of cache file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.reservations import reserve

from nvpipe.cache.action import KeptTrack, load_segments, load_track, save_segments, save_track
from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.ledger import Ledger
from nvpipe.cache.naming import action_path, index_path, ledger_path, segments_path
from nvpipe.cache.sighting import Sighting, digest_settled
from nvpipe.cache.stages import StageStore
from nvpipe.types import Footage, MotionTrack, Segment, Signal

KEY = "ab" * 16
TRACK = MotionTrack("v-1", "x/1", 0.5, 1.0, (1.5, 2.5), (0.5, 0.5), (), (Signal("s", 1.0, (0.0, 1.0)),), (0.5,))
SEGMENT = Segment("v-1", 0.0, 1.0, 2.0, 0.75)


@dataclass(frozen=True)
class Kind:
    """A kind of file: where one lies, and whether what was kept in it is found."""

    path: Path
    is_found: Callable[[Callable[[str], None]], bool]


def one_of_each(tmp_path: Path, footage: Callable[..., Footage]) -> dict[str, Kind]:
    """A storage folder with one small file of every kind."""
    storage, clip = tmp_path / "s", tmp_path / "clip.mp4"
    clip.write_bytes(b"content")
    digest, identity = digest_settled(clip)
    FootageIndex(storage, pytest.fail).add([Sighting(identity, footage(clip, digest))])
    checksum = save_track(storage, "d", "k", TRACK, pytest.fail)
    save_segments(storage, KeptTrack(TRACK, "k", checksum), 30, 1, [SEGMENT])
    StageStore(storage, pytest.fail).save("script", KEY, {"rate": 1.5})
    reserve(Ledger(storage, pytest.fail), "job", SEGMENT)
    other = Segment("v-1", 5.0, 6.0, 2.0, 5.5)
    return {
        "action": Kind(action_path(storage, "v-1"), lambda warn: load_track(storage, "v-1", ["k"], warn) is not None),
        "segments": Kind(
            segments_path(storage, "v-1", 30),
            lambda warn: load_segments(storage, "v-1", "d", ["k"], 30, 1, warn) is not None,
        ),
        "index": Kind(
            index_path(storage),
            lambda warn: FootageIndex(storage, warn).by_file(clip, FileIdentity.of(clip.stat()), ()) is not None,
        ),
        "ledger": Kind(
            ledger_path(storage),
            lambda warn: reserve(Ledger(storage, warn), "job", other).segments == (SEGMENT,),
        ),
        "stage": Kind(
            storage / "stages" / "script" / f"{KEY}.json",
            lambda warn: StageStore(storage, warn).load("script", KEY) == {"rate": 1.5},
        ),
    }
