"""Title card, logo, progress bar and cover: from what was asked for to what is drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nvpipe.errors import MediaError
from nvpipe.types import CaptionBox, CaptionStyle, CoverHint, Cue, Extras, Ink, Logo, Shadow, TitleCard
from nvpipe.types.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from nvpipe.captions.box import Box
    from nvpipe.captions.draw import CaptionBitmap, CaptionPainter
    from nvpipe.compose.cover import CoverPicker
    from nvpipe.compose.extras import Overlay, Patch
    from nvpipe.pipeline.covers import Cover
    from nvpipe.pipeline.tell import Told
    from nvpipe.settings import Settings
    from nvpipe.types import Cut, MotionTrack, Segment, Timeline

SHORTEST_TITLE_S, LONGEST_TITLE_S = 2.5, 6.0
TITLE_LEAD_S = 1.0
TITLE_PER_WORD_S = 0.3
"""A title is shown as long as it takes to read: about 200 words a minute, and a second to find it."""
TITLE_SHARE = 0.5
"""Of the whole file, at most."""
GAP_SHARE = 0.012
"""Least distance between title, logo and captions, in heights of the frame."""
ROOM_SHARE = 0.4
"""Most of the safe area's height that a title may take."""
LEAST_ROOM_SHARE = 0.12
"""With less than this of the frame's height above the captions, the title goes below them or beside the logo."""
LEAST_ROOM_PX = 24

_DARK = Ink(18, 18, 22)
TITLE_LOOK = CaptionStyle(
    name="title",
    font="Montserrat_900Black.ttf",
    size_px=74,
    text=_DARK,
    active=_DARK,
    spoken=_DARK,
    outline=Ink(0, 0, 0, 0.0),
    outline_px=0,
    shadow=Shadow(Ink(0, 0, 0, 0.0), blur_px=4),
    box=CaptionBox(Ink(255, 255, 255, 0.94), padding_x_px=34, padding_y_px=26, radius_px=28, behind="block"),
    line_height=1.2,
    centre_y=0.0,
    max_lines=6,
)
"""Dark on a white card, at the upper edge of the room that it is given."""


def plan_extras(told: Told, settings: Settings, duration_s: float) -> Extras:
    """What the settings ask to be drawn; a title without text is the script's first sentence.

    Raises:
        MediaError: the logo's file cannot be read.
    """
    text = told.script.lines[0].text if settings.title is True else settings.title
    title = None
    if isinstance(text, str):
        title = TitleCard(text, title_end_s(text, duration_s), told.script.language)
    logo = None
    if settings.logo is not None:
        logo = Logo(settings.logo, logo_digest(settings.logo), settings.logo_position, settings.logo_size / 100)
    return Extras(title, logo, settings.progress_bar)


def title_end_s(text: str, duration_s: float) -> float:
    """How long a title is shown."""
    wanted_s = TITLE_LEAD_S + TITLE_PER_WORD_S * len(text.split())
    return min(max(SHORTEST_TITLE_S, min(wanted_s, LONGEST_TITLE_S)), TITLE_SHARE * duration_s)


def logo_digest(path: Path) -> str:
    """Digest of a logo's content.

    Raises:
        MediaError: it cannot be read.
    """
    import hashlib

    from nvpipe.cache.disk import DIGEST_BYTES
    from nvpipe.media.picture import read_bytes

    return hashlib.blake2b(read_bytes(path), digest_size=DIGEST_BYTES).hexdigest()


def prove_logo(settings: Settings) -> None:
    """Read the logo, so that a useless one ends the job before any work is done.

    Raises:
        MediaError: it cannot be read, or nothing of it can be seen.
    """
    if settings.logo is None:
        return
    from nvpipe.media.picture import read_picture
    from nvpipe.media.safety import name_of

    if not read_picture(settings.logo).getchannel("A").getbbox():
        raise MediaError(f"{name_of(settings.logo)} is wholly transparent", hint="use another logo")


