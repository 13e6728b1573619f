from __future__ import annotations

import pytest

from nvpipe.story.language import detect_language, primary_of
from nvpipe.types import Article


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The bridge is closed.", "en"),
        ("Die Brücke ist gesperrt.", "de"),
        ("Le pont est fermé depuis hier.", "fr"),
        ("El puente está cerrado.", "es"),
        ("Il ponte è chiuso.", "it"),
        ("A ponte está fechada.", "pt"),
        ("De brug is gesloten.", "nl"),
        ("Most jest zamknięty.", "pl"),
        ("Мост закрыт.", "ru"),
        ("Міст закрито.", "uk"),
        ("橋は閉まっている。", "ja"),
        ("桥昨天关闭了。", "zh"),
        ("다리가 닫혔다.", "ko"),
        ("الجسر مغلق.", "ar"),
        ("पुल बंद है।", "hi"),
        ("Virat Kohli ने शतक लगाया। India जीत गई।", "hi"),
        ("She said नमस्ते and left the room.", "en"),
        ("Η γέφυρα είναι κλειστή.", "el"),
        ("הגשר סגור.", "he"),
        ("สะพานปิดแล้ว", "th"),
    ],
)
def test_short_sentences(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_english_only_without_evidence() -> None:
    assert detect_language("") == "en"
    assert detect_language("123 !? 456") == "en"


def test_foreign_name_does_not_decide() -> None:
    assert detect_language("The company's name is written 東京 in Japanese, as everybody in town knows.") == "en"


def test_whole_articles(harbour: Article, german: Article, japanese: Article) -> None:
    assert [detect_language(article.text) for article in (harbour, german, japanese)] == ["en", "de", "ja"]


@pytest.mark.parametrize(
    ("code", "primary"), [("es", "es"), ("pt-BR", "pt"), ("en_gb", "en"), (" ES ", "es"), ("nb-no", "no"), ("", "")]
)
def test_a_region_is_no_language(code: str, primary: str) -> None:
    assert primary_of(code) == primary
