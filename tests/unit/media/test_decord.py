"""decord in its process: hangs, deaths and wrong counts end in an error that says so."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fakes
import pytest
from fakes import media

from nvpipe.errors import MediaError
from nvpipe.media.decode import EXACT, UndecodableHereError, marked
from nvpipe.media.decode.decord_process import Limits
from nvpipe.media.decode.decord_reader import DecordDecoder, DecordReader
from nvpipe.registry import AUTO

HANGS = [("hang_open", Limits(opening_s=3), 0), ("hang_next", Limits(picture_s=3), 10)]


def stand_in(fault: str, limits: Limits | None = None) -> DecordDecoder:
    folder = Path(next(iter(fakes.__path__))) / "decord_stand_in"
    return DecordDecoder(limits, {**os.environ, "PYTHONPATH": str(folder), "FAKE_DECORD": fault})


def running(reader: DecordReader) -> bool:
    return any(process.running for process in reader._processes)


def test_what_decord_gives_is_shown_when_its_packets_say(tmp_path: Path) -> None:
    with stand_in("").open(media.make_video(tmp_path / "a.mp4")) as reader:
        assert [media.frame_number(frame.planes()[0]) for frame in reader.frames(0.5, 0.6)] == [15, 16, 17]
        assert [frame.size_bytes > 0 for frame in reader.frames(0, 0.1)] == [True] * 3


@pytest.mark.parametrize(("fault", "limits", "given"), HANGS)
def test_a_hang_is_ended_at_its_limit_even_when_it_holds_the_gil(
    tmp_path: Path, fault: str, limits: Limits, given: int
) -> None:
    path = media.make_video(tmp_path / "a.mp4")
    seen: list[float] = []

    def read() -> None:
        with stand_in(fault, limits).open(path) as reader:
            for frame in reader.frames():
                seen.append(frame.time_s)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(MediaError, match=r"decord has hung for 3 s on .*a\.mp4 and was ended"):
        read()
    assert len(seen) == given


def test_nothing_of_a_hung_process_is_left(tmp_path: Path) -> None:
    reader = stand_in("hang_next", Limits(picture_s=3)).open(media.make_video(tmp_path / "a.mp4"))
    with pytest.raises(MediaError, match="hung"):
        list(reader.frames())
    assert not running(reader)


def test_a_hung_process_ends_by_itself_when_nobody_is_left_to_end_it(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4")
    decoder = stand_in("hang_next", Limits(picture_s=1))
    process = decoder._reading.start(path, 128 * 72 * 3)
    process.opened()
    # As many slots are given back as it takes to come to where it hangs.
    for _ in zip(range(8), process.pictures(), strict=False):
        pass
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.close()


def test_a_process_that_dies_is_an_error(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4")
    died = pytest.raises(MediaError, match=r"the process that reads .*a\.mp4 with decord died")
    with stand_in("die").open(path) as reader, died:
        list(reader.frames())


def test_a_count_that_is_not_that_of_the_packets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UndecodableHereError, match="decord counts 61 pictures"):
        stand_in("miscount").open(media.make_video(tmp_path / "a.mp4"))


def test_leaving_an_iterator_ends_its_process(tmp_path: Path) -> None:
    with stand_in("").open(media.make_video(tmp_path / "a.mp4")) as reader:
        frames: Any = iter(reader.frames())
        next(frames)
        assert running(reader)
        frames.close()
        assert not running(reader)
        next(iter(reader.frames()))
    assert not running(reader)


def test_the_probe_says_where_it_reads() -> None:
    probe = stand_in("").probe()
    assert probe.usable
    assert probe.reason == (
        "decord 0.6.0 read a file on the CPU; not on a card: ctx CUDA not enabled. Requested context GPU(0)."
    )


def test_a_build_with_cuda_reads_on_the_card(tmp_path: Path) -> None:
    decoder = stand_in("cuda")
    assert decoder.probe().reason == "decord 0.6.0 read a file on the card"
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        assert [media.frame_number(frame.planes()[0]) for frame in reader.frames(0, 0.1)] == [0, 1, 2]


def test_a_decord_that_cannot_be_imported_is_a_verdict_with_a_fix() -> None:
    probe = stand_in("missing").probe()
    assert not probe.usable
    assert "libdecord.so" in probe.reason
    assert "pip install" in probe.fix


def test_a_decord_that_hangs_is_a_verdict() -> None:
    probe = stand_in("hang_next", Limits(picture_s=3)).probe()
    assert not probe.usable
    assert "hung" in probe.reason


def test_what_it_gives_is_measured_apart() -> None:
    assert marked("scorer/1", "decord") == "scorer/1+decord"
    assert {marked("scorer/1", name) for name in (AUTO, *EXACT)} == {"scorer/1"}
