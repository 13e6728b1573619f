"""Scores action by sudden change and sound, from thin grids of the decoded planes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from nvpipe.errors import MediaError
from nvpipe.registry import Probe

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from nvpipe.footage.motion.gather import Gather
    from nvpipe.footage.motion.sampling import Sampler, Samples
    from nvpipe.media.decode import Decoder, Reader
    from nvpipe.media.slots import Slots
    from nvpipe.types import Footage, MediaInfo, MotionTrack

_PROGRESS_S = 0.5
_GAP_S = 1 / 15
"""Distance of pictures, at most, where some are left out: what flashes in a game is seen for a few of its frames."""
_DIGITS = 6
_SIGNAL_DIGITS = 3


class Seen(NamedTuple):
    """What was read of a video."""

    samples: Samples
    powers: NDArray[np.float64]
    """Mean squares of its sound, in slots of `SLOT_S`; empty without sound."""
    duration_s: float
    """Length of what was decoded."""
    aspect: float
    """Width over height as displayed."""
    warnings: tuple[str, ...]
    """Damage met."""


class TorchDiffScorer:
    """Gathers thin grids where the decoder leaves its planes, by torch on a device; the rest is alike everywhere."""

    version = "torch-diff/4"

    def prepare(self, *, on_card: bool) -> None:
        """It gathers wherever pictures are decoded to."""

    def gather(self) -> Gather:
        """Makes what gathers from planes."""
        from nvpipe.footage.motion.gather import StoringGatherer

        return StoringGatherer

    def probe(self) -> Probe:
        """Sample two small pictures. torch itself is proven with the decoder that leaves tensors on a device."""
        import av

        from nvpipe.footage.motion.sampling import Sampler
        from nvpipe.media.decode.frame import PyAvFrame

        sampler = Sampler(0, 16 / 9)
        for index in range(2):
            sampler.add(PyAvFrame(av.VideoFrame(64, 36, "yuv420p"), index / 4, 0))
        samples = sampler.finish()
        return Probe(len(samples.pair_s) == 1, f"compared {len(samples.time_s)} pictures")

    def score(
        self,
        footage: Footage,
        decoder: Decoder,
        *,
        fast: bool = False,
        on_progress: Callable[[float], None] | None = None,
    ) -> MotionTrack:
        """Decode the whole video once and score it; see `Scorer.score`.

        Where pictures follow each other fast, those that no other is predicted from are left out, as long as the
        others are at most a fifteenth of a second apart: half of the decoding at 60 frames a second, and nothing
        below 30. The pictures 0.2 s apart that are compared are all decoded, and every packet's size counts.
        """
        # Whoever only asks for the version, to look into the cache, does not pay for torch and numpy.
        if fast:
            from nvpipe.footage.motion.fast import coarse_track

            if (track := coarse_track(footage, self.version, decoder, on_progress, self.gather())) is not None:
                return track
        from nvpipe.footage.motion.combine import combine
        from nvpipe.footage.motion.follow import follow
        from nvpipe.footage.motion.signals import measure
        from nvpipe.types import MotionTrack, Signal

        seen = self.read(footage, decoder, on_progress=on_progress)
        cuts_s = seen.samples.cuts_s
        signals = measure(seen.samples, seen.powers, seen.duration_s, cuts_s)
        steps = len(signals.live)
        path = follow(seen.samples.columns, seen.samples.pair_s, cuts_s, steps, signals.step_s, seen.aspect)
        duration_s, warnings = seen.duration_s, seen.warnings
        # The figures of an hour's frames go before more is made of them.
        del seen
        verdict = combine(signals)
        return MotionTrack(
            video_id=footage.video_id,
            scorer=self.version,
            step_s=signals.step_s,
            duration_s=duration_s,
            scores=_rounded(verdict.scores, _DIGITS),
            focus_x=_rounded(path, _DIGITS),
            warnings=warnings,
            signals=tuple(
                Signal(name, round(weight, _SIGNAL_DIGITS), _rounded(values, _SIGNAL_DIGITS))
                for name, weight, values in verdict.signals(signals.live)
            ),
            cuts_s=_rounded(cuts_s, _DIGITS),
        )

    def read(self, footage: Footage, decoder: Decoder, *, on_progress: Callable[[float], None] | None = None) -> Seen:
        """Decode the whole video once, or again in full when its stamps turn out to tell nothing of its pictures.

        Raises:
            MediaError: nothing of it can be decoded.
        """
        from nvpipe.footage.motion.signals import SLOT_S
        from nvpipe.media.decode import MisplacedError
        from nvpipe.media.heap import trim

        name = footage.path.name
        with decoder.open(footage.path) as reader:
            info = reader.info
            aspect = info.width_px / info.height_px
            try:
                sampler, sound = _sampled(reader, self.gather(), on_progress, thin=True)
            except MisplacedError:
                sampler, sound = _sampled(reader, self.gather(), on_progress, thin=False)
            damaged = reader.damaged
        # The index of an hour of packets lies between blocks that stay.
        trim()
        if not sampler.frames:
            raise MediaError(f"nothing of {name} can be decoded", hint="play it to see whether it is damaged")
        samples = sampler.finish()
        duration_s = _decoded_s(samples, info)
        if on_progress:
            on_progress(duration_s)
        warnings = _damage(name, info, duration_s, damaged)
        powers = sound.powers()[: round(duration_s / SLOT_S)]
        return Seen(samples, powers, duration_s, aspect, tuple(warnings))


def _sampled(
    reader: Reader, gather: Gather, on_progress: Callable[[float], None] | None, *, thin: bool
) -> tuple[Sampler, Slots]:
    """What is read of pictures and sound in one pass.

    Raises:
        MisplacedError: there is no leaving out pictures of this video.
    """
    from nvpipe.footage.motion.sampling import PAIR_S, Sampler
    from nvpipe.footage.motion.signals import SLOT_S
    from nvpipe.media.decode import Thinning
    from nvpipe.media.slots import Slots

    info = reader.info
    sampler = Sampler(info.rotation_deg, info.width_px / info.height_px, mirrored=info.mirrored, gather=gather)
    sound = Slots(SLOT_S)
    thinning = Thinning(_GAP_S, PAIR_S, sampler.leave_out) if thin else None
    told_s = 0.0
    for frame in reader.frames(draft=True, sound=sound, thinning=thinning):
        sampler.add(frame)
        if on_progress and frame.time_s >= told_s + _PROGRESS_S:
            told_s = frame.time_s
            on_progress(told_s)
    return sampler, sound


def _rounded(values: Iterable[float], digits: int) -> tuple[float, ...]:
    return tuple(round(float(value), digits) for value in values)


def _decoded_s(samples: Samples, info: MediaInfo) -> float:
    """End of the last frame, shown for as long as frames usually are."""
    import numpy as np

    from nvpipe.footage.motion.quantile import median

    gaps = np.diff(samples.time_s if samples.packet_s is None else samples.packet_s)
    usual_s = median(gaps) if len(gaps) else 0.0
    return round(float(samples.time_s[-1]) + (usual_s or float(1 / info.fps)), _DIGITS)


def _damage(name: str, info: MediaInfo, duration_s: float, damaged: int) -> list[str]:
    warnings = []
    if info.duration_s - duration_s > max(1.0, 0.05 * info.duration_s):
        warnings.append(f"{name} promises {info.duration_s:.1f} s, of which {duration_s:.1f} s can be decoded")
    if damaged:
        packets = "1 packet" if damaged == 1 else f"{damaged} packets"
        warnings.append(f"{packets} of {name} cannot be decoded")
    return warnings
