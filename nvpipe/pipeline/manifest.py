"""The manifest beside every short: what it was made from, by what, and what went on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nvpipe import __version__
from nvpipe.types.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nvpipe.compose.render import Rendered
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tell import Told
    from nvpipe.settings import Settings
    from nvpipe.types import Article, BackendChoice, Cut, OutputFormat, Timeline

FORMAT = "nvpipe-manifest/1"


def manifest(
    article: Article,
    settings: Settings,
    told: Told,
    timeline: Timeline,
    rendered: Rendered,
    choices: Mapping[str, BackendChoice],
    log: JobLog,
    outputs: Mapping[str, OutputFormat],
) -> dict[str, Any]:
    """The manifest as JSON values; `outputs` are the finished files by their path, the first one first."""
    files = [
        {
            "path": path,
            "width_px": output.width_px,
            "height_px": output.height_px,
            "fps": str(output.fps),
            "duration_s": timeline.duration_s,
            "encoder": choices["encode"].used,
            "integrated_lufs": rendered.integrated_lufs,
            "true_peak_dbtp": rendered.true_peak_dbtp,
        }
        for path, output in outputs.items()
    ]
    return {
        "format": FORMAT,
        "made_by": f"nvpipe {__version__}",
        "article": {"source": article.source, "title": article.title, "digest": article.digest, "url": article.url},
        "options": to_json(settings),
        "script": {
            "writer": told.script.writer,
            "language": told.script.language,
            "lines": [{"text": line.text, "sources": list(line.sources)} for line in told.script.lines],
            "title": told.script.title,
            "description": told.script.description,
            "hashtags": list(told.script.hashtags),
            "ungrounded": to_json(told.script.ungrounded),
            "model": told.script.model,
        },
        "narration": {
            "speaker": told.narration.speaker,
            "voice": told.narration.voice,
            "rate": told.rate,
            "duration_s": told.narration.duration_s,
            "starts_s": timeline.narration_at_s,
            "words": [
                {"text": word.text, "start_s": word.start_s, "end_s": word.end_s} for word in told.narration.words
            ],
        },
        "caption_track": to_json(timeline.captions),
        "footage": [_cut(cut) for cut in timeline.cuts],
        "beside": _beside(timeline),
        "output": files[0],
        "outputs": files,
        "backends": {stage: to_json(choice) for stage, choice in choices.items()},
        "stages": [
            {
                "stage": result.stage,
                "outcome": result.outcome,
                "seconds": result.seconds,
                "peak_memory_bytes": result.peak_memory_bytes,
                "backend": result.backend,
                "key": result.key,
            }
            for result in log.results
        ],
        "models": [
            {
                "name": used.name,
                "loads": used.loads,
                "load_s": round(used.load_s, 3),
                "release_s": round(used.release_s, 3),
                "peak_memory_bytes": used.peak_memory_bytes,
                "failures": used.failures,
            }
            for used in log.models()
        ],
        "warnings": list(log.warnings),
    }


def _beside(timeline: Timeline) -> list[dict[str, Any]]:
    """Second footage like the first, or the picture in its place."""
    if timeline.still is not None:
        return [{"path": str(timeline.still.path), "digest": timeline.still.digest}]
    return [_cut(cut) for cut in timeline.beside]


def _cut(cut: Cut) -> dict[str, Any]:
    footage = cut.footage
    return {
        "video_id": footage.video_id,
        "path": str(footage.path),
        "start_s": cut.source_start_s,
        "end_s": cut.source_end_s,
        "at_s": cut.at_s,
        "licence": footage.licence,
        "credit": footage.credit,
        "licence_unknown": footage.licence is None,
        "precompiled": bool(cut.precompiled),
        "colour": {"matrix": footage.colour_matrix, "assumed": footage.colour_assumed},
    }
