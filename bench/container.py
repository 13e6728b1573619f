"""Runs the steps of Dockerfile.cuda in plain folders, where there is no container engine. As root, on Linux.

    debootstrap --variant=minbase bookworm debian-root
    python bench/container.py --debian debian-root --work build --target cpu -- run --sample

Each stage that the target needs gets a copy of its parent's folder, and its RUN, COPY, ENV, ARG, WORKDIR, USER and
SHELL take effect there, in namespaces of their own (`unshare`, `chroot`). What follows `--` are arguments for the
image's entry point, run as the image's user. A stage that is built stays in `--work` and is built again only when its
steps, what they copy or a stage below it have changed.

What it does not show: the base images themselves, the layers, and what a container engine adds when it starts one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from container_file import Stage, Step, chain, expand, image_settings, parse

ROOT = Path(__file__).resolve().parents[1]
IGNORED = ("__pycache__", "*.pyc", "*.so")
UNSHARE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")
OUTER = """
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
mkdir -p "$1/proc" "$1/dev"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
for pair in $2; do
    mkdir -p "$1/${pair#*:}"
    mount --bind "${pair%%:*}" "$1/${pair#*:}"
done
shift 2
exec "$@"
"""
"""Mounts what a container has, inside of a mount namespace that ends with the command."""


class Builder:
    """Builds stages into folders, one beside the other."""

    def __init__(self, stages: list[Stage], options: argparse.Namespace, known: dict[str, str]) -> None:
        self.stages = stages
        self.options = options
        self.known = known

    def folder(self, name: str) -> Path:
        return Path(self.options.work, name).resolve()

    def build(self, name: str) -> None:
        """Build a stage and everything before it."""
        environment: dict[str, str] = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
        environment |= dict(pair.split("=", 1) for pair in self.options.env)
        state = {"USER": "0:0", "WORKDIR": "/", "SHELL": '["/bin/sh", "-c"]'}
        for stage in chain(self.stages, name):
            folder, done = self.folder(stage.name), self.folder(stage.name + ".built")
            digest = self.digest(stage)
            finished = done.exists() and done.read_text("utf-8") == digest
            if not finished:
                source = self.options.debian if stage.parent.startswith("debian:") else self.folder(stage.parent)
                if not source.is_dir():
                    raise SystemExit(f"container: stage {stage.name} stands on {stage.parent}, which is not here")
                say(f"== {stage.name}: a copy of {source.name}")
                shutil.rmtree(folder, ignore_errors=True)
                subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(folder)], check=True)
                shutil.copyfile("/etc/resolv.conf", folder / "etc" / "resolv.conf")
            for step in stage.steps:
                self.step(step, folder, environment, state, skip=finished)
            done.write_text(digest, "utf-8")
        self.state, self.environment = state, environment

    def digest(self, stage: Stage) -> str:
        """What a stage is made from."""
        known = {one.name: one for one in self.stages}
        found = hashlib.sha256(repr((stage.parent, stage.steps, sorted(self.known.items()))).encode("utf-8"))
        below = [stage.parent, *(dict(step.options).get("from", "") for step in stage.steps)]
        for name in below:
            found.update(self.digest(known[name]).encode("utf-8") if name in known else b"-")
        for step in stage.steps:
            if step.word != "COPY" or step.options:
                continue
            for source in step.text.split()[:-1]:
                path = ROOT / source
                for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
                    if file.is_file() and not any(file.match(pattern) for pattern in (*IGNORED, "__pycache__/*")):
                        found.update(str(file.relative_to(ROOT)).encode("utf-8") + file.read_bytes())
        return found.hexdigest()

    def step(
        self, step: Step, folder: Path, environment: dict[str, str], state: dict[str, str], *, skip: bool
    ) -> None:
        """Let one instruction take effect."""
        if step.word == "ENV":
            environment |= {key: expand(value, environment) for key, value in step.pairs().items()}
        elif step.word == "ARG":
            name, _, value = step.text.partition("=")
            given = self.known.get(name, expand(value, environment).strip('"'))
            environment |= {name: given} if given else {}
        elif step.word in state:
            state[step.word] = step.text
        elif step.word == "COPY" and not skip:
            self.copy(step, folder, state["WORKDIR"])
        elif step.word == "RUN" and not skip:
            say(f"-- line {step.line}: {step.text[:110]}")
            command = [*Step(0, "SHELL", state["SHELL"]).words(), step.text]
            started = time.monotonic()
            code = self.enter(folder, command, environment, state)
            say(f"   {'ended with status ' + str(code) if code else 'done'} ({time.monotonic() - started:.0f} s)")
            if code:
                raise SystemExit(code)

    def copy(self, step: Step, folder: Path, here: str) -> None:
        """Copy from the context or from another stage."""
        origin = dict(step.options).get("from")
        if origin:
            self.other(origin)
        *sources, target = step.text.split()
        into = folder / str(Path("/", here, target)).lstrip("/")
        for source in sources:
            path = (self.folder(origin) if origin else ROOT) / source.lstrip("/")
            to = into / path.name if target.endswith("/") else into
            say(f"-- line {step.line}: {source} to {target}")
            to.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                ignore = None if origin else shutil.ignore_patterns(*IGNORED)
                shutil.copytree(path, to, symlinks=True, dirs_exist_ok=True, ignore=ignore)
            else:
                shutil.copy2(path, to)

    def other(self, name: str) -> None:
        """A stage from which something is copied."""
        Builder(self.stages, self.options, self.known).build(name)

    def enter(self, folder: Path, command: list[str], environment: dict[str, str], state: dict[str, str]) -> int:
        """Run a command in a folder as its root."""
        user, _, group = state["USER"].partition(":")
        inside = ["chroot", f"--userspec={user}:{group or user}", str(folder), "/usr/bin/env", "-i", "-C"]
        inside += [state["WORKDIR"], *(f"{name}={value}" for name, value in environment.items()), *command]
        (folder / state["WORKDIR"].lstrip("/")).mkdir(parents=True, exist_ok=True)
        outer = ["/bin/sh", "-c", OUTER, "sh", str(folder), " ".join(self.options.bind), *inside]
        return subprocess.run([*UNSHARE, *outer], check=False).returncode


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--debian", type=Path, required=True, help="what debootstrap made; it is copied")
    parser.add_argument("--work", type=Path, required=True, help="where the stages are built")
    parser.add_argument("--target", default="cpu", help="stage to build (default cpu)")
    parser.add_argument("--arg", action="append", default=[], metavar="NAME=VALUE", help="a build argument")
    parser.add_argument(
        "--env", action="append", default=[], metavar="NAME=VALUE", help="what this machine's own network needs"
    )
    parser.add_argument("--bind", action="append", default=[], metavar="HERE:INSIDE", help="a folder seen inside")
    parser.add_argument("command", nargs="*", help="arguments for the image's entry point")
    options = parser.parse_args(words)
    if os.geteuid():
        parser.error("chroot needs root")
    known = dict(pair.split("=", 1) for pair in options.arg)
    try:
        _, stages = parse((ROOT / "Dockerfile.cuda").read_text("utf-8"))
        settings = image_settings(stages, options.target)
    except ValueError as error:
        parser.error(str(error))
    options.work.mkdir(parents=True, exist_ok=True)
    builder = Builder(stages, options, known)
    builder.build(options.target)
    if not options.command:
        return 0
    command = [*settings.get("ENTRYPOINT", []), *options.command]
    say(f"== as {builder.state['USER']}: {shlex.join(command)}")
    return builder.enter(builder.folder(options.target), command, builder.environment, builder.state)


if __name__ == "__main__":
    raise SystemExit(main())
