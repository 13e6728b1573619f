"""Scripts of the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nvpipe.errors import ArticleError
from nvpipe.story.given import article_of, read_script


def script_file(folder: Path, data: bytes, name: str = "s.txt") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_every_line_with_something_to_say_is_kept_as_it_is(tmp_path: Path) -> None:
    path = script_file(tmp_path, "\ufeffIt costs  $10.5 billion!\r\n\r\n---\r\n  [Whispers] why?\n".encode())
    script = read_script(path)
    assert [line.text for line in script.lines] == ["It costs $10.5 billion!", "[Whispers] why?"]
    assert (script.writer, script.language) == ("given", "en")
    article = article_of(script, path)
    assert (article.title, article.source) == ("It costs $10.5 billion!", str(path))


def test_a_manifest_is_a_script(tmp_path: Path) -> None:
    lines = [{"text": "Uno dos.", "sources": ["Fuente."]}, {"text": "Tres.\nCuatro."}, "Cinco."]
    whole = {"script": {"writer": "llama", "language": "es", "lines": lines}, "output": {}}
    for document in (whole, whole["script"]):
        script = read_script(script_file(tmp_path, json.dumps(document).encode(), "m.json"))
        assert [line.text for line in script.lines] == ["Uno dos.", "Tres.", "Cuatro.", "Cinco."]
        assert script.lines[0].sources == ("Fuente.",)
        assert script.language == "es"
    assert read_script(tmp_path / "m.json", "fr").language == "fr"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n--\n...\n", "no line"),
        (bytes(range(256)) * 40, "not text"),
        (b"word " * 9000, "45000 characters|44999 characters"),
        (b'{"script": 3}', "without a script"),
        (b'{"lines": [{"text": 4}]}', "line 1"),
        (b'{"lines": []}', "no line"),
        (b"x" * 10_000_001, "larger than"),
    ],
)
def test_what_is_no_script_is_told_in_one_line(tmp_path: Path, data: bytes, says: str) -> None:
    with pytest.raises(ArticleError, match=says) as caught:
        read_script(script_file(tmp_path, data))
    assert "\n" not in caught.value.line()


def test_missing_files_and_folders_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.txt", tmp_path, Path("a\0b")):
        with pytest.raises(ArticleError):
            read_script(path)


def test_half_characters_and_endless_nesting_do_no_harm(tmp_path: Path) -> None:
    script = read_script(script_file(tmp_path, b'{"lines": ["a \\ud800 b"]}'))
    script.lines[0].text.encode()
    assert read_script(script_file(tmp_path, b"[" * 30_000 + b" hello")).lines
