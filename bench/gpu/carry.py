"""Packs the packages of one part for a machine that has torch but cannot fetch anything, and unpacks them there."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from pathlib import Path

from check_parts import CARRY_LIMIT_BYTES, Part

ROOT = Path(__file__).resolve().parents[2]
CORE = (
    "av", "charset-normalizer", "click", "filelock", "platformdirs", "rich", "pygments", "nvidia-ml-py", "pytest",
    "pluggy", "iniconfig", "packaging", "hypothesis", "sortedcontainers",
)  # fmt: skip
"""What every part imports besides torch, torchvision, triton, numpy and Pillow, which a machine with torch has."""
_LEFT_OUT = re.compile(
    r"\.tar\.(gz|xz)$"
    r"|^babel/locale-data/(?!(root|en|de|es|fr|it|pt|hi)[_.])"
    r"|^espeakng_loader/espeak-ng-data/(?!en_)\w+_dict$"
)
"""Sources that wheels bring, and data of languages that no part speaks."""
_TAGS = ("2_28", "2_27", "2_26", "2_24", "2_17")


class CarryError(Exception):
    """A pack cannot be made or used; the message says why."""


def pack(part: Part, target: Path, python: str) -> str:
    """Fetch a part's packages for x86-64 Linux and pack them; tells what it has made.

    Raises:
        CarryError: a package cannot be fetched, or the pack is too large.
    """
    if not re.fullmatch(r"3\.\d{1,2}", python):
        raise CarryError(f"not a version of Python: {python}")
    with tempfile.TemporaryDirectory(prefix="nvpipe-pack-") as name:
        wheels, site = Path(name, "wheels"), Path(name, "site")
        for requirement in requirements(part):
            _download(requirement, wheels, python)
        for wheel in sorted(wheels.glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site, [name for name in archive.namelist() if not _LEFT_OUT.search(name)])
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target, "w:xz") as tar:
            tar.add(site, ".")
    size = target.stat().st_size
    if size > CARRY_LIMIT_BYTES:
        target.unlink()
        raise CarryError(
            f"the packages of {part.name} take {size / 1e6:.1f} MB, more than {CARRY_LIMIT_BYTES / 1e6:.0f}"
        )
    return f"{target}: {size / 1e6:.1f} MB for Python {python}"


def requirements(part: Part) -> list[str]:
    """A part's packages, each in the version that the project was tested with, or in its range."""
    lines = (ROOT / "requirements" / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {_key(line.partition("==")[0]): line for line in lines if line and not line.startswith("#")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    ranges = {
        _key(re.split(r"[\[<>=;! ]", line, maxsplit=1)[0]): line for line in [*project["dependencies"], *extras]
    }
    return [pinned.get(_key(name)) or ranges.get(_key(name), name) for name in (*CORE, *part.carry)]


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _download(requirement: str, folder: Path, python: str) -> None:
    platforms = [f"--platform=manylinux_{tag}_x86_64" for tag in _TAGS]
    platforms += [f"--platform={name}_x86_64" for name in ("manylinux2014", "manylinux2010", "manylinux1")]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
        "--only-binary=:all:", f"--python-version={python}", "--implementation=cp", *platforms, "--dest", str(folder),
        requirement,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise CarryError(f"pip cannot fetch {requirement}: {(errors or ['no message'])[-1].removeprefix('ERROR: ')}")


def unpack(pack_file: Path, folder: Path) -> Path:
    """Unpack a pack into a folder, and give the folder.

    Raises:
        CarryError: it is missing or damaged.
    """
    try:
        with tarfile.open(pack_file, "r:xz") as tar:
            tar.extractall(folder, filter="data")
    except (OSError, tarfile.TarError, EOFError) as error:
        raise CarryError(f"{pack_file} cannot be unpacked: {' '.join(str(error).split())}") from error
    return folder
