"""What Kokoro's speaker decides without the model: voices, files, cuts, owners, joins."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.kokoro_files import VOICES, kokoro_config
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.errors import ArticleError, BackendFailedError, BackendUnavailableError, UsageError
from nvpipe.voice.kokoro.align import owned
from nvpipe.voice.kokoro.chunks import Chunk, Said, chunks_of, is_sounding, tidy
from nvpipe.voice.kokoro.files import find_files, read_config
from nvpipe.voice.kokoro.sound import FRAME_SAMPLES, RATE_HZ, join, word_spans
from nvpipe.voice.kokoro.voices import Blend, default_voice, mismatch, parse_blend, spoken_code
from nvpipe.voice.kokoro.weights import PARTS, STYLES, read_parts, read_style
from nvpipe.voice.timing import exact_words
from nvpipe.voice.tokens import Atom


def files_in(folder: Path, config: Any = None) -> Path:
    """A folder that looks complete, without tensors."""
    (folder / "voices").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(kokoro_config() if config is None else config))
    (folder / "kokoro-v1_0.pth").write_bytes(b"PK")
    for name in VOICES:
        (folder / "voices" / f"{name}.pt").write_bytes(b"PK")
    return folder


class Exploding:
    """Runs code when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


class TestVoices:
    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("af_heart", {"af_heart": 1.0}),
            ("AF_Heart", {"af_heart": 1.0}),
            ("af_heart+am_adam", {"af_heart": 0.5, "am_adam": 0.5}),
            ("af_heart:0.6+am_adam:0.4", {"af_heart": 0.6, "am_adam": 0.4}),
            ("af_heart:3 + am_adam", {"af_heart": 0.75, "am_adam": 0.25}),
            ("af_heart+am_adam+af_heart", {"af_heart": 2 / 3, "am_adam": 1 / 3}),
            ("af_heart:0.2", {"af_heart": 1.0}),
        ],
    )
    def test_weights_are_normalised(self, text: str, parts: dict[str, float]) -> None:
        assert dict(parse_blend(text, VOICES).parts) == pytest.approx(parts, abs=0.001)

    @given(st.lists(st.tuples(st.sampled_from(VOICES), st.floats(0.01, 100)), min_size=1, max_size=8))
    def test_the_full_name_means_the_same_and_stays(self, parts: list[tuple[str, float]]) -> None:
        blend = parse_blend("+".join(f"{name}:{weight}" for name, weight in parts), VOICES)
        again = parse_blend(blend.name, VOICES)
        assert again == blend
        assert again.name == blend.name
        assert sum(weight for _, weight in blend.parts) == pytest.approx(1)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "+",
            "af_hart",
            "af_heart:",
            "af_heart:0",
            "af_heart:-1",
            "af_heart:nan",
            "af_heart:x",
            "af_heart,am_adam",
            "../af_heart",
            "+".join(["af_heart"] * 9),
            "af_heart:inf",
        ],
    )
    def test_what_is_no_voice_is_refused(self, text: str) -> None:
        with pytest.raises(UsageError):
            parse_blend(text, VOICES)

    def test_near_names_are_shown(self) -> None:
        with pytest.raises(UsageError) as caught:
            parse_blend("af_hart", VOICES)
        assert "af_heart" in caught.value.hint

    @pytest.mark.parametrize(
        ("language", "voice"),
        [("en", "af_heart"), ("en-us", "af_heart"), ("en_GB", "bf_emma"), ("es", "ef_dora"), ("pt", "pf_dora")],
    )
    def test_each_language_has_its_voice(self, language: str, voice: str) -> None:
        assert default_voice(language, VOICES) == voice

    def test_another_voice_of_the_language_does_when_the_usual_is_not_there(self) -> None:
        assert default_voice("en", ["bm_lewis", "am_puck"]) == "am_puck"
        assert default_voice("en", ["bm_lewis"]) == "bm_lewis"
        with pytest.raises(ArticleError, match="voice"):
            default_voice("es", ["am_puck"])

    @pytest.mark.parametrize("language", ["de", "xx", "", "x" * 1000])
    def test_other_languages_are_refused_with_the_list(self, language: str) -> None:
        with pytest.raises(ArticleError, match="pt-br") as caught:
            default_voice(language, VOICES)
        assert len(caught.value.line()) < 300

    def test_english_is_read_in_the_voices_variety(self) -> None:
        british = parse_blend("bf_emma", VOICES)
        assert spoken_code("en", british) == "b"
        assert spoken_code("en-us", british) == "a"
        assert spoken_code("es", british) == "e"

    def test_accents_are_warned_of(self) -> None:
        assert not mismatch(Blend((("af_heart", 0.5), ("bf_emma", 0.5))), "a")
        assert "accent" in mismatch(Blend((("af_heart", 0.5), ("ef_dora", 0.5))), "a")
        assert "accent" in mismatch(Blend((("af_heart", 1.0),)), "e")


