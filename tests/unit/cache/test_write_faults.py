"""Killed writers, a full disk and a folder only to read: nothing is damaged, and little is said."""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen
from types import SimpleNamespace

import pytest
from fakes.kinds import KEY, SEGMENT, TRACK, Kind
from fakes.reservations import reserve

from nvpipe.cache.index import FootageIndex
from nvpipe.cache.ledger import Ledger
from nvpipe.cache.listing import clear
from nvpipe.cache.sighting import Sighting, digest_settled
from nvpipe.cache.stages import StageStore
from nvpipe.cache.verify import verify
from nvpipe.types import Footage

WRITER = """if True:
    import sys
    from pathlib import Path
    from types import SimpleNamespace
    from fakes.reservations import reserve
    from nvpipe.cache.ledger import Ledger
    from nvpipe.cache.stages import StageStore
    from nvpipe.footage.kept import Tracks
    from nvpipe.types import MotionTrack, Segment

    root, start = Path(sys.argv[1]), int(sys.argv[2])
    storage, warn = root / "s", lambda text: print("WARNING", text)
    video = SimpleNamespace(video_id="v-1", digest="d")
    print("ready", flush=True)
    for number in range(start, 10**9):
        track = MotionTrack("v-1", f"x/{number % 6}", 0.5, 1.0, (float(number),) * 3000, ())
        tracks = Tracks(storage, warn)
        tracks.track(video, f"x/{number % 6}", lambda: track, fast=bool(number % 2))
        tracks.segments(video, track, 30, lambda: [Segment("v-1", 0.0, 1.0, 0.0, 0.5)])
        reserve(Ledger(storage, warn), str(number % 50), Segment("v-1", 0.0, 1.0, 0.0, 0.5))
        (root / f"{start}.wav").write_bytes(b"%d" % number * 999)
        StageStore(storage, warn).save_file("picture", "ab" * 16, root / f"{start}.wav", {})
        StageStore(storage, warn).load_file("picture", "ab" * 16)
"""


def test_writers_killed_at_any_moment_damage_nothing(tmp_path: Path, start: Callable[..., Popen[str]]) -> None:
    for round_number in range(6):
        writers = [start("-c", WRITER, str(tmp_path), str(round_number * 100 + me * 7)) for me in range(2)]
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
        time.sleep(random.Random(round_number).uniform(0.05, 0.4))
        for writer in writers:
            writer.kill()
            out, err = writer.communicate()
            assert (out, err) == ("", "")
        assert [one for one in verify(tmp_path / "s") if one.state not in ("ok", "stale", "leftover")] == []
    states = {one.path.name: one for one in verify(tmp_path / "s")}
    assert states["v-1_action_cache.json"].state == "ok"
    assert states["footage_ledger.json"].state == "ok"
    clear(tmp_path / "s", ledger=True)


FULL = """if True:
    import resource, sys
    from pathlib import Path
    from types import SimpleNamespace
    from fakes.reservations import reserve
    from nvpipe.cache.ledger import Ledger
    from nvpipe.cache.stages import StageStore
    from nvpipe.footage.kept import Tracks
    from nvpipe.types import MotionTrack, Segment

    storage, limit_bytes = Path(sys.argv[1]), int(sys.argv[2])
    warn = lambda text: print("WARNING", text)
    video = SimpleNamespace(video_id="v-1", digest="d")
    tracks, segment = Tracks(storage, warn), Segment("v-1", 0.0, 1.0, 0.0, 0.5)
    track = MotionTrack("v-1", "x/2", 0.5, 1.0, (1.0,) * 3000, ())
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    print(tracks.track(video, "x/2", lambda: track) == (track, False))
    print(tracks.segments(video, track, 30, lambda: [segment]) == (segment,))
    print(reserve(Ledger(storage, warn), "other", segment).segments == (segment,))
    print(StageStore(storage, warn).save("script", "cd" * 16, {"text": "x" * 900}) is False)
"""


