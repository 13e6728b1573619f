"""Results of a run's expensive stages, kept under the key of what they were made from.

STORAGE/stages/<stage>/<key>.json              what the stage made
STORAGE/stages/<stage>/<key>.<digest>.<suffix> a file that belongs to it
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from nvpipe.cache.disk import SourceError, copy_file, digest_file, keep_whole, temporary_beside
from nvpipe.cache.locks import lock
from nvpipe.cache.store import FaultError, Format, Warn, complain, identity_of, once, read, report, write
from nvpipe.cache.used import mark_used
from nvpipe.errors import OutputError
from nvpipe.types import Narration
from nvpipe.types.codec import from_json, to_json

STAGE = Format("nvpipe-stage", 1)
FOLDER = "stages"
NARRATION = "narration"
RENDER = "render"
MAX_COPIES = 8
_STAGE_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
_KEY = re.compile(r"[0-9a-f]{16,128}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


class StageStore:
    """The stages folder of one storage folder.

    A key is 16 to 128 hexadecimal digits, as `types.codec.digest_of` gives. Nothing here fails because
    the cache is damaged or cannot be written: that is a warning, said once.
    """

    def __init__(self, storage: Path, warn: Warn) -> None:
        self._storage = storage
        self._warn = once(warn)

    def load(self, stage: str, key: str) -> Any | None:
        """What `save` kept, or None."""
        path = self._path(stage, key)
        data = read(path, STAGE, key, self._warn)
        if data is not None:
            mark_used(path)
        return data

    def save(self, stage: str, key: str, data: object) -> bool:
        """Keep JSON values; False with one warning when that cannot be done."""
        try:
            write(self._path(stage, key), STAGE, key, data)
        except OutputError as error:
            self._complain(error)
            return False
        return True

    def load_file(self, stage: str, key: str) -> tuple[Path, Any] | None:
        """The file that `save_file` kept and its data, the content verified; or None."""
        entry: Any = self.load(stage, key)
        try:
            name, digest, data = entry["file"]["name"], entry["file"]["digest"], entry["data"]
        except (TypeError, KeyError):
            return None
        if not isinstance(name, str) or not re.fullmatch(rf"{key}\.[0-9a-f]{{16}}{_SUFFIX.pattern}", name):
            return None
        path = self._path(stage, key).with_name(name)
        return (path, data) if self._is_whole(path, digest) else None

    def save_file(self, stage: str, key: str, source: Path, data: object) -> Path | None:
        """Keep a copy of a file, and JSON values with it; None with one warning when that cannot be done.

        Raises:
            ValueError: the file's suffix is unusual.
        """
        if not _SUFFIX.fullmatch(source.suffix):
            raise ValueError(f"a stage's file cannot end in {source.suffix!r}")
        try:
            digest = digest_file(source)
            # The digest in the name: two processes that made different files for one key don't mix them up.
            path = self._path(stage, key).with_name(f"{key}.{digest[:16]}{source.suffix}")
            copy_file(source, path, digest)
        except OutputError as error:
            self._complain(error)
            return None
        except (OSError, SourceError) as error:
            self._warn(f"{source} cannot be kept in the cache: {error}")
            return None
        entry = {"file": {"name": path.name, "digest": digest}, "data": data}
        return path if self.save(stage, key, entry) else None

    def new_file(self, stage: str) -> Path:
        """A temporary file in a stage's folder, empty, for what is too large to be copied into it; see `take_file`.

        Raises:
            OutputError: the folder cannot be written.
        """
        path = temporary_beside(self._storage / FOLDER / stage / "file")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
        except OSError as error:
            raise OutputError(
                f"cannot write in {path.parent}: {error.strerror or error}",
                hint="free some space or choose another --storage",
            ) from error
        return path

    def take_file(self, stage: str, key: str, temporary: Path, suffix: str, data: object) -> Path:
        """Keep a finished file of `new_file`, and JSON values with it.

        Raises:
            OutputError: it cannot be kept.
            ValueError: the suffix is unusual.
        """
        if not _SUFFIX.fullmatch(suffix):
            raise ValueError(f"a stage's file cannot end in {suffix!r}")
        entry = self._path(stage, key)
        try:
            digest = digest_file(temporary)
            path = entry.with_name(f"{key}.{digest[:16]}{suffix}")
            keep_whole(temporary, path)
        except OSError as error:
            raise OutputError(
                f"cannot write in {entry.parent}: {error.strerror or error}",
                hint="free some space or choose another --storage",
            ) from error
        write(entry, STAGE, key, {"file": {"name": path.name, "digest": digest}, "data": data})
        return path

    def keys(self, stage: str, prefix: str) -> list[str]:
        """The keys of a stage that begin so and under which something is kept, sorted; nothing is read."""
        folder = self._path(stage, prefix).parent
        try:
            names = [path.name for path in folder.glob(f"{prefix}*.json")]
        except OSError as error:
            self._warn(f"cache folder {folder} cannot be read ({error.strerror or error}); ignored")
            return []
        return sorted(name.removesuffix(".json") for name in names if _KEY.fullmatch(name.removesuffix(".json")))

    def load_narration(self, key: str) -> Narration | None:
        """A kept narration, its audio file inside the storage folder."""
        found = self.load_file(NARRATION, key)
        if found is None:
            return None
        try:
            return replace(from_json(Narration, found[1]), audio_path=found[0])
        except ValueError as error:
            self._warn(f"cache file {self._path(NARRATION, key)} holds no narration ({error}); ignored")
            return None

    def save_narration(self, key: str, narration: Narration) -> Narration:
        """Keep a narration; returns it with its audio in the storage folder, or as it was if that failed."""
        data = to_json(replace(narration, audio_path=Path(narration.audio_path.name)))
        path = self.save_file(NARRATION, key, narration.audio_path, data)
        return narration if path is None else replace(narration, audio_path=path)

    def save_render(self, key: str, output: Path) -> bool:
        """Remember where a finished output lies, so that the same job for another folder can copy it."""
        try:
            place = {"path": str(output.absolute()), "digest": digest_file(output)}
            with lock(self._path(RENDER, key).parent):
                others = [one for one in self._places(key) if one["path"] != place["path"]]
                return self.save(RENDER, key, {"outputs": [place, *others][:MAX_COPIES]})
        except OutputError as error:
            self._complain(error)
        except OSError as error:
            self._warn(f"{output} cannot be remembered as finished: {error}")
        return False

    def copy_render(self, key: str, target: Path) -> Path | None:
        """Copy a finished output of this key to `target`, whole or not at all; returns where it came from.

        None when no output of this key is left unchanged anywhere.

        Raises:
            OutputError: the target cannot be written.
        """
        for place in self._places(key):
            source = Path(place["path"])
            try:
                if source.is_file():
                    copy_file(source, target, place["digest"])
                    return source
            except SourceError:
                continue
        return None

    def _places(self, key: str) -> list[dict[str, str]]:
        entry = self.load(RENDER, key)
        outputs = entry.get("outputs") if isinstance(entry, dict) else None
        return [
            {"path": place["path"], "digest": place["digest"]}
            for place in (outputs if isinstance(outputs, list) else [])
            if isinstance(place, dict) and all(isinstance(place.get(name), str) for name in ("path", "digest"))
        ]

    def _is_whole(self, path: Path, digest: str) -> bool:
        try:
            if not path.is_file():
                return False
            identity = identity_of(path.stat())
            if digest_file(path) == digest:
                return True
        except OSError as error:
            self._warn(f"cache file {path} cannot be read ({error.strerror or error}); ignored")
            return False
        report(path, FaultError("damaged", "is damaged: wrong content", identity), self._warn)
        return False

    def _path(self, stage: str, key: str) -> Path:
        if not _STAGE_NAME.fullmatch(stage) or not _KEY.fullmatch(key):
            raise ValueError(f"no stage and key: {stage!r}, {key!r}")
        return self._storage / FOLDER / stage / f"{key}.json"

    def _complain(self, error: OutputError) -> None:
        complain(self._warn, self._storage, error)