class TestFiles:
    def test_a_whole_folder_is_found(self, tmp_path: Path) -> None:
        files = find_files(files_in(tmp_path / "a, b"))
        assert sorted(files.voices) == sorted(VOICES)
        assert files.weights.name == "kokoro-v1_0.pth"
        assert read_config(files.config)["hidden_dim"] == 512

    @pytest.mark.parametrize("gone", ["config.json", "kokoro-v1_0.pth", "voices"])
    def test_a_missing_part_is_named(self, tmp_path: Path, gone: str) -> None:
        folder = files_in(tmp_path / "model")
        (folder / gone).rename(tmp_path / "elsewhere")
        with pytest.raises(BackendUnavailableError, match="no"):
            find_files(folder)

    def test_two_models_are_one_too_many(self, tmp_path: Path) -> None:
        folder = files_in(tmp_path / "model")
        (folder / "other.pth").write_bytes(b"")
        with pytest.raises(BackendUnavailableError, match="2 models"):
            find_files(folder)

    @pytest.mark.parametrize(
        "change",
        [
            {"hidden_dim": 10**9},
            {"n_layer": "3"},
            {"plbert": []},
            {"vocab": {"ab": 1}},
            {"vocab": {"a": 10**6}},
            {"istftnet": {"upsample_rates": [10, 3], "gen_istft_hop_size": 5}},
            {"istftnet": {}},
            {"plbert": {"hidden_size": 10**12}},
        ],
    )
    def test_a_configuration_that_is_not_kokoros_is_refused(self, tmp_path: Path, change: dict[str, Any]) -> None:
        folder = files_in(tmp_path / "model", kokoro_config() | change)
        with pytest.raises(BackendUnavailableError, match="not Kokoro's"):
            read_config(folder / "config.json")

    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b" " * (2 << 20)])
    def test_a_damaged_configuration_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "config.json").write_bytes(content)
        with pytest.raises(BackendUnavailableError):
            read_config(tmp_path / "config.json")


class TestTensors:
    @pytest.mark.parametrize("read", [read_style, read_parts])
    def test_code_in_a_file_does_not_run(self, tmp_path: Path, read: Callable[[Path], Any]) -> None:
        import torch

        for protocol, name in ((None, "zip.pt"), (2, "old.pt")):
            path, trace = tmp_path / name, tmp_path / f"{name}.ran"
            if protocol is None:
                torch.save(Exploding(trace), path)
            else:
                path.write_bytes(pickle.dumps(Exploding(trace), protocol))
            with pytest.raises(BackendUnavailableError) as caught:
                read(path)
            assert not trace.exists()
            assert len(caught.value.line()) < 300

    @pytest.mark.parametrize("read", [read_style, read_parts])
    @pytest.mark.parametrize("size", [0, 1, 100, 1000])
    def test_truncated_files_are_refused(self, tmp_path: Path, read: Callable[[Path], Any], size: int) -> None:
        import torch

        whole = tmp_path / "whole.pt"
        torch.save(torch.zeros(STYLES, 1, 256), whole)
        (tmp_path / "cut.pt").write_bytes(whole.read_bytes()[:size])
        with pytest.raises(BackendUnavailableError, match=r"cut\.pt"):
            read(tmp_path / "cut.pt")

    def test_voices_of_another_shape_or_without_numbers_are_refused(self, tmp_path: Path) -> None:
        import torch

        wrong = (torch.zeros(511, 1, 256), torch.zeros(STYLES, 256), torch.zeros(STYLES, 1, 256, dtype=torch.int64))
        values: list[Any] = [*wrong, torch.full((STYLES, 1, 256), float("nan")), {"style": torch.zeros(1)}, "af"]
        for value in values:
            torch.save(value, tmp_path / "voice.pt")
            with pytest.raises(BackendUnavailableError, match=r"voice\.pt"):
                read_style(tmp_path / "voice.pt")

    def test_another_models_parts_are_refused(self, tmp_path: Path) -> None:
        import torch

        parts: dict[str, Any] = {name: {} for name in PARTS}
        for value in (torch.zeros(3), {}, parts | {"extra": {}}, parts | {"bert": [1]}, parts | {"bert": {"a": 1}}):
            torch.save(value, tmp_path / "model.pth")
            with pytest.raises(BackendUnavailableError, match=r"model\.pth"):
                read_parts(tmp_path / "model.pth")


