"""How far off the word times of an aligned narration are, on voices whose true times are known.

    python bench/alignment.py [--flite FOLDER] [--out TABLE.md]

Two synthesisers speak: eSpeak NG in voices other than the one that reads for comparison, and, where its libraries
are found, Flite (Debian's libflite1), whose voices were made from recordings of people. Human speech is not measured.
"""

from __future__ import annotations

import argparse
import ctypes
import io
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

from nvpipe.types import Script, ScriptLine
from nvpipe.voice.alignment.align import align
from nvpipe.voice.espeak import EspeakSpeaker

LINES = (
    "A fishing boat came back to the harbour on Tuesday with something nobody on board could explain.",
    "The crew had pulled up a wooden box, sealed with wax, from a depth of almost two hundred metres.",
    "Inside it lay a small brass clock, and the clock was still ticking.",
    "Experts from the museum spent three days looking at the mechanism.",
    "They found no battery, no spring, and no name of a maker.",
    "What they did find was a line of letters scratched into the back plate.",
    "It reads: return to the lighthouse before the winter ends.",
    "The lighthouse keeper retired in nineteen ninety four, but he lives in the village and remembers the box.",
    "He says that his grandfather threw it into the sea after a storm, and that it should have stayed there.",
    "On Friday the town council will decide whether the clock goes into the museum or back into the water.",
)
ESPEAK = (
    ("en-us+f2", 1.0),
    ("en-us+m7", 1.3),
    ("en-us+whisper", 1.0),
    ("en-us+klatt4", 0.8),
    ("en-gb-scotland", 1.1),
    ("en-gb-x-rp+f4", 0.8),
)
FLITE = ("us_slt", "us_rms", "us_awb", "us_kal16")
SHARE_S = 0.1


class Recording(NamedTuple):
    """Speech and the true starts of its words."""

    name: str
    samples: Any
    rate_hz: int
    starts_s: Any


