"""Videos that an index learns of without opening them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.naming import index_path
from nvpipe.cache.sighting import Sighting, digest_settled
from nvpipe.types import Footage

Make = Callable[..., Footage]


def learn(index: FootageIndex, make: Make, path: Path, **changes: object) -> Footage:
    digest, identity = digest_settled(path)
    return index.add([Sighting(identity, make(path, digest, **changes))])[0]


def identity_of(path: Path) -> FileIdentity:
    return FileIdentity.of(path.stat())


def entry_in(storage: Path, digest: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(index_path(storage).read_text("utf-8"))["data"]["files"][digest]
    return data