ALPHABET = frozenset(kokoro_config()["vocab"])


def phonemes_of(text: str) -> list[tuple[str, int]]:
    """Each word of a text is its own atom."""
    return [(character, -1 if character == " " else text[:at].count(" ")) for at, character in enumerate(text)]


class TestChunks:
    def test_what_the_model_does_not_know_is_left_out(self) -> None:
        assert "".join(character for character, _ in tidy(phonemes_of("  ab☃c   d "), ALPHABET)) == "abc d"

    def test_sentences_are_chunks_and_short_ones_are_said_with_a_neighbour(self) -> None:
        long = "abcdefghij klmnopqrst uvwxyz."
        chunks = chunks_of([phonemes_of(one) for one in (long, "no.", long, "...", long)], 510)
        assert [chunk.phonemes for chunk in chunks] == [f"{long} no.", long, long]
        assert [chunk.end for chunk in chunks] == ["sentence", "sentence", "line"]
        assert chunks_of([phonemes_of("..."), []], 510) == []

    def test_long_sentences_are_cut_after_clauses_and_never_in_words(self) -> None:
        sentence = phonemes_of(" ".join(["abcdefg"] * 40 + ["hij,"] + ["klmnop"] * 60) + ".")
        chunks = chunks_of([sentence], 400)
        assert chunks[0].phonemes.endswith("hij,")
        assert [chunk.end for chunk in chunks] == ["clause"] * (len(chunks) - 1) + ["line"]
        assert " ".join(chunk.phonemes for chunk in chunks) == "".join(character for character, _ in sentence)

    @given(st.lists(st.text("abˈ, .", min_size=1, max_size=60), max_size=12), st.integers(20, 80))
    def test_nothing_sounding_is_lost_and_no_chunk_is_too_long(self, words: list[str], limit: int) -> None:
        sentence = tidy(phonemes_of(" ".join(words)), ALPHABET)
        chunks = chunks_of([sentence], limit)
        assert all(0 < len(chunk.phonemes) == len(chunk.owners) <= limit for chunk in chunks)
        sounds = [one for one in sentence if is_sounding(one[0])]
        said = [
            one for chunk in chunks for one in zip(chunk.phonemes, chunk.owners, strict=True) if is_sounding(one[0])
        ]
        assert said == sounds

    def test_words_are_whole_however_long_the_text(self) -> None:
        sentence = phonemes_of(" ".join(["abcdefg"] * 5000))
        chunks = chunks_of([sentence], 510)
        for before, after in pairwise(chunks):
            assert before.owners[-1] < after.owners[0]


class TestOwners:
    @pytest.mark.parametrize(
        ("together", "alone", "words"),
        [
            ("de la kˈasa", ["dˈe", "lˈa", "kˈasa"], ["de", "la", "kˈasa"]),
            ("lez amˈi", ["lˈe", "amˈi"], ["lez", "amˈi"]),
            ("ʌvðə mˈuːn", ["ʌv", "ðə", "mˈuːn"], ["ʌv", "ðə", "mˈuːn"]),
            ("kwaɾˈɛnta i ˈotʃo ˈaɲos", ["kwaɾˈɛnta i ˈotʃo", "ˈaɲos"], ["kwaɾˈɛnta i ˈotʃo", "ˈaɲos"]),
            ("ola, ke", ["ˈola,", "kˈe"], ["ola,", "ke"]),
            ("sɛ letˈe", ["sɛ", "letˈe"], ["sɛ", "letˈe"]),
        ],
    )
    def test_words_keep_their_phonemes_when_they_lean_on_each_other(
        self, together: str, alone: list[str], words: list[str]
    ) -> None:
        found = owned(together, [(phonemes, number) for number, phonemes in enumerate(alone)])
        assert "".join(character for character, _ in found) == together
        for number, word in enumerate(words):
            mine = "".join(character for character, owner in found if owner == number)
            assert mine.replace(" ", "") == word.replace(" ", "")

    @given(st.text("abˈ ,", max_size=80), st.lists(st.text("abˈ ,", max_size=12), max_size=10))
    def test_owners_rise_and_every_sound_has_one(self, together: str, alone: list[str]) -> None:
        found = owned(together, [(phonemes, number) for number, phonemes in enumerate(alone)])
        assert "".join(character for character, _ in found) == together
        owners = [owner for _, owner in found if owner >= 0]
        assert owners == sorted(owners)


