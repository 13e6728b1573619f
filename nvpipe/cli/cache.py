"""`nvpipe cache`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options


@click.group("cache")
def command() -> None:
    """List or clear what is cached."""


@command.command("ls")
@settings_options("storage")
@json_option
def list_entries(config: Path | None, as_json: bool, **flags: Any) -> int:
    """List the files of the cache."""
    from nvpipe.cache.listing import ls

    storage = settings_from(config, flags).storage
    entries = ls(storage)
    if as_json:
        files = [
            {
                "path": str(entry.path),
                "kind": entry.kind,
                "video_id": entry.video_id,
                "size_bytes": entry.size_bytes,
                "modified_s": entry.modified_s,
                "state": entry.state,
            }
            for entry in entries
        ]
        print_json({"storage": str(storage), "files": files})
        return 0
    for entry in entries:
        modified = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.modified_s))
        name = entry.path.relative_to(storage)
        click.echo(f"{entry.kind:<10} {entry.state:<10} {entry.size_bytes:>12,} {modified}  {name}")
    click.echo(f"{len(entries)} files, {sum(entry.size_bytes for entry in entries):,} bytes in {storage}")
    return 0


@command.command("clear")
@settings_options("storage")
@json_option
def clear_entries(config: Path | None, as_json: bool, **flags: Any) -> int:
    """Delete the files of the cache, and nothing else that lies in its folder."""
    from nvpipe.cache.listing import clear

    storage = settings_from(config, flags).storage
    files, size_bytes = clear(storage)
    if as_json:
        print_json({"storage": str(storage), "files": files, "bytes": size_bytes})
    else:
        click.echo(f"{files} files, {size_bytes:,} bytes deleted from {storage}")
    return 0
