"""Scores action by sudden change and sound, from thin grids of the decoded planes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError
from nvpipe.registry import Probe
from nvpipe.types import Footage, MotionTrack

if TYPE_CHECKING:
    from nvpipe.footage.motion.sampling import Samples
    from nvpipe.footage.motion.signals import Signals
    from nvpipe.media.decode import Decoder
    from nvpipe.types import MediaInfo

_PROGRESS_S = 0.5
_DIGITS = 6


class TorchDiffScorer:
    """The scorer that runs wherever torch does; on the device that the decoder leaves its planes on."""

    version = "torch-diff/1"

    def probe(self) -> Probe:
        """Compare two small pictures."""
        import torch

        change = (torch.ones(4, 4, dtype=torch.int16) - torch.zeros(4, 4, dtype=torch.int16)).abs()
        return Probe(int(change.sum()) == 16, f"torch {torch.__version__} compares pictures")

    def score(
        self, footage: Footage, decoder: Decoder, *, on_progress: Callable[[float], None] | None = None
    ) -> MotionTrack:
        """Decode the whole video once and score it; see `Scorer.score`."""
        # Whoever only asks for the version, to look into the cache, does not pay for torch and numpy.
        from nvpipe.footage.motion.combine import combine

        signals, duration_s, warnings = self.signals(footage, decoder, on_progress=on_progress)
        scores = combine(signals).scores
        return MotionTrack(
            video_id=footage.video_id,
            scorer=self.version,
            step_s=signals.step_s,
            duration_s=duration_s,
            scores=tuple(round(float(score), _DIGITS) for score in scores),
            focus_x=tuple(round(float(place), _DIGITS) for place in signals.focus_x),
            warnings=tuple(warnings),
        )

    def signals(
        self, footage: Footage, decoder: Decoder, *, on_progress: Callable[[float], None] | None = None
    ) -> tuple[Signals, float, list[str]]:
        """What the scores are made of, the length decoded in seconds, and damage met.

        Raises:
            MediaError: nothing of it can be decoded.
        """
        import numpy as np

        from nvpipe.footage.motion.sampling import Sampler
        from nvpipe.footage.motion.signals import measure
        from nvpipe.footage.motion.sound import read_slot_powers

        name = footage.path.name
        with decoder.open(footage.path) as reader:
            info = reader.info
            sampler = Sampler(info.rotation_deg, info.width_px / info.height_px)
            told_s = 0.0
            for frame in reader.frames():
                sampler.add(frame)
                if on_progress and frame.time_s >= told_s + _PROGRESS_S:
                    told_s = frame.time_s
                    on_progress(told_s)
            damaged = reader.damaged
        if not sampler.frames:
            raise MediaError(f"nothing of {name} can be decoded", hint="play it to see whether it is damaged")
        samples = sampler.finish()
        duration_s = _decoded_s(samples, info)
        if on_progress:
            on_progress(duration_s)
        warnings = _damage(name, info, duration_s, damaged)
        powers = np.zeros(0)
        if info.has_audio:
            try:
                powers = read_slot_powers(footage.path, duration_s)
            except MediaError as error:
                warnings.append(f"{name} is scored without its sound: {error.message}")
        return measure(samples, powers, duration_s), duration_s, warnings


def _decoded_s(samples: Samples, info: MediaInfo) -> float:
    """End of the last frame, shown for as long as frames usually are."""
    import numpy as np

    gaps = np.diff(samples.time_s)
    usual_s = float(np.median(gaps)) if len(gaps) else 0.0
    return round(float(samples.time_s[-1]) + (usual_s or float(1 / info.fps)), _DIGITS)


def _damage(name: str, info: MediaInfo, duration_s: float, damaged: int) -> list[str]:
    warnings = []
    if info.duration_s - duration_s > max(1.0, 0.05 * info.duration_s):
        warnings.append(f"{name} promises {info.duration_s:.1f} s, of which {duration_s:.1f} s can be decoded")
    if damaged:
        packets = "1 packet" if damaged == 1 else f"{damaged} packets"
        warnings.append(f"{packets} of {name} cannot be decoded")
    return warnings
