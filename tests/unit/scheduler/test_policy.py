"""The policy: what it decides, and what holds whatever the state."""

from __future__ import annotations

import math
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.scheduler.policy import Evict, Grant, Load, Model, Refuse, Request, State, Wait, decide, smallest_set


def idle(number: int, key: str, size: int, **facts: float) -> Model:
    return Model(number, key, size, "ready", **facts)  # type: ignore[arg-type]


def leased(number: int, key: str, size: int) -> Model:
    return Model(number, key, size, "ready", leased=True)


def test_a_model_that_fits_is_loaded():
    assert decide(State(8, ()), [Request(1, "llama", 5)]) == (Load(1),)


def test_an_idle_model_is_used_again_even_when_nothing_is_free():
    assert decide(State(0, (idle(7, "llama", 5),)), [Request(1, "llama", 5)]) == (Grant(1, 7),)


def test_two_requests_for_one_model_take_turns():
    assert decide(State(0, (idle(7, "llama", 5),)), [Request(1, "llama", 5), Request(2, "llama", 5)]) == (
        Grant(1, 7),
        Wait(2),
    )


def test_loads_happen_one_after_the_other():
    requests = [Request(1, "llama", 2), Request(2, "kokoro", 2)]
    assert decide(State(8, ()), requests) == (Load(1), Wait(2))
    loading = Model(7, "llama", 2, "loading", leased=True)
    assert decide(State(6, (loading,)), requests[1:]) == (Wait(2),)


def test_what_never_fits_is_refused_with_what_could_be_had():
    models = (idle(7, "kokoro", 2), leased(8, "vision", 1))
    assert decide(State(3, models), [Request(1, "llama", 7)]) == (Refuse(1, 6),)


def test_memory_taken_by_others_is_no_negative_offer():
    assert decide(State(-4, ()), [Request(1, "llama", 1)]) == (Refuse(1, 0),)


def test_the_fewest_models_leave():
    models = (idle(1, "a", 2), idle(2, "b", 2), idle(3, "c", 4))
    assert decide(State(0, models), [Request(9, "llama", 4)]) == (Evict(9, (3,)),)


def test_of_equally_many_the_one_needed_last_leaves():
    models = (idle(1, "a", 4, next_use=5), idle(2, "b", 4, next_use=9), idle(3, "c", 4, next_use=1))
    assert decide(State(0, models), [Request(9, "llama", 4)]) == (Evict(9, (2,)),)


def test_a_model_without_announced_use_leaves_before_one_with():
    models = (idle(1, "a", 4, next_use=50), idle(2, "b", 4))
    assert decide(State(0, models), [Request(9, "llama", 4)]) == (Evict(9, (2,)),)


def test_without_announced_uses_the_one_unused_for_longest_leaves():
    models = (idle(1, "a", 4, last_use=7), idle(2, "b", 4, last_use=3))
    assert decide(State(0, models), [Request(9, "llama", 4)]) == (Evict(9, (2,)),)


def test_nobody_leaves_for_memory_that_is_already_on_its_way():
    models = (idle(1, "a", 4), Model(2, "b", 4, "leaving", until_s=12.5))
    assert decide(State(0, models), [Request(9, "llama", 4)]) == (Wait(9, 12.5),)


def test_nobody_passes_a_request_that_waits_for_leased_models():
    models = (leased(1, "a", 4), idle(2, "b", 1))
    assert decide(State(0, models), [Request(8, "llama", 5), Request(9, "b", 1)]) == (Wait(8), Wait(9))


def test_who_needs_no_memory_passes_a_request_that_waits_for_its_turn_to_load():
    models = (Model(1, "a", 4, "loading", leased=True), idle(2, "b", 1))
    assert decide(State(5, models), [Request(8, "llama", 5), Request(9, "b", 1)]) == (Wait(8), Grant(9, 2))


def test_a_model_that_was_just_chosen_to_leave_is_not_leased():
    assert decide(State(0, (idle(2, "b", 5),)), [Request(8, "llama", 5), Request(9, "b", 5)]) == (
        Evict(8, (2,)),
        Wait(9),
    )


def test_a_model_on_its_way_out_is_loaded_anew():
    leaving = Model(2, "b", 5, "leaving")
    assert decide(State(5, (leaving,)), [Request(9, "b", 5)]) == (Load(9),)


def test_many_idle_models_are_no_problem():
    models = [idle(number, str(number), 1) for number in range(40)]
    assert len(smallest_set(models, 30)) == 30
    assert smallest_set(models, 41) == ()


@st.composite
def states(draw: st.DrawFn) -> State:
    models = []
    for number in range(draw(st.integers(0, 6))):
        phase = draw(st.sampled_from(["ready", "ready", "ready", "leaving", "loading"]))
        if phase == "loading" and any(model.phase == "loading" for model in models):
            phase = "ready"
        models.append(
            Model(
                number,
                f"m{number}",
                draw(st.integers(0, 6)),
                phase,
                leased=phase == "loading" or (phase == "ready" and draw(st.booleans())),
                next_use=draw(st.sampled_from([0, 1, 2, 3, math.inf])),
                last_use=draw(st.integers(0, 5)),
                until_s=draw(st.integers(1, 9)),
            )
        )
    return State(draw(st.integers(-3, 12)), tuple(models))


@st.composite
def queues(draw: st.DrawFn) -> list[Request]:
    keys = [f"m{number}" for number in range(8)]
    return [
        Request(100 + number, draw(st.sampled_from(keys)), draw(st.integers(0, 15)))
        for number in range(draw(st.integers(0, 5)))
    ]


@settings(max_examples=400, deadline=None)
@given(states(), queues())
def test_decisions_hold_together(state: State, requests: list[Request]):
    actions = decide(state, requests)
    assert [action.request for action in actions] == [request.number for request in requests]
    assert actions == decide(state, requests)
    by_number = {model.number: model for model in state.models}
    taken: list[int] = []
    for request, action in zip(requests, actions, strict=True):
        match action:
            case Grant():
                model = by_number[action.model]
                assert (model.key, model.phase, model.leased) == (request.key, "ready", False)
                taken.append(model.number)
            case Load():
                assert request.bytes <= state.available_bytes
                assert not any(model.phase == "loading" for model in state.models)
            case Evict():
                assert all(by_number[one].phase == "ready" and not by_number[one].leased for one in action.models)
                taken.extend(action.models)
            case Refuse():
                assert state.available_bytes + sum(model.bytes for model in state.models) < request.bytes
    assert len(taken) == len(set(taken))
    assert sum(isinstance(action, Load | Evict) for action in actions) <= 1


@settings(max_examples=200, deadline=None)
@given(states(), st.integers(1, 15))
def test_no_smaller_set_would_do(state: State, missing: int):
    chosen = smallest_set(state.models, missing)
    sizes = {model.number: model.bytes for model in state.models}
    if not chosen:
        assert sum(sizes.values()) < missing
        return
    assert sum(sizes[number] for number in chosen) >= missing
    assert all(sum(some) < missing for some in combinations(sizes.values(), len(chosen) - 1))


@settings(max_examples=200, deadline=None)
@given(states(), queues())
def test_the_first_in_line_waits_only_for_what_will_happen(state: State, requests: list[Request]):
    for action in decide(state, requests)[:1]:
        if isinstance(action, Wait):
            busy = any(model.leased or model.phase in {"loading", "leaving"} for model in state.models)
            assert busy, "it waits, but nothing will change"