@pytest.mark.parametrize("limit_bytes", [0, 1, 200, 400])
def test_a_full_disk_costs_warnings_and_nothing_that_was_kept(
    kinds: dict[str, Kind], tmp_path: Path, start: Callable[..., Popen[str]], limit_bytes: int
) -> None:
    before = {path: path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()}
    out, err = start("-c", FULL, str(tmp_path / "s"), str(limit_bytes)).communicate()
    lines = out.splitlines()
    assert (sorted(line for line in lines if "WARNING" not in line), err) == (["True"] * 4, "")
    warnings = [line for line in lines if "WARNING" in line]
    assert 1 <= len(warnings) <= 3
    assert all("cannot be written" in line for line in warnings)
    after = {path: path.read_bytes() for path in (tmp_path / "s").rglob("*") if path.is_file()}
    assert {path: raw for path, raw in after.items() if path.suffix != ".lock"} == {
        path: raw for path, raw in before.items() if path.suffix != ".lock"
    }


READ_ONLY = """if True:
    import json, os, sys
    import filelock  # before the user changes: its files may be out of that one's reach
    from pathlib import Path
    from types import SimpleNamespace
    from nvpipe.cache.index import FootageIndex
    from fakes.reservations import reserve
    from nvpipe.cache.ledger import Ledger
    from nvpipe.cache.listing import ls
    from nvpipe.cache.identity import FileIdentity
    from nvpipe.cache.stages import StageStore
    from nvpipe.cache.verify import verify
    from nvpipe.footage.kept import Tracks
    from nvpipe.types import MotionTrack, Segment

    if os.geteuid() == 0:
        os.seteuid(65534)
    storage, clip, told = Path(sys.argv[1]), Path(sys.argv[2]), []
    video = SimpleNamespace(video_id="v-1", digest="d")
    tracks, segment = Tracks(storage, told.append), Segment("v-1", 0.0, 1.0, 2.0, 0.75)
    known = tracks.kept_track(video, "x/1")
    hits = [
        known is not None,
        tracks.kept_segments(video, ["x/1"], 30, 1) is not None,
        FootageIndex(storage, told.append).by_file(clip, FileIdentity.of(clip.stat()), ()) is not None,
        reserve(Ledger(storage, told.append), "job", segment).segments == (segment,),
        StageStore(storage, told.append).load("script", "ab" * 16) == {"rate": 1.5},
        {entry.state for entry in ls(storage)} == {"ok"},
        {one.state for one in verify(storage)} <= {"ok", "stale"},
    ]
    quiet = len(told)
    track = MotionTrack("v-1", "x/2", 0.5, 1.0, (1.0,), ())
    made = [
        tracks.track(video, "x/2", lambda: track) == (track, False),
        tracks.segments(video, track, 30, lambda: [segment]) == (segment,),
    ]
    print(json.dumps([hits, quiet, made, told]))
"""


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that another user can reach; pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="nvpipe-test-"))
    folder.chmod(0o755)
    yield folder
    for path in (folder / "s", *(folder / "s").rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_only_to_read_gives_its_hits_silently_and_costs_one_warning(
    readable: Path, footage: Callable[..., Footage], start: Callable[..., Popen[str]]
) -> None:
    storage, clip = readable / "s", readable / "clip.mp4"
    clip.write_bytes(b"content")
    digest, identity = digest_settled(clip)
    FootageIndex(storage, pytest.fail).add([Sighting(identity, footage(clip, digest))])
    from nvpipe.footage.kept import Tracks

    video = SimpleNamespace(video_id="v-1", digest="d")
    tracks = Tracks(storage, pytest.fail)
    track, _ = tracks.track(video, "x/1", lambda: TRACK)  # type: ignore[arg-type]
    tracks.segments(video, track, 30, lambda: [SEGMENT], rules=1)  # type: ignore[arg-type]
    StageStore(storage, pytest.fail).save("script", KEY, {"rate": 1.5})
    reserve(Ledger(storage, pytest.fail), "job", SEGMENT)
    for path in sorted(storage.rglob("*"), reverse=True):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o555 if path.is_dir() else 0o444)
    storage.chmod(0o555)
    out, err = start("-c", READ_ONLY, str(storage), str(clip)).communicate()
    assert err == ""
    hits, quiet, made, told = json.loads(out)
    assert all(hits), hits
    assert all(made)
    assert len(told) - quiet == 1
    assert quiet <= 1
    assert all("cannot" in text for text in told)
