"""The rules that Dockerfile.cuda keeps, and the reader that runs its steps where no container engine is."""

from __future__ import annotations

import argparse
import fnmatch
import re
import subprocess
from pathlib import Path

import pytest
from container import Builder
from container_file import Stage, chain, expand, image_settings, logical_lines, parse

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "Dockerfile.cuda").read_text("utf-8")
GLOBALS, STAGES = parse(TEXT)
FINAL = ("cpu", "cuda")


def variables(target: str) -> dict[str, str]:
    """What ENV sets in an image."""
    found: dict[str, str] = {}
    for stage in chain(STAGES, target):
        for step in stage.steps:
            if step.word == "ENV":
                found |= step.pairs()
    return found


def runs(stage: Stage) -> list[str]:
    return [step.text for step in stage.steps if step.word == "RUN"]


def labels(name: str) -> dict[str, str]:
    (stage,) = (stage for stage in STAGES if stage.name == name)
    return {key: text for step in stage.steps if step.word == "LABEL" for key, text in step.pairs().items()}


def test_the_gpu_image_is_what_is_built_when_no_target_is_named() -> None:
    assert STAGES[-1].name == "cuda"
    assert {"cpu", "cuda", "llama"} <= {stage.name for stage in STAGES}


def test_base_images_have_a_version() -> None:
    names = {stage.name for stage in STAGES}
    for stage in STAGES:
        if stage.parent not in names:
            assert re.search(r":[\w.-]+$", stage.parent)
            assert not stage.parent.endswith((":latest", ":"))


@pytest.mark.parametrize("target", FINAL)
def test_an_image_runs_nvpipe_as_a_user_of_no_rights(target: str) -> None:
    settings = image_settings(STAGES, target)
    assert settings["ENTRYPOINT"] == ["nvpipe"]
    user, _, group = settings["USER"][0].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert settings["HEALTHCHECK"][:2] == ["nvpipe", "doctor"]


@pytest.mark.parametrize("target", FINAL)
def test_weights_and_caches_lie_on_volumes_that_any_user_may_write(target: str) -> None:
    steps = [step for stage in chain(STAGES, target) for step in stage.steps]
    (volumes,) = (step.words() for step in steps if step.word == "VOLUME")
    found = variables(target)
    assert found["HF_HOME"] in volumes
    assert all(found[name].startswith("/cache") for name in ("NVPIPE_STORAGE", "TRITON_CACHE_DIR", "HOME"))
    (made,) = (step.text for step in steps if step.word == "RUN" and "--mode=1777" in step.text)
    assert all(volume in made for volume in volumes)


def test_the_driver_is_asked_for_what_the_backends_need() -> None:
    found = variables("cuda")
    assert found["NVIDIA_DRIVER_CAPABILITIES"] == "compute,video,utility"
    assert found["NVIDIA_VISIBLE_DEVICES"] == "all"
    major = GLOBALS["CUDA"].split(".")[0]
    assert found["NVIDIA_REQUIRE_CUDA"] == f"cuda>={major}.0"
    assert not set(found) & set(variables("cpu")) & {"NVIDIA_VISIBLE_DEVICES"}


def test_one_cuda_major_everywhere() -> None:
    major = GLOBALS["CUDA"].split(".")[0]
    assert set(re.findall(r"nvidia/cu(\d+)", TEXT)) == {major}
    (llama,) = (stage for stage in STAGES if stage.name == "llama")
    assert llama.parent == f"nvidia/cuda:{GLOBALS['CUDA']}-devel-ubuntu22.04"
    assert all(llama not in chain(STAGES, target) for target in FINAL)


def test_llama_is_built_for_turing_to_blackwell_and_for_any_processor() -> None:
    (llama,) = (stage for stage in STAGES if stage.name == "llama")
    (architectures,) = (step.pairs() for step in llama.steps if step.text.startswith("CUDA_ARCHITECTURES="))
    names = architectures["CUDA_ARCHITECTURES"].split(";")
    assert [int(name.removesuffix("-real")) for name in names] == [75, 80, 86, 89, 90, 100, 120]
    assert [name for name in names if not name.endswith("-real")] == ["100"]
    (build,) = (text for text in runs(llama) if "GGML_CUDA=ON" in text)
    assert "GGML_NATIVE=OFF" in build


def test_the_stub_driver_is_there_only_while_the_library_is_linked() -> None:
    (llama,) = (stage for stage in STAGES if stage.name == "llama")
    (build,) = (text for text in runs(llama) if "stubs" in text)
    assert build.index("ln -sf libcuda.so") < build.index("pip wheel") < build.index("rm ")
    assert "LD_LIBRARY_PATH" not in build
    assert all("stubs" not in text for stage in STAGES if stage is not llama for text in runs(stage))
    assert all("LD_LIBRARY_PATH" not in variables(target) for target in FINAL)


