"""Several processes on one storage folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest

from nvpipe.cache.action import ACTION
from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.journal import Journal
from nvpipe.cache.ledger import LEDGER
from nvpipe.cache.listing import ls
from nvpipe.cache.locks import lock
from nvpipe.cache.naming import action_path, ledger_path
from nvpipe.cache.stages import StageStore
from nvpipe.cache.store import read
from nvpipe.errors import OutputError

KEY = "ab" * 16
WORK = """if True:
    import sys, time
    from fractions import Fraction
    from pathlib import Path
    from nvpipe.cache.action import KeptTrack, load_segments, load_track, save_segments, save_track
    from nvpipe.cache.index import FootageIndex
    from nvpipe.cache.sighting import Sighting, digest_settled
    from nvpipe.cache.journal import Journal
    from nvpipe.cache.stages import StageStore
    from fakes.reservations import reserve
    from nvpipe.cache.ledger import Ledger
    from nvpipe.types import Footage, MotionTrack, Segment

    root, me = Path(sys.argv[1]), int(sys.argv[2])
    warn = lambda text: print("WARNING", text)
    index, stages, journal = FootageIndex(root / "s", warn), StageStore(root / "s", warn), Journal(root)
    while not (root / "go").exists():
        time.sleep(0.005)
    for number in range(2):
        for clip in (root / "shared.mp4", root / f"{me}-{number}.mp4"):
            digest, identity = digest_settled(clip)
            facts = Footage("", clip, digest, 2, 2, Fraction(30), 1.0, "h264", 0, False, "bt709", False)
            print(index.add([Sighting(identity, facts)])[0].video_id)
        for key, size in (("k", 200), (f"k{me % 3}", 100 + me % 3)):
            track = MotionTrack("same-1", f"x/{key}", 0.5, 1.0, (1.5,) * size, ())
            kept = KeptTrack(track, key, save_track(root / "s", "d", key, track, warn))
            if load_track(root / "s", "same-1", [key], warn) is None:
                print("WARNING no track")
            segment = Segment("same-1", 0.0, 1.0, float(me), 0.5)
            save_segments(root / "s", kept, 30.0, None, [segment])
            load_segments(root / "s", "same-1", "d", ["k", "k0", "k1", "k2"], 30.0, None, warn)
            at_s = float(10 * me + number)
            shown = Segment("v", at_s, at_s + 1, 0.0, at_s)
            reserve(Ledger(root / "s", warn), f"{me}-{number}", shown)
        stages.save_render(sys.argv[3], root / f"{me}-{number}.mp4")
        journal.append("started", slug=f"{me}-{number}", text="x" * 5000)
"""


def test_eight_processes_write_the_same_entries(
    tmp_path: Path, start: Callable[..., Popen[str]], said: list[str]
) -> None:
    (tmp_path / "shared.mp4").write_bytes(b"shared")
    own = [tmp_path / f"{me}-{number}.mp4" for me in range(8) for number in range(2)]
    for clip in own:
        clip.write_bytes(clip.name.encode())
    processes = [start("-c", WORK, str(tmp_path), str(me), KEY) for me in range(8)]
    (tmp_path / "go").touch()
    results = [process.communicate() for process in processes]
    assert [err for _, err in results if err] == []
    printed = "".join(out for out, _ in results).split("\n")
    assert [line for line in printed if "WARNING" in line] == []
    assert len({line for line in printed if line.startswith("shared-")}) == 1
    index = FootageIndex(tmp_path / "s", said.append)
    assert all(index.by_file(clip, FileIdentity.of(clip.stat()), None) for clip in own)
    action = read(action_path(tmp_path / "s", "same-1"), ACTION, "d", said.append)
    assert action is not None
    assert sorted(item["key"] for item in action["tracks"]) == ["k", "k0", "k1", "k2"]
    jobs = read(ledger_path(tmp_path / "s"), LEDGER, None, said.append)
    assert jobs is not None
    assert len(jobs["jobs"]) == 16
    record = StageStore(tmp_path / "s", said.append).load("render", KEY)
    assert record is not None
    assert len(record["outputs"]) == 8
    assert sorted(event["slug"] for event in Journal(tmp_path).events()) == sorted(clip.stem for clip in own)
    assert {entry.state for entry in ls(tmp_path / "s")} == {"ok"}
    assert said == []


def test_a_lock_held_too_long_is_an_output_error(tmp_path: Path, start: Callable[..., Popen[str]]) -> None:
    code = """if True:
        import sys, time
        from pathlib import Path
        from nvpipe.cache.locks import lock
        with lock(Path(sys.argv[1])):
            print("held", flush=True)
            time.sleep(60)
    """
    holder = start("-c", code, str(tmp_path))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(OutputError, match="locked"), lock(tmp_path, timeout_s=0.2):
        pass
    holder.kill()
    holder.communicate()
    began = time.monotonic()
    with lock(tmp_path, timeout_s=20), lock(tmp_path):
        assert time.monotonic() - began < 20


def test_a_warm_cache_needs_no_heavy_module(tmp_path: Path, start: Callable[..., Popen[str]]) -> None:
    code = """if True:
        import sys
        import nvpipe.cache.listing, nvpipe.cache.journal, nvpipe.cache.stages, nvpipe.footage.library
        import nvpipe.cache.verify, nvpipe.cache.prune, nvpipe.pipeline.segments
        print(sorted({"torch", "av", "numpy", "PIL", "filelock"} & set(sys.modules)))
    """
    out, err = start("-c", code).communicate()
    assert (out.strip(), err) == ("[]", "")