def said_of(phonemes: str, *, level: float = 0.3, silence: int = 0, end: Any = "line", first_owner: int = 0) -> Said:
    """Each phoneme takes one frame more than the one before it; noise throughout."""
    frames = (2, *(1 + number % 4 for number in range(len(phonemes))), 3)
    samples = np.random.default_rng(0).uniform(-level, level, sum(frames) * FRAME_SAMPLES).astype(np.float32)
    samples[:silence] = 0
    owners = tuple(
        -1 if character == " " else first_owner + phonemes[:at].count(" ") for at, character in enumerate(phonemes)
    )
    return Said(Chunk(phonemes, owners, end), frames, samples)


class TestSound:
    def test_words_lie_where_the_durations_put_them(self) -> None:
        said = said_of("ab, cd.")
        assert word_spans(said) == [
            (0, 2 * FRAME_SAMPLES, (2 + 1 + 2) * FRAME_SAMPLES),
            (1, (2 + 1 + 2 + 3 + 4) * FRAME_SAMPLES, (2 + 1 + 2 + 3 + 4 + 1 + 2) * FRAME_SAMPLES),
        ]

    def test_silence_is_trimmed_but_never_a_word(self) -> None:
        whole, trimmed, far = (join([said_of("ab cd.", silence=count)], 1.0) for count in (0, 800, 2400))
        assert len(whole.samples) - len(trimmed.samples) == 800 - 120
        assert len(whole.samples) - len(far.samples) == 2 * FRAME_SAMPLES
        assert far.spans[0][0] == round(0.05 * RATE_HZ)

    def test_joins_do_not_click_and_pauses_are_as_stated(self) -> None:
        parts = [
            said_of("abcd.", end=end, first_owner=at) for at, end in enumerate(("line", "sentence", "clause", "line"))
        ]
        samples = join(parts, 1.0).samples.astype(int)
        quiet = np.flatnonzero(samples == 0)
        runs = [run for run in np.split(quiet, np.flatnonzero(np.diff(quiet) != 1) + 1) if len(run) > 1000]
        lengths_s = [len(run) / RATE_HZ for run in runs]
        assert lengths_s == pytest.approx([0.05, 0.36, 0.24, 0.1, 0.2], abs=0.002)
        for run in runs:
            for edge in (run[0], run[-1]):
                around = samples[max(0, edge - 4) : edge + 5]
                assert np.abs(np.diff(around)).max(initial=0) < 0.002 * 32768

    def test_chunks_are_made_equally_loud_and_nothing_is_over_full_scale(self) -> None:
        parts = [said_of("abcdefgh.", level=level, first_owner=at) for at, level in enumerate((0.2, 0.35, 4.8))]
        joined = join(parts[:2], 1.0)
        heard = [joined.samples[start:end].astype(float) for start, end in joined.spans.values()]
        levels = [float(np.sqrt(np.mean(one**2))) for one in heard]
        assert levels[0] == pytest.approx(levels[1], rel=0.05)
        assert np.abs(join(parts, 1.0).samples.astype(int)).max() <= 29204

    def test_silence_alone_is_a_failure(self) -> None:
        with pytest.raises(BackendFailedError):
            join([said_of("ab.", level=0.0)], 1.0)


def atoms_of_words(*texts: str) -> list[Atom]:
    return [Atom(text, 0, False) for text in texts]


class TestExactWords:
    def test_known_times_stay_and_silent_atoms_get_the_pause(self) -> None:
        atoms = atoms_of_words("“", "one", "—", "two", "🎉")
        words = exact_words(atoms, {1: (0.4, 0.7), 3: (0.9, 1.3)}, 2.0)
        assert [(word.start_s, word.end_s) for word in (words[1], words[3])] == [(0.4, 0.7), (0.9, 1.3)]
        assert words[2].start_s >= 0.7
        assert words[2].end_s <= 0.9
        assert words[0].end_s <= 0.4
        assert words[4].start_s >= 1.3

    def test_without_a_pause_a_silent_atom_takes_milliseconds(self) -> None:
        words = exact_words(atoms_of_words("one", "—", "two"), {0: (0.1, 0.5), 2: (0.5, 0.8)}, 1.0)
        assert words[0].end_s == pytest.approx(0.498)
        assert (words[2].start_s, words[2].end_s) == (0.5, 0.8)
        assert all(before.end_s <= after.start_s for before, after in pairwise(words))
