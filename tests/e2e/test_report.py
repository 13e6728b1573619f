"""The page of a run, by the real command and in a real browser."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from fakes.cli import Cli
from fakes.told_run import events, leave_behind

pytestmark = pytest.mark.e2e
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CLICKS = """<script>
document.querySelector('[data-show="failed"]').click();
const shown = [...document.querySelectorAll(".short")].filter((one) => !one.hidden).map((one) => one.id);
document.querySelector('[data-show="all"]').click();
document.querySelectorAll(".seek")[1].click();
document.querySelector("details").open = true;
document.title = JSON.stringify({shown, at: document.querySelector("video").currentTime,
  all: document.querySelectorAll(".short:not([hidden])").length,
  wide: document.documentElement.scrollWidth <= window.innerWidth});
</script>"""


@pytest.fixture
def run_dir(cli: Cli) -> Path:
    out = cli.folder / "out"
    leave_behind(out, cli.storage)
    folder = out / ".nvpipe" / "runs" / "the-run"
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events()), "utf-8")
    return out


def test_a_page_and_a_trace_are_written(cli: Cli, run_dir: Path) -> None:
    done = cli("report", run_dir, "--json")
    assert done.code == 0, done.err
    page, trace = Path(done.json["page"]), Path(done.json["trace"])
    assert "Bees can count." in page.read_text("utf-8")
    assert "action over time in clip.mp4" in page.read_text("utf-8")
    assert json.loads(trace.read_text("utf-8"))["traceEvents"]
    again = cli("report", run_dir / ".nvpipe" / "runs" / "the-run", "--html", cli.folder / "other.html")
    assert again.code == 0, again.err
    assert (cli.folder / "other.html").is_file()


def test_a_folder_without_runs(cli: Cli, tmp_path: Path) -> None:
    refused = cli("report", tmp_path)
    assert refused.code == 3
    assert "no run is known" in refused.error_lines[0]


def test_a_place_that_cannot_be_written(cli: Cli, run_dir: Path) -> None:
    refused = cli("report", run_dir, "--html", run_dir / "job-1.mp4" / "r.html")
    assert refused.code == 1
    assert "cannot write" in refused.error_lines[0]


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [500, 1200])
def test_it_works_in_a_browser(cli: Cli, run_dir: Path, width: int, tmp_path: Path) -> None:
    page = Path(cli("report", run_dir, "--json").json["page"])
    page.write_text(page.read_text("utf-8").replace("</body>", f"{CLICKS}</body>"), "utf-8")
    assert BROWSER is not None
    shown = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
         f"--window-size={width},900", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    ).stdout  # fmt: skip
    found = json.loads(shown.split("<title>")[1].split("</title>")[0])
    assert found == {"shown": ["short-2"], "at": 3.25, "all": 3, "wide": True}
