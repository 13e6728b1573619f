"""The house: who may import whom, what is packaged, what stays light, and what stays small."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FLOORS: dict[str, int] = {
    "types": 0, "language": 0, "errors": 0, "options": 0, "settings": 0, "registry": 0,
    "media": 1, "cache": 1, "scheduler": 1, "kernels": 1, "sample": 1, "web": 1,
    "story": 2, "voice": 2, "footage": 2, "captions": 2, "compose": 2,
    "pipeline": 3, "bench": 3, "report": 3,
    "cli": 4,
    "__main__": 5,
}  # fmt: skip
MAY_ALSO_IMPORT = {("bench", "pipeline")}
"""Neighbours on one floor that DESIGN allows."""
GROUND = ("types", "errors", "options", "settings", "registry")
"""What one floor-0 module needs of another: the registry speaks in types and errors."""
HEAVY = (
    "torch",
    "torchvision",
    "av",
    "PIL",
    "numpy",
    "llama_cpp",
    "kokoro",
    "trafilatura",
    "decord",
    "triton",
    "yt_dlp",
    "feedparser",
)
MAX_LINES = 400
LEFTOVER = re.compile(
    r"\.(git|venv.*|mypy_cache|pytest_cache|ruff_cache|hypothesis)$|.*\.egg-info$|(__pycache__|build|dist|nvpipe-out)$"
)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["setuptools"]["packages"]
PACKAGE_DIR: dict[str, str] = PROJECT["tool"]["setuptools"]["package-dir"]


def module_files() -> Iterator[tuple[str, Path]]:
    """Every module of the package by its dotted name, the kernels where they are installed."""
    for folder, package in ((ROOT / "nvpipe", "nvpipe"), (ROOT / "kernels" / "src", "nvpipe.kernels")):
        for path in sorted(folder.rglob("*.py")):
            parts = list(path.relative_to(folder).with_suffix("").parts)
            if parts[-1] == "__init__":
                parts.pop()
            yield ".".join([package, *parts]), path


def imported(name: str, path: Path, source: str) -> set[str]:
    """Modules of nvpipe that a module imports anywhere, inside functions and type checks too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
            start = base[: len(base) - node.level + 1] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            found |= {module} if module != "nvpipe" else {f"nvpipe.{alias.name}" for alias in node.names}
    return {module for module in found if module.split(".")[0] == "nvpipe" and not module.endswith("__")}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def forbidden(name: str, path: Path, source: str) -> list[str]:
    """The imports of one module that the house does not allow."""
    here = room(name)
    wrong = []
    for module in sorted(imported(name, path, source)):
        there = room(module)
        if not there or there == here or (here, there) in MAY_ALSO_IMPORT:
            continue
        if here in GROUND and there in GROUND:
            continue
        if there not in FLOORS or FLOORS[there] >= FLOORS[here]:
            wrong.append(f"{name} imports {module}")
    return wrong


