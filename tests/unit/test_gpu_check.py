"""`make gpu-check` where there is no GPU: its list of parts, fake parts on a fake card, pages and README."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
GPU = ROOT / "bench" / "gpu"
sys.path.insert(0, str(GPU))

import carry  # noqa: E402 - lies beside the program
import check  # noqa: E402
import check_page  # noqa: E402
from check_parts import PART_LIMIT_S, PARTS, SUBJECTS, Part, Step  # noqa: E402
from check_steps import FAILED, NOT_RUN, PASSED, run_step  # noqa: E402

CARD = {
    "name": "NVIDIA H200", "memory_bytes": 140 << 30, "cuda_driver_api": 13000, "multiprocessors": 132,
    "compute_capability": "9.0",
}  # fmt: skip
FACTS = {"devices": [CARD], "nvidia_smi": {"driver_version": "580.95.05"}, "library_folders_to_add": []}
PASSES = "import pytest\n@pytest.mark.gpu\ndef test_it(): pass\n"
SKIPS = "import pytest\n@pytest.mark.gpu\ndef test_it(): pytest.skip('this card has no NVENC')\n"
FAILS = PASSES + "@pytest.mark.gpu\ndef test_other(): assert 1 == 2\n"


def program(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.py"
    path.write_text(text, "utf-8")
    return str(path)


def row(folder: Path, kind: str, *words: str, limit_s: int = 60) -> dict[str, Any]:
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    return run_step(Step("one", "score", kind, words, limit_s), environ)


def arguments_of(folder: Path, name: str, text: str) -> tuple[str, ...]:
    """Arguments for pytest that run this text without the project's own driver check."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = gpu: x\n", "utf-8")
    return ("--rootdir", str(folder), "-c", str(folder / "pytest.ini"), program(folder, f"test_{name}", text))


