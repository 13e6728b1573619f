"""The music that was asked for: proven, and whom it belongs to."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nvpipe.cache.about import About
from nvpipe.errors import MediaError
from nvpipe.types import Music

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from nvpipe.settings import Settings

_PROOF_HZ = 48_000
_LICENCE_TAGS = ("license", "licence", "copyright")
_ARTIST_TAGS = ("artist", "album_artist", "composer")


def prove_music(settings: Settings) -> None:
    """Open the music, so that a useless file ends the job before any work is done.

    Raises:
        MediaError: it cannot be read, or has no sound that can be decoded.
    """
    path = settings.music
    if path is None:
        return
    from nvpipe.media.audio import audio_blocks
    from nvpipe.media.safety import name_of

    with _named_music(path):
        heard = next(audio_blocks(path, rate_hz=_PROOF_HZ, channels=2, block_s=0.1), None)
    if heard is None:
        raise MediaError(f"the music {name_of(path)} has no sound", hint="name another file")


def music_of(settings: Settings, warn: Callable[[str], None]) -> Music | None:
    """What is heard under everything else; None when no music was asked for.

    Args:
        settings: the job's options.
        warn: told of a file beside the music whose licence cannot be read.

    Raises:
        MediaError: it cannot be read.
    """
    path = settings.music
    if path is None:
        return None
    from nvpipe.cache.disk import digest_file
    from nvpipe.footage.sidecar import find_sidecars
    from nvpipe.footage.sidecar_text import read_sidecars

    with _named_music(path):
        tags = _tags(path)
        digest = digest_file(path)
    about = read_sidecars(find_sidecars(path), warn).over(tags)
    return Music(path.absolute(), digest, settings.music_volume, about.licence, about.credit_line)


def music_entry(music: Music | None) -> dict[str, Any]:
    """The manifest's part about the music."""
    if music is None:
        return {"music": None}
    return {
        "music": {
            "path": str(music.path),
            "digest": music.digest,
            "volume_db": music.volume_db,
            "licence": music.licence,
            "credit": music.credit,
            "licence_unknown": music.licence is None,
        }
    }


def _tags(path: Path) -> About:
    from nvpipe.media.audio import sound_stream
    from nvpipe.media.safety import opened

    with opened(path, sound_only=True) as container:
        stream = sound_stream(container)
        own = stream.metadata if stream is not None else {}
        tags = {key.lower(): text for key, text in {**own, **container.metadata}.items()}
    return About(
        licence=_first(tags, _LICENCE_TAGS), channel=_first(tags, _ARTIST_TAGS), title=_first(tags, ("title",))
    )


def _first(tags: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    texts = (" ".join("".join(c if c.isprintable() else " " for c in tags.get(name, "")).split()) for name in names)
    return next((text[:500] for text in texts if text), None)


@contextmanager
def _named_music(path: Path) -> Iterator[None]:
    """Errors about the file say that it is the music."""
    from nvpipe.media.safety import name_of

    hint = "name a sound file, such as MP3, M4A, WAV, FLAC or Ogg"
    try:
        yield
    except MediaError as error:
        raise type(error)(f"the music cannot be used: {error.message}", hint=hint) from error
    except OSError as error:
        raise MediaError(f"the music {name_of(path)} cannot be read: {error.strerror}", hint=hint) from error
