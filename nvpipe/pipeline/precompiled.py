"""Stretches of footage that were composed beforehand, as a run finds and uses them.

Each is a file of the stage `precompiled`. The first 32 digits of its key are those of the video and of how it is
shown, 20 more are the microseconds at which the stretch starts and ends: so a folder's names say what there is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from nvpipe.compose.views import Target
from nvpipe.footage.curve import EPSILON_S, overlap, without
from nvpipe.media import intermediate
from nvpipe.pipeline.beside import BLUR
from nvpipe.pipeline.plan import FOLLOW, outputs_of
from nvpipe.types import Precompiled
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nvpipe.cache.stages import StageStore
    from nvpipe.footage.curve import Interval
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.types import Cut, Footage, MotionTrack, OutputFormat, Timeline

VERSION = 1
"""Part of the key; a change of what is kept from the same footage changes it."""
STAGE = "precompiled"
OFF_GRID = 0.01
"""Share of a frame by which a cut may miss the grid of a stretch's pictures: less than time stamps are rounded by."""
_GROUP_DIGITS, _TIME_DIGITS = 32, 10


@dataclass(frozen=True, slots=True)
class Shape:
    """How a part of an output shows a video, as far as its pictures follow from it."""

    layout: str
    width_px: int
    height_px: int
    """Of the pictures as they are composed, which can be smaller than they are shown."""
    fps: Fraction
    backdrop: tuple[float, ...]
    """Softness, brightness and greyness of what is behind the video, where the layout has something there."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span `[start_s, end_s)` of a video that is there in some shape."""

    start_s: float
    end_s: float
    key: str

    def holds(self, start_s: float, end_s: float) -> bool:
        return self.start_s <= start_s + EPSILON_S and end_s <= self.end_s + EPSILON_S


def shape_of(output: OutputFormat, area_px: tuple[int, int], duration_s: float) -> Shape:
    """How a short of that length shows footage in an area of an output."""
    width_px, height_px = Target(output, area_px, duration_s).composed_px
    blur = (output.blur_px, output.blur_opacity, output.blur_desaturation) if output.layout == BLUR else ()
    return Shape(output.layout, width_px, height_px, output.fps, blur)


def group_of(footage: Footage, track: MotionTrack, shape: Shape, settings: Settings, tools: Toolbox) -> str:
    """The part of a key that all stretches of a video in a shape have in common."""
    from nvpipe.compose import render

    tools.decoder(), tools.composer([footage.path])
    follows = settings.crop == FOLLOW and track.focus_x
    crop = digest_of([track.step_s, track.focus_x, track.cuts_s]) if follows else ""
    backends = [tools.choices[stage].used for stage in ("decode", "compose")]
    return digest_of([VERSION, intermediate.VERSION, render.VERSION, backends, footage.digest, shape, crop])


def key_of(group: str, start_s: float, end_s: float) -> str:
    """The key of a stretch."""
    return group + "".join(f"{round(time_s * 1e6):0{_TIME_DIGITS}x}" for time_s in (start_s, end_s))


def stretches_of(group: str, store: StageStore) -> list[Stretch]:
    """What is there of a group, the longest first."""
    found = []
    for key in store.keys(STAGE, group):
        times = key[_GROUP_DIGITS:]
        if len(times) == 2 * _TIME_DIGITS:
            start_s, end_s = (int(digits, 16) / 1e6 for digits in (times[:_TIME_DIGITS], times[_TIME_DIGITS:]))
            found.append(Stretch(start_s, end_s, key))
    return sorted(found, key=lambda one: (one.start_s - one.end_s, one.start_s))