def python(code: str, *options: str) -> str:
    """What a fresh interpreter prints, started in the repository's root."""
    done = subprocess.run(
        [sys.executable, *options, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def text_files() -> Iterator[Path]:
    """Every text file of the project; what tools and runs leave behind is not the project's."""
    kinds = {".py", ".md", ".txt", ".toml", ".cfg", ".yml", ".yaml", ".json", ".cuda", ".sh", ".html", ""}
    for folder, below, names in os.walk(ROOT):
        below[:] = sorted(name for name in below if not LEFTOVER.match(name))
        yield from (Path(folder, name) for name in sorted(names) if Path(name).suffix in kinds)


def test_every_room_has_a_floor() -> None:
    rooms = {room(name) for name, _ in module_files()} - {""}
    assert rooms <= set(FLOORS), f"give {sorted(rooms - set(FLOORS))} a floor in FLOORS, as DESIGN does"


def test_modules_import_only_lower_floors_or_their_own_room() -> None:
    wrong = [
        line for name, path in module_files() for line in forbidden(name, path, path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("nvpipe.media.probe", "from nvpipe.story.article import x"),
        ("nvpipe.media.probe", "def f():\n    import nvpipe.pipeline.run"),
        ("nvpipe.story.article", "from nvpipe.voice import SPEAKERS"),
        ("nvpipe.story.article", "from ..cli import main"),
        ("nvpipe.media.decode.pyav", "from ... import pipeline"),
        ("nvpipe.pipeline.run", "from nvpipe import cli"),
        ("nvpipe.pipeline.run", "from nvpipe.bench import encode"),
        ("nvpipe.types.text", "from nvpipe.cache.store import x"),
        ("nvpipe.story.article", "from nvpipe.unheard_of import x"),
    ],
)
def test_a_forbidden_import_is_seen(name: str, source: str) -> None:
    assert forbidden(name, Path("module.py"), source)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("nvpipe.bench.encode", "from nvpipe.pipeline.run import x"),
        ("nvpipe.footage.library", "from nvpipe.media.probe import x\nfrom nvpipe.cache import y"),
        ("nvpipe.media.decode.pyav", "from ..probe import x\nfrom nvpipe.errors import MediaError"),
        ("nvpipe.registry", "from nvpipe.types import BackendChoice"),
        ("nvpipe.cli.run", "from nvpipe import __version__\nimport torch"),
    ],
)
def test_an_allowed_import_is_not_reported(name: str, source: str) -> None:
    assert forbidden(name, Path("module.py"), source) == []


def test_the_packages_listed_are_those_on_disk() -> None:
    on_disk = {name for name, path in module_files() if path.name == "__init__.py"}
    assert set(PACKAGES) == on_disk
    assert len(set(PACKAGES)) == len(PACKAGES)


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for _, path in module_files()}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_kernels_are_mapped_and_shadow_nobody() -> None:
    assert PACKAGE_DIR == {"nvpipe.kernels": "kernels/src"}
    assert not (ROOT / "kernels" / "__init__.py").exists()
    origin = python("import kernels; print(getattr(kernels, '__file__', None))")
    assert not origin.startswith(str(ROOT / "kernels"))
    assert origin == "None" or "site-packages" in origin


def test_the_kernels_are_installed_under_their_own_name() -> None:
    found = python("import importlib.util as u; print(u.find_spec('nvpipe.kernels') is not None)", "-P")
    assert found == "True"


def test_importing_a_package_pulls_in_nothing_heavy() -> None:
    code = f"""
import importlib, sys
for package in {PACKAGES!r}:
    importlib.import_module(package)
    heavy = set(sys.modules) & set({HEAVY!r})
    if heavy:
        sys.exit(f"{{package}} imports {{sorted(heavy)}}")
"""
    assert python(code) == ""


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in text_files()
        if path.suffix == ".py" and (count := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_every_test_file_is_collected() -> None:
    tests = ROOT / "tests"
    assert [str(path) for path in tests.rglob("__init__.py")] == []
    stray = [
        str(path.relative_to(ROOT))
        for path in tests.rglob("*.py")
        if re.search(r"^(async )?def test_|^class Test", path.read_text(encoding="utf-8"), re.MULTILINE)
        and not path.name.startswith("test_")
    ]
    assert stray == []


def test_nothing_names_a_machine_or_a_registry() -> None:
    machine = re.compile(
        r"(?<![\w.])/(work|root|home|tmp)/\w|\.\.[/]shared\b|pypi[.]org|pythonhosted[.]|download[.]pytorch"
    )
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if machine.search(line)
    ]
    assert wrong == []


def test_every_python_dependency_is_pinned_within_its_range() -> None:
    pinned = dict(
        line.split("==")
        for line in (ROOT / "requirements" / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *extras["test"], *extras["dev"]]
    names = {re.split(r"[\[<>=;! ]", line, maxsplit=1)[0].lower() for line in wanted} - {"nvpipe"}
    assert names <= {name.lower() for name in pinned}
