"""Captions for a finished video: its own sound aligned with the text, everything else left as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError, UsageError
from nvpipe.pipeline.plan import AUTO_CAPTIONS, NO_CAPTIONS
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.tools import Toolbox
from nvpipe.pipeline.workspace import publish, workspace
from nvpipe.types import Cut, Footage, Narration, OutputFormat, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import CaptionTrack, MediaInfo, Word

WHOLE = "letterbox"
"""The layout that shows all of a picture; on a canvas of the picture's own size it leaves it as it is."""
LEAST_FPS, MOST_FPS = 20, 120
"""Slower videos show pictures several times, so that captions keep time."""
SHORTEST_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class Captioned:
    """A video with captions."""

    output: Path
    subtitles: tuple[Path, ...]
    words: tuple[Word, ...]
    sound_copied: bool
    warnings: tuple[str, ...]


def caption_video(video: Path, text: Path, settings: Settings, out: Path, reporter: Reporter) -> Captioned:
    """Draw the words of a text on a video as they are said in it.

    Args:
        video: the finished video.
        text: what is said in it, or a `.srt` or `.vtt` file whose times are used.
        settings: how captions look, quality, encoder.
        out: the file to write; subtitle files get its name.
        reporter: told of progress and warnings.

    Raises:
        UsageError: the output is one of the inputs, or no captions are wanted.
        MediaError: the video cannot be read, or has no sound.
        ArticleError: the text cannot be read, or is not what is said.
        OutputError: the output cannot be written.
    """
    from nvpipe.captions.formats import parse_formats
    from nvpipe.media.encode import prove_parameters
    from nvpipe.media.probe import probe

    if settings.captions == NO_CAPTIONS:
        raise UsageError("--captions none leaves nothing to do", hint="name a style")
    if out.suffix.lower() != ".mp4":
        raise UsageError(f"the output {out} is no .mp4", hint="give --out a name that ends in .mp4")
    targets = [out, *(out.with_suffix(f".{name}") for name in parse_formats(settings.subtitles))]
    for target in targets:
        for source in (video, text):
            if _same(target, source):
                raise UsageError(f"{target} is an input and is not written over", hint="give another --out FILE")
    info = probe(video)
    if not info.has_audio:
        raise MediaError(f"{video} has no sound", hint="name a video in which somebody speaks")
    if min(info.width_px, info.height_px) < SHORTEST_SIDE_PX:
        raise MediaError(
            f"{video} is {info.width_px}x{info.height_px}, too small for captions", hint="use a larger copy"
        )
    if settings.x264_params or settings.bitrate or settings.codec != "h264":
        prove_parameters(settings.encoder, settings.x264_params, settings.bitrate, settings.codec)
    log = JobLog(out.stem, reporter)
    with workspace(out.absolute().parent) as work:
        words, language = _words(video, text, settings, log)
        made = _Making(video, info, words, language, settings, log, work)
        files, copied = made.files(out)
        publish([(file, out.with_name(file.name)) for file in files])
    finals = [out.with_name(file.name).absolute() for file in files]
    return Captioned(finals[0], tuple(finals[1:]), words, copied, tuple(log.warnings))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()


def _words(video: Path, text: Path, settings: Settings, log: JobLog) -> tuple[tuple[Word, ...], str]:
    """The words of the text at their times, and its language."""
    from nvpipe.captions.read_subtitles import SUFFIXES, words_of_subtitles
    from nvpipe.pipeline.given import ALIGN_RATE_HZ, sound_of
    from nvpipe.story.given import read_script, read_text
    from nvpipe.story.language import detect_language
    from nvpipe.voice.alignment.align import align

    if text.suffix.lower() in SUFFIXES:
        words = words_of_subtitles(read_text(text), text.name)
        return words, settings.language or detect_language(" ".join(word.text for word in words))
    script = read_script(text, settings.language)
    with log.stage("alignment"):
        found = align(sound_of(video, ALIGN_RATE_HZ), ALIGN_RATE_HZ, script, script.language)
    if found.doubt:
        log.warn(f"{video.name}: {found.doubt}")
    return found.words, script.language


