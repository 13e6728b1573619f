"""Every option once: the command line, the settings file, the environment and the jobs file all read this table."""

from __future__ import annotations

import importlib
import math
from typing import Literal, NamedTuple

from nvpipe.registry import AUTO, Registry


class Option(NamedTuple):
    """One option: its name without dashes, what it takes, and what it is for."""

    name: str
    kind: Literal[
        "text", "int", "number", "rate", "choice", "path", "paths", "flag", "switch-or-text", "styles", "lexicon"
    ]
    help: str
    names: str = ""
    """`module:attribute` of the registry or tuple that holds what can be chosen; imported when it is asked for."""
    besides: tuple[str, ...] = ()
    """What can be chosen besides."""
    metavar: str | None = None
    minimum: float = -math.inf
    maximum: float = math.inf
    per_job: bool = True
    """Whether a line of a jobs file may set it."""
    in_result: bool = True
    """Whether the finished file follows from its value itself; false for places and names."""
    in_share: bool = True
    """Whether it also says which part of the footage the job gets; false for what is only drawn on the pictures."""
    parser: str = ""
    """`module:function` that raises UsageError for a text that is none of the option's values."""

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")

    @property
    def choices(self) -> tuple[str, ...]:
        """Everything that can be chosen; empty for options that take any value."""
        if not self.names:
            return ()
        module, _, attribute = self.names.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        return (*self.besides, *(found.names() if isinstance(found, Registry) else map(str, found)))


