"""The package of the types: each of them is there under its name, and none is imported before it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import nvpipe.types


def seen_by_type_checkers() -> dict[str, str]:
    """Names that the package imports for type checkers alone, with their modules."""
    tree = ast.parse(Path(nvpipe.types.__file__).read_text("utf-8"))
    (block, *_) = (
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


def test_every_type_is_what_type_checkers_take_it_for() -> None:
    homes = seen_by_type_checkers()
    assert sorted(homes) == sorted(nvpipe.types.__all__)
    there = {name: vars(import_module(home))[name] for name, home in homes.items()}
    wrong = [name for name, found in there.items() if getattr(nvpipe.types, name) is not found]
    assert wrong == []


def test_what_is_no_type_is_not_found() -> None:
    with pytest.raises(AttributeError, match="Narrator"):
        _ = nvpipe.types.Narrator


@pytest.mark.parametrize(
    ("statement", "modules"),
    [
        ("import nvpipe.types", []),
        ("from nvpipe.types import Segment", ["footage"]),
        ("from nvpipe.types import Timeline", ["captions", "extras", "footage", "look", "speech", "timeline"]),
    ],
)
def test_only_what_is_asked_for_is_imported(statement: str, modules: list[str]) -> None:
    code = (
        f"{statement}\nimport sys; print(*sorted(name for name in sys.modules if name.startswith('nvpipe.types.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == [f"nvpipe.types.{module}" for module in modules]
