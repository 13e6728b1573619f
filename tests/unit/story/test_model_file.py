"""Models of repositories, downloaded through the real huggingface_hub from a server on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fakes.hub_file import COMMIT, FILE, PATH, REPOSITORY, WISH, hub_page
from fakes.web_server import Page, WebServer, serving

from nvpipe.errors import InputError, UsageError
from nvpipe.story.llama.files import check_wish, content_digest, find_model, parse_wish

BODY = bytes(range(256)) * 2000
# The library reads the server's address when it is imported, hence a process of its own.
PROGRAM = """
import json, sys
from pathlib import Path
from nvpipe.errors import NvpipeError
from nvpipe.story.llama.files import get_model

told = []
try:
    found = get_model(sys.argv[1], Path(sys.argv[2]), lambda moment: told.append([moment.done, moment.total]))
    print(json.dumps({"path": str(found.path), "revision": found.revision, "told": told}))
except NvpipeError as error:
    print(json.dumps({"error": error.message, "hint": error.hint, "code": error.exit_code, "told": told}))
"""


@dataclass
class Downloads:
    """Calls `get_model` with a storage folder of its own."""

    storage: Path

    def __call__(self, server: WebServer | str, wish: str = WISH, **environ: str) -> Any:
        endpoint = server if isinstance(server, str) else server.url("").rstrip("/")
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, wish, str(self.storage)],
            env={
                **os.environ,
                "HF_ENDPOINT": endpoint,
                "HF_HUB_DISABLE_XET": "1",
                "HF_HUB_DISABLE_TELEMETRY": "1",
                "HF_HUB_OFFLINE": "0",
                **environ,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.stderr == "", done.stderr
        return json.loads(done.stdout)

    @property
    def file(self) -> Path:
        return self.storage / "models" / REPOSITORY.replace("/", "--") / FILE

    @property
    def parts(self) -> list[Path]:
        return sorted(self.file.parent.glob("*.part"))


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(tmp_path / "cache")


def test_it_comes_once_with_progress_and_its_revision(downloads: Downloads) -> None:
    with serving({PATH: hub_page(BODY)}) as server:
        found = downloads(server)
        assert Path(found["path"]).read_bytes() == BODY
        assert found["revision"] == COMMIT
        assert found["told"][-1] == [len(BODY), len(BODY)]
        asked = len(server.seen)
        again = downloads(server)
        assert len(server.seen) == asked
    assert (again["path"], again["revision"], again["told"]) == (found["path"], COMMIT, [])
    assert downloads.parts == []


def test_it_goes_on_where_it_stopped(downloads: Downloads) -> None:
    page = hub_page(BODY)
    part = downloads.file.with_name(f"{FILE}.{page.headers['ETag'][1:-1]}.part")
    part.parent.mkdir(parents=True)
    part.write_bytes(BODY[:300_000])
    with serving({PATH: page}) as server:
        found = downloads(server)
        assert [span for span in server.spans(PATH) if span] == ["bytes=300000-"]
    assert Path(found["path"]).read_bytes() == BODY
    assert found["told"][0] == [300_000, len(BODY)]


def test_a_lost_connection_is_taken_up_again(downloads: Downloads) -> None:
    page = hub_page(BODY)
    page.drop_after = [100_000]
    with serving({PATH: page}) as server:
        found = downloads(server)
        assert "error" not in found, found
        assert len(server.spans(PATH)) >= 3
    assert Path(found["path"]).read_bytes() == BODY


def test_a_server_without_ranges_sends_it_all_again(downloads: Downloads) -> None:
    page = hub_page(BODY)
    page.ranges, page.drop_after = False, [100_000]
    with serving({PATH: page}) as server:
        found = downloads(server)
    assert Path(found["path"]).read_bytes() == BODY


def test_another_content_is_not_kept(downloads: Downloads) -> None:
    with serving({PATH: hub_page(BODY, checksum="0" * 64)}) as server:
        found = downloads(server)
    assert found["error"] == f"{WISH} came with another checksum than its own"
    assert found["code"] == 3
    assert not downloads.file.exists()
    assert downloads.parts == []


def test_a_small_file_has_gits_checksum(downloads: Downloads) -> None:
    # git hash-object of "hello\n"
    page = hub_page(b"hello\n", checksum="ce013625030ba8dba906f756967f9e9ca394464a")
    with serving({PATH: page}) as server:
        assert Path(downloads(server)["path"]).read_bytes() == b"hello\n"


def test_nobody_answers(downloads: Downloads) -> None:
    found = downloads("http://127.0.0.1:9")
    assert found["code"] == 4
    assert found["error"].startswith(f"{WISH} cannot be downloaded: ")
    assert "go online" in found["hint"]


def test_downloads_are_switched_off(downloads: Downloads) -> None:
    found = downloads("http://127.0.0.1:9", HF_HUB_OFFLINE="1")
    assert found["error"] == f"{WISH} cannot be downloaded: downloads are switched off by HF_HUB_OFFLINE"
    assert found["code"] == 4


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("EntryNotFound", f"there is no file {FILE} in that repository"),
        ("RepoNotFound", f"there is no repository {REPOSITORY}"),
        ("GatedRepo", f"{WISH} is for those only who have agreed to its licence"),
    ],
)
def test_what_the_server_refuses(downloads: Downloads, code: str, says: str) -> None:
    status = "403 Forbidden" if code == "GatedRepo" else "404 Not Found"
    raw = f"HTTP/1.1 {status}\r\nX-Error-Code: {code}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with serving({PATH: Page(raw=raw)}) as server:
        found = downloads(server)
    assert found["error"] == says


def test_a_server_that_is_no_repository(downloads: Downloads) -> None:
    with serving({PATH: Page(b"<html>")}) as server:
        found = downloads(server)
    assert found["error"] == f"the server does not say what {WISH} is"
    assert found["code"] == 4


@pytest.mark.parametrize(
    ("wish", "parsed"),
    [
        ("a/b:c.gguf", ("a/b", "c.gguf")),
        ("Org.x/Model-1B:quants/q4_k.gguf", ("Org.x/Model-1B", "quants/q4_k.gguf")),
        ("model.gguf", None),
        ("folder/model.gguf", None),
        ("/tmp-like/a:b.gguf", None),
        ("a/b:../../secret", None),
        ("../b:c.gguf", None),
        ("a/b:/etc/passwd", None),
        ("a/b:.hidden", None),
    ],
)
def test_what_names_a_repository(wish: str, parsed: tuple[str, str] | None) -> None:
    assert parse_wish(wish) == parsed


def test_a_path_that_looks_like_a_repository_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b:c.gguf"
    path.parent.mkdir()
    path.write_bytes(b"")
    assert parse_wish(str(path)) is None
    found = find_model(str(path), tmp_path)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize(("wish", "what"), [("nothing.gguf", "does not exist"), (".", "is a folder")])
def test_a_path_without_a_model(tmp_path: Path, wish: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        find_model(wish, tmp_path)


@pytest.mark.parametrize("wish", ["", "  ", "a\0b"])
def test_what_can_name_nothing(wish: str) -> None:
    with pytest.raises(UsageError):
        check_wish(wish)


def test_a_changed_file_has_another_digest(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"one")
    first = content_digest(path, tmp_path / "cache")
    assert content_digest(path, tmp_path / "cache") == first
    path.write_bytes(b"two")
    assert content_digest(path, tmp_path / "cache") != first


def test_a_half_written_note_is_no_model(downloads: Downloads) -> None:
    downloads.file.parent.mkdir(parents=True)
    downloads.file.write_bytes(BODY[:10])
    downloads.file.with_name(f"{FILE}.json").write_text('{"size_bytes": 512000, "revision": "x"}')
    assert find_model(WISH, downloads.storage) is None


def test_another_repositorys_file_in_the_same_folder_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "models" / "a--b--c" / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    about = {"repository": "a--b/c", "file": FILE, "revision": COMMIT, "size_bytes": len(BODY)}
    path.with_name(f"{FILE}.json").write_text(json.dumps(about))
    assert find_model(f"a/b--c:{FILE}", tmp_path) is None
    found = find_model(f"a--b/c:{FILE}", tmp_path)
    assert found is not None
    assert found.revision == COMMIT
