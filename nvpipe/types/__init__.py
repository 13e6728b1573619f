"""What flows between the stages: frozen dataclasses on the standard library alone.

Each is imported when it is asked for: making a dataclass takes a millisecond, and a cached call needs few of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.types.backend import BackendChoice
    from nvpipe.types.captions import CaptionTrack, Cue
    from nvpipe.types.extras import CoverHint, Extras, Logo, TitleCard
    from nvpipe.types.footage import Footage, Segment
    from nvpipe.types.job import Outcome, Progress, StageResult
    from nvpipe.types.look import Animation, CaptionBox, CaptionStyle, Ink, Shadow
    from nvpipe.types.media import MediaInfo
    from nvpipe.types.motion import MotionTrack, Signal
    from nvpipe.types.speech import Narration, Word
    from nvpipe.types.text import Article, Script, ScriptLine, UngroundedClaim
    from nvpipe.types.timeline import Cut, Music, OutputFormat, Precompiled, Still, Timeline

_MODULES = {
    "backend": ("BackendChoice",),
    "captions": ("CaptionTrack", "Cue"),
    "extras": ("CoverHint", "Extras", "Logo", "TitleCard"),
    "footage": ("Footage", "Segment"),
    "job": ("Outcome", "Progress", "StageResult"),
    "look": ("Animation", "CaptionBox", "CaptionStyle", "Ink", "Shadow"),
    "media": ("MediaInfo",),
    "motion": ("MotionTrack", "Signal"),
    "speech": ("Narration", "Word"),
    "text": ("Article", "Script", "ScriptLine", "UngroundedClaim"),
    "timeline": ("Cut", "Music", "OutputFormat", "Precompiled", "Still", "Timeline"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [
    "Animation",
    "Article",
    "BackendChoice",
    "CaptionBox",
    "CaptionStyle",
    "CaptionTrack",
    "CoverHint",
    "Cue",
    "Cut",
    "Extras",
    "Footage",
    "Ink",
    "Logo",
    "MediaInfo",
    "MotionTrack",
    "Music",
    "Narration",
    "Outcome",
    "OutputFormat",
    "Precompiled",
    "Progress",
    "Script",
    "ScriptLine",
    "Segment",
    "Shadow",
    "Signal",
    "StageResult",
    "Still",
    "Timeline",
    "TitleCard",
    "UngroundedClaim",
    "Word",
]

if not TYPE_CHECKING:  # type checkers would take any name for known

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found
