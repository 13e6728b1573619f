"""What is not fetched, or not as it wants to be: faults, traps, limits and private hosts."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from fakes.fetching import MAX_BYTES, described, fetch, fetcher, html, leftovers, nothing, videos
from fakes.media import audio_only, make_video
from fakes.web_server import Page, WebServer, serving

from nvpipe.errors import InputError, NvpipeError, OutputError
from nvpipe.footage.credits import Offer
from nvpipe.footage.discover import find_footage
from nvpipe.footage.fetch import WORK_FOLDER, Fetcher
from nvpipe.footage.library import Library
from nvpipe.footage.ytdlp import Site
from nvpipe.web import Gate, Limits


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make_video(tmp_path_factory.mktemp("video") / "clip.mp4", seconds=4, size=(320, 180)).read_bytes()


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (Page(statuses=[404] * 9), "404"),
        (Page(statuses=[403] * 9), "403"),
        (Page(location="/x"), "circle"),
        (html("nothing here"), "cannot be fetched"),
        (Page(b"just words " * 500), "text file"),
        (Page(b"", "video/mp4"), "cannot be fetched"),
        (Page(bytes(5000), "audio/mpeg"), "cannot be fetched|no usable footage"),
        (Page(location="file:///etc/passwd"), "cannot be fetched"),
        (Page(b"\x89PNG\r\n\x1a\n" * 50, "image/png"), "cannot be fetched|an image"),
    ],
    ids=["404", "403", "loop", "page", "text", "empty", "sound", "file", "image"],
)
def test_what_is_no_video_is_one_line(tmp_path: Path, page: Page, says: str) -> None:
    with serving({"/x": page}) as server, pytest.raises(NvpipeError, match=says) as caught:
        fetch(tmp_path, server.url("/x"))
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.line()
    assert videos(tmp_path) == []


def test_a_truncated_video_never_gets_a_name(tmp_path: Path, video: bytes) -> None:
    index_first = make_video(tmp_path / "first.mkv", seconds=6, size=(320, 180)).read_bytes()
    folder = tmp_path / "footage"
    pages = {
        "/no-index.mp4": Page(video[: len(video) // 2]),
        "/cut.mkv": Page(index_first[: len(index_first) // 2], "video/x-matroska"),
        "/lie.mp4": Page(video, length=len(video) // 2),
    }
    with serving(pages) as server:
        for path in pages:
            with pytest.raises(InputError, match="no usable footage") as caught:
                fetch(folder, server.url(path))
            assert "removed" in caught.value.message
    assert videos(folder) == []
    assert leftovers(folder) == []


def test_a_server_that_announces_too_much_is_given_up(tmp_path: Path, video: bytes) -> None:
    with serving({"/lie.mp4": Page(video, length=len(video) + 5000)}) as server, pytest.raises(InputError):
        fetch(tmp_path, server.url("/lie.mp4"))
    assert videos(tmp_path) == []


def test_size_is_limited_whether_announced_or_not(tmp_path: Path, video: bytes) -> None:
    with serving({"/big.mp4": Page(video), "/endless.mp4": Page(video, endless=True)}) as server:
        for path in ("/big.mp4", "/endless.mp4"):
            with pytest.raises(InputError, match="is allowed"):
                fetch(tmp_path, server.url(path), max_bytes=len(video) - 1)
    assert leftovers(tmp_path) == []


def test_a_server_that_falls_silent_is_given_up_and_its_part_kept(tmp_path: Path, video: bytes) -> None:
    page = Page(video)
    with serving({"/clip.mp4": page}) as server, fetcher(tmp_path, stall_s=0.2, retries=1) as one:
        (offer,) = one.offers(server.url("/clip.mp4"))
        assert isinstance(offer, Offer)
        page.bytes_per_s = 300
        with pytest.raises(InputError) as caught:
            one.fetch(offer, nothing)
    assert caught.value.retry_helps
    assert videos(tmp_path) == []


@pytest.mark.parametrize(
    "title",
    ["../../x", "/etc/passwd", "a\nb\0c", "x" * 500, "💥" * 80, "-rf --out", "con", "NUL.mp4", "..", "", "ä" * 300,
     "%(id)s{}$(x)`x`", "\ud800", "a\\b:c*?", ".hidden", "é\u202e4pm.exe"],
)  # fmt: skip
def test_hostile_titles_make_harmless_names(tmp_path: Path, video: bytes, title: str) -> None:
    folder = tmp_path / "footage"
    with serving({"/clip.mp4": Page(video)}) as server, fetcher(folder) as one:
        got = one.fetch(described(server, title=title, ext="../../../x", format_id="../../y"), nothing)
    name = got.path.name
    assert got.path.parent == folder
    assert not name.startswith(("-", "."))
    assert len(name.encode()) <= 120
    assert all(char.isalnum() or char in "-_." for char in name)
    assert {path.name for path in tmp_path.iterdir()} == {"footage"}
    assert Library(tmp_path / "cache", pytest.fail).resolve([str(folder)])[0].licence == "CC BY 4.0"


@pytest.mark.parametrize(
    "more",
    [{"protocol": "rtmp"}, {"protocol": "websocket_frag"}, {"protocol": "m3u8", "is_live": True}, {"url": "file:///etc/passwd"}],
)  # fmt: skip
def test_streams_that_need_programs_or_files_are_refused(tmp_path: Path, more: dict[str, Any]) -> None:
    with serving({}) as server, fetcher(tmp_path) as one, pytest.raises(InputError):
        one.fetch(described(server, **more), nothing)


def test_no_extractor_may_run_a_program() -> None:
    site = Site(Gate(allow_private=False, limits=Limits(MAX_BYTES)), lambda _: None)
    try:
        assert site._ydl._js_runtimes == {}
        taken = [
            next(name for name, each in site._ydl._ies.items() if each.suitable(url))
            for url in (
                "https://www.youtube.com/watch?v=aaaaaaaaaaa",
                "https://www.douyu.com/1",
                "https://v.douyu.com/show/a1",
                "https://www.iq.com/play/some-title-1ab2c3",
            )
        ]
        assert taken == ["Youtube", "Generic", "Generic", "Generic"]
    finally:
        site.close()


def test_a_page_that_never_ends_is_given_up_but_a_slow_video_is_not(tmp_path: Path, video: bytes) -> None:
    page = Page(b"<html>" + b"x" * 400_000, "text/html", bytes_per_s=40_000)
    clip = Page(video)
    with serving({"/page": page, "/clip.mp4": clip}) as server, fetcher(tmp_path, total_s=0.3) as one:
        with pytest.raises(InputError, match="not done after") as caught:
            one.offers(server.url("/page"))
        assert not caught.value.retry_helps
        (offer,) = one.offers(server.url("/clip.mp4"))
        assert isinstance(offer, Offer)
        clip.bytes_per_s = len(video) / 1.0
        assert one.fetch(offer, nothing).size_bytes == len(video)


def test_errors_hold_no_secrets(tmp_path: Path) -> None:
    said: list[str] = []
    one = Fetcher(tmp_path, said.append, allow_private=True, limits=Limits(MAX_BYTES))
    with serving({"/page": html("nothing")}) as server, pytest.raises(InputError) as caught:
        one.offers(server.url("/page?token=SECRET"))
    one.close()
    assert "SECRET" not in " ".join([*said, caught.value.line()])


def test_an_encrypted_stream_is_refused_and_not_given_to_ffmpeg(tmp_path: Path) -> None:
    manifest = '#EXTM3U\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI="k"\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n'
    pages = {"/list.m3u8": Page(manifest.encode(), "application/vnd.apple.mpegurl")}
    with serving(pages) as server, fetcher(tmp_path) as one, pytest.raises(InputError, match="encrypted"):
        one.fetch(described(server, url=server.url("/list.m3u8"), protocol="m3u8_native"), nothing)


def test_private_hosts_are_refused_wherever_they_come_from(tmp_path: Path) -> None:
    with serving({"/clip.mp4": Page(b"x")}) as server:
        one = Fetcher(tmp_path, lambda _: None, limits=Limits(MAX_BYTES))
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(InputError, match="private"):
                one.offers(server.url("/clip.mp4", host))
        with pytest.raises(InputError, match="private"):
            one.fetch(described(server), nothing)
        one.close()
        assert server.seen == []


def test_two_processes_do_not_write_the_same_download(tmp_path: Path, video: bytes) -> None:
    from filelock import FileLock

    with serving({"/clip.mp4": Page(video)}) as server:
        offer = described(server)
        work = tmp_path / WORK_FOLDER / offer.key
        work.mkdir(parents=True)
        with FileLock(work / ".nvpipe.lock"), fetcher(tmp_path) as one, pytest.raises(OutputError, match="locked"):
            one.fetch(offer, nothing)


def test_what_yt_dlp_itself_leaves_unfinished_is_no_footage(tmp_path: Path, video: bytes) -> None:
    for name in (
        "a.mp4.part",
        "a.mp4.part-Frag3",
        "a.mp4.part-Frag3.part",
        "a.mp4.ytdl",
        "b.temp.mp4",
        "c.f137.mp4.part",
    ):
        (tmp_path / name).write_bytes(video)
    with pytest.raises(InputError, match="no video"):
        find_footage([str(tmp_path)])


def test_nothing_is_overwritten(tmp_path: Path, video: bytes) -> None:
    with serving({"/clip.mp4": Page(video)}) as server:
        name = fetch(tmp_path / "a", server.url("/clip.mp4")).path.name
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / name).write_bytes(b"mine")
        with pytest.raises(OutputError, match="in the way"):
            fetch(tmp_path / "b", server.url("/clip.mp4"))
    assert (tmp_path / "b" / name).read_bytes() == b"mine"


class OneDoor(Gate):
    """Takes one server for public, as if it stood elsewhere."""

    def __init__(self, server: WebServer) -> None:
        super().__init__(allow_private=False, limits=Limits(MAX_BYTES))
        self._public = ("127.0.0.1", server.port)

    def connect(self, address: tuple[str, int], *rest: Any) -> socket.socket:
        return socket.create_connection(address) if address == self._public else super().connect(address, *rest)


def follow(one: Fetcher, url: str) -> None:
    """Fetch whatever an address leads to."""
    for offer in one.offers(url):
        assert isinstance(offer, Offer)
        one.fetch(offer, nothing)


def test_no_public_page_leads_to_a_private_host(tmp_path: Path, video: bytes) -> None:
    with serving({"/a.mp4": Page(video), "/a.ts": Page(video)}) as inside, serving({}) as outside:
        hidden = inside.url("/a.mp4")
        segments = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1,\n{inside.url('/a.ts')}\n#EXT-X-ENDLIST\n"
        outside.pages |= {
            "/redirect": Page(location=hidden),
            "/twice": Page(location="/redirect"),
            "/page": html(f'<video src="{hidden}"></video>'),
            "/named": html(f'<video src="{inside.url("/a.mp4", "localhost")}"></video>'),
            "/list.m3u8": Page(segments.encode(), "application/vnd.apple.mpegurl"),
        }
        for path in list(outside.pages):
            one = Fetcher(tmp_path, lambda _: None, gate=OneDoor(outside))
            with pytest.raises(InputError, match="private or local"):
                follow(one, outside.url(path))
            one.close()
        assert inside.seen == []
    assert videos(tmp_path) == []


def test_a_truncated_picture_is_not_hidden_by_joining_it_with_its_sound(tmp_path: Path) -> None:
    picture = make_video(tmp_path / "p.mkv", seconds=6, size=(320, 180), audio=None).read_bytes()
    pages = {
        "/picture": Page(picture[: len(picture) // 2]),
        "/sound": Page(audio_only(tmp_path / "s.m4a", seconds=6).read_bytes()),
    }
    folder = tmp_path / "footage"
    with serving(pages) as server, fetcher(folder) as one:
        streams = [
            {"format_id": name, "url": server.url(f"/{name}"), "ext": "mkv", "protocol": "http"}
            for name in ("picture", "sound")
        ]
        offer = described(server, requested_formats=streams)
        with pytest.raises(InputError, match="ends after"):
            one.fetch(offer, nothing)
    assert videos(folder) == []
