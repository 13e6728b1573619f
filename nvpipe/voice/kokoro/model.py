"""Kokoro in a process of its own: opened by the scheduler, asked by `speaker`."""

from __future__ import annotations

import io
import os
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import BackendFailedError, BackendUnavailableError
from nvpipe.voice.kokoro.chunks import Chunk, Said, chunks_of, tidy
from nvpipe.voice.kokoro.files import read_config
from nvpipe.voice.kokoro.library import kokoro
from nvpipe.voice.kokoro.reading import Pair, Reader, sentences_of
from nvpipe.voice.kokoro.weights import STYLES, UNREADABLE, fill, read_parts, read_style, reason_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

RATE_HZ = 24_000
FRAME_SAMPLES = 600
SEED = 0
_PROOF = "wˈʌn."
_KEPT_BYTES = 96 << 20


def open_kokoro(config: str, weights: str, voices: Mapping[str, str], device: str, threads: int) -> KokoroModel:
    """Load the model; called in its process.

    Args:
        config: path of config.json.
        weights: path of the state dictionaries.
        voices: paths of the voices by name.
        device: where it computes.
        threads: of the CPU; sums depend on it, so that it is fixed and not the number of cores.

    Raises:
        BackendUnavailableError: the library is not there, or a file is damaged or holds another model.
    """
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    # Threads that wait must not keep the cores of a busy machine.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=UserWarning)
    settings = read_config(Path(config))
    parts = read_parts(Path(weights))
    try:
        import torch

        library = kokoro()
    except ImportError as error:
        raise BackendUnavailableError(
            f"Kokoro cannot be imported: {error}", hint="python -m pip install 'nvpipe[models]'"
        ) from error
    torch.set_num_threads(threads)
    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    try:
        # Its own loading takes whatever fits and leaves the rest random, so the weights are put in here.
        model: Any = library.KModel(repo_id="local/kokoro", config=settings, model=nothing)
        fill(model, parts, Path(weights))
        model = model.to(device).eval()
    except UNREADABLE as error:
        raise BackendUnavailableError(
            f"{Path(weights).name} does not fit config.json: {reason_of(error)}", hint="download both again"
        ) from error
    return KokoroModel(model, {name: Path(path) for name, path in voices.items()})


class KokoroModel:
    """The model and its voices."""

    def __init__(self, model: Any, voices: Mapping[str, Path]) -> None:
        self._model = model
        self._paths = voices
        self._alphabet = frozenset(model.vocab)
        self._limit = min(STYLES, model.context_length - 2)
        self._readers: dict[str, Reader] = {}
        self._styles: dict[str, torch.Tensor] = {}
        self._kept: OrderedDict[tuple[object, ...], tuple[tuple[int, ...], NDArray[np.float32]]] = OrderedDict()
        self._kept_bytes = 0

    def prove(self) -> str:
        """Say a word with every voice's file read.

        Raises:
            BackendUnavailableError: a voice is damaged, or what comes out is no sound.
        """
        for name in self._paths:
            self._style(name)
        word = "".join(character for character, _ in tidy([(one, 0) for one in _PROOF], self._alphabet))
        if not word:
            raise BackendUnavailableError("the model's alphabet has none of the phonemes of English")
        frames, samples = self._infer(word, ((min(self._paths), 1.0),), 1.0)
        if not samples.any():
            raise BackendUnavailableError("the model gives no sound", hint="download it again")
        return f"said a word of {len(samples) / RATE_HZ:.1f} s, {sum(frames)} frames, with {len(self._paths)} voices"

    def speak(
        self,
        lines: Sequence[Sequence[Pair]],
        code: str,
        voices: Sequence[tuple[str, float]],
        speed: float,
        tell: Callable[[float], None],
    ) -> tuple[list[Said], bool]:
        """Say lines of text.

        Args:
            lines: characters and their owners.
            code: Kokoro's letter for the language.
            voices: names and weights that add up to 1.
            speed: 1.0 is the voices' own.
            tell: hears the share that is done, after each chunk.

        Returns:
            The chunks in order; and whether words are tagged by a trained pipeline, where the language has one.
        """
        reader = self._reader(code)
        chunks = self._chunks(reader, lines, code, tell)
        said: list[Said] = []
        for number, chunk in enumerate(chunks, 1):
            frames, samples = self._infer(chunk.phonemes, tuple(voices), speed)
            said.append(Said(chunk, frames, samples))
            tell(number / len(chunks))
        return said, reader.is_trained

    def _chunks(
        self, reader: Reader, lines: Sequence[Sequence[Pair]], code: str, tell: Callable[[float], None]
    ) -> list[Chunk]:
        from nvpipe.voice.kokoro.voices import LANGUAGES

        chunks: list[Chunk] = []
        for line in lines:
            sentences = []
            for sentence in sentences_of(line, LANGUAGES[code].partition("-")[0]):
                sentences.append(tidy(reader.phonemes(sentence), self._alphabet))
                tell(0.0)
            chunks += chunks_of(sentences, self._limit)
        return chunks

    def _reader(self, code: str) -> Reader:
        if code not in self._readers:
            try:
                self._readers[code] = Reader(code, self._alphabet)
            except (ImportError, *UNREADABLE) as error:
                raise BackendUnavailableError(
                    f"what reads for Kokoro cannot be opened: {reason_of(error)}",
                    hint="python -m pip install --force-reinstall misaki espeakng-loader phonemizer-fork",
                ) from error
        return self._readers[code]

    def _infer(
        self, phonemes: str, voices: tuple[tuple[str, float], ...], speed: float
    ) -> tuple[tuple[int, ...], NDArray[np.float32]]:
        """Frames and samples of a chunk; the same every time, since the noise in it has a seed."""
        import numpy as np
        import torch

        key = (phonemes, voices, speed)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        style = sum((self._style(name)[len(phonemes) - 1] * weight for name, weight in voices), torch.zeros(1))
        torch.manual_seed(SEED)
        output = self._model(phonemes, style, speed, return_output=True)
        frames = tuple(int(count) for count in output.pred_dur.reshape(-1).tolist())
        samples = output.audio.reshape(-1).numpy().astype(np.float32)
        if len(frames) != len(phonemes) + 2 or len(samples) != sum(frames) * FRAME_SAMPLES:
            raise BackendFailedError(
                f"Kokoro gave {len(samples)} samples and {len(frames)} durations for {len(phonemes)} phonemes",
                hint="this is another model than Kokoro 82M; download that",
            )
        if not np.isfinite(samples).all():
            raise BackendFailedError("Kokoro's sound has values that are no numbers", hint="download the model again")
        self._keep(key, (frames, samples))
        return frames, samples

    def _keep(self, key: tuple[object, ...], result: tuple[tuple[int, ...], NDArray[np.float32]]) -> None:
        """Keep what was said last: when a length is to be met, the same sentences are said again and again."""
        self._kept[key] = result
        self._kept_bytes += result[1].nbytes
        while self._kept_bytes > _KEPT_BYTES:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.nbytes

    def _style(self, name: str) -> torch.Tensor:
        """A voice's styles, [510, 1, 256]."""
        if name not in self._styles:
            self._styles[name] = read_style(self._paths[name])
        return self._styles[name]
