"""eSpeak NG in a process that does one thing and ends; run as a file, on the standard library alone.

One JSON object on stdin; on stdout one line of JSON, then as many bytes of 16-bit samples as it says. The
library keeps its state in globals: it is not thread-safe, and only the first synthesis of a process is the
same every time. The caller therefore starts a new one for each narration.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_POSITION_CHARACTER = 1
_PARAMETERS = {"rate_wpm": 1, "volume": 2, "pitch": 3, "pitch_range": 4, "word_gap": 7}
_EVENT_NAMES = {1: "word", 2: "sentence", 5: "end"}
_EVENT_LIST_END = 0
_SEED = 1
_PR_SET_PDEATHSIG = 1
_MAX_SAMPLES = 3 * 3600 * 22_050


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


class WorkerError(Exception):
    """What the caller is told in one line."""


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel end this process when the caller ends, however that happens (prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def load(library: str, data_path: str) -> tuple[Any, int]:
    """The initialised library and its sample rate in Hz."""
    try:
        engine = ctypes.CDLL(library)
    except OSError as error:
        raise WorkerError(f"its library cannot be loaded: {error}") from error
    engine.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    engine.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    engine.espeak_SetSynthCallback.argtypes = [_Callback]
    engine.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
    engine.espeak_ListVoices.argtypes = [ctypes.c_void_p]
    engine.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    engine.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
    # The library takes paths of up to 159 bytes; from inside of the folder its name does not matter.
    os.chdir(data_path)
    rate_hz = engine.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 200, b".", _INITIALIZE_DONT_EXIT)
    if rate_hz <= 0:
        raise WorkerError(f"cannot read its data in {data_path}")
    engine.espeak_ng_SetRandSeed(_SEED)
    return engine, rate_hz


def synthesise(engine: Any, request: dict[str, Any]) -> tuple[list[tuple[str, int, int]], bytes]:
    """Speak `text` in one call.

    Returns:
        Events (kind, text position in characters from 1, sample) in order, and 16-bit mono samples.
    """
    chunks: list[bytes] = []
    total = 0
    events: list[tuple[str, int, int]] = []

    def on_audio(samples: int | None, count: int, event_list: Any) -> int:
        nonlocal total
        if samples and count > 0:
            chunks.append(ctypes.string_at(samples, count * 2))
            total += count
        index = 0
        while event_list[index].type != _EVENT_LIST_END:
            event = event_list[index]
            if event.type in _EVENT_NAMES:
                events.append((_EVENT_NAMES[event.type], event.text_position, event.sample))
            index += 1
        return 1 if total > _MAX_SAMPLES else 0

    callback = _Callback(on_audio)
    engine.espeak_SetSynthCallback(callback)
    name = request["voice"]
    if engine.espeak_SetVoiceByName(name.encode("utf-8", "replace")) != 0:
        raise WorkerError(f"cannot load the voice {name}")
    for parameter, number in _PARAMETERS.items():
        if parameter in request:
            engine.espeak_SetParameter(number, request[parameter], 0)
    text = request["text"].encode("utf-8")
    status = engine.espeak_Synth(text, len(text) + 1, 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None)
    if status != 0:
        raise WorkerError(f"gave up with status {status}")
    if total > _MAX_SAMPLES:
        raise WorkerError(f"the speech is longer than {_MAX_SAMPLES // 22_050 // 60} minutes")
    return events, b"".join(chunks)


def list_voices(engine: Any) -> list[dict[str, Any]]:
    """Every voice: its name, its identifier and its (priority, language) pairs, best priority lowest."""
    voices = []
    table = engine.espeak_ListVoices(None)
    index = 0
    while table[index]:
        voice = table[index].contents
        index += 1
        voices.append(
            {
                "name": voice.name.decode("utf-8", "replace"),
                "identifier": voice.identifier.decode("utf-8", "replace"),
                "languages": _languages(voice.languages),
            }
        )
    return voices


def _languages(address: int) -> list[tuple[int, str]]:
    """Read the list of (priority byte, zero-terminated name), itself ended by a zero byte."""
    found = []
    while priority := ctypes.string_at(address, 1)[0]:
        name = ctypes.string_at(address + 1)
        found.append((priority, name.decode("utf-8", "replace")))
        address += len(name) + 2
    return found


def main() -> int:
    request = json.loads(sys.stdin.buffer.read())
    die_with_parent(request["parent_pid"])
    samples = b""
    try:
        engine, rate_hz = load(request["library"], request["data_path"])
        answer: dict[str, Any] = {"sample_rate_hz": rate_hz}
        if request["do"] == "voices":
            answer["voices"] = list_voices(engine)
        else:
            answer["events"], samples = synthesise(engine, request)
    except WorkerError as error:
        answer = {"error": str(error)}
    answer["bytes"] = len(samples)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + samples)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    # The library's own clean-up has been seen to crash; there is nothing left to clean up.
    status = main()
    os._exit(status)
