"""What somebody says of a video, as it stands in an entry of `footage_metadata.json`."""

from __future__ import annotations

from dataclasses import dataclass, fields

from nvpipe.types.codec import to_json


@dataclass(frozen=True, slots=True)
class About:
    """What somebody says of a video: in a file beside it, or in the container's tags."""

    licence: str | None = None
    credit: str | None = None
    """The whole credit line, where it was written down as such."""
    title: str | None = None
    channel: str | None = None
    source_url: str | None = None
    content_type: str | None = None

    def over(self, other: About) -> About:
        """This, and what the other one says where this is silent."""
        names = [each.name for each in fields(self)]
        return About(**{name: getattr(self, name) or getattr(other, name) for name in names})

    @property
    def credit_line(self) -> str | None:
        """Whom to name: title, channel and source address, unless a credit is given."""
        return self.credit or ", ".join(part for part in (self.title, self.channel, self.source_url) if part) or None


def about_of(data: object) -> About | None:
    """What `about_json` wrote down."""
    if not isinstance(data, dict):
        return None
    names = [each.name for each in fields(About)]
    return About(**{name: data[name] for name in names if isinstance(data.get(name), str)})


def about_json(about: About) -> dict[str, str]:
    return {name: text for name, text in to_json(about).items() if text is not None}
