"""What a job's files and its share of the footage follow from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.options import OPTIONS
from nvpipe.pipeline import tell
from nvpipe.pipeline.author import author_key
from nvpipe.pipeline.extras import logo_digest
from nvpipe.pipeline.given import given_key
from nvpipe.pipeline.music import music_of
from nvpipe.pipeline.narrator import voice_key
from nvpipe.pipeline.plan import own_looks
from nvpipe.pipeline.subtitles import caption_font
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nvpipe.pipeline.beside import Second
    from nvpipe.settings import Settings
    from nvpipe.types import Article, Footage

VERSION = 3
"""Part of every job's key; a change of what a job makes from the same inputs changes it."""


def job_key(article: Article, settings: Settings, footage: Sequence[Footage], second: Second | None = None) -> str:
    """What a job's files follow from: the text, the options, the footage and its licences, not where they lie."""
    videos = [[video.digest, video.licence, video.credit] for video in footage]
    logo = None if settings.logo is None else logo_digest(settings.logo)
    font = caption_font(settings)
    music = music_of(settings, lambda _: None)
    return digest_of(
        [
            VERSION,
            tell.VERSION,
            article.digest,
            _options(settings),
            logo,
            videos,
            second.key if second else "",
            own_looks(settings),
            font.digest if font else "",
            music and [music.digest, music.licence, music.credit],
        ]
    )


def ledger_key(article: Article, settings: Settings, footage: Sequence[Footage]) -> str:
    """What a job's share of the footage goes by: the text, the options and the footage, whatever is known of it."""
    drawn = {option.field for option in OPTIONS if not option.in_share}
    options = {name: value for name, value in _options(settings).items() if name not in drawn}
    return digest_of([article.digest, options, [video.digest for video in footage]])


def _options(settings: Settings) -> dict[str, object]:
    found = {option.field: getattr(settings, option.field) for option in OPTIONS if option.in_result}
    return found | given_key(settings) | author_key(settings) | voice_key(settings)
