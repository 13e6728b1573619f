"""`--captions auto`: the style that suits what the short shows behind its captions, decided once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nvpipe.types.codec import digest_of, from_json, to_json

if TYPE_CHECKING:
    import av
    import numpy as np
    import numpy.typing as npt

    from nvpipe.cache.stages import StageStore
    from nvpipe.captions.box import Box
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.types import CaptionStyle, Cut, Timeline

VERSION = 1
"""Part of the cache key; a change of what is chosen from the same pictures changes it."""
STAGE = "look"
SAMPLES = 8
_SIDE_PX = 240
"""Shorter side of the pictures that are looked at."""
_BAND = 0.08
"""How far above and below its middle a caption reaches, in heights of the frame."""
_ROWS, _COLUMNS = 3, 8
"""Places behind a caption whose colours are taken."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The style that was chosen, and why."""

    style: str
    reason: str


def choose_look(timeline: Timeline, settings: Settings, tools: Toolbox, store: StageStore, log: JobLog) -> Choice:
    """The style for a timeline's pictures, from the cache where it is known.

    Args:
        timeline: what is shown; its captions don't matter.
        settings: the user's own styles.
        tools: what decodes and lays out.
        store: where the choice is kept.
        log: where the stage is recorded.

    Raises:
        MediaError: the footage cannot be decoded.
    """
    from nvpipe.captions.styles import style
    from nvpipe.captions.suit import CANDIDATES
    from nvpipe.pipeline.versions import footage_of

    styles = {name: style(name, settings.caption_styles) for name in CANDIDATES}
    shown = [[cut.footage.digest, cut.source_start_s, cut.source_end_s, cut.at_s] for cut in timeline.cuts]
    beside = [[cut.footage.digest, cut.source_start_s, cut.at_s] for cut in timeline.beside]
    tools.decoder(), tools.composer(footage_of(timeline))
    key = digest_of(
        [
            VERSION,
            [tools.choices[stage].used for stage in ("decode", "compose")],
            shown,
            beside,
            timeline.still and timeline.still.digest,
            [cut.crop_path for cut in (*timeline.cuts, *timeline.beside)],
            timeline.output,
            list(styles.values()),
        ]
    )
    with log.stage(STAGE, key) as stage:
        try:
            choice = from_json(Choice, store.load(STAGE, key))
            stage.cached = True
        except ValueError:
            choice = _choose(timeline, styles, tools)
            store.save(STAGE, key, to_json(choice))
    log.detail(f"captions: {choice.style}, {choice.reason}")
    return choice


def _choose(timeline: Timeline, styles: dict[str, CaptionStyle], tools: Toolbox) -> Choice:
    import numpy as np

    from nvpipe.captions.box import safe_area
    from nvpipe.captions.suit import choose
    from nvpipe.pipeline.versions import footage_of

    small = sampled(timeline)
    safe = safe_area(small.output.width_px, small.output.height_px)
    behind: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in styles}
    with tools.composer(footage_of(small)).open(small, tools.decoder(), tools.layout()) as pictures:
        for picture in pictures:
            for name, look in styles.items():
                behind[name].append(colours_behind(picture, look, safe))
    best, *others = choose(styles, {name: np.concatenate(found) for name, found in behind.items()})
    second = f"; next is {others[0].style} with {others[0].score:g}" if others else ""
    return Choice(
        best.style,
        f"whose letters have a contrast of {best.contrast:g} and whose highlight is {best.distance:g} away in colour "
        f"from what is behind (score {best.score:g} of 2{second})",
    )


def sampled(timeline: Timeline) -> Timeline:
    """The timeline at some moments of it, one small picture each, at keyframes of the footage where it has them."""
    from nvpipe.compose.layout import even

    output = timeline.output
    scale = _SIDE_PX / min(output.width_px, output.height_px)
    small = replace(
        output,
        width_px=even(output.width_px * scale),
        height_px=even(output.height_px * scale),
        fps=Fraction(30),
        quality="medium",
    )
    moments = [timeline.duration_s * (2 * index + 1) / (2 * SAMPLES) for index in range(SAMPLES)]
    return replace(
        timeline,
        cuts=_glances(timeline.cuts, moments, small.fps),
        beside=_glances(timeline.beside, moments, small.fps),
        output=small,
        duration_s=float(SAMPLES / small.fps),
    )


def colours_behind(picture: av.VideoFrame, look: CaptionStyle, safe: Box) -> npt.NDArray[np.float64]:
    """Mean sRGB colours (places, 3), 0 to 1, of where a style's captions lie in a yuv420p picture."""
    import numpy as np

    middle, reach = look.centre_y * picture.height, _BAND * picture.height
    top = max(safe.top_px, int(middle - reach))
    bottom = min(safe.bottom_px, int(middle + reach))
    planes = picture.to_ndarray(format="yuv444p").astype(np.float64)[:, top:bottom, safe.left_px : safe.right_px]
    rows = np.array_split(planes, _ROWS, axis=1)
    cells = [cell.mean(axis=(1, 2)) for row in rows for cell in np.array_split(row, _COLUMNS, axis=2)]
    luma, u, v = np.array(cells).T
    luma, u, v = (luma - 16) / 219, (u - 128) / 224, (v - 128) / 224
    red, blue = luma + 1.5748 * v, luma + 1.8556 * u
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    found: npt.NDArray[np.float64] = np.clip(np.stack([red, green, blue], axis=1), 0, 1)
    return found


def _glances(cuts: tuple[Cut, ...], moments: list[float], fps: Fraction) -> tuple[Cut, ...]:
    """One frame of the footage for each moment of the short."""
    from nvpipe.compose.window import centre_at
    from nvpipe.media.keyframes import keyframes_before

    if not cuts:
        return ()
    shown = [next((cut for cut in reversed(cuts) if cut.at_s <= at_s), cuts[0]) for at_s in moments]
    exact_s = [
        min(cut.source_start_s + at_s - cut.at_s, cut.source_end_s) for cut, at_s in zip(shown, moments, strict=True)
    ]
    keys_s: dict[int, float | None] = {}
    for path in {cut.footage.path for cut in shown}:
        places = [index for index, cut in enumerate(shown) if cut.footage.path == path]
        keys_s |= dict(zip(places, keyframes_before(path, [exact_s[place] for place in places]), strict=True))
    found: list[Cut] = []
    for index, cut in enumerate(shown):
        key_s = keys_s[index]
        start_s = key_s if key_s is not None and key_s >= cut.source_start_s else cut.source_start_s
        centre: Any = ((0.0, centre_at(cut.crop_path, start_s - cut.source_start_s)),) if cut.crop_path else ()
        found.append(
            replace(
                cut,
                source_start_s=start_s,
                source_end_s=start_s + float(1 / fps),
                at_s=float(index / fps),
                crop_path=centre,
            )
        )
    return tuple(found)
