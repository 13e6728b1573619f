"""`nvpipe doctor` as a health check: what it requires, and a model that is named and broken."""

from __future__ import annotations

import pytest
from fakes.cli import Cli

pytestmark = pytest.mark.e2e


def test_a_broken_model_that_is_named_is_seen(cli: Cli) -> None:
    broken = cli.folder / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(60))
    result = cli("doctor", "--llama", broken, "--json", "--require", "run")
    assert result.code == 4
    assert result.json["broken"] == ["writer llama"]
    assert result.json["auto"]["writer"] == "extractive"
    assert len(result.error_lines) == 1
    assert "writer llama" in result.error_lines[0]


def test_backends_are_told_what_a_run_would_tell_them(cli: Cli) -> None:
    result = cli("doctor", "--decoder", "nvdec", "--codec", "hevc", "--json")
    assert result.code == 0
    found = {(one["kind"], one["name"]): one for one in result.json["findings"]}
    assert found["decoder", "nvdec"]["named"]
    assert found["decoder", "nvdec"]["usable"] is not ("decoder nvdec" in result.json["broken"])
    assert "host memory" not in found["scorer", "triton-diff"]["reason"]
    assert "h264" in found["encoder", "x264"]["reason"]
    assert result.json["auto"]["encoder"] in ("nvenc", "x265")


def test_a_machine_on_which_runs_can_be_made_is_healthy(cli: Cli) -> None:
    result = cli("doctor", "--require", "run", "--require", "x264", "--require", "decoder")
    assert result.code == 0
    assert "auto takes: decoder " in result.out
    assert "gpu" in result.out


def test_what_nobody_knows_is_wrong_usage(cli: Cli) -> None:
    result = cli("doctor", "--require", "nonsense")
    assert result.code == 2
    assert "nonsense" in result.error_lines[0]


def test_a_storage_folder_that_cannot_be_written_is_ill(cli: Cli) -> None:
    (cli.folder / "file").write_text("in the way")
    result = cli("doctor", "--storage", cli.folder / "file" / "store", "--require", "run")
    assert result.code == 4
    assert "storage" in result.error_lines[0]