DEVICES = ("cpu", "cuda")
"""What `--device` can name: the processor, or the first card."""
OPTIONS: tuple[Option, ...] = (
    Option("storage", "path", "Cache folder, shared by all runs.", metavar="DIR", per_job=False, in_result=False),
    Option(
        "decoder",
        "choice",
        "How footage is decoded.",
        names="nvpipe.media.decode:DECODERS",
        besides=(AUTO,),
        per_job=False,
    ),
    Option("encoder", "choice", "How the short is encoded.", names="nvpipe.media.encode:ENCODERS", besides=(AUTO,)),
    Option("writer", "choice", "Who writes the script.", names="nvpipe.story:WRITERS", besides=(AUTO,)),
    Option("speaker", "choice", "Who speaks it.", names="nvpipe.voice:SPEAKERS", besides=(AUTO,)),
    Option(
        "voice",
        "text",
        "Voice of the speaker, by its name there; Kokoro's can be mixed: af_heart:0.6+am_adam:0.4.",
        metavar="NAME",
    ),
    Option(
        "kokoro",
        "text",
        "Kokoro's files, for a human voice: a folder, or a repository such as hexgrad/Kokoro-82M.",
        metavar="DIR|REPO",
        in_result=False,
    ),
    Option("speed", "number", "Speaking rate; 1.2 is a fifth faster.", metavar="X", minimum=0.5, maximum=2),
    Option(
        "quality",
        "choice",
        "Speed against picture quality.",
        names="nvpipe.media.encode:QUALITIES",
        in_share=False,
    ),
    Option("seconds", "number", "Length of the finished file in seconds.", metavar="N", minimum=3, maximum=600),
    Option(
        "size",
        "text",
        "Sizes of the picture, a file for each: 9:16, 4:5, 1:1, 16:9 or pixels.",
        metavar="SIZE,...",
        parser="nvpipe.compose.sizes:parse_sizes",
        in_share=False,
    ),
    Option("fps", "int", "Frames per second.", names="nvpipe.compose:RATES", in_share=False),
    Option("layout", "choice", "How landscape footage fills the upright picture.", names="nvpipe.compose:LAYOUTS"),
    Option("blur", "number", "How soft blur's backdrop is.", metavar="PX", minimum=0, maximum=200, in_share=False),
    Option(
        "blur-opacity",
        "number",
        "Its brightness: 0 is black.",
        metavar="SHARE",
        minimum=0,
        maximum=1,
        in_share=False,
    ),
    Option(
        "blur-desaturation",
        "number",
        "How grey it is: 1 is grey.",
        metavar="SHARE",
        minimum=0,
        maximum=1,
        in_share=False,
    ),
    Option(
        "split-with",
        "path",
        "Video or picture in split's other half; more of the footage when it is not given.",
        metavar="FILE",
        in_result=False,
    ),
    Option("crop", "choice", "Whether the crop follows the action.", names="nvpipe.compose:CROPS"),
    Option(
        "captions",
        "choice",
        "Caption style; auto takes one that suits the footage.",
        names="nvpipe.captions.styles:STYLE_NAMES",
        besides=("none", "auto"),
        in_share=False,
    ),
    Option(
        "caption-styles",
        "styles",
        "The user's own caption styles.",
        parser="nvpipe.captions.styles:own_styles",
        per_job=False,
        in_result=False,
    ),
    Option("font", "path", "Font of the captions: TrueType or OpenType.", metavar="FILE", in_result=False),
    Option(
        "subtitles",
        "text",
        "Subtitle files beside the video; SubRip always, WebVTT and ASS when asked for.",
        metavar="srt,vtt,ass",
        parser="nvpipe.captions.formats:parse_formats",
        in_share=False,
    ),
    Option(
        "title",
        "switch-or-text",
        "Text on a card over the first seconds; the script's first sentence when none is given.",
        metavar="[TEXT]",
        in_share=False,
    ),
    Option(
        "logo",
        "path",
        "Picture for a corner of the safe area: PNG, JPEG or WebP.",
        metavar="FILE",
        in_result=False,
    ),
    Option("logo-position", "choice", "Its corner.", names="nvpipe.compose.logo:POSITIONS", in_share=False),
    Option(
        "logo-size",
        "number",
        "Its longest side in per cent of the frame's shorter side.",
        metavar="N",
        minimum=1,
        maximum=60,
        in_share=False,
    ),
    Option("progress-bar", "flag", "Draw a bar along the lower edge that grows to the end.", in_share=False),
    Option("cover", "flag", "Write no cover image (<slug>.jpg).", in_share=False),
    Option("music", "path", "Sound file to play under everything else.", metavar="FILE", in_result=False),
    Option(
        "music-volume",
        "number",
        "Its loudness in the pauses, in dB relative to the voice; 8 dB less under it.",
        metavar="DB",
        minimum=-60,
        maximum=6,
        in_share=False,
    ),
    Option(
        "lufs",
        "number",
        "Integrated loudness of the short.",
        metavar="LUFS",
        minimum=-30,
        maximum=-9,
        in_share=False,
    ),
    Option(
        "lexicon",
        "lexicon",
        "How words of the user's are said.",
        parser="nvpipe.voice.saying.lexicon:parse_lexicon",
        per_job=False,
    ),
    Option("language", "text", "ISO 639-1 code; found from the text when not given.", metavar="CODE"),
    Option(
        "bitrate",
        "rate",
        "Average bits per second of the picture (8M, 8000k), instead of the quality's own.",
        metavar="RATE",
        minimum=100e3,
        maximum=100e6,
        in_share=False,
    ),
    Option(
        "codec",
        "choice",
        "What the picture is coded as; the platforms take h264.",
        names="nvpipe.media.encode:CODECS",
        in_share=False,
    ),
    Option(
        "x264-params",
        "text",
        "x264 parameters that win over the quality's.",
        metavar="K=V:...",
        in_share=False,
    ),
    Option(
        "slug",
        "text",
        "Name of the output files, instead of one made from the title.",
        metavar="NAME",
        in_result=False,
    ),
    Option(
        "script",
        "path",
        "Text to be spoken as it is, one line a line, or a manifest; needs no ARTICLE.",
        metavar="FILE",
        in_result=False,
    ),
    Option(
        "narration",
        "path",
        "Sound file of the script, spoken already; its words are found by alignment.",
        metavar="FILE",
        in_result=False,
    ),
    Option(
        "llama",
        "text",
        "Language model that writes the script: a GGUF file, or one of a repository.",
        metavar="PATH.gguf|REPO:FILE",
        in_result=False,
        parser="nvpipe.story.llama.files:check_wish",
    ),
    Option(
        "tone",
        "text",
        "How a language model's script sounds; a text file of your own says it in your words.",
        metavar="news|story|explainer|hype|FILE",
        in_result=False,
        parser="nvpipe.story.llama.prompt:check_tone",
    ),
    Option("seed", "int", "Other numbers give other scripts.", metavar="N", minimum=0, maximum=2**32 - 1),
    Option(
        "call-to-action",
        "text",
        "Sentence that is said at the end, as it is.",
        metavar="TEXT",
        parser="nvpipe.story.upload:check_call_to_action",
    ),
    Option("fast", "flag", "Analyse footage coarsely, at a fraction of the time."),
    Option(
        "jobs",
        "int",
        "Jobs, videos or segments worked on at once; as cores and memory allow unless given.",
        metavar="N",
        minimum=1,
        maximum=256,
        per_job=False,
        in_result=False,
    ),
    Option(
        "workers",
        "int",
        "Processes that share the render of a short; as cores and memory allow unless given.",
        metavar="N",
        minimum=1,
        maximum=256,
        per_job=False,
        in_result=False,
    ),
    Option(
        "device",
        "choice",
        "Where pictures and models are worked on.",
        names="nvpipe.options:DEVICES",
        besides=(AUTO,),
        per_job=False,
        in_result=False,
    ),
    Option(
        "vram",
        "text",
        "The most memory that models and pictures may take, of the card or else of the RAM: 6G.",
        metavar="SIZE",
        per_job=False,
        in_result=False,
        parser="nvpipe.settings:parse_size",
    ),
    Option("footage", "paths", "Footage file, folder or pattern; may be repeated.", metavar="PATH", in_result=False),
)