def start(*words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, str(GPU / "check.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environ)


def run_fake(folder: Path, parts: tuple[Part, ...], *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, document and page of a run on a card that is not there."""
    arguments = check.parser_of().parse_args(["--results", str(folder), "--commit", "abc", *words])
    code: int = check.run_parts(arguments, list(parts), lambda: (FACTS, ""))
    document = json.loads((folder / "gpu-nvidia-h200.json").read_text("utf-8"))
    return code, document, (folder / "gpu-nvidia-h200.md").read_text("utf-8")


def test_every_part_ends_within_eight_minutes_and_tells_of_something() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS)
    for part in PARTS:
        assert part.steps
        assert sum(step.limit_s for step in part.steps) <= PART_LIMIT_S
        assert len({step.name for step in part.steps}) == len(part.steps)
        assert {step.subject for step in part.steps} <= set(SUBJECTS)
        assert {step.kind for step in part.steps} <= {"tests", "program", "nvpipe", "probe"}


def test_what_the_parts_run_is_there() -> None:
    for part in PARTS:
        for step in part.steps:
            paths = [word for word in step.words if word.startswith(("tests/", "bench/"))]
            assert [path for path in paths if not (ROOT / path).is_file()] == [], f"{part.name}: {step.name}"
            assert paths or step.kind in ("nvpipe", "probe")


def test_every_test_that_needs_a_card_is_in_a_part() -> None:
    marked = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__) and re.search(r"mark\.gpu|fakes\.decoders|import decoders", path.read_text("utf-8"))
    }
    steps = [step for part in PARTS for step in part.steps if step.kind == "tests"]
    assert marked - {word for step in steps for word in step.words} == set()
    for name in marked:
        choices = [step.words[-1] if "-k" in step.words else "" for step in steps if name in step.words]
        assert len(set(choices)) == len(choices)
        assert "" in choices or any(choice.startswith("not ") for choice in choices), f"what is left over of {name}"


def test_without_a_gpu_it_says_so_and_writes_nothing(tmp_path: Path) -> None:
    done = start("--results", str(tmp_path / "results"))
    assert (done.returncode, done.stdout) == (3, "")
    assert "there is no NVIDIA GPU" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "results").exists()


def test_make_says_the_same_before_it_installs_anything(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "dev.py"), "gpu-check", "--results", str(tmp_path / "results")]
    environ = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    before = (ROOT / ".venv").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environ)
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
    assert (ROOT / ".venv").exists() == before


def test_parts_are_listed_and_a_wrong_name_is_refused() -> None:
    listed = start("--list").stdout
    assert all(part.name in listed for part in PARTS)
    assert start("--part", "nonsense").returncode == 2
    assert start("--part", str(len(PARTS) + 1)).returncode == 2


def test_a_part_is_found_by_name_and_by_number() -> None:
    parser = check.parser_of()
    assert check.chosen_parts(["1", PARTS[-1].name], parser) == [PARTS[0], PARTS[-1]]
    assert check.chosen_parts([], parser) == list(PARTS)


def test_tests_pass_only_when_they_have_run(tmp_path: Path) -> None:
    assert row(tmp_path, "tests", *arguments_of(tmp_path, "a", PASSES))["state"] == PASSED
    skipped = row(tmp_path, "tests", *arguments_of(tmp_path, "b", SKIPS))
    assert (skipped["state"], "no NVENC" in skipped["detail"]) == (NOT_RUN, True)
    failed = row(tmp_path, "tests", *arguments_of(tmp_path, "c", FAILS))
    assert failed["state"] == FAILED
    assert [name.rpartition("::")[2] for name in failed["failures"]] == ["test_other"]
    assert "assert 1 == 2" in failed["output"]
    assert row(tmp_path, "tests", *arguments_of(tmp_path, "d", "def test_unmarked(): pass\n"))["state"] == NOT_RUN
    assert row(tmp_path, "tests", *arguments_of(tmp_path, "e", "import nothing_of_that_name\n"))["state"] == FAILED
    assert row(tmp_path, "tests", str(tmp_path / "no_such_file.py"))["state"] == FAILED


@pytest.mark.parametrize(
    ("text", "state", "detail"),
    [
        ("print('| a |')", PASSED, ""),
        ("import sys; sys.exit('it is wrong')", FAILED, "status 1: it is wrong"),
        ("import sys; print('no card', file=sys.stderr); sys.exit(4)", NOT_RUN, "status 4: no card"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", FAILED, "signal 11"),
        ("import time; time.sleep(60)", FAILED, "no end within 2 s"),
        ("import sys; sys.stdout.buffer.write(bytes(range(256)) * 400)", PASSED, ""),
    ],
)
def test_what_becomes_of_a_program(tmp_path: Path, text: str, state: str, detail: str) -> None:
    found = row(tmp_path, "program", program(tmp_path, "one", text), limit_s=2 if "sleep" in text else 60)
    assert found["state"] == state
    assert detail in found["detail"]
    assert len(found.get("output", "")) <= 40_000
    assert found["seconds"] >= 0


def test_a_program_gets_a_place_of_its_own_and_the_demand_for_a_card(tmp_path: Path) -> None:
    text = "import os; print(os.environ['NVPIPE_REQUIRE_GPU'], os.environ['NVPIPE_STORAGE'], os.getcwd())"
    part = Part("fake", "Fake", (Step("one", "score", "program", (program(tmp_path, "one", text),), 30),))
    _, document, _ = run_fake(tmp_path / "results", (part,))
    demand, storage, here = document["parts"]["fake"]["rows"][0]["output"].split()
    assert demand == "1"
    assert not storage.startswith(str(tmp_path))
    assert not Path(here).exists()
    assert not here.startswith((str(ROOT), str(tmp_path)))


def test_a_programs_figures_are_kept(tmp_path: Path) -> None:
    text = "import sys; open(sys.argv[1], 'w').write(sys.argv[2])"
    writer = program(tmp_path, "one", text)
    assert row(tmp_path, "program", writer, "{json}", '{"fps": 900}')["figures"] == {"fps": 900}
    assert row(tmp_path, "program", writer, "{json}", "{")["state"] == FAILED
    told = row(tmp_path, "program", program(tmp_path, "three", "import json; print(json.dumps({'fps': 900}))"))
    assert (told["figures"], "output" in told) == ({"fps": 900}, False)
    assert '"fps": 900' in check_page.page(document_of("A", one={"rows": [told]}))
    assert "figures" not in row(tmp_path, "program", program(tmp_path, "two", ""))


def fake_parts(folder: Path) -> tuple[Part, ...]:
    good = program(folder, "good", "print('| fps |\\n|---|\\n| 900 |')")
    bad = program(folder, "bad", "import sys; print('half'); sys.exit('broken `here` | there')")
    return (
        Part("first", "The first", (Step("good", "score", "program", (good,), 30),)),
        Part("second", "The second", (Step("bad", "compose", "program", (bad,), 30),
                                      Step("good", "compose", "program", (good,), 30))),
    )  # fmt: skip


def test_parts_that_run_alone_come_together_on_one_page(tmp_path: Path) -> None:
    first, second = fake_parts(tmp_path)
    code, document, _ = run_fake(tmp_path / "results", (first,))
    assert (code, list(document["parts"])) == (0, ["first"])
    code, document, text = run_fake(tmp_path / "results", (second,))
    assert (code, list(document["parts"])) == (1, ["first", "second"])
    assert [row["state"] for row in document["parts"]["second"]["rows"]] == [FAILED, PASSED]
    assert {"date", "commit", "machine"} <= set(document["parts"]["first"])
    assert document["parts"]["first"]["machine"]["driver"] == "580.95.05"
    assert document["parts"]["first"]["machine"]["torch"]
    assert "# GPU check: NVIDIA H200" in text
    assert "| fps |" in text
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == [
        "gpu-nvidia-h200.json", "gpu-nvidia-h200.md",
    ]  # fmt: skip


def test_a_page_of_another_program_or_a_damaged_one_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "gpu-nvidia-h200.json"
    for text in ("", "{", "[]", '{"format": "other", "version": 1, "card": "", "parts": {}}'):
        path.write_text(text, "utf-8")
        with pytest.raises(check_page.PageError, match="gpu-nvidia-h200"):
            run_fake(tmp_path, fake_parts(tmp_path)[:1])
        assert path.read_text("utf-8") == text


def test_results_come_home(tmp_path: Path) -> None:
    first, second = fake_parts(tmp_path)
    run_fake(tmp_path / "a", (first,))
    run_fake(tmp_path / "b", (second,))
    names = [str(tmp_path / folder / "gpu-nvidia-h200.json") for folder in "ab"]
    done = start("--results", str(tmp_path / "home"), "--merge", *names)
    assert done.returncode == 0, done.stderr
    document = check_page.read_document(tmp_path / "home" / "gpu-nvidia-h200.json")
    assert list(document["parts"]) == ["first", "second"]
    assert start("--results", str(tmp_path / "home"), "--merge", str(tmp_path / "none.json")).returncode == 2


def document_of(card: str, **parts: dict[str, Any]) -> dict[str, Any]:
    return check_page.blank(()) | {"card": card, "parts": parts}


def test_of_each_part_the_newest_run_counts_and_cards_are_not_mixed() -> None:
    old, new = ({"date": f"2026-01-0{day} 10:00 UTC", "rows": []} for day in (1, 2))
    merged = check_page.merged([document_of("A", one=new), document_of("A", one=old, two=old)])
    assert merged["parts"] == {"one": new, "two": old}
    with pytest.raises(check_page.PageError, match="A, B"):
        check_page.merged([document_of("A"), document_of("B")])


def every_step(**states: str) -> dict[str, dict[str, Any]]:
    """The parts of a document in which every step passed, but for subjects that are named."""
    return {
        part.name: {
            "date": "2026-11-30 10:00 UTC",
            "machine": {"driver": "580"},
            "rows": [
                {"step": step.name, "subject": step.subject, "state": states.get(step.subject, PASSED)}
                for step in part.steps
            ],
        }
        for part in PARTS
    }


def test_the_table_of_what_was_verified_where() -> None:
    pages = {"gpu-a": document_of("A", **every_step(nvenc=NOT_RUN, score=FAILED)), "gpu-not-run": check_page.blank()}
    told = dict(zip(SUBJECTS, check_page.verified(pages).splitlines()[2:], strict=True))
    assert "| A, driver 580, 2026-11-30 ([page](bench/results/gpu-a.md)) |" in told["driver"]
    assert "**fails** on A" in told["score"]
    assert told["container"].endswith("| never run |")
    if any(step.subject == "nvenc" for part in PARTS for step in part.steps):
        assert told["nvenc"].endswith("| never run |")
    half = every_step()
    del half[PARTS[-1].name]
    missing = {step.subject for step in PARTS[-1].steps}
    halves = dict(
        zip(SUBJECTS, check_page.verified({"gpu-a": document_of("A", **half)}).splitlines()[2:], strict=True)
    )
    assert all("never run" in halves[name] or "in part on A" in halves[name] for name in missing)


def test_the_pages_and_the_readme_that_are_committed_are_those_that_are_made(tmp_path: Path) -> None:
    results = ROOT / "bench" / "results"
    for path in check_page.write_pages(tmp_path, check_page.blank()):
        assert (results / path.name).read_text("utf-8") == path.read_text("utf-8"), "run bench/gpu/check.py --pages"
    for name, document in check.documents(results).items():
        assert (results / f"{name}.md").read_text("utf-8") == check_page.page(document)
    readme = (ROOT / "README.md").read_text("utf-8")
    table = check_page.verified(check.documents(results))
    assert check_page.with_table(readme, table) == readme, "run bench/gpu/check.py --pages"


def test_readme_without_a_place_for_the_table_is_left_alone() -> None:
    for text in ("", check_page.OPENING, check_page.CLOSING + check_page.OPENING):
        with pytest.raises(check_page.PageError, match="no place"):
            check_page.with_table(text, "| a |")


def test_output_cannot_end_its_frame_on_the_page() -> None:
    rows = [{"step": "x", "subject": "score", "state": PASSED, "seconds": 1, "output": "````\nstill inside"}]
    text = check_page.page(document_of("A", one={"rows": rows}))
    assert "`````text\n````\nstill inside\n`````\n" in text


def test_a_pack_is_unpacked_and_a_damaged_one_refused(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "inside.py").write_text("ANSWER = 42\n")
    pack = tmp_path / "pack.tar.xz"
    with tarfile.open(pack, "w:xz") as tar:
        tar.add(tmp_path / "package", ".")
    with check.importable(pack) as folders:
        assert any(Path(folder, "inside.py").is_file() for folder in folders)
        inside = folders[0]
    assert not Path(inside).exists()
    pack.write_bytes(pack.read_bytes()[:60])
    with pytest.raises(carry.CarryError, match=r"pack\.tar\.xz"):
        carry.unpack(pack, tmp_path / "elsewhere")


def test_what_is_carried_has_the_versions_that_were_tested() -> None:
    for part in PARTS:
        found = carry.requirements(part)
        assert len(found) == len(set(found)) == len(carry.CORE) + len(part.carry)
        assert "av==" in " ".join(found)
        assert all("==" in line or ">=" in line for line in found), found


def test_no_part_carries_two_decoders() -> None:
    decoders = {"PyNvVideoCodec", "decord"}
    assert all(len(decoders & set(part.carry)) <= 1 for part in PARTS)
    assert not decoders & set(carry.CORE)