class _Wave(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


def script() -> Script:
    return Script(tuple(ScriptLine(line, ()) for line in LINES), "en", "given", "")


def spoken_by_espeak(voice: str, rate: float) -> Recording:
    with tempfile.TemporaryDirectory() as folder:
        narration = EspeakSpeaker().speak(script(), voice=voice, rate=rate, output=Path(folder) / "a.wav")
        with wave.open(str(narration.audio_path)) as file:
            data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    starts = np.array([word.start_s for word in narration.words])
    name = f"eSpeak NG {voice}, rate {rate:g}"
    return Recording(name, data.astype(np.float32) / 32768, narration.sample_rate_hz, starts)


def flite(folder: str) -> Any:
    """Flite's library with the types of its functions, or None where it is not installed."""
    prefix = f"{folder}/" if folder else ""
    try:
        library = ctypes.CDLL(f"{prefix}libflite.so.1", ctypes.RTLD_GLOBAL)
        for part in ("cmulex", "usenglish"):
            ctypes.CDLL(f"{prefix}libflite_{part}.so.1", ctypes.RTLD_GLOBAL)
    except OSError:
        return None
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, arguments, result in (
        ("flite_synth_text", [text, pointer], pointer),
        ("utt_relation", [pointer, text], pointer),
        ("relation_head", [pointer], pointer),
        ("item_next", [pointer], pointer),
        ("item_daughter", [pointer], pointer),
        ("ffeature_float", [pointer, text], ctypes.c_float),
        ("utt_wave", [pointer], pointer),
        ("delete_utterance", [pointer], None),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    library.flite_init()
    return library


def spoken_by_flite(library: Any, folder: str, voice: str) -> Recording:
    """The text, line by line; a word begins where the segment before its first one ends."""
    prefix = f"{folder}/" if folder else ""
    register = getattr(ctypes.CDLL(f"{prefix}libflite_cmu_{voice}.so.1", ctypes.RTLD_GLOBAL), f"register_cmu_{voice}")
    register.argtypes, register.restype = [ctypes.c_char_p], ctypes.c_void_p
    speaker = register(None)
    pieces, starts, at_s, rate_hz = [], [], 0.0, 0
    for line in LINES:
        utterance = library.flite_synth_text(line.encode(), speaker)
        sound = ctypes.cast(library.utt_wave(utterance), ctypes.POINTER(_Wave)).contents
        rate_hz = sound.sample_rate
        pieces.append(np.ctypeslib.as_array(sound.samples, (sound.num_samples,)).astype(np.float32) / 32768)
        token = library.relation_head(library.utt_relation(utterance, b"Token"))
        while token:
            word = library.item_daughter(token)
            if word:
                path = b"R:SylStructure.daughter1.daughter1.R:Segment.p.end"
                starts.append(at_s + float(library.ffeature_float(word, path)))
            token = library.item_next(token)
        at_s += len(pieces[-1]) / rate_hz
        library.delete_utterance(utterance)
    return Recording(f"Flite {voice}", np.concatenate(pieces), rate_hz, np.array(starts))


def noisy(one: Recording) -> Recording:
    """White noise 12 dB under the speech."""
    level = float(np.std(one.samples[np.abs(one.samples) > 0.02])) * 10 ** (-12 / 20)
    noise = np.random.default_rng(1).standard_normal(len(one.samples)).astype(np.float32)
    return one._replace(name=f"{one.name}, noise at 12 dB", samples=one.samples + level * noise)


def reverberant(one: Recording) -> Recording:
    """A room with a reverberation time of 0.5 s."""
    count = one.rate_hz // 2
    tail = np.random.default_rng(2).standard_normal(count) * 10 ** (-3 * np.arange(count) / count) * 0.05
    tail[0] = 1.0
    size = len(one.samples) + count
    wet = np.fft.irfft(np.fft.rfft(one.samples, size) * np.fft.rfft(tail, size), size)[: len(one.samples)]
    return one._replace(name=f"{one.name}, reverberation 0.5 s", samples=wet.astype(np.float32))


def narrow(one: Recording) -> Recording:
    """What a telephone lets through."""
    spectrum = np.fft.rfft(one.samples)
    pitch = np.fft.rfftfreq(len(one.samples), 1 / one.rate_hz)
    spectrum[(pitch < 300) | (pitch > 3400)] = 0
    samples = np.fft.irfft(spectrum, len(one.samples)).astype(np.float32)
    return one._replace(name=f"{one.name}, 300 to 3400 Hz", samples=samples)


def coded(one: Recording) -> Recording:
    """MP3 at 32 kbit/s and back, the coder's delay taken off by its own header."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=one.rate_hz, layout="mono")
        stream.bit_rate = 32_000
        frame = av.AudioFrame.from_ndarray(one.samples[None], format="fltp", layout="mono")
        frame.sample_rate = one.rate_hz
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as reader:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in reader.decode(audio=0)])
    return one._replace(name=f"{one.name}, MP3 at 32 kbit/s", samples=samples.astype(np.float32))


def paused(one: Recording) -> Recording:
    """A second of silence before every twelfth word."""
    pieces, starts, before, added_s = [], one.starts_s.copy(), 0, 0.0
    silence = np.zeros(one.rate_hz, np.float32)
    for place in range(12, len(starts), 12):
        at = round((one.starts_s[place] - 0.01) * one.rate_hz)
        pieces += [one.samples[before:at], silence]
        before, added_s = at, added_s + 1
        starts[place:] = one.starts_s[place:] + added_s
    samples = np.concatenate([*pieces, one.samples[before:]])
    return one._replace(name=f"{one.name}, a pause every 12 words", samples=samples, starts_s=starts)


DAMAGES: tuple[Callable[[Recording], Recording], ...] = (noisy, reverberant, narrow, coded, paused)


def measured(one: Recording) -> str:
    """A row of the table."""
    start = time.process_time()
    found = align(one.samples, one.rate_hz, script(), "en")
    spent_s = time.process_time() - start
    miss_ms = 1000 * np.abs(np.array([word.start_s for word in found.words]) - one.starts_s)
    share = 100 * float(np.mean(miss_ms < 1000 * SHARE_S))
    figures = f"{np.median(miss_ms):.0f} | {np.quantile(miss_ms, 0.9):.0f} | {miss_ms.max():.0f} | {share:.1f} %"
    return f"| {one.name} | {len(miss_ms)} | {figures} | {found.unlike:.2f} | {spent_s:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flite", default="", help="folder of Flite's libraries; the system's when left out")
    parser.add_argument("--out", type=Path, help="write the table here, too")
    arguments = parser.parse_args()
    head = "| voice | words | median ms | 90 % ms | worst ms | under 100 ms | unlike | CPU s |"
    rows = [head, "|---|--:|--:|--:|--:|--:|--:|--:|"]
    library = flite(arguments.flite)
    clean = [spoken_by_flite(library, arguments.flite, voice) for voice in FLITE] if library else []
    clean += [spoken_by_espeak(*voice) for voice in ESPEAK]
    recordings = [*clean, *(damage(clean[0]) for damage in DAMAGES)]
    print("\n".join(rows))
    for recording in recordings:
        rows.append(measured(recording))
        print(rows[-1], flush=True)
    rows.append("\nHuman speech: not tried." + ("" if library else " Flite: not installed here."))
    print(rows[-1])
    if arguments.out:
        arguments.out.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
