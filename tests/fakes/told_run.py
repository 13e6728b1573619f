"""A run as it is left behind: events, shorts and what is cached of their footage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from nvpipe.cache.action import save_track, track_key
from nvpipe.types import MotionTrack, Signal

START_S = 1_795_000_000.0
VIDEO = "clip-0123abcd"


def events() -> list[dict[str, Any]]:
    """Three jobs: one done, one failed at its voice, one found ready."""
    stage = {"key": "k", "outcome": "ran", "memory_bytes": 200_000_000, "memory_predicted_bytes": 150_000_000}
    told = [
        (0.0, "run_started", {"out": "out"}),
        (0.1, "jobs", {"jobs": [{"number": n, "job": f"job-{n}", "article": f"{n}.md"} for n in (1, 2, 3)]}),
        (0.2, "job_started", {"number": 1, "job": "job-1"}),
        (2.0, "stage", {"number": 1, "stage": "script", "start_s": START_S + 0.5, "end_s": START_S + 2} | stage),
        (2.1, "memory", {"bytes": 120_000_000}),
        (3.0, "warning", {"number": 1, "text": "<script>alert(1)</script>"}),
        (3.1, "fallback", {"number": 1, "stage": "encode", "used": "x264", "wanted": "auto", "reason": "no card"}),
        (12.0, "stage", {"number": 1, "stage": "render", "start_s": START_S + 2, "end_s": START_S + 12} | stage),
        (12.1, "memory", {"bytes": 240_000_000}),
        (12.2, "job_ended", {"number": 1, "status": "done", "seconds": 12.0, "manifest": "out/job-1.json"}),
        (12.3, "job_started", {"number": 2}),
        (12.4, "job_ended", {"number": 2, "status": "failed", "error": "no voice speaks it", "attempts": 2}),
        (12.5, "job_ended", {"number": 3, "status": "done", "cached": True, "manifest": "out/job-3.json"}),
        (13.0, "run_ended", {"status": "finished", "exit_code": 1}),
    ]
    return [{"v": 1, "run": "the-run", "at_s": START_S + at_s, "event": name, **more} for at_s, name, more in told]


def manifest(title: str = "Bees & <b>marks</b>") -> dict[str, Any]:
    words = ["Bees", "can", "count.", "They", "pass", "marks!"]
    return {
        "article": {"title": title},
        "script": {
            "title": title,
            "writer": "extractive",
            "language": "en",
            "lines": [
                {"text": "Bees can count.", "sources": ["Bees can count, a study found."]},
                {"text": "They pass marks!", "sources": []},
            ],
            "hashtags": ["bees", "#marks"],
            "ungrounded": [{"text": "Bees can read.", "reason": "not there"}],
        },
        "narration": {
            "speaker": "espeak",
            "voice": "en-us",
            "starts_s": 0.25,
            "words": [{"text": word, "start_s": float(at), "end_s": at + 0.9} for at, word in enumerate(words)],
        },
        "footage": [
            {
                "video_id": VIDEO,
                "path": "/clips/clip.mp4",
                "start_s": 10.0,
                "end_s": 20.0,
                "licence": None,
                "credit": "me",
            }
        ],
        "output": {"width_px": 540, "height_px": 960, "duration_s": 12.0},
        "backends": {"encode": {"used": "x264", "wanted": "auto", "reason": "nvenc: no card"}},
        "models": [{"name": "kokoro", "loads": 1, "peak_memory_bytes": 1_300_000_000}],
        "warnings": ["footage of unknown licence"],
    }


def leave_behind(folder: Path, storage: Path) -> None:
    """The shorts of jobs 1 and 3 in a folder, and their footage's track in a cache."""
    folder.mkdir(exist_ok=True)
    for number in (1, 3):
        (folder / f"job-{number}.json").write_text(json.dumps(manifest()), "utf-8")
        (folder / f"job-{number}.mp4").write_bytes(b"no film")
        Image.new("RGB", (540, 960), (90, 40, 20)).save(folder / f"job-{number}.jpg")
    scores = tuple(float(step % 7) for step in range(120))
    signal = Signal("flash", 1.0, scores)
    track = MotionTrack(VIDEO, "torch-diff/4", 0.5, 60.0, scores, (), (), (signal,), (30.0,))
    storage.mkdir(exist_ok=True)
    save_track(storage, "0123abcd", track_key("0123abcd", "torch-diff/4"), track, lambda _: None)
