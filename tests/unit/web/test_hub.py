"""Faults of the models' hub in our words."""

from __future__ import annotations

from nvpipe.web.hub import _fault


def test_a_fault_tells_no_secret_of_the_storage_address() -> None:
    signed = (
        "https://cdn.example/repos/ab/model.gguf?X-Amz-Algorithm=AWS4&X-Amz-Credential=SECRET1"
        "&X-Amz-Signature=SECRET2&Policy=SECRET3"
    )
    fault = _fault("a/b:model.gguf", OSError(f"Connection broken at {signed}\nfor url: {signed} " + "x" * 900))
    assert "SECRET" not in fault.line()
    assert "cdn.example" in fault.message
    assert len(fault.message) < 220
    assert "\n" not in fault.line()
