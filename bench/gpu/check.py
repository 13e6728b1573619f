"""One command for a machine with an NVIDIA GPU: the GPU suite, the kernels, the probe and the benchmarks.

    make gpu-check                          every part, one after another
    make gpu-check ARGS="--part kernels"    one of them, by name or number
    make gpu-check ARGS=--list              what they are

Each part takes at most eight minutes and can run alone. Its results go into bench/results/gpu-CARD.json and .md,
beside those of other parts on the same card, and README's table of what ran where is made from these pages. A machine
that has torch but cannot fetch packages runs `python bench/gpu/check.py --part N --site PACK --results DIR`, with a
PACK that `--pack` has made elsewhere; its results come home with `--merge`. Exit status: 0 when nothing failed, 1 if
something did, 2 for wrong usage, 3 when there is no NVIDIA GPU, and then nothing is written.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

import carry  # noqa: E402 - of this folder
import check_page  # noqa: E402
from check_parts import PARTS, Part  # noqa: E402
from check_steps import FAILED, run_step  # noqa: E402
from probe import with_libraries  # noqa: E402

RESULTS = ROOT / "bench" / "results"
PACKAGES = ("nvpipe", "torch", "torchvision", "triton", "av", "PyNvVideoCodec", "nvidia-ml-py", "decord", "numpy")
NO_GPU = 3
_LOOK_S = 60


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def look() -> tuple[dict[str, Any], str]:
    """What the driver shows of its cards, or why there is none; asked in a process of its own."""
    command = [sys.executable, str(HERE / "probe.py"), "--only", "driver"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LOOK_S)
    except subprocess.TimeoutExpired:
        return {}, f"the driver has not answered within {_LOOK_S} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {}, last.removeprefix("probe: no NVIDIA GPU here: ").partition(";")[0]
    data: dict[str, Any] = json.loads(done.stdout)["checks"][0]["data"]
    return data, ""


Look = Callable[[], tuple[dict[str, Any], str]]


def machine_of(data: dict[str, Any]) -> dict[str, str]:
    """Card, driver and versions, as pairs of name and text."""
    card, smi = data["devices"][0], data.get("nvidia_smi") or {}
    version = int(card.get("cuda_driver_api", 0))
    found = {
        "card": card["name"] + (f" (first of {len(data['devices'])})" if len(data["devices"]) > 1 else ""),
        "driver": smi.get("driver_version") or "not told, since nvidia-smi is not there",
        "CUDA of the driver": f"{version // 1000}.{version % 1000 // 10}",
        "memory": f"{card['memory_bytes'] / (1 << 30):.1f} GiB",
        "compute capability": card["compute_capability"],
        "processor": f"{os.cpu_count()} cores, {platform.machine()}",
        "system": platform.platform(),
        "Python": platform.python_version(),
    }
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def commit() -> str:
    """The commit of this tree, marked when files differ from it."""
    git = ["git", "-C", str(ROOT)]
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
        status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
        changed = [line for line in status.stdout.splitlines() if "bench/results/" not in line]
        return head.stdout.strip() + (f" with {len(changed)} changed files" if changed else "")
    return "unknown"


@contextlib.contextmanager
def importable(site: Path | None) -> Iterator[list[str]]:
    """Folders for PYTHONPATH: packages that were brought along, and this tree where nvpipe is not installed."""
    with tempfile.TemporaryDirectory(prefix="nvpipe-gpu-check-") as name:
        folders = []
        if site is not None:
            folders.append(str(carry.unpack(site, Path(name, "site"))))
        if importlib.util.find_spec("nvpipe") is None or importlib.util.find_spec("nvpipe.kernels") is None:
            package = Path(name, "tree", "nvpipe")
            package.mkdir(parents=True)
            for entry in sorted((ROOT / "nvpipe").iterdir()):
                (package / entry.name).symlink_to(entry)
            (package / "kernels").symlink_to(ROOT / "kernels" / "src")
            folders.append(str(package.parent))
        yield folders


def run_part(part: Part, data: dict[str, Any], folders: list[str], told_commit: str) -> dict[str, Any]:
    """Run the steps of a part; each has its turn whatever came of the one before."""
    environment = with_libraries(data.get("library_folders_to_add") or [])
    known = environment.get("PYTHONPATH", "")
    environment |= {
        "NVPIPE_REQUIRE_GPU": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([*folders, *([known] if known else [])]),
    }
    result: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": told_commit,
        "machine": machine_of(data),
        "rows": [],
    }
    for step in part.steps:
        say(f"gpu-check: {part.name}: {step.name} (at most {step.limit_s} s)")
        row = run_step(step, environment)
        say(f"gpu-check: {part.name}: {step.name}: {row['state']} after {row['seconds']} s. {row['detail']}")
        result["rows"].append(row)
    return result


def run_parts(arguments: argparse.Namespace, parts: list[Part], look: Look = look) -> int:
    """Run parts and write the page after each, so that what has run is kept whatever comes.

    Args:
        arguments: of the command line.
        parts: to run.
        look: tells what cards there are, or why there are none.
    """
    data, reason = look()
    if not data.get("devices"):
        say(f"gpu-check: there is no NVIDIA GPU to check here: {reason}; nothing was run or written")
        return NO_GPU
    card = data["devices"][0]["name"]
    path = arguments.results / f"{check_page.slug(card)}.json"
    document = check_page.blank() | {"card": card, "parts": {}}
    if path.exists():
        document = check_page.merged([check_page.read_document(path), document])
    failed = False
    with importable(arguments.site) as folders:
        sys.path[:0] = folders
        for part in parts:
            result = run_part(part, data, folders, arguments.commit or commit())
            failed = failed or any(row["state"] == FAILED for row in result["rows"])
            document["parts"][part.name] = result
            for written in check_page.write_pages(arguments.results, document):
                say(f"gpu-check: {written}")
    write_readme(arguments)
    return 1 if failed else 0


def write_readme(arguments: argparse.Namespace) -> None:
    """Put the table made from all pages into README, when the pages are the project's own."""
    if arguments.results.resolve() != RESULTS:
        return
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    changed = check_page.with_table(text, check_page.verified(documents(RESULTS)))
    if changed != text:
        readme.write_text(changed, "utf-8")
        say(f"gpu-check: {readme}: table `verified on`")


