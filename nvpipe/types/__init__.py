"""What flows between the stages: frozen dataclasses on the standard library alone."""

from nvpipe.types.captions import CaptionTrack, Cue
from nvpipe.types.job import BackendChoice, Outcome, Progress, StageResult
from nvpipe.types.speech import Narration, Word
from nvpipe.types.text import Article, Script, ScriptLine
from nvpipe.types.timeline import Cut, OutputFormat, Timeline
from nvpipe.types.video import Footage, MediaInfo, MotionTrack, Segment, Signal

__all__ = [
    "Article",
    "BackendChoice",
    "CaptionTrack",
    "Cue",
    "Cut",
    "Footage",
    "MediaInfo",
    "MotionTrack",
    "Narration",
    "Outcome",
    "OutputFormat",
    "Progress",
    "Script",
    "ScriptLine",
    "Segment",
    "Signal",
    "StageResult",
    "Timeline",
    "Word",
]
