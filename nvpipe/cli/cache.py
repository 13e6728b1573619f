"""`nvpipe cache`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from nvpipe.cli.options import json_option, print_json, settings_from, settings_options


@click.group("cache")
def command() -> None:
    """List, check, shrink or clear what is cached."""


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
        name = _shown(entry.path, storage)
        click.echo(f"{entry.kind:<10} {entry.state:<10} {entry.size_bytes:>12,} {modified}  {name}")
    click.echo(f"{len(entries)} files, {sum(entry.size_bytes for entry in entries):,} bytes in {storage}")
    return 0


@command.command("verify")
@settings_options("storage")
@json_option
def verify_entries(config: Path | None, as_json: bool, **flags: Any) -> int:
    """Read every file of the cache whole and tell damaged from stale ones; exit code 1 when one is damaged."""
    from nvpipe.cache.verify import verify
    from nvpipe.footage import select
    from nvpipe.footage.kept import scorer_versions
    from nvpipe.media.decode import DECODERS

    storage = settings_from(config, flags).storage
    findings = verify(storage, scorer_versions(*DECODERS.names()), [select.VERSION])
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.state] = counts.get(finding.state, 0) + 1
    if as_json:
        files = [
            {
                "path": str(finding.path),
                "kind": finding.kind,
                "size_bytes": finding.size_bytes,
                "state": finding.state,
                "reason": finding.reason,
            }
            for finding in findings
        ]
        print_json({"storage": str(storage), "counts": counts, "files": files})
    else:
        for finding in findings:
            reason = f": {finding.reason}" if finding.reason else ""
            click.echo(f"{finding.state:<8} {finding.kind:<9} {_shown(finding.path, storage)}{reason}")
        summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "no files"
        click.echo(f"{summary} in {storage}")
    return 1 if counts.get("damaged") else 0


@command.command("prune")
@click.option("--keep", required=True, metavar="SIZE", help="How much may stay: 500M, 2G, 0.")
@click.option("--dry-run", is_flag=True, help="Only tell what would go.")
@settings_options("storage")
@json_option
def prune_entries(keep: str, dry_run: bool, config: Path | None, as_json: bool, **flags: Any) -> int:
    """Delete what was of use least recently until the rest fits; the footage list and the ledger stay."""
    from nvpipe.cache.prune import prune
    from nvpipe.settings import parse_size

    storage = settings_from(config, flags).storage
    pruned = prune(storage, parse_size(keep), dry_run=dry_run)
    if as_json:
        files = [
            {"path": str(file.path), "kind": file.kind, "size_bytes": file.size_bytes, "used_s": file.modified_s}
            for file in pruned.files
        ]
        print_json(
            {
                "storage": str(storage),
                "dry_run": dry_run,
                "files": files,
                "bytes": pruned.size_bytes,
                "left_bytes": pruned.left_bytes,
            }
        )
        return 0
    verb = "would be deleted" if dry_run else "deleted"
    for file in pruned.files:
        used = time.strftime("%Y-%m-%d", time.localtime(file.modified_s))
        click.echo(f"{file.kind:<10} {file.size_bytes:>12,} used {used}  {_shown(file.path, storage)}")
    click.echo(
        f"{len(pruned.files)} files, {pruned.size_bytes:,} bytes {verb} from {storage}; {pruned.left_bytes:,} stay"
    )
    return 0


@command.command("clear")
@click.option("--ledger", is_flag=True, help="Also forget which footage was used in which short.")
@click.option("--feeds", is_flag=True, help="Also forget which entries of feeds are done.")
@settings_options("storage")
@json_option
def clear_entries(ledger: bool, feeds: bool, config: Path | None, as_json: bool, **flags: Any) -> int:
    """Delete the files of the cache, and nothing else that lies in its folder.

    The ledger of used footage and the list of done feed entries stay unless they are named.
    """
    from nvpipe.cache.listing import clear

    storage = settings_from(config, flags).storage
    cleared = clear(storage, ledger=ledger, feeds=feeds)
    if as_json:
        print_json(
            {
                "storage": str(storage),
                "files": cleared.files,
                "bytes": cleared.size_bytes,
                "ledger_kept": cleared.ledger_kept,
                "feeds_kept": cleared.feeds_kept,
            }
        )
        return 0
    kept = "; the ledger of used footage stays (--ledger deletes it too)" if cleared.ledger_kept else ""
    kept += "; the list of done feed entries stays (--feeds deletes it too)" if cleared.feeds_kept else ""
    click.echo(f"{cleared.files} files, {cleared.size_bytes:,} bytes deleted from {storage}{kept}")
    return 0


def _shown(path: Path, storage: Path) -> str:
    """A file's name as one line of UTF-8, whatever its bytes are."""
    text = str(path.relative_to(storage)).encode("utf-8", "replace").decode("utf-8")
    return "".join(char if char.isprintable() else "?" for char in text)
