"""`nvpipe bench encode`: what quality levels and presets cost, and what they keep of a lossless composition."""

from __future__ import annotations

import math
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.bench.candidates import candidates
from nvpipe.bench.clips import choose_clips
from nvpipe.bench.coding import encode, likeness
from nvpipe.bench.energy import Cards
from nvpipe.bench.lossless import compose
from nvpipe.bench.machine import facts
from nvpipe.bench.meter import cpu_s
from nvpipe.bench.plan import Plan, Result
from nvpipe.bench.points import Point, row_of
from nvpipe.bench.sheet import counted
from nvpipe.bench.vmaf import Vmaf, find_vmaf
from nvpipe.errors import BackendFailedError, BackendUnavailableError
from nvpipe.media.encode import COMPOSED_SMALL, ENCODERS
from nvpipe.scheduler.device import cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import av

    from nvpipe.bench.candidates import Way
    from nvpipe.bench.coding import Coded
    from nvpipe.bench.lossless import Composition
    from nvpipe.media.encode import Encoder
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.registry import Registry

LONG = " long"
"""Added to a level's name where it composes long shorts small: this row is such a short."""
_VMAF_EVERY = 5
_LEAST_WAYS = 18
"""So many times the cheapest encoding is the least that a comparison needs: the levels and two presets."""
_NEXT_COSTS = 1.4
"""By how much a preset is expected to take longer than the one before it, of the same encoder."""


class _TimeOverError(Exception):
    """The time that the benchmark may take is over."""


