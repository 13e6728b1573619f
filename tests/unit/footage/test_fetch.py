"""Downloads from a server on this machine: whole, resumed, limited, harmless by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.fetching import described, fetch, fetcher, html, leftovers, nothing
from fakes.media import audio_only, make_video
from fakes.web_server import Page, serving

from nvpipe.errors import InputError
from nvpipe.footage.credits import Offer, credits_of, offer_of
from nvpipe.footage.discover import find_footage
from nvpipe.footage.fetch import WORK_FOLDER
from nvpipe.footage.library import Library
from nvpipe.media.probe import probe


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", seconds=4, size=(320, 180)).read_bytes()


def test_a_direct_link_becomes_footage_with_its_source(tmp_path: Path, video: bytes) -> None:
    seen: list[tuple[int, int | None]] = []
    with serving({"/Best%20Of.mp4": Page(video)}) as server:
        url = server.url("/Best%20Of.mp4")
        got = fetch(tmp_path, url, lambda done, total: seen.append((done, total)))
    assert got.path.read_bytes() == video
    assert (got.size_bytes, got.source, got.licence, got.was_there) == (len(video), url, None, False)
    assert got.path.parent == tmp_path
    assert got.path.suffix == ".mp4"
    assert seen[-1] == (len(video), len(video))
    assert seen == sorted(seen)
    assert leftovers(tmp_path) == []
    assert not (tmp_path / WORK_FOLDER).exists()


@pytest.mark.parametrize(
    "page",
    [
        html("", '<meta property="og:title" content="A page"><meta property="og:video" content="/clip.mp4">'),
        html('<video src="/clip.mp4"></video>'),
        html('<video><source src="clip.mp4" type="video/mp4"></video>'),
        Page(location="/clip.mp4"),
    ],
    ids=["og:video", "video", "source", "redirect"],
)
def test_a_page_with_a_video_and_a_redirect_lead_to_it(tmp_path: Path, video: bytes, page: Page) -> None:
    with serving({"/": page, "/clip.mp4": Page(video)}) as server:
        got = fetch(tmp_path, server.url("/"))
    assert got.path.read_bytes() == video


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "video/webm", "nonsense"])
def test_the_content_counts_not_what_the_server_calls_it(tmp_path: Path, video: bytes, kind: str) -> None:
    with serving({"/watch": Page(video, kind)}) as server:
        got = fetch(tmp_path, server.url("/watch"))
    assert got.path.read_bytes() == video
    assert got.path.suffix == ".mp4"


def test_a_lost_connection_goes_on_where_it_broke(tmp_path: Path, video: bytes) -> None:
    whole = 1 << 30
    with serving({"/clip.mp4": Page(video, drop_after=[whole, 20_000, 30_000])}) as server:
        assert fetch(tmp_path, server.url("/clip.mp4")).path.read_bytes() == video
        assert server.spans("/clip.mp4") == [None, None, "bytes=20000-", "bytes=50000-"]


def test_a_server_that_cannot_resume_sends_it_all_again(tmp_path: Path, video: bytes) -> None:
    with serving({"/clip.mp4": Page(video, ranges=False, drop_after=[1 << 30, 20_000])}) as server:
        assert fetch(tmp_path, server.url("/clip.mp4")).path.read_bytes() == video


def test_a_passing_fault_of_the_server_is_passed_over(tmp_path: Path, video: bytes) -> None:
    with serving({"/clip.mp4": Page(video, statuses=[500, 503])}) as server:
        assert fetch(tmp_path, server.url("/clip.mp4")).path.read_bytes() == video


class StopHereError(Exception):
    """What a caller raises to end a download."""


def stopped(folder: Path, url: str, at_bytes: int) -> None:
    """A download that its caller ends in the middle."""

    def told(done: int, _total: int | None) -> None:
        if done >= at_bytes:
            raise StopHereError

    with pytest.raises(StopHereError):
        fetch(folder, url, told)


def test_a_partial_download_is_no_footage_and_is_gone_on_with(tmp_path: Path, video: bytes) -> None:
    with serving({"/clip.mp4": Page(video, bytes_per_s=2e6)}) as server:
        stopped(tmp_path, server.url("/clip.mp4"), 30_000)
        (part,) = (path for path in tmp_path.glob(f"{WORK_FOLDER}/*/*.part"))
        kept = part.stat().st_size
        assert 0 < kept < len(video)
        with pytest.raises(InputError, match="no video"):
            find_footage([str(tmp_path)])
        assert fetch(tmp_path, server.url("/clip.mp4")).path.read_bytes() == video
        assert server.spans("/clip.mp4")[-1] == f"bytes={kept}-"
    assert leftovers(tmp_path) == []


def test_a_file_that_changed_on_the_server_is_not_patched_together(tmp_path: Path, video: bytes) -> None:
    newer = make_video(tmp_path / "newer.mp4", seconds=5, size=(320, 180)).read_bytes()
    folder = tmp_path / "footage"
    page = Page(video, headers={"ETag": '"one"'}, bytes_per_s=2e6)
    with serving({"/clip.mp4": page}) as server:
        stopped(folder, server.url("/clip.mp4"), 30_000)
        page.body, page.headers = newer, {"ETag": '"two"'}
        assert fetch(folder, server.url("/clip.mp4")).path.read_bytes() == newer


def test_what_is_there_is_not_fetched_again(tmp_path: Path, video: bytes) -> None:
    with serving({"/clip.mp4": Page(video)}) as server:
        first = fetch(tmp_path, server.url("/clip.mp4"))
        asked = len(server.seen)
        again = fetch(tmp_path, server.url("/clip.mp4"))
        assert again.was_there
        assert again.path == first.path
        assert len(server.seen) == asked + 1
        first.path.write_bytes(b"something else")
        with pytest.raises(InputError, match="not as it was fetched"):
            fetch(tmp_path, server.url("/clip.mp4"))
        assert first.path.read_bytes() == b"something else"


def test_the_library_learns_licence_title_channel_and_source(tmp_path: Path, video: bytes) -> None:
    folder, storage = tmp_path / "footage", tmp_path / "cache"
    with serving({"/clip.mp4": Page(video)}) as server, fetcher(folder) as one:
        got = one.fetch(described(server), nothing)
    (footage,) = Library(storage, pytest.fail).resolve([str(folder)])
    assert footage.licence == "CC BY 4.0"
    assert footage.credit is not None
    for part in ("Arena, round 3", "Player One", "https://videos.example/v1"):
        assert part in footage.credit
    assert "CC BY 4.0" in (storage / "footage_metadata.json").read_text("utf-8")
    assert "secret" not in "".join(path.read_text("utf-8") for path in folder.glob("*.json"))
    assert (got.title, got.channel, got.licence) == ("Arena, round 3", "Player One", "CC BY 4.0")


@pytest.mark.parametrize(
    "path",
    ["/clip.mp4?token=SECRET", "/clip?x=a/SECRET", "/?x=SECRET", "/page?x=SECRET#SECRET", "/og?x=SECRET"],
)
def test_a_signed_address_is_asked_for_whole_and_kept_nowhere(tmp_path: Path, video: bytes, path: str) -> None:
    folder, storage = tmp_path / "footage", tmp_path / "cache"
    pages = {
        "/page": html('<video src="/clip.mp4?token=SECRET"></video>'),
        "/og": html("", '<meta property="og:video" content="/clip.mp4?token=SECRET">'),
    }
    with serving({**pages, **dict.fromkeys(("/", "/clip", "/clip.mp4"), Page(video))}) as server:
        got = fetch(folder, server.url(path))
        again = fetch(folder, server.url(path))
        assert got.source == server.url(path.partition("?")[0])
        assert {seen.query for seen in server.seen} <= {"x=SECRET", "x=a/SECRET", "token=SECRET"}
        (footage,) = Library(storage, pytest.fail).resolve([str(folder)])
    assert again.was_there
    kept = [f"{file.name} {file.read_text('utf-8')}" for file in (*folder.glob("*.json"), *storage.rglob("*.json"))]
    assert "SECRET" not in " ".join([*kept, str(footage), str(got)])


def test_videos_that_only_the_query_tells_apart_are_two(tmp_path: Path, video: bytes) -> None:
    with serving({"/get": Page(video), "/page": html('<video src="/get"></video>')}) as server:
        urls = [server.url(path) for path in ("/get?key=1", "/get?key=2")]
        pages = [server.url("/page", host) for host in ("127.0.0.1", "localhost")]
        assert len({fetch(tmp_path, url).path for url in urls + pages}) == 4


@pytest.mark.parametrize(
    ("page", "kept"),
    [
        ("https://site.example/watch?v=v%201&list=L&si=SECRET", "https://site.example/watch?v=v%201"),
        ("https://site.example/play?episode=7&token=SECRET", "https://site.example/play?episode=7"),
        ("https://me:SECRET@site.example/v?key=v+1#SECRET", "https://site.example/v?key=v+1"),
    ],
)
def test_of_a_sites_address_what_names_the_page_is_kept(page: str, kept: str) -> None:
    info = {
        "id": "v 1",
        "extractor_key": "Somewhere",
        "webpage_url": page,
        "channel_url": "https://x.example/c?sig=SECRET",
    }
    document = credits_of(offer_of(page, info), 1)
    assert (document["webpage_url"], document["original_url"]) == (kept, kept)
    assert "SECRET" not in json.dumps(document)


def test_picture_and_sound_that_come_apart_are_joined_without_ffmpeg(tmp_path: Path) -> None:
    pages = {
        "/picture": Page(make_video(tmp_path / "p.mp4", seconds=3, size=(320, 180), audio=None).read_bytes()),
        "/sound": Page(audio_only(tmp_path / "s.m4a").read_bytes()),
    }
    folder = tmp_path / "footage"
    with serving(pages) as server, fetcher(folder) as one:
        streams = [
            {"format_id": name, "url": server.url(f"/{name}"), "ext": "mp4", "protocol": "http"}
            for name in ("picture", "sound")
        ]
        got = one.fetch(described(server, requested_formats=streams), nothing)
    info = probe(got.path)
    assert (info.codec, info.has_audio, info.duration_s) == ("h264", True, pytest.approx(3, abs=0.1))
    assert got.path.suffix == ".mkv"


def test_a_segmented_stream_is_put_together(tmp_path: Path) -> None:
    data = make_video(tmp_path / "whole.ts", seconds=3, size=(320, 180)).read_bytes()
    middle = len(data) // 2 // 188 * 188
    manifest = "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.5,\na.ts\n#EXTINF:1.5,\nb.ts\n#EXT-X-ENDLIST\n"
    folder = tmp_path / "footage"
    pages = {
        "/list.m3u8": Page(manifest.encode(), "application/vnd.apple.mpegurl"),
        "/a.ts": Page(data[:middle], "video/mp2t"),
        "/b.ts": Page(data[middle:], "video/mp2t", statuses=[500]),
    }
    with serving(pages) as server:
        got = fetch(folder, server.url("/list.m3u8"))
    assert got.path.read_bytes() == data
    assert got.path.suffix == ".ts"


def test_several_videos_need_the_word_playlist(tmp_path: Path, video: bytes) -> None:
    tags = "".join(f'<video src="/{name}.mp4"></video>' for name in "abc")
    pages = {"/": html(tags), **{f"/{name}.mp4": Page(video) for name in "abc"}}
    with serving(pages) as server:
        with fetcher(tmp_path) as one, pytest.raises(InputError, match="several videos"):
            one.offers(server.url("/"))
        with fetcher(tmp_path, playlist=2) as one:
            offers = one.offers(server.url("/"))
            paths = {one.fetch(offer, nothing).path for offer in offers if isinstance(offer, Offer)}
    assert len(offers) == len(paths) == 2


def test_the_credits_are_plain_json_under_known_names(tmp_path: Path, video: bytes) -> None:
    with serving({"/clip.mp4": Page(video)}) as server, fetcher(tmp_path) as one:
        got = one.fetch(described(server, formats=[{"http_headers": {"Cookie": "x"}}], title="T" * 20), nothing)
    kept = json.loads(got.path.with_suffix(".info.json").read_text("utf-8"))
    assert set(kept) == {"id", "title", "channel", "license", "webpage_url", "original_url", "nvpipe"}