def documents(folder: Path) -> dict[str, dict[str, Any]]:
    """The documents in a folder, by name."""
    return {path.stem: check_page.read_document(path) for path in sorted(folder.glob("gpu-*.json"))}


def merge(arguments: argparse.Namespace) -> int:
    """Take results home: those of one card become one page."""
    found = [check_page.read_document(path) for path in arguments.merge]
    cards = sorted({document["card"] for document in found})
    for card in cards:
        own = [document for document in found if document["card"] == card]
        path = arguments.results / f"{check_page.slug(card)}.json"
        if card and path.exists():
            own.insert(0, check_page.read_document(path))
        for written in check_page.write_pages(arguments.results, check_page.merged(own)):
            say(f"gpu-check: {written}")
    write_readme(arguments)
    return 0


def pages(arguments: argparse.Namespace) -> int:
    """Make every page again from its document, the one of what never ran too, and README's table."""
    check_page.write_pages(arguments.results, check_page.blank())
    for name, document in documents(arguments.results).items():
        if name != check_page.BLANK:
            check_page.write_pages(arguments.results, document)
    write_readme(arguments)
    return 0


def chosen_parts(words: list[str], parser: argparse.ArgumentParser) -> list[Part]:
    """Parts by name or number; all when none is named."""
    known = {part.name: part for part in PARTS} | {str(number): part for number, part in enumerate(PARTS, 1)}
    if unknown := [word for word in words if word not in known]:
        parser.error(f"no part named {', '.join(unknown)}; --list shows them")
    return [known[word] for word in words] or list(PARTS)


def show_list() -> int:
    for number, part in enumerate(PARTS, 1):
        print(f"{number} {part.name}: {part.title} (at most {sum(step.limit_s for step in part.steps)} s)")
        for step in part.steps:
            print(f"    {step.name:16}{step.kind} {' '.join(step.words)}")
    return 0


def set_up(words: list[str]) -> None:
    """Go on under the virtual environment of dev.py, with everything that the parts use."""
    sys.path.insert(0, str(ROOT))
    import dev

    dev.setup("gpu")
    os.environ["PATH"] = os.pathsep.join([str(dev.VENV / "bin"), os.environ.get("PATH", os.defpath)])
    again = [str(dev.PYTHON), str(HERE / "check.py"), *(word for word in words if word != "--set-up")]
    os.execv(dev.PYTHON, again)


def parser_of() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--list", action="store_true", help="list the parts and stop")
    does.add_argument("--merge", type=Path, nargs="+", metavar="JSON", help="take results of another machine in")
    does.add_argument("--pages", action="store_true", help="make the pages and README's table again")
    does.add_argument("--pack", type=Path, metavar="FILE.tar.xz", help="pack what one part needs of packages")
    parser.add_argument("--part", action="append", default=[], metavar="NAME", help="only this part; may be repeated")
    parser.add_argument("--site", type=Path, metavar="FILE.tar.xz", help="packages that were brought along")
    parser.add_argument("--python", default="3.12", metavar="X.Y", help="with --pack: version there (default 3.12)")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIR", help="where pages are written")
    parser.add_argument("--commit", help="what was checked, where git cannot tell")
    parser.add_argument("--set-up", action="store_true", help=argparse.SUPPRESS)
    return parser


def main(words: list[str] | None = None) -> int:
    words = sys.argv[1:] if words is None else words
    parser = parser_of()
    arguments = parser.parse_args(words)
    parts = chosen_parts(arguments.part, parser)
    if arguments.list:
        return show_list()
    try:
        if arguments.merge:
            return merge(arguments)
        if arguments.pages:
            return pages(arguments)
        if arguments.pack:
            if len(parts) != 1:
                parser.error("--pack needs one --part")
            say(f"gpu-check: {carry.pack(parts[0], arguments.pack, arguments.python)}")
            return 0
        if arguments.set_up and look()[0].get("devices"):
            set_up(words)
        return run_parts(arguments, parts)
    except (check_page.PageError, carry.CarryError, OSError) as error:
        say(f"gpu-check: {error}")
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
