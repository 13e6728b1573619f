"""What an index file may hold: earlier and later layouts, the original program's list, nonsense."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.sightings import Make, entry_in, identity_of, learn

from nvpipe.cache.about import About
from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.index_data import INDEX
from nvpipe.cache.naming import index_path
from nvpipe.cache.sighting import Sighting, digest_settled
from nvpipe.cache.store import Format, read, write
from nvpipe.types import Footage
from nvpipe.types.codec import to_json


def first_version(storage: Path, footage: Footage, identity: FileIdentity, **more: object) -> None:
    """The index as nvpipe 0.1 wrote it."""
    size = (identity.size_bytes, identity.mtime_ns, identity.ctime_ns, identity.inode)
    data = {
        "files": {footage.digest: {"video_id": footage.video_id, "footage": to_json(footage), **more}},
        "seen": {str(footage.path): {"identity": list(size), "digest": footage.digest, "sidecar": None}},
    }
    write(index_path(storage), Format("nvpipe-footage", 1), "", data)


def test_an_index_of_the_first_version_keeps_its_ids_and_digests(
    tmp_path: Path, said: list[str], footage: Make
) -> None:
    clip = tmp_path / "renamed since.mp4"
    clip.write_bytes(b"content")
    digest, identity = digest_settled(clip)
    first_version(tmp_path / "s", footage(clip, digest, video_id="old-name-12345678", licence="CC0"), identity)
    index = FootageIndex(tmp_path / "s", said.append)
    assert index.by_file(clip, identity, None) is None, "its tags are not known yet"
    assert index.digest_by_file(clip, identity) == digest
    known = index.by_digest(digest, clip)
    assert known is not None
    assert (known.video_id, known.licence) == ("old-name-12345678", "CC0")
    assert learn(index, footage, clip).video_id == "old-name-12345678"
    assert FootageIndex(tmp_path / "s", said.append).by_file(clip, identity, None) is not None
    assert said == []


@pytest.mark.parametrize(
    "data",
    [None, [], {"files": {"d": {"footage": 3}}, "seen": 4}, {"files": {"d": 1}, "seen": {"p": {"identity": [1]}}}],
)
def test_a_senseless_index_of_the_first_version_is_empty(
    tmp_path: Path, said: list[str], footage: Make, data: object
) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    write(index_path(tmp_path / "s"), Format("nvpipe-footage", 1), "", data)
    assert learn(FootageIndex(tmp_path / "s", said.append), footage, clip).video_id.startswith("a-")


def test_an_index_of_a_later_version_is_set_aside(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    write(index_path(tmp_path / "s"), Format("nvpipe-footage", 99), "", {"files": {}})
    learn(FootageIndex(tmp_path / "s", said.append), footage, clip)
    assert len(said) == 1
    assert "newer nvpipe" in said[0]
    assert len(list((tmp_path / "s").glob("footage_metadata.json.newer-1"))) == 1


def original(storage: Path, **videos: object) -> None:
    storage.mkdir()
    index_path(storage).write_text(json.dumps({"sources": {}, "videos": videos}))


def test_the_original_programs_list_gives_what_it_knows(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip, other = tmp_path / "a.mp4", tmp_path / "b.mp4"
    clip.write_bytes(b"a")
    other.write_bytes(b"b")
    told = {"title": "Run", "content_type": "high", "url": "https://example.org/v", "uploader": "Ann"}
    original(tmp_path / "s", x={**told, "file_path": str(clip)}, y={"title": "Other", "file_path": "b.mp4"})
    for path in (other, clip):
        digest, identity = digest_settled(path)
        tags = About(licence="CC0")
        index = FootageIndex(tmp_path / "s", said.append)
        learned = index.add([Sighting(identity, footage(path, digest), tags=tags, about=tags)])[0]
    known = entry_in(tmp_path / "s", learned.digest)
    assert learned.credit == known["credit"] == "Run, Ann, https://example.org/v"
    assert (learned.licence, known["title"], known["channel"]) == ("CC0", "Run", "Ann")
    assert (known["content_type"], known["content_type_from"]) == ("high", "original")
    assert len(said) == 1
    assert "original program" in said[0]
    assert "2 videos is taken over" in said[0]
    assert len(list((tmp_path / "s").glob("footage_metadata.json.*"))) == 1


def test_the_content_type_comes_from_who_knows_best(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    original(tmp_path / "s", x={"content_type": "low", "file_path": str(clip)})
    digest, identity = digest_settled(clip)

    def settled(about: About | None) -> tuple[str, str]:
        FootageIndex(tmp_path / "s", said.append).add([Sighting(identity, footage(clip, digest), about=about)])
        known = entry_in(tmp_path / "s", digest)
        return known["content_type"], known["content_type_from"]

    assert settled(About()) == ("low", "original")
    FootageIndex(tmp_path / "s", said.append).note_analysis(footage(clip, digest), {"content_type": "still"})
    assert settled(None) == ("still", "analysis")
    assert settled(About(content_type="calm")) == ("calm", "sidecar")
    assert settled(None) == ("calm", "sidecar")
    assert settled(About()) == ("still", "analysis")


@pytest.mark.parametrize(
    "data",
    [
        {"files": [], "seen": 3},
        {"files": {"D": 3}, "seen": {"P": 4}},
        {"files": {"D": {"footage": {"video_id": "../../etc/passwd"}}}, "seen": {}},
        {"files": {"D": {}}, "seen": {"P": {"identity": "I", "digest": 3}}},
        [],
        None,
    ],
)
def test_senseless_content_is_not_believed(tmp_path: Path, said: list[str], footage: Make, data: object) -> None:

    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    text = json.dumps(data).replace('"D"', json.dumps(digest_settled(clip)[0])).replace('"P"', json.dumps(str(clip)))
    write(index_path(tmp_path / "s"), INDEX, "", json.loads(text))
    index = FootageIndex(tmp_path / "s", said.append)
    assert index.by_file(clip, identity_of(clip), None) is None
    assert learn(index, footage, clip).video_id.startswith("a-")


def test_an_id_that_leads_elsewhere_is_not_believed(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    index = FootageIndex(tmp_path / "s", said.append)
    learned = learn(index, footage, clip)
    path = index_path(tmp_path / "s")

    data = read(path, INDEX, None, said.append)
    text = json.dumps(data).replace(learned.video_id, "../../escape")
    write(path, INDEX, "", json.loads(text))
    assert FootageIndex(tmp_path / "s", said.append).by_digest(learned.digest, clip) is None


@pytest.mark.parametrize("name", ["files", "seen", "places", "unusable", "original"])
@pytest.mark.parametrize(
    "value", [3, [1], {"P": 3}, {"P": [3]}, {"P": {"digest": [], "sidecars": 3}}, "text", [{"path": 3}]]
)
def test_any_part_may_be_senseless(tmp_path: Path, said: list[str], footage: Make, name: str, value: object) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    text = json.dumps({name: value}).replace('"P"', json.dumps(str(clip)))
    write(index_path(tmp_path / "s"), INDEX, "", json.loads(text))
    index = FootageIndex(tmp_path / "s", said.append)
    assert index.by_file(clip, identity_of(clip), None) is None
    assert index.verdict(clip, identity_of(clip), "x") is None
    index.place(str(clip))
    learned = learn(index, footage, clip)
    index.note_uses({learned.video_id: 1})
    index.note_places({str(tmp_path): [str(clip)]}, [str(clip), "/gone"])
    assert said == []


@pytest.mark.parametrize("fps", ["1e20000000", "0", "-30", "1/0", "30.0", "9" * 40, 30, None])
def test_a_senseless_frame_rate_is_not_believed(tmp_path: Path, said: list[str], footage: Make, fps: object) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    digest = learn(FootageIndex(tmp_path / "s", said.append), footage, clip).digest
    data = read(index_path(tmp_path / "s"), INDEX, None, said.append)
    assert data is not None
    data["files"][digest]["fps"] = fps
    write(index_path(tmp_path / "s"), INDEX, "", data)
    assert FootageIndex(tmp_path / "s", said.append).by_digest(digest, clip) is None


def test_no_number_of_uses_makes_the_index_unreadable(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    learned = learn(FootageIndex(tmp_path / "s", said.append), footage, clip)
    data = read(index_path(tmp_path / "s"), INDEX, None, said.append)
    assert data is not None
    data["files"][learned.digest]["times_used"] = 2**64 - 1
    write(index_path(tmp_path / "s"), INDEX, "", data)
    FootageIndex(tmp_path / "s", said.append).note_uses({learned.video_id: 1})
    assert entry_in(tmp_path / "s", learned.digest)["times_used"] < 2**64 - 1
    assert said == []