@dataclass(frozen=True, slots=True)
class _Making:
    video: Path
    info: MediaInfo
    words: tuple[Word, ...]
    language: str
    settings: Settings
    log: JobLog
    work: Path

    def files(self, out: Path) -> tuple[list[Path], bool]:
        """Unfinished files: the video, then its subtitles; and whether its sound was copied."""
        from nvpipe.media.own_sound import keep_sound
        from nvpipe.pipeline.subtitles import subtitle_texts

        settings = replace(self.settings, layout=WHOLE)
        tools = Toolbox(settings, {}, self.log.notice)
        timeline = self._timeline(settings)
        settings = self._with_look(timeline, settings, tools)
        timeline = replace(timeline, captions=self._track(settings, timeline.duration_s))
        film = self.work / out.name
        sound = self.work / "sound.m4a"
        with self.log.stage("sound"):
            copied = keep_sound(self.video, sound)
        with self.log.stage("render") as stage:
            stage.backend = self._render(timeline, tools, film, sound)
        sound.unlink()
        files = [film]
        for suffix, text in subtitle_texts(timeline.captions, timeline.output, settings).items():
            files.append(film.with_suffix(suffix))
            files[-1].write_text(text, "utf-8", newline="")
        return files, copied

    def _timeline(self, settings: Settings) -> Timeline:
        from nvpipe.compose.layout import even_part
        from nvpipe.types import CaptionTrack

        info = self.info
        footage = Footage(
            "video", self.video, "", info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
            info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed,
        )  # fmt: skip
        fps = _pace(info.fps)
        output = OutputFormat(
            even_part(info.width_px),
            even_part(info.height_px),
            fps,
            WHOLE,
            settings.quality,
            x264_params=settings.x264_params,
            bit_rate=settings.bitrate,
            codec=settings.codec,
        )
        duration_s = max(1, round(info.duration_s * fps)) / float(fps)
        narration = Narration(self.video, 0, info.duration_s, "given", self.video.name, self.words)
        nothing = CaptionTrack((), NO_CAPTIONS, self.language)
        return Timeline((Cut(footage, 0.0, duration_s, 0.0),), narration, 0.0, nothing, output, duration_s)

    def _with_look(self, timeline: Timeline, settings: Settings, tools: Toolbox) -> Settings:
        if settings.captions != AUTO_CAPTIONS:
            return settings
        from nvpipe.cache.disk import digest_file
        from nvpipe.cache.stages import StageStore
        from nvpipe.pipeline.auto_look import choose_look

        # What is chosen is remembered by the video's content.
        cut = timeline.cuts[0]
        known = replace(cut, footage=replace(cut.footage, digest=digest_file(self.video)))
        store = StageStore(settings.storage, self.log.warn)
        look = choose_look(replace(timeline, cuts=(known,)), settings, tools, store, self.log)
        return replace(settings, captions=look.style)

    def _track(self, settings: Settings, duration_s: float) -> CaptionTrack:
        from nvpipe.captions.cues import build_captions
        from nvpipe.captions.styles import style
        from nvpipe.pipeline.subtitles import caption_font

        look = style(settings.captions, settings.caption_styles)
        track = build_captions(self.words, style=look, language=self.language, duration_s=duration_s)
        return replace(track, font=caption_font(settings))

    def _render(self, timeline: Timeline, tools: Toolbox, film: Path, sound: Path) -> str:
        from nvpipe.compose.burn import burn
        from nvpipe.compose.reel import Tools
        from nvpipe.pipeline.versions import caption_painter, footage_of, missing_glyphs

        painter = caption_painter(timeline)
        composer = tools.composer(footage_of(timeline))
        backends = Tools(tools.decoder(), tools.encoder(), composer, tools.layout(), painter)
        progress: Callable[[float], None] = self.log.progress("render", timeline.duration_s)
        held = burn(timeline, film, backends, sound, on_progress=progress)
        if held:
            self.log.warn(f"{held} pictures were held because the video ended early")
        if painter is not None and painter.missing:
            self.log.warn(missing_glyphs(painter.missing))
        return tools.choices["encode"].used


def _pace(fps: Fraction) -> Fraction:
    """A video's own rate, or a multiple or part of an extreme one."""
    if fps > MOST_FPS:
        return fps / math.ceil(fps / MOST_FPS)
    return fps * math.ceil(LEAST_FPS / fps) if fps < LEAST_FPS else fps