def test_the_model_for_english_is_there_when_the_image_is_built() -> None:
    (install,) = (stage for stage in STAGES if stage.name == "cuda-install")
    assert any("spacy download" in text for text in runs(install))


@pytest.mark.parametrize("target", FINAL)
def test_labels(target: str) -> None:
    found = labels(target)
    names = ("title", "description", "licenses", "version", "revision")
    assert all(found[f"org.opencontainers.image.{name}"] for name in names)


def test_decord_which_may_not_be_handed_on_is_left_out() -> None:
    (filtering,) = (text for stage in STAGES for text in runs(stage) if "decord" in text)
    assert "if not line.startswith('decord')" in filtering


def test_what_is_copied_is_in_the_repository_and_in_the_build_context() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    assert "*" in ignored
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {
        source
        for stage in STAGES
        for step in stage.steps
        if step.word == "COPY" and not step.options
        for source in step.text.split()[:-1]
    }
    assert {source.split("/")[0] for source in copied} == allowed
    assert [source for source in sorted(copied) if not (ROOT / source).exists()] == []
    patterns = [line for line in ignored if line.startswith("**/")]
    assert all(any(fnmatch.fnmatch(name, line[3:]) for line in patterns) for name in ("__pycache__", "a.pyc"))


def test_every_step_is_sound_shell() -> None:
    for stage in STAGES:
        for text in runs(stage):
            done = subprocess.run(["sh", "-n", "-c", text], capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{stage.name}: {text[:60]}: {done.stderr}"


def test_lists_of_packages_are_not_kept_in_layers() -> None:
    for stage in STAGES:
        for text in runs(stage):
            if "apt-get install" in text:
                assert "--no-install-recommends" in text
                assert "rm -rf /var/lib/apt/lists/*" in text
            if "pip install" in text or "pip wheel" in text:
                (step,) = (step for step in stage.steps if step.text == text)
                assert ("mount", "type=cache,target=/var/cache/pip") in step.options


def test_the_documentation_names_every_build_argument() -> None:
    page = (ROOT / "docs" / "container.md").read_text("utf-8")
    told = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`([A-Z_]+)`", line)}
    arguments = {step.text.split("=")[0] for stage in STAGES for step in stage.steps if step.word == "ARG"}
    assert (arguments | set(GLOBALS)) - told == {"DEBIAN"}


def test_the_reader_follows_lines_variables_and_stages() -> None:
    text = (
        'ARG V=1\n# a comment\nFROM image:${V} AS low\nENV A=x B="y z"\nRUN one \\\n # between\n && two\n\n'
        'FROM low AS high\nCOPY --from=low /a /b/\nUSER 5:6\nENTRYPOINT ["run"]\n'
    )
    values, stages = parse(text)
    assert values == {"V": "1"}
    assert [(stage.name, stage.parent, stage.line) for stage in stages] == [("low", "image:1", 3), ("high", "low", 9)]
    assert stages[0].steps[0].pairs() == {"A": "x", "B": "y z"}
    assert (stages[0].steps[1].line, stages[0].steps[1].text) == (5, "one && two")
    assert stages[1].steps[0].options == (("from", "low"),)
    assert image_settings(stages, "high") == {"USER": ["5:6"], "ENTRYPOINT": ["run"]}
    assert [stage.name for stage in chain(stages, "high")] == ["low", "high"]


def test_variables_are_put_in() -> None:
    assert expand("$A-${B}-${C:-c}-$D", {"A": "1", "B": "2"}) == "1-2-c-"


@pytest.mark.parametrize("text", ["RUN x", "FROM", "FROM a\n!!", "FROM a\nRUN x \\", "FROM a AS"])
def test_what_is_no_dockerfile_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"line \d"):
        parse(text)


def test_a_stage_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="there is no stage 'x'; there are: base"):
        chain(STAGES, "x")


def test_nothing_is_no_line() -> None:
    assert logical_lines("") == []
    assert parse("") == ({}, [])


def test_a_stage_is_built_again_when_what_it_is_made_from_has_changed() -> None:
    def digest(text: str = TEXT, target: str = "cpu", **arguments: str) -> str:
        _, stages = parse(text)
        (stage,) = (one for one in stages if one.name == target)
        return Builder(stages, argparse.Namespace(), arguments).digest(stage)

    assert digest() == digest()
    assert digest(TEXT + "\n# a comment") == digest()
    assert digest(SPACY_MODEL="another") != digest()
    assert digest(TEXT.replace("libgomp1 python3", "libgomp1 python3 tini")) != digest()
    assert digest(target="cpu-install") != digest(target="runtime")
