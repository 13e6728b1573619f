"""Measured peaks in the storage folder."""

from __future__ import annotations

from nvpipe.cache.stages import StageStore
from nvpipe.pipeline.peaks import STAGE, StoredPeaks
from nvpipe.types.codec import digest_of


def test_the_largest_peak_is_remembered_from_run_to_run(tmp_path):
    warnings: list[str] = []
    StoredPeaks(StageStore(tmp_path, warnings.append)).put("llama-1", 500)
    peaks = StoredPeaks(StageStore(tmp_path, warnings.append))
    assert peaks.get("llama-1") == 500
    peaks.put("llama-1", 300)
    assert peaks.get("llama-1") == 500
    peaks.put("llama-1", 700)
    assert peaks.get("llama-1") == 700
    assert peaks.get("kokoro-1") is None
    assert warnings == []


def test_odd_contents_are_no_peak(tmp_path):
    store = StageStore(tmp_path, lambda _: None)
    for data in ({"peak_bytes": "many"}, {"peak_bytes": True}, {"peak_bytes": -4}, {}, [], 7):
        store.save(STAGE, digest_of("llama"), data)
        assert StoredPeaks(store).get("llama") is None


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path):
    warnings: list[str] = []
    (tmp_path / "stages").write_text("in the way", "utf-8")
    peaks = StoredPeaks(StageStore(tmp_path, warnings.append))
    peaks.put("llama", 5)
    peaks.put("llama", 6)
    assert peaks.get("llama") is None
    assert len(warnings) == 1