class _Clock:
    def __init__(self, minutes: float | None) -> None:
        self._start_s = time.monotonic()
        self._limit_s = None if minutes is None else minutes * 60

    @property
    def spent_s(self) -> float:
        return time.monotonic() - self._start_s

    @property
    def left_s(self) -> float:
        return math.inf if self._limit_s is None else self._limit_s - self.spent_s

    def has(self, seconds: float) -> bool:
        return seconds <= self.left_s

    def watch(self, pictures: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        for picture in pictures:
            if not self.has(0):
                raise _TimeOverError
            yield picture


def measure(plan: Plan, reporter: Reporter, *, encoders: Registry[Encoder] = ENCODERS) -> Result:
    """Compose every stretch once, encode it in every way, decode again and compare.

    Args:
        plan: what is looked at.
        reporter: told what is being done.
        encoders: what is compared.

    Raises:
        UsageError: no encoder here has a setting of that name.
        MediaError: the footage cannot be read.
        BackendUnavailableError, BackendFailedError: nothing can be encoded.
    """
    clock = _Clock(plan.minutes)
    todo = candidates(plan.settings, encoders, plan.codecs)
    for name, reason in todo.unusable:
        reporter.notice(f"{name} is not compared: {reason}")
    clips = choose_clips(plan.footage, plan.clips, plan.seconds, plan.start_s)
    cards = Cards()
    result = Result(plan, tuple(clips), todo.reference, todo.unusable, cards, facts(cards))
    with tempfile.TemporaryDirectory(prefix="nvpipe-bench-") as folder:
        work = _Work(result, Path(folder), clock, reporter)
        work.compose()
        work.fit((*todo.levels, *chain(*todo.families))[0])
        for way in todo.levels:
            work.family([way])
        if plan.settings or plan.thorough:
            work.long_shorts([way for way in todo.levels if way.setting in COMPOSED_SMALL])
        for family in todo.families:
            work.family(family)
        result.vmaf_reason = work.vmaf.reason
    result.seconds = clock.spent_s
    if not result.rows and result.failed:
        raise BackendFailedError(f"nothing could be encoded: {result.failed[0][1]}")
    return result


class _Work:
    """The encodings of one benchmark."""

    def __init__(self, result: Result, folder: Path, clock: _Clock, reporter: Reporter) -> None:
        self._result = result
        self._plan = result.plan
        self._folder = folder
        self._clock = clock
        self._reporter = reporter
        self._originals: list[Composition] = []
        self._last_s: dict[str, float] = {}
        self.vmaf: Vmaf = find_vmaf(1 if self._plan.thorough else _VMAF_EVERY)

    def compose(self) -> None:
        """Compose every stretch without loss, and take the time of reading one again."""
        for index, clip in enumerate(self._result.clips):
            self._reporter.notice(f"composing {clip.name}")
            raw = self._folder / f"full-{index}.yuv"
            self._originals.append(compose(clip, raw, quality="medium", long=False, layout=self._plan.layout))
        self._result.composing_cpu_s = sum(one.cpu_s for one in self._originals)
        before = cpu_s()
        for original in self._originals:
            for _ in original.pictures():
                pass
        self._result.reading_cpu_s = cpu_s() - before

    def fit(self, way: Way) -> None:
        """Try an encoder on one stretch, and look at fewer where the machine is too slow or too busy for all."""
        if self._clock.left_s == math.inf:
            return
        start_s = self._clock.spent_s
        with suppress(_TimeOverError, BackendFailedError, BackendUnavailableError):
            self._points(way, self._originals[:1])
        each_s = (self._clock.spent_s - start_s) * _LEAST_WAYS
        planned = len(self._originals)
        count = min(planned, max(1, int(self._clock.left_s / each_s)))
        if count < planned:
            self._result.clips = self._result.clips[:count]
            del self._originals[count:]
            what = counted(count, "stretch", "stretches")
            self._result.shortened = (
                f"Only {what} instead of {planned}: this machine is too slow or too busy for more in "
                f"{self._plan.minutes:g} minutes"
            )
            self._reporter.notice(self._result.shortened)

    def family(self, ways: Sequence[Way]) -> None:
        """A preset at all its rates, or a level: all of it or, where time runs out, nothing."""
        names = [f"{ways[0].encoder} {ways[0].setting if len(ways) == 1 else ways[0].family}"]
        about_s = self._last_s.get(ways[0].encoder, 0.0) * _NEXT_COSTS if ways[0].family else 0.0
        if not self._clock.has(about_s):
            self._result.left_out += names
            return
        rows, start_s = [], self._clock.spent_s
        try:
            for way in ways:
                self._reporter.notice(f"{way.encoder} {way.setting}")
                rows.append(row_of(way, way.setting, self._points(way, self._originals)))
        except _TimeOverError:
            self._result.left_out += names
            return
        except (BackendFailedError, BackendUnavailableError) as error:
            self._result.failed.append((", ".join(names), error.message))
            self._reporter.warning(error.message)
            return
        if ways[0].family:
            self._last_s[ways[0].encoder] = self._clock.spent_s - start_s
        self._result.rows += rows

    def long_shorts(self, ways: Sequence[Way]) -> None:
        """Levels that compose long shorts small, as such a short."""
        small_cpu_s, found = 0.0, {(way.encoder, way.setting): list[Point]() for way in ways}
        if not ways:
            return
        try:
            for index, clip in enumerate(self._result.clips):
                raw = self._folder / "small.yuv"
                small = compose(clip, raw, quality=COMPOSED_SMALL[0], long=True, layout=self._plan.layout)
                small_cpu_s += small.cpu_s
                for way in ways:
                    self._reporter.notice(f"{way.encoder} {way.setting}{LONG}")
                    found[way.encoder, way.setting] += self._points(way, [small], index)
                raw.unlink()
        except (_TimeOverError, BackendFailedError, BackendUnavailableError) as error:
            names = [f"{way.encoder} {way.setting}{LONG}" for way in ways]
            if isinstance(error, _TimeOverError):
                self._result.left_out += names
            else:
                self._result.failed.append((", ".join(names), error.message))
            return
        self._result.composing_small_cpu_s = small_cpu_s
        self._result.rows += [row_of(way, way.setting + LONG, found[way.encoder, way.setting]) for way in ways]

    def _points(self, way: Way, sources: Sequence[Composition], first: int = 0) -> list[Point]:
        """Encode stretches one by one, from the `first` on, then compare them side by side."""
        originals = self._originals[first : first + len(sources)]
        cards, clock, runs = self._result.cards, self._clock, self._plan.runs
        coded = [
            encode(way, source, self._folder / f"coded-{index}.mp4", runs, cards, clock.watch)
            for index, source in enumerate(sources)
        ]
        with ThreadPoolExecutor(min(len(coded), cores())) as pool:
            seen = list(pool.map(lambda one, original: likeness(one, original, clock.watch), coded, originals))
        pairs = zip(coded, originals, strict=True)
        vmafs = [self._vmaf(original, one) for one, original in pairs]
        return [one.point(first + at, seen[at], vmafs[at]) for at, one in enumerate(coded)]

    def _vmaf(self, original: Composition, coded: Coded) -> float | None:
        try:
            return self.vmaf.measure(original, coded.path)
        except BackendFailedError as error:
            self.vmaf = Vmaf(None, f"VMAF is not measured: {error.message}")
            self._reporter.warning(self.vmaf.reason)
            return None
