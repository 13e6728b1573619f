"""Sets the project up in .venv and runs it: `python3 dev.py sample`, `python3 dev.py test`.

Needs nothing but Python 3.11 or 3.12, so that a fresh clone works without make; the Makefile calls it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "requirements" / "constraints.txt"
SUPPORTED = ((3, 11), (3, 12))
EXTRAS = ("run", "test", "dev", "gpu")
"""What can be installed, each containing the one before it."""
CHECKS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("mypy", "nvpipe"),
    ("mypy", "kernels/src"),
    ("mypy", "bench/gpu", "dev.py"),
)
BUILD = {
    "CMAKE_ARGS": "-DLLAVA_BUILD=OFF -DLLAMA_OPENSSL=OFF -DGGML_NATIVE=OFF -DGGML_CCACHE=OFF",
    "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
}
"""How llama-cpp-python, which comes as source, is built: for any processor of the kind, without what nvpipe never
calls. What the user has set goes first."""
LEFTOVERS = ("build", "dist", "nvpipe.egg-info", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis")


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def version_of(python: str) -> tuple[int, ...]:
    """Major and minor version of an interpreter; empty when it does not run."""
    command = [python, "-c", "import sys; print(*sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ()
    return tuple(int(part) for part in done.stdout.split())


def find_python() -> str:
    """This interpreter if its version is supported, else another one on the path."""
    for name in (sys.executable, "python3.12", "python3.11"):
        path = shutil.which(name)
        if path and version_of(path) in SUPPORTED:
            return path
    running = ".".join(str(part) for part in sys.version_info[:2])
    raise SystemExit(f"nvpipe needs Python 3.11 or 3.12 and found only {running}; install one, then run this again")


def make_venv() -> None:
    """Create .venv, or again where its interpreter is gone or of another version."""
    if version_of(str(PYTHON)) in SUPPORTED:
        return
    python = find_python()
    if subprocess.run([python, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode:
        raise SystemExit(
            f"{python} cannot make virtual environments (no ensurepip); on Debian or Ubuntu run: "
            "apt-get install python3-venv"
        )
    say(f"dev.py: creating .venv with {python}")
    subprocess.run([python, "-m", "venv", "--clear", str(VENV)], check=True)


def state(extra: str) -> str:
    """What an installation depends on; when it changes, pip runs again."""
    content = "\0".join(
        [str(ROOT), extra, (ROOT / "pyproject.toml").read_text("utf-8"), CONSTRAINTS.read_text("utf-8")]
    )
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def setup(extra: str) -> None:
    """Install the package with its pinned dependencies, unless that is already so."""
    make_venv()
    stamp = VENV / "nvpipe-installed.txt"
    enough = EXTRAS[EXTRAS.index(extra) :]
    if stamp.is_file() and stamp.read_text("utf-8") in [state(name) for name in enough]:
        return
    say("dev.py: installing nvpipe and its pinned dependencies into .venv (minutes, the first time)")
    target = {"run": ".", "gpu": ".[dev,gpu]"}.get(extra, f".[{extra}]")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install"]
    command = [*pip, "-c", str(CONSTRAINTS), "-e", target]
    subprocess.run(command, cwd=ROOT, env={**BUILD, **os.environ}, check=True, stdout=sys.stderr)
    stamp.write_text(state(extra), "utf-8")


def run(*command: str) -> int:
    """Run a program of the virtual environment from the repository's root."""
    path = os.pathsep.join([str(VENV / "bin"), os.environ.get("PATH", os.defpath)])
    environment = dict(os.environ, PATH=path, VIRTUAL_ENV=str(VENV))
    return subprocess.run(
        [str(VENV / "bin" / command[0]), *command[1:]], cwd=ROOT, env=environment, check=False
    ).returncode


def test(arguments: list[str]) -> int:
    return run("pytest", "-n", "auto", *arguments)


def check(arguments: list[str]) -> int:
    """Format, lint, types and tests: everything that CI asks for, stopping at the first failure."""
    for command in CHECKS:
        say("dev.py: " + " ".join(command))
        code = run(*command)
        if code:
            return code
    return test(arguments)


def gpu_check(arguments: list[str]) -> int:
    """Run the GPU check, which sets .venv up once it has found a card."""
    program = str(ROOT / "bench" / "gpu" / "check.py")
    return subprocess.run([find_python(), program, "--set-up", *arguments], cwd=ROOT, check=False).returncode


def clean() -> int:
    """Remove what tools left behind; .venv and results stay."""
    for name in LEFTOVERS:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for folder in ("nvpipe", "kernels", "tests", "bench", "examples"):
        for cache in sorted((ROOT / folder).rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (
        ("setup", "install everything for development"),
        ("sample", "make a short from the packaged article and footage; further options go to `nvpipe run`"),
        ("test", "run the tests; further options go to pytest"),
        ("crash", "kill a batch two hundred times and see that it ends as if undisturbed"),
        ("check", "format, lint, types and tests; further options go to pytest"),
        ("gpu-check", "check and measure everything that needs an NVIDIA GPU; further options: bench/gpu/check.py"),
        ("clean", "remove caches and build results"),
    ):
        commands.add_parser(name, help=text, add_help=False)
    chosen, rest = parser.parse_known_args()
    if chosen.command == "clean":
        return clean()
    if chosen.command == "gpu-check":
        return gpu_check(rest)
    setup({"sample": "run", "test": "test", "crash": "test"}.get(chosen.command, "dev"))
    if chosen.command == "sample":
        return run("nvpipe", "run", "--sample", *rest)
    if chosen.command == "crash":
        return run("pytest", "-m", "slow", "-s", "tests/slow/test_crash.py", *rest)
    if chosen.command == "test":
        return test(rest)
    return check(rest) if chosen.command == "check" else 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except subprocess.CalledProcessError as error:
        raise SystemExit("dev.py: `{}` failed, its messages are above".format(" ".join(error.cmd))) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
