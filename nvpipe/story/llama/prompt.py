"""What a model is asked: the rules, the tone, and the article as numbered sentences that it may cite.

An article is untrusted. Its sentences stand on numbered lines between marks that it cannot know, the rules say that
nothing in it is an order, and what chat templates use as control signs is taken out of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from nvpipe.errors import UsageError
from nvpipe.story.speech import spoken_words
from nvpipe.types.codec import digest_of

VERSION = 2
"""Part of every key; a change of what models are asked changes it."""
TONES = ("news", "story", "explainer", "hype")
MAX_TONE_CHARS = 6000
MAX_FAULTS = 12
LINE_WORDS = 11.0
"""Words of an average line."""
_SPACELESS_SHARE = 0.35
_MAX_TITLE_CHARS = 300

LANGUAGES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian",
    "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovene", "sr": "Serbian", "sv": "Swedish", "ta": "Tamil", "te": "Telugu",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip

_CONTROL_SIGNS = re.compile(
    r"<\s*[|｜][^<>|｜]{0,60}[|｜]\s*>|<\|?/?(?:im_start|im_end|endoftext|start_of_turn|end_of_turn|start_header_id"
    r"|end_header_id|eot_id|begin_of_text|end_of_text)\|?>|</?(?:s|bos|eos|pad|unk|sys|inst|system|user|assistant"
    r"|think|tool_call|tool_response)>|<<\s*/?\s*sys\s*>>|\[\s*/?\s*(?:inst|system_prompt|available_tools"
    r"|tool_calls|tool_results)\s*\]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation with a model."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be written.

    Attributes:
        title: the article's.
        sentences: of the article, in order; the model cites them by their number, from 1.
        language: ISO 639-1 code.
        words: how much fills the time, as `speech.spoken_words` counts.
        tone: how it should sound.
        mark: what makes the marks around the article unforeseeable.
    """

    title: str
    sentences: tuple[str, ...]
    language: str
    words: float
    tone: str
    mark: str


def first_messages(order: Order) -> list[Message]:
    """The rules, and the request with the article."""
    language = LANGUAGES.get(order.language, f"the language with the ISO code {order.language}")
    system = _template("system").substitute(tone=order.tone, language=language)
    mark = f"ARTICLE {digest_of([order.mark, order.title, order.sentences])[:12].upper()}"
    request = _template("request").substitute(
        **_size(order),
        begins=f"{mark} BEGINS",
        ends=f"{mark} ENDS",
        title=_tame(order.title)[:_MAX_TITLE_CHARS],
        sentences="\n".join(f"[{number}] {_tame(text)}" for number, text in enumerate(order.sentences, 1)),
    )
    return [Message("system", system), Message("user", request)]


def again_messages(order: Order, reply: str, faults: Sequence[str]) -> list[Message]:
    """The first messages, the model's last reply, and what was wrong with it."""
    told = list(dict.fromkeys(faults))[:MAX_FAULTS]
    again = _template("again").substitute(**_size(order), faults="\n".join(f"- {_tame(fault)}" for fault in told))
    return [*first_messages(order), Message("assistant", reply), Message("user", again)]


def most_lines(words: float) -> int:
    """More lines than any script of so many words needs."""
    return max(3, round(words / 5.0) + 2)


def check_tone(text: str) -> None:
    """Whether a text names a tone or a file with one.

    Raises:
        UsageError: it names neither.
    """
    tone_text(text)


def tone_text(tone: str) -> str:
    """The prompt of a tone that comes with nvpipe, or what a file of the user's says.

    Raises:
        UsageError: there is neither a tone nor a file of that name, or the file holds no prompt.
    """
    if tone in TONES:
        return _packaged(tone)
    shown = tone if tone.isprintable() else ascii(tone)
    path = Path(tone).expanduser()
    names = ", ".join(TONES)
    try:
        with path.open("rb") as file:
            text = file.read(4 * MAX_TONE_CHARS + 1).decode("utf-8-sig")
    except (FileNotFoundError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise UsageError(f"the tone {shown} is no text", hint="give it in UTF-8") from error
        raise UsageError(
            f"there is no tone {shown}", hint=f"choose one of: {names}; or name a text file with your own"
        ) from error
    except OSError as error:
        raise UsageError(f"the tone {shown} cannot be read: {error.strerror}", hint="check the path") from error
    text = "\n".join(line.rstrip() for line in text.splitlines()).strip()
    if not text or len(text) > MAX_TONE_CHARS or any(char < " " and char not in "\n\t" for char in text):
        what = "is empty" if not text else "is no text" if len(text) <= MAX_TONE_CHARS else "is too long"
        raise UsageError(
            f"the tone {shown} {what}", hint=f"say in at most {MAX_TONE_CHARS} characters how scripts should sound"
        )
    return text


def _size(order: Order) -> dict[str, str]:
    return {"amount": _amount(order), "lines": _line_count(order.words)}


def _amount(order: Order) -> str:
    """How much to write in what the language counts; `spoken_words` measures time, people and models count words."""
    text = " ".join(order.sentences)
    spoken = max(spoken_words(text, order.language), 1.0)
    words = len(text.split()) / spoken
    if words < _SPACELESS_SHARE:
        return f"{max(1, round(order.words * len(text) / spoken))} characters"
    return f"{max(1, round(order.words * words))} words"


def _line_count(words: float) -> str:
    count = max(1, round(words / LINE_WORDS))
    return str(count) if count < 4 else f"{count - 1} to {count + 1}"


def _tame(text: str) -> str:
    """One line of a text that is not trusted, without the control signs of chat templates."""
    plain = " ".join(text.split())
    while True:
        tamed = _CONTROL_SIGNS.sub(" ", plain)
        if tamed == plain:
            return " ".join(tamed.split())
        plain = tamed


def _template(name: str) -> Template:
    return Template(_packaged(name))


def _packaged(name: str) -> str:
    return (Path(__file__).parent / "prompts" / f"{name}.md").read_text(encoding="utf-8").strip()