def cover_hint(
    segments: Sequence[Segment], cuts: Sequence[Cut], tracks: Mapping[str, MotionTrack], settings: Settings
) -> CoverHint | None:
    """Where to look for the cover: near the peak of the best segment, away from cuts; None when it is not wanted."""
    if not settings.cover or not cuts:
        return None
    best, cut = max(zip(segments, cuts, strict=True), key=lambda pair: pair[0].score)
    peak_s = min(max(best.peak_s, cut.source_start_s), cut.source_end_s) - cut.source_start_s + cut.at_s
    jumps = [cut.at_s for cut in cuts]
    for cut in cuts:
        inside = (
            at_s for at_s in tracks[cut.footage.video_id].cuts_s if cut.source_start_s < at_s < cut.source_end_s
        )
        jumps += [round(cut.at_s + at_s - cut.source_start_s, 6) for at_s in inside]
    return CoverHint(peak_s, tuple(sorted(jumps)))


def key_of(extras: Extras) -> Any:
    """What of the extras shows in the picture: the logo's content, not where it lies."""
    logo = extras.logo and [extras.logo.digest, extras.logo.position, extras.logo.size]
    return [extras.title, logo, extras.progress_bar]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn on the pictures of one output, and where."""

    overlays: tuple[Overlay, ...]
    picker: CoverPicker | None
    title: CaptionBitmap | None
    missing: frozenset[str] = frozenset()
    """Characters of the title that no font has."""
    warnings: tuple[str, ...] = ()


def draw_extras(timeline: Timeline, captions: CaptionPainter | None, look: CaptionStyle) -> Drawn:
    """Everything that a timeline's extras put on its pictures.

    Args:
        timeline: what is shown.
        captions: what draws the captions, or None without captions.
        look: the captions' style, whose colour the progress bar has.

    Raises:
        MediaError: the logo cannot be read.
    """
    from nvpipe.compose.cover import CoverPicker
    from nvpipe.compose.extras import Card, Fixed

    overlays: list[Overlay] = []
    picker = CoverPicker(timeline.cover) if timeline.cover else None
    if picker is not None:
        # First, so that it sees the pictures as they are.
        overlays.append(picker)
    logo = _logo(timeline)
    if logo is not None:
        overlays.append(Fixed(logo))
    if timeline.extras.progress_bar:
        overlays.append(_bar(timeline, look))
    title, missing = _title(timeline, captions, logo)
    warnings = []
    if title is not None and timeline.extras.title is not None:
        overlays.append(Card(title, timeline.extras.title.end_s))
    elif timeline.extras.title is not None:
        size = f"{timeline.output.width_px}x{timeline.output.height_px}"
        warnings.append(f"the title is left out at {size}: there is no room for it, or nothing of it can be seen")
    return Drawn(tuple(overlays), picker, title, missing, tuple(warnings))


def title_room(safe: Box, captions: Iterable[Box], logo: Box | None, canvas_height_px: int) -> Box | None:
    """Where a title goes: as far up in the safe area as there is room between captions and logo.

    Args:
        safe: the safe area.
        captions: rectangles of the captions while the title is shown.
        logo: rectangle of the logo.
        canvas_height_px: height of the frame.

    Returns:
        None when no place is large enough for letters.
    """
    gap_px = round(GAP_SHARE * canvas_height_px)
    bands, top_px = [], safe.top_px
    for box in sorted(captions, key=lambda box: box.top_px):
        bands.append((top_px, box.top_px - gap_px))
        top_px = max(top_px, box.bottom_px + gap_px)
    bands.append((top_px, safe.bottom_px))
    free = [replace(safe, top_px=top_px, bottom_px=bottom_px) for top_px, bottom_px in bands]
    rooms = [room for band in free for room in (_beside(band, logo, gap_px) if logo else [band])]
    rooms = [room for room in rooms if min(room.width_px, room.height_px) >= LEAST_ROOM_PX]
    least_px = LEAST_ROOM_SHARE * canvas_height_px
    ample = (room for room in rooms if room.height_px >= least_px and room.width_px >= safe.width_px / 2)
    room = next(ample, None) or max(rooms, key=lambda room: room.width_px * room.height_px, default=None)
    if room is None:
        return None
    most_px = max(LEAST_ROOM_PX, round(ROOM_SHARE * safe.height_px))
    return replace(room, bottom_px=min(room.bottom_px, room.top_px + most_px))


def _beside(band: Box, logo: Box, gap_px: int) -> list[Box]:
    """The parts of a band that a logo leaves free: above and below it whole, else what is left or right of it."""
    top_px, bottom_px = logo.top_px - gap_px, logo.bottom_px + gap_px
    if band.bottom_px <= top_px or band.top_px >= bottom_px:
        return [band]
    return [
        replace(band, bottom_px=min(band.bottom_px, top_px)),
        replace(band, top_px=max(band.top_px, bottom_px)),
        replace(band, right_px=min(band.right_px, logo.left_px - gap_px)),
        replace(band, left_px=max(band.left_px, logo.right_px + gap_px)),
    ]


def _logo(timeline: Timeline) -> Patch | None:
    logo, output = timeline.extras.logo, timeline.output
    if logo is None:
        return None
    from nvpipe.captions.box import safe_area
    from nvpipe.compose.logo import place_logo
    from nvpipe.media.picture import read_picture

    size = (output.width_px, output.height_px)
    safe = safe_area(*size)
    edges = (safe.left_px, safe.top_px, safe.right_px, safe.bottom_px)
    return place_logo(read_picture(logo.path), logo.position, logo.size, size, edges)


def _bar(timeline: Timeline, look: CaptionStyle) -> Overlay:
    """A bar in the colour that tells the spoken word from the others."""
    from nvpipe.captions.planes import yuv
    from nvpipe.compose.extras import ProgressBar

    # The eye is drawn to the highlight; where the words stay white, that is the box behind them.
    ink = look.box.ink if look.box and look.active == look.text else look.active
    output = timeline.output
    return ProgressBar(output.width_px, output.height_px, yuv(ink), timeline.duration_s)


def _title(
    timeline: Timeline, captions: CaptionPainter | None, logo: Patch | None
) -> tuple[CaptionBitmap | None, frozenset[str]]:
    card, output = timeline.extras.title, timeline.output
    if card is None:
        return None, frozenset()
    from nvpipe.captions.box import Box, safe_area
    from nvpipe.captions.draw import CaptionPainter

    size = (output.width_px, output.height_px)
    cues = [cue for cue in timeline.captions.cues if cue.start_s < card.end_s] if captions else []
    taken = [box for box in (captions.rectangle(cue) for cue in cues) if box] if captions else []
    corner = None
    if logo is not None:
        height_px, width_px = logo.alpha.shape
        corner = Box(logo.x_px, logo.y_px, logo.x_px + width_px, logo.y_px + height_px)
    room = title_room(safe_area(*size), taken, corner, output.height_px)
    if room is None:
        return None, frozenset()
    font_file = timeline.captions.font.path if timeline.captions.font else None
    painter = CaptionPainter(TITLE_LOOK, *size, room, language=card.language, font_file=font_file)
    bitmap = painter.paint(Cue(0.0, card.end_s, tuple(card.text.split()), None))
    return bitmap, frozenset(painter.missing)


def described(extras: Extras, cover: Cover | None, video: Path) -> dict[str, Any]:
    """What the manifest says of the extras and of the cover.

    Args:
        video: the final name of the video, beside which the cover lies.
    """
    title, logo = extras.title, extras.logo
    return {
        "extras": {
            "title": title and {"text": title.text, "start_s": 0.0, "end_s": title.end_s},
            "logo": logo and to_json(logo),
            "progress_bar": extras.progress_bar,
        },
        "cover": cover and {"path": str(video.with_suffix(cover.path.suffix).absolute()), "at_s": cover.at_s},
    }
