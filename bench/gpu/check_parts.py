"""What `make gpu-check` runs: its parts, the steps of each, and what they say something about."""

from __future__ import annotations

from dataclasses import dataclass

PART_LIMIT_S = 480
CARRY_LIMIT_BYTES = 60_000_000

SUBJECTS = {
    "driver": "driver, card and engines as `nvpipe doctor` tells them",
    "probe": "what the backends rest on (`bench/gpu/probe.py`)",
    "nvdec": "decoding: NVDEC through libavcodec (`--decoder nvdec`)",
    "nvdec-threaded": "decoding: NVDEC through PyNvVideoCodec (`--decoder nvdec-threaded`)",
    "decord": "decoding: decord beside a card (`--decoder decord`)",
    "score": "scoring on the card",
    "compose": "composing on the card",
    "nvenc": "encoding: NVENC (`--encoder nvenc`)",
    "x264": "encoding: x264 behind pictures of the card",
    "models": "models and their memory on the card",
    "run": "a whole run on the card",
    "container": "the container image with a card",
}
"""What README's table tells of, in its order; a subject without a step is one that this program cannot run."""


@dataclass(frozen=True, slots=True)
class Step:
    """One program.

    Attributes:
        name: within its part.
        subject: what it says something about.
        kind: `tests` for pytest's arguments, `program` for a script with its arguments, `nvpipe` for a command of
            nvpipe, `probe` for bench/gpu/probe.py.
        words: the arguments; `{json}` is a file that the program writes its figures to.
        limit_s: when it is ended.
    """

    name: str
    subject: str
    kind: str
    words: tuple[str, ...]
    limit_s: int


@dataclass(frozen=True, slots=True)
class Part:
    """Steps that run one after another, in at most `PART_LIMIT_S` together."""

    name: str
    title: str
    steps: tuple[Step, ...]
    carry: tuple[str, ...] = ()
    """Packages of its own, for a machine that cannot fetch any; see carry.py."""


_DECODERS = ("tests/gpu/test_decode.py", "tests/contract/test_decoders.py")
_SPEECH = (
    "babel", "espeakng-loader", "feedparser", "feedparser-sgmllib", "icu4py", "markdown-it-py", "mdurl", "num2words",
    "py3langid", "sentencex", "uharfbuzz",
)  # fmt: skip
"""What reads, writes, speaks and captions a short."""


def _decoding(name: str, title: str, only: str, carry: tuple[str, ...] = ()) -> Part:
    """Tests of one decoder, and its speed."""
    return Part(
        name,
        title,
        (
            Step("tests", name, "tests", (*_DECODERS, "-k", only), 200),
            Step("readers", name, "program", ("bench/gpu/decode.py", "--decoder", name, "--limit-s", "120"), 150),
            Step("bench", name, "nvpipe", ("bench", "decode", "--decoder", name), 120),
        ),
        carry,
    )


PARTS = (
    Part(
        "driver",
        "Driver, card and what the backends rest on",
        (
            Step("doctor", "driver", "nvpipe", ("doctor", "--require", "card"), 100),
            Step("tests", "driver", "tests", ("tests/gpu/test_probe.py", *_DECODERS, "-k", "not nvdec"), 80),
            Step("probe", "probe", "probe", (), 290),
        ),
        ("PyNvVideoCodec",),
    ),
    _decoding("nvdec", "Decoding on the card, through libavcodec", "nvdec and not nvdec-threaded"),
    _decoding(
        "nvdec-threaded", "Decoding on the card, through PyNvVideoCodec", "nvdec-threaded", ("PyNvVideoCodec",)
    ),
    Part(
        "decord",
        "Decoding with decord, on a machine with a card",
        (Step("bench", "decord", "nvpipe", ("bench", "decode", "--decoder", "decord"), 240),),
        ("decord",),
    ),
    Part(
        "motion",
        "Scoring on the card: the kernel against its reference, against a copy, and with the decoder",
        (
            Step("tests", "score", "tests", ("tests/gpu/test_motion.py",), 140),
            Step("kernel", "score", "program", ("bench/gpu/motion.py", "--limit-s", "140"), 180),
            Step("bench", "score", "nvpipe", ("bench", "motion", "--decoder", "nvdec"), 150),
        ),
    ),
    Part(
        "compose",
        "Composing on the card, against the CPU's pictures and against a copy",
        (
            Step("tests", "compose", "tests", ("tests/gpu/test_compose.py",), 180),
            Step("kernel", "compose", "program", ("bench/gpu/compose.py", "--json", "{json}"), 280),
        ),
        ("icu4py", "uharfbuzz"),
    ),
    Part(
        "encode",
        "Encoding: NVENC, and x264 behind the card",
        (
            Step("nvenc", "nvenc", "tests", ("tests/gpu/test_encode.py", "-k", "ring or codec"), 100),
            Step(
                "nvenc-speed",
                "nvenc",
                "program",
                ("bench/gpu/encode.py", "--source", "card", "--source", "host", "--json", "{json}"),
                160,
            ),
            Step("x264", "x264", "tests", ("tests/gpu/test_encode.py", "-k", "not ring and not codec"), 60),
            Step(
                "x264-speed",
                "x264",
                "program",
                ("bench/gpu/encode.py", "--source", "downloaded", "--frames", "300", "--json", "{json}"),
                150,
            ),
        ),
    ),
    Part(
        "models",
        "Models and pictures in the card's memory, measured through NVML",
        (Step("tests", "models", "tests", ("tests/gpu/test_scheduler.py",), 420),),
    ),
    Part("run", "A whole run", (Step("bench", "run", "nvpipe", ("bench", "run"), 420),), _SPEECH),
)