class Ready:
    """What was precompiled for a job's outputs.

    Args:
        settings: the job's options.
        tools: the backends.
        store: where the files lie.
        log: told of files that cannot be used.
    """

    def __init__(self, settings: Settings, tools: Toolbox, store: StageStore, log: JobLog) -> None:
        self._settings = settings
        self._tools = tools
        self._store = store
        self._log = log
        self._files: dict[str, Precompiled | None] = {}

    @cached_property
    def _outputs(self) -> list[OutputFormat]:
        return [output for _, output in outputs_of(self._settings)]

    def spans(
        self, footage: Iterable[Footage], tracks: Iterable[MotionTrack], duration_s: float, place: int = 0
    ) -> dict[str, list[Interval]]:
        """By video, rising and disjoint intervals; a cut inside of one of them need not be composed.

        Args:
            footage: the videos.
            tracks: what happens in those that may be shown.
            duration_s: length of the short.
            place: 0 for the first footage of the layout, 1 for the second.
        """
        videos = {video.video_id: video for video in footage}
        found: dict[str, list[Interval]] = {}
        for track in tracks:
            inside: list[Interval] | None = None
            for stretches in self._stretches(videos[track.video_id], track, duration_s, place):
                own = _disjoint(stretches)
                inside = own if inside is None else overlap(inside, own)
            if inside:
                found[track.video_id] = inside
        return found

    def attached(self, timeline: Timeline, tracks: Mapping[str, MotionTrack]) -> Timeline:
        """The timeline with its cuts taken from what was precompiled, where all of its outputs can.

        Args:
            timeline: what is shown.
            tracks: what happens in the videos, by their id.
        """
        cuts, beside = (
            tuple(self._attached(cut, tracks[cut.footage.video_id], timeline.duration_s, place) for cut in shown)
            for place, shown in enumerate((timeline.cuts, timeline.beside))
        )
        return replace(timeline, cuts=cuts, beside=beside)

    def _attached(self, cut: Cut, track: MotionTrack, duration_s: float, place: int) -> Cut:
        found = []
        every = self._stretches(cut.footage, track, duration_s, place)
        for output, stretches in zip(self._outputs, every, strict=True):
            files = (self._file(one, cut) for one in stretches if _fits(cut, one, output.fps))
            file = next((file for file in files if file is not None), None)
            if file is None:
                return cut
            found.append(replace(file, output_px=(output.width_px, output.height_px)))
        return replace(cut, precompiled=tuple(found))

    def _stretches(self, footage: Footage, track: MotionTrack, duration_s: float, place: int) -> list[list[Stretch]]:
        """What is there of a video for each of the outputs."""
        layout = self._tools.layout()
        areas = [layout.areas((output.width_px, output.height_px))[place].size_px for output in self._outputs]
        shapes = [shape_of(output, area, duration_s) for output, area in zip(self._outputs, areas, strict=True)]
        groups = [group_of(footage, track, shape, self._settings, self._tools) for shape in shapes]
        return [stretches_of(group, self._store) for group in groups]

    def _file(self, stretch: Stretch, cut: Cut) -> Precompiled | None:
        """The file of a stretch, its content checked; None with a warning when it is damaged or gone."""
        if stretch.key not in self._files:
            kept = self._store.load_file(STAGE, stretch.key)
            self._files[stretch.key] = None
            if kept is None:
                self._log.warn(
                    f"what was precompiled of {cut.footage.path.name} from {stretch.start_s:.2f} to "
                    f"{stretch.end_s:.2f} s is damaged or gone, so the video itself is used"
                )
            else:
                # The file's own name says what is in it; its whole content has just been compared with that.
                digest = kept[0].name.split(".")[1]
                self._files[stretch.key] = Precompiled(kept[0], digest, stretch.start_s, (0, 0))
        return self._files[stretch.key]


def _fits(cut: Cut, stretch: Stretch, fps: Fraction) -> bool:
    """Whether a stretch holds a cut, and has its pictures at the very moments that the cut shows."""
    frames = (cut.source_start_s - stretch.start_s) * fps
    return stretch.holds(cut.source_start_s, cut.source_end_s) and abs(frames - round(frames)) <= OFF_GRID


def _disjoint(stretches: Sequence[Stretch]) -> list[Interval]:
    """Where stretches overlap, the time belongs to the longer one: whatever lies inside an interval has one file."""
    taken: list[Interval] = []
    for one in stretches:
        taken += without([(one.start_s, one.end_s)], list(taken))
    return sorted(taken)
