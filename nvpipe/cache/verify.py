"""Every file of the cache read whole and judged: is it damaged, or only of no use any more?"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from nvpipe.cache.action import ACTION, SEGMENTS, parse_segments, parse_track, segments_key, track_items
from nvpipe.cache.contents import Contents
from nvpipe.cache.disk import digest_file
from nvpipe.cache.feeds import FEEDS, EntryState
from nvpipe.cache.index_data import INDEX
from nvpipe.cache.ledger import LEDGER, Reservation
from nvpipe.cache.listing import CacheFile, Kind, is_left, scan
from nvpipe.cache.naming import action_path, segments_path
from nvpipe.cache.stages import NARRATION, RENDER, STAGE
from nvpipe.cache.store import Envelope, FaultError, Format, open_envelope
from nvpipe.types import Narration
from nvpipe.types.codec import from_json

Verdict = Literal["ok", "damaged", "stale", "foreign", "newer", "leftover"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is the matter with one file, in one line; empty when nothing is."""

    path: Path
    kind: Kind
    size_bytes: int
    state: Verdict
    reason: str


class _NotOkError(Exception):
    def __init__(self, state: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.state = state
        self.reason = reason


@dataclass(slots=True)
class _Verifier:
    storage: Path
    scorers: Collection[str]
    rules: Collection[object]
    contents: Contents
    claims: dict[Path, str] = field(default_factory=dict)
    """Digests that stage entries expect of the files that belong to them."""

    def judge(self, file: CacheFile) -> Finding | None:
        """None when the file went away in the meantime."""
        judges: dict[Kind, Callable[[CacheFile], None]] = {
            "footage": self._index,
            "ledger": self._ledger,
            "feeds": self._feeds,
            "action": self._action,
            "segments": self._segments,
            "stage": self._stage,
            "set-aside": _set_aside,
            "temporary": _temporary,
        }
        try:
            judges[file.kind](file)
        except _NotOkError as fault:
            return Finding(file.path, file.kind, file.size_bytes, fault.state, " ".join(fault.reason.split()))
        except FaultError as fault:
            if fault.kind == "missing":
                return None
            return Finding(file.path, file.kind, file.size_bytes, _verdict(fault), " ".join(fault.reason.split()))
        return Finding(file.path, file.kind, file.size_bytes, "ok", "")

    def _index(self, file: CacheFile) -> None:
        data = _open(file.path, INDEX).data
        if not isinstance(data, dict) or not all(isinstance(data.get(name), dict) for name in ("files", "seen")):
            raise _NotOkError("damaged", "holds no list of files")
        for digest, entry in data["files"].items():
            if not isinstance(entry, dict) or not isinstance(entry.get("video_id"), str):
                raise _NotOkError("damaged", f"what it holds of the content {digest} makes no sense")

    def _ledger(self, file: CacheFile) -> None:
        data = _open(file.path, LEDGER).data
        jobs = data.get("jobs") if isinstance(data, dict) else None
        if not isinstance(jobs, list):
            raise _NotOkError("damaged", "holds no list of jobs")
        for number, job in enumerate(jobs, 1):
            _checked(partial(from_json, Reservation, job), f"job {number} makes no sense")

    def _feeds(self, file: CacheFile) -> None:
        data = _open(file.path, FEEDS).data
        entries = data.get("entries") if isinstance(data, dict) else None
        if not isinstance(entries, list):
            raise _NotOkError("damaged", "holds no list of entries")
        for number, entry in enumerate(entries, 1):
            _checked(partial(from_json, EntryState, entry), f"entry {number} makes no sense")

    def _action(self, file: CacheFile) -> None:
        video_id = file.video_id or ""
        envelope = _open(file.path, ACTION)
        items = _checked(partial(track_items, envelope.data, video_id), "holds no tracks")
        for item in items.values():
            _checked(partial(parse_track, item, video_id), "holds no motion track")
        self._content(envelope.key, video_id)
        made_by = sorted({str(item.get("scorer")) for item in items.values()})
        if self.scorers and not set(made_by) & set(self.scorers):
            raise _NotOkError(
                "stale", f"was made by {', '.join(made_by)}; in use is {', '.join(sorted(self.scorers))}"
            )

    def _segments(self, file: CacheFile) -> None:
        video_id = file.video_id or ""
        envelope = _open(file.path, SEGMENTS)
        data = envelope.data
        _checked(partial(parse_segments, data, video_id), "holds no segments")
        duration_s = data.get("duration_s")
        if type(duration_s) is not float or not _is_named(file.path, self.storage, video_id, duration_s):
            raise _NotOkError("damaged", f"holds segments of {duration_s!r} s, not of the length in its name")
        action = action_path(self.storage, video_id)
        try:
            current = open_envelope(action, ACTION, None)
        except FaultError as fault:
            how = "is gone" if fault.kind == "missing" else f"cannot be used: it {fault.reason}"
            raise _NotOkError("stale", f"its action cache {how}") from None
        if current.checksum != data["action"]:
            raise _NotOkError("stale", "its action cache was written again since")
        wanted = [segments_key(data["action"], data["track"], duration_s, rules) for rules in self.rules]
        if wanted and envelope.key not in wanted:
            raise _NotOkError("stale", "was chosen by other rules than those in use")
        self._content(current.key, video_id)

    def _stage(self, file: CacheFile) -> None:
        if file.path.suffix != ".json":
            self._stage_file(file.path)
            return
        envelope = _open(file.path, STAGE)
        if envelope.key != file.stage_key:
            raise _NotOkError("damaged", f"holds the key {envelope.key}, not that of its name")
        data, stage = envelope.data, file.path.parent.name
        if isinstance(data, dict) and set(data) == {"file", "data"}:
            self._claim(file.path, data["file"])
            if stage == NARRATION:
                _checked(partial(from_json, Narration, data["data"]), "holds no narration")
        if stage == RENDER:
            _render(data)

    def _claim(self, entry: Path, fields: Any) -> None:
        name, digest = (fields.get("name"), fields.get("digest")) if isinstance(fields, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(digest, str) or "/" in name or not name.startswith(entry.stem):
            raise _NotOkError("damaged", "does not say which file belongs to it")
        self.claims[entry.with_name(name)] = digest
        if not entry.with_name(name).is_file():
            raise _NotOkError("damaged", f"its file {name} is missing")

    def _stage_file(self, path: Path) -> None:
        if path not in self.claims:
            raise _NotOkError("leftover", "belongs to no entry")
        try:
            digest = digest_file(path)
        except FileNotFoundError:
            raise FaultError("missing", "") from None
        except OSError as error:
            raise FaultError("unreadable", f"cannot be read ({error.strerror or error})") from error
        if digest != self.claims[path]:
            raise _NotOkError("damaged", "is damaged: wrong content")

    def _content(self, digest: str, video_id: str) -> None:
        if reason := self.contents.why_stale(digest, video_id):
            raise _NotOkError("stale", reason)


def verify(storage: Path, scorers: Collection[str] = (), rules: Collection[object] = ()) -> list[Finding]:
    """Read every file of the cache whole and tell what is the matter with it, sorted by path.

    Nothing is changed: damaged files are set aside when they are used.

    Args:
        scorers: versions of the scorers in use; tracks of none of them are stale. Empty: any will do.
        rules: of choice in use, as given to `save_segments`; segments by none of them are stale. Empty: any will do.

    Raises:
        OutputError: the folder cannot be read or is no folder.
    """
    files = scan(storage)
    verifier = _Verifier(storage, scorers, rules, Contents(storage))
    # Entries before the files that belong to them: these are judged by what the entries say.
    findings = [verifier.judge(file) for file in sorted(files, key=lambda file: file.path.suffix != ".json")]
    by_path = {finding.path: finding for finding in findings if finding is not None}
    return [by_path[file.path] for file in files if file.path in by_path]


def _open(path: Path, kind: Format) -> Envelope:
    try:
        return open_envelope(path, kind, None)
    except FaultError as fault:
        if fault.kind == "stale":
            raise _NotOkError("stale", "is of an earlier format version") from None
        raise


def _verdict(fault: FaultError) -> Verdict:
    if fault.kind in ("foreign", "original"):
        return "foreign"
    return "newer" if fault.kind == "newer" else "damaged"


def _checked(parse: Callable[[], Any], what: str) -> Any:
    try:
        return parse()
    except (ValueError, RecursionError) as error:
        raise _NotOkError("damaged", f"{what}: {error}") from error


def _is_named(path: Path, storage: Path, video_id: str, duration_s: float) -> bool:
    try:
        return path == segments_path(storage, video_id, duration_s)
    except ValueError:
        return False


def _render(data: Any) -> None:
    outputs = data.get("outputs") if isinstance(data, dict) else None
    paths = [str(one.get("path")) for one in outputs if isinstance(one, dict)] if isinstance(outputs, list) else []
    if not paths or any("\0" in path for path in paths):
        raise _NotOkError("damaged", "does not say where its output lies")
    if not any(Path(path).is_file() for path in paths):
        raise _NotOkError("stale", f"its output {paths[0]} is gone")


def _set_aside(file: CacheFile) -> None:
    if file.fault in ("foreign", "original"):
        raise _NotOkError("foreign", "was set aside, being another program's")
    raise _NotOkError("leftover", f"was set aside as {file.fault} when it was met")


def _temporary(file: CacheFile) -> None:
    if is_left(file.path):
        raise _NotOkError("leftover", "was left by a process that was killed")
    raise _NotOkError("leftover", "is being written at this moment")
