"""Articles in other languages become shorts in them; a language without a voice is one clear line."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fakes.cli import Cli, Result, make_clip

pytestmark = pytest.mark.e2e
ARTICLES = {
    "es": """# El faro de la isla pequeña

El faro de la isla volvió a encenderse el martes. ¿Por qué tardó once años? La Sra. Ibáñez pagó 1.300 euros por la
lámpara nueva. Los niños del pueblo subieron los escalones de noche, y nadie quiso irse a dormir.
""",
    "fr": """# L'été où la mer est devenue douce

Un boulanger de Saint-Malo vend un pain pétri avec de l'eau de mer. « Ma femme croyait que j'étais fou », dit-il en
riant. La file d'attente commence à sept heures. Une baguette coûte deux euros, et il en vend 1 200 par semaine.
""",
    "pt": """# A floresta que ninguém conhecia

Uma equipe encontrou uma floresta de corais a 64 quilômetros da costa. O recife fica onde a luz do sol mal chega. Os
cientistas contaram noventa espécies de peixes. A posição exata continua em segredo até março.
""",
    "it": """# La tartaruga è tornata a casa

Una tartaruga scomparsa da trent'anni è stata ritrovata in una soffitta. La famiglia l'aveva cercata per settimane in
giardino. Perché è sopravvissuta? Il veterinario dice che ha bevuto l'acqua che colava dal tetto.
""",
    "hi": """# नदी गाँव में लौट आई

राजस्थान के एक छोटे गाँव में बीस साल बाद नदी का पानी लौट आया है। पूरा गाँव ढोल लेकर पुल पर खड़ा था। डॉ. शर्मा ने कहा
कि पानी 18 मीटर ऊपर आ गया है। इस साल पहली बार दो फ़सलें बोई गईं।
""",
}
VOICES = {"es": "es", "fr": "fr", "pt": "pt-br", "it": "it", "hi": "hi"}
SLUGS = {
    "es": "el-faro-de-la-isla-pequena",
    "fr": "lete-ou-la-mer-est-devenue-douce",
    "pt": "a-floresta-que-ninguem-conhecia",
    "it": "la-tartaruga-e-tornata-a-casa",
    "hi": "नदी-गाँव-में-लौट-आई",
}
SECONDS = 6.0


@dataclass(frozen=True)
class Short:
    """A finished short in a language."""

    cli: Cli
    result: Result
    language: str
    folder: Path

    @property
    def video(self) -> Path:
        found = self.folder / f"{SLUGS[self.language]}.mp4"
        # Some file systems part letters from their marks.
        return next(path for path in self.folder.glob("*.mp4") if _same(path.name, found.name))

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.video.with_suffix(".json").read_text("utf-8"))
        return found


def _same(one: str, other: str) -> bool:
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


@pytest.fixture(
    scope="module",
    params=["es", "hi", *(pytest.param(code, marks=pytest.mark.slow) for code in ("fr", "pt", "it"))],
)
def short(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Short:
    folder = tmp_path_factory.mktemp(request.param)
    cli = Cli(folder)
    article = folder / "article.md"
    article.write_text(ARTICLES[request.param], encoding="utf-8")
    clip = make_clip(folder / "clip.mp4", 8)
    out = folder / "out"
    result = cli(
        "run", article, "--footage", clip, "--out", out, "--seconds", str(SECONDS), "--quality", "low", "--fast",
        "--size", "540x960", "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    return Short(cli, result, request.param, out)


def test_the_language_is_found_and_has_its_voice(short: Short) -> None:
    manifest = short.manifest
    assert manifest["script"]["language"] == short.language
    assert (manifest["narration"]["speaker"], manifest["narration"]["voice"]) == ("espeak", VOICES[short.language])
    assert abs(manifest["output"]["duration_s"] - SECONDS) <= 0.5


def test_whole_sentences_of_the_article_are_said(short: Short) -> None:
    flat = " ".join(ARTICLES[short.language].split())
    lines = [line["text"] for line in short.manifest["script"]["lines"]]
    assert lines
    for line in lines:
        # A sentence that does not fit may end with one of its clauses.
        assert line.rstrip(".") in flat
        assert re.search(r"[.!?।]\Z", line)


def test_the_subtitles_have_every_letter_in_order(short: Short) -> None:
    text = short.video.with_suffix(".srt").read_text("utf-8")
    shown = [line for line in text.splitlines() if line and not line.isdigit() and "-->" not in line]
    said = [word["text"] for word in short.manifest["narration"]["words"]]
    assert "".join("".join(shown).split()) == "".join(said)
    for line in shown:
        assert not unicodedata.category(line[0]).startswith("M"), "a line may not begin inside of a letter"


def test_nothing_is_said_to_be_missing_from_the_fonts(short: Short) -> None:
    assert not [text for text in short.manifest["warnings"] if "font" in text or "character" in text]


def test_the_captions_are_drawn(short: Short) -> None:
    words = short.manifest["caption_track"]["cues"]
    middle_s = (words[0]["start_s"] + words[0]["end_s"]) / 2
    with av.open(str(short.video)) as container:
        frame = next(frame for frame in container.decode(video=0) if frame.time and frame.time >= middle_s)
    picture = frame.to_ndarray(format="rgb24").astype(int)
    height, width, _ = picture.shape
    # White letters with black outlines, where the captions are; the footage there is a grey blur.
    band = picture[int(0.55 * height) : int(0.76 * height), int(0.06 * width) : int(0.84 * width)]
    assert np.count_nonzero(band.min(axis=2) > 240) > 100 or np.count_nonzero(band.max(axis=2) > 240) > 200
    assert np.count_nonzero(band.max(axis=2) < 16) > 200


def test_the_file_passes_its_own_check(short: Short) -> None:
    result = short.cli("check", short.video, "--json")
    failed = [rule for rule in result.json["rules"] if rule.get("passed") is False]
    # Half the size in each direction is asked for here, so that the test is quick.
    assert {rule["name"] for rule in failed} <= {"size"}, failed


@pytest.mark.parametrize("language", ["xx", "tlh"])
def test_a_language_without_a_voice_is_one_clear_line(language: str, cli: Cli, article: Path, clip: Path) -> None:
    result = cli("run", article, "--footage", clip, "--out", "out", "--language", language)
    assert result.code == 3
    (line,) = result.error_lines
    assert f"'{language}'" in line
    assert all(f" {code}," in line for code in ("es", "fr", "hi", "it"))
    assert not list(Path(cli.folder, "out").glob("*.mp4"))


def test_text_in_a_language_without_a_voice_is_one_clear_line(cli: Cli, tmp_path: Path, clip: Path) -> None:
    article = tmp_path / "lao.md"
    article.write_text("ຂົວຖືກປິດແລ້ວໃນວັນອັງຄານ. ປະຊາຊົນຕ້ອງໃຊ້ເຮືອຂ້າມແມ່ນ້ຳທຸກໆມື້.", encoding="utf-8")
    result = cli("run", article, "--footage", clip, "--out", "out")
    assert result.code == 3
    assert "'lo'" in result.error_lines[0]
    assert len(result.error_lines) == 1


def test_a_region_chooses_the_voice(cli: Cli, tmp_path: Path, clip: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("El faro volvió a encenderse.\n", encoding="utf-8")
    result = cli(
        "run", "--script", script, "--footage", clip, "--out", "out", "--language", "es_MX", "--quality", "low",
        "--size", "270x480", "--fast", "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    manifest = json.loads(Path(result.json["jobs"][0]["manifest"]).read_text("utf-8"))
    assert (manifest["script"]["language"], manifest["narration"]["voice"]) == ("es", "es-419")
