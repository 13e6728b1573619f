"""How backends are chosen."""

from __future__ import annotations

import pytest
from fakes.backends import Working

from nvpipe.errors import BackendUnavailableError, UsageError
from nvpipe.registry import Backend, Entry, Registry


def registry(*classes: str) -> Registry[Backend]:
    return Registry("thing", tuple(Entry(name.lower(), f"fakes.backends:{name}", "") for name in classes))


def test_auto_takes_the_first_that_works_and_says_why_not_the_better() -> None:
    backend, choice = registry("Broken", "Working").choose()
    assert isinstance(backend, Working)
    assert (choice.used, choice.wanted, choice.reason) == ("working", "auto", "broken: no card")


def test_a_named_backend_never_falls_back() -> None:
    with pytest.raises(BackendUnavailableError, match="no card") as caught:
        registry("Broken", "Working").choose("broken")
    assert caught.value.exit_code == 4
    assert caught.value.hint == "buy one"


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(UsageError) as caught:
        registry("Working").choose("fast")
    assert "working" in caught.value.line()


def test_nothing_usable_names_every_reason() -> None:
    with pytest.raises(BackendUnavailableError, match="no card"):
        registry("Broken").choose()


def test_an_import_error_is_a_verdict() -> None:
    probe = Registry[Backend]("thing", (Entry("gone", "no_such_module_anywhere:Thing", ""),)).probe("gone")
    assert not probe.usable
    assert "no_such_module_anywhere" in probe.reason


def test_whatever_fails_in_a_probe_is_a_verdict_and_auto_goes_on() -> None:
    backend, choice = registry("Crashing", "Working").choose()
    assert isinstance(backend, Working)
    assert "libcuda" in choice.reason


def test_two_entries_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="same name"):
        registry("Working", "Working")
