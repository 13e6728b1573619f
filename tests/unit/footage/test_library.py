"""The library: which videos there are, known by content, with what was found out kept."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from nvpipe.errors import MediaError
from nvpipe.footage.library import Library
from nvpipe.types import Footage, MediaInfo, MotionTrack, Segment


class CountingProbe:
    """Takes any file for a video except those that start with "broken", and counts."""

    def __init__(self) -> None:
        self.calls: list[Path] = []

    def __call__(self, path: Path) -> MediaInfo:
        self.calls.append(path)
        if path.read_bytes().startswith(b"broken"):
            raise MediaError(f"{path} is damaged", hint="record it again")
        size, rate = (1280, 720), Fraction(30)
        looks = ("yuv420p", "bt709", True, False, False)
        return MediaInfo(path, "mov", "h264", *size, rate, 60.0, 0, Fraction(1), *looks, True, "tag", "who")


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def probe() -> CountingProbe:
    return CountingProbe()


@pytest.fixture
def library(tmp_path: Path, said: list[str], probe: CountingProbe) -> Callable[[], Library]:
    """A new library on the same storage folder at every call, as a new process would have."""
    return lambda: Library(tmp_path / "storage", said.append, probe=probe)


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in (1, 2, 10):
        (folder / f"clip {number}.mp4").write_bytes(b"video %d" % number)
    return folder


def track_of(footage: Footage, scores: tuple[float, ...] = (1.0, 2.0)) -> MotionTrack:
    return MotionTrack(footage.video_id, "diff/1", 0.5, 1.0, scores, ())


def never() -> MotionTrack:
    raise AssertionError("computed again")


def names(found: list[Footage]) -> list[str]:
    return [footage.path.name for footage in found]


def test_the_second_call_opens_nothing(clips: Path, library: Callable[[], Library], probe: CountingProbe) -> None:
    first = library().resolve([str(clips)])
    assert names(first) == ["clip 1.mp4", "clip 2.mp4", "clip 10.mp4"]
    assert len(probe.calls) == 3
    assert library().resolve([str(clips)]) == first
    assert len(probe.calls) == 3


def test_a_moved_file_keeps_its_id_and_is_not_opened(
    clips: Path, library: Callable[[], Library], probe: CountingProbe
) -> None:
    before = library().resolve([str(clips / "clip 1.mp4")])[0]
    moved = (clips / "clip 1.mp4").rename(clips / "other.mkv")
    after = library().resolve([str(moved)])[0]
    assert (after.video_id, after.path) == (before.video_id, moved)
    assert len(probe.calls) == 1


def test_changed_content_with_the_same_size_and_time_is_new(clips: Path, library: Callable[[], Library]) -> None:
    clip = clips / "clip 1.mp4"
    before = library().resolve([str(clip)])[0]
    times = clip.stat().st_atime_ns, clip.stat().st_mtime_ns
    clip.write_bytes(b"VIDEO 1")
    os.utime(clip, ns=times)
    after = library().resolve([str(clip)])[0]
    assert before.video_id != after.video_id


def test_the_same_content_counts_once(clips: Path, library: Callable[[], Library]) -> None:
    (clips / "copy.mp4").write_bytes((clips / "clip 2.mp4").read_bytes())
    (clips / "link.mp4").symlink_to(clips / "clip 1.mp4")
    found = library().resolve([str(clips), str(clips / "copy.mp4"), str(clips)])
    assert names(found) == ["clip 1.mp4", "clip 2.mp4", "clip 10.mp4"]
    assert library().resolve([str(clips)]) == found


def test_unusable_ones_among_others_are_left_out_with_a_line_each(
    clips: Path, library: Callable[[], Library], said: list[str]
) -> None:
    (clips / "bad.mp4").write_bytes(b"broken")
    (clips / "empty.mp4").touch()
    assert len(library().resolve([str(clips)])) == 3
    assert [text.split("/")[-1] for text in said] == [
        "bad.mp4 is damaged; record it again; left out",
        "empty.mp4 is empty; left out",
    ]


def test_a_single_broken_file_is_its_own_error(clips: Path, library: Callable[[], Library], said: list[str]) -> None:
    (clips / "bad.mp4").write_bytes(b"broken")
    with pytest.raises(MediaError, match=r"bad\.mp4 is damaged"):
        library().resolve([str(clips / "bad.mp4")])
    assert said == []


def test_nothing_usable_is_one_error_after_a_line_each(
    clips: Path, library: Callable[[], Library], said: list[str]
) -> None:
    for clip in clips.iterdir():
        clip.write_bytes(b"broken" + clip.name.encode())
    with pytest.raises(MediaError, match="none of the 3 videos"):
        library().resolve([str(clips)])
    assert len(said) == 3


@pytest.mark.parametrize("name", ["missing.mp4", "miss*.mp4", "", "a\0b.mp4", "x" * 5000])
def test_a_path_that_is_not_there_is_an_error(clips: Path, library: Callable[[], Library], name: str) -> None:
    with pytest.raises(MediaError):
        library().resolve([str(clips), str(clips / name) if name else name])


def test_a_pipe_is_refused_without_waiting(clips: Path, library: Callable[[], Library]) -> None:
    os.mkfifo(clips / "pipe.mp4")
    with pytest.raises(MediaError, match="not a regular file"):
        library().resolve([str(clips / "pipe.mp4")])
    assert len(library().resolve([str(clips)])) == 3


def test_storage_that_cannot_be_written_costs_one_warning(clips: Path, tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("")
    library = Library(tmp_path / "file", said.append, probe=CountingProbe())
    found = library.resolve([str(clips)])
    assert len({footage.video_id for footage in found}) == 3
    track, cached = library.tracks.track(found[0], "diff/1", lambda: track_of(found[0]))
    chosen = library.tracks.segments(found[0], track, 30, lambda: [Segment(found[0].video_id, 0, 1, 1.0, 0.5)])
    assert (cached, len(chosen)) == (False, 1)
    assert len(said) == 1


def test_a_damaged_index_costs_one_warning_and_is_made_again(
    clips: Path, tmp_path: Path, library: Callable[[], Library], said: list[str]
) -> None:
    first = library().resolve([str(clips)])
    index = tmp_path / "storage" / "footage_metadata.json"
    index.write_bytes(index.read_bytes()[:100])
    assert library().resolve([str(clips)]) == first
    assert len(said) == 1
    assert library().resolve([str(clips)]) == first
    assert len(said) == 1


def test_licence_from_the_container_gives_way_to_the_sidecar(
    clips: Path, library: Callable[[], Library], probe: CountingProbe
) -> None:
    clip = clips / "clip 1.mp4"
    assert (found := library().resolve([str(clip)])[0]).licence == "tag"
    assert found.credit == "who"
    info = {"license": "CC BY 4.0", "channel": "Ann", "title": "A game", "webpage_url": "https://example.org/v"}
    (clips / "clip 1.info.json").write_text(json.dumps(info))
    for _ in range(2):
        found = library().resolve([str(clip)])[0]
        assert (found.licence, found.credit) == ("CC BY 4.0", "A game, Ann, https://example.org/v")
    (clips / "clip 1.mp4.json").write_text(json.dumps({"licence": "CC0", "credit": "Bob"}))
    assert (found := library().resolve([str(clip)])[0]).licence == "CC0"
    assert found.credit == "Bob"
    assert len(probe.calls) == 1


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"licence": 3}', b"\xff\xfe", b"[" * 100_000, b"null"])
def test_a_senseless_sidecar_changes_nothing(
    clips: Path, library: Callable[[], Library], said: list[str], content: bytes
) -> None:
    (clips / "clip 1.mp4.json").write_bytes(content)
    assert library().resolve([str(clips / "clip 1.mp4")])[0].licence == "tag"
    assert len(said) <= 1


def test_a_licence_as_text(clips: Path, library: Callable[[], Library]) -> None:
    (clips / "clip 1.mp4.license.txt").write_text("\n  CC0 1.0\x1b[31m \nmore text\n")
    assert library().resolve([str(clips / "clip 1.mp4")])[0].licence == "CC0 1.0 [31m"


def test_a_track_is_computed_once(clips: Path, library: Callable[[], Library]) -> None:
    footage = library().resolve([str(clips)])[0]
    track = track_of(footage)
    assert library().tracks.track(footage, "diff/1", lambda: track) == (track, False)
    assert library().tracks.track(footage, "diff/1", never) == (track, True)
    assert library().tracks.track(footage, "diff/2", lambda: track)[1] is False


def test_a_kept_track_is_looked_up_without_computing(
    clips: Path, library: Callable[[], Library], said: list[str]
) -> None:
    footage = library().resolve([str(clips)])[0]
    track = track_of(footage)
    assert library().tracks.kept_track(footage, "diff/1") is None
    library().tracks.track(footage, "diff/1", lambda: track)
    assert library().tracks.kept_track(footage, "diff/1") == track
    assert library().tracks.kept_track(footage, "diff/2") is None
    assert said == []


def test_unusable_files_go_to_the_caller_who_asks_for_them(
    clips: Path, library: Callable[[], Library], said: list[str]
) -> None:
    (clips / "clip 2.mp4").write_bytes(b"broken")
    (clips / "clip 10.mp4").write_bytes(b"")
    failures: list[MediaError] = []
    assert names(library().resolve([str(clips)], failures=failures)) == ["clip 1.mp4"]
    assert [failure.message for failure in failures] == [
        f"{clips / 'clip 2.mp4'} is damaged",
        f"{clips / 'clip 10.mp4'} is empty",
    ]
    assert library().resolve([str(clips / "clip 2.mp4")], failures=failures) == []
    assert len(failures) == 3
    assert said == []


def test_segments_are_chosen_once_for_each_duration(clips: Path, library: Callable[[], Library]) -> None:
    footage = library().resolve([str(clips)])[0]
    calls: list[int] = []

    def choose() -> tuple[Segment, ...]:
        calls.append(1)
        return (Segment(footage.video_id, 0.0, 1.0, 1.0, float(len(calls))),)

    def ask(duration_s: float) -> tuple[Segment, ...]:
        one = library()
        track, _ = one.tracks.track(footage, "diff/1", lambda: track_of(footage))
        return one.tracks.segments(footage, track, duration_s, choose)

    assert ask(30) == ask(30)
    assert len(calls) == 1
    ask(45)
    assert len(calls) == 2


def test_deleting_the_action_cache_starts_afresh(
    clips: Path, tmp_path: Path, library: Callable[[], Library], said: list[str]
) -> None:
    footage = library().resolve([str(clips)])[0]
    for round_number in range(2):
        one = library()
        track, cached = one.tracks.track(footage, "diff/1", lambda: track_of(footage, (float(round_number),)))  # noqa: B023
        chosen = one.tracks.segments(footage, track, 30, lambda: (Segment(footage.video_id, 0, 1, round_number, 0),))  # noqa: B023
        assert (cached, chosen[0].score) == (False, round_number)
        (tmp_path / "storage" / f"{footage.video_id}_action_cache.json").unlink()
    assert one.tracks.segments(footage, track, 30, lambda: ()) == ()
    assert said == []


def test_segments_of_a_track_that_another_process_replaced_are_not_kept(
    clips: Path, library: Callable[[], Library]
) -> None:
    mine, theirs = library(), library()
    footage = mine.resolve([str(clips)])[0]
    old, _ = mine.tracks.track(footage, "diff/1", lambda: track_of(footage, (1.0,)))
    new, _ = theirs.tracks.track(footage, "diff/2", lambda: track_of(footage, (2.0,)))
    segment = Segment(footage.video_id, 0.0, 1.0, 1.0, 0.0)
    assert mine.tracks.segments(footage, old, 30, lambda: (segment,)) == (segment,)
    assert theirs.tracks.segments(footage, new, 30, lambda: ()) == ()


def test_segments_of_a_track_from_elsewhere_are_kept_if_it_is_the_one_in_the_cache(
    clips: Path, library: Callable[[], Library]
) -> None:
    footage = library().resolve([str(clips)])[0]
    track, _ = library().tracks.track(footage, "diff/1", lambda: track_of(footage))
    segment = Segment(footage.video_id, 0.0, 1.0, 1.0, 0.0)
    assert library().tracks.segments(footage, track, 30, lambda: (segment,)) == (segment,)
    assert library().tracks.segments(footage, track, 30, lambda: ()) == (segment,)


def test_what_the_scorer_raises_is_passed_on(clips: Path, library: Callable[[], Library]) -> None:
    footage = library().resolve([str(clips)])[0]

    def fail() -> MotionTrack:
        raise MediaError("nothing can be decoded")

    with pytest.raises(MediaError, match="decoded"):
        library().tracks.track(footage, "diff/1", fail)


@pytest.mark.parametrize("name", ["new\nline.mp4", "bytes-\udcff.mp4", "[1].mp4", "*.mp4", "-v.mp4"])
def test_odd_names(clips: Path, library: Callable[[], Library], said: list[str], name: str) -> None:
    (clips / name).write_bytes(b"odd")
    for _ in range(2):
        assert names(library().resolve([str(clips / name)])) == [name]
    assert said == []
