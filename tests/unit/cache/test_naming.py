"""The names of files in the storage folder."""

from __future__ import annotations

import pytest

from nvpipe.cache.naming import format_duration, is_safe_id, slug_of, video_id_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Clip (final) v2", "my-clip-final-v2"),
        ("../../etc/passwd", "etc-passwd"),
        ("\udcff\n\0", "video"),
        ("", "video"),
        ("Doom_II", "doom-ii"),
        ("ゲーム実況", "ゲーム実況"),
        ("x" * 500, "x" * 80),
        ("é" * 500, "é" * 40),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert is_safe_id(video_id_of(f"{name}.mp4".replace("/", "_"), "0" * 32, ()))


@pytest.mark.parametrize(
    ("duration_s", "text"), [(30, "30"), (30.0, "30"), (12.5, "12.5"), (3600, "3600"), (0.1, "0.1")]
)
def test_durations_in_names(duration_s: float, text: str) -> None:
    assert format_duration(duration_s) == text


@pytest.mark.parametrize("duration_s", [0, -1, float("nan"), float("inf")])
def test_senseless_durations(duration_s: float) -> None:
    with pytest.raises(ValueError, match="length"):
        format_duration(duration_s)
