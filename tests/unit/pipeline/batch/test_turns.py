"""Who may do what when several jobs are at work."""

from __future__ import annotations

import random
import threading
import time

import pytest

from nvpipe.errors import InterruptedRunError
from nvpipe.pipeline.batch.stopping import Stop
from nvpipe.pipeline.batch.turns import Turns

JOBS = 12


def never() -> None:
    return


def test_footage_is_shared_out_in_the_order_of_the_jobs() -> None:
    turns, order, at_work, most = Turns(3, never), list[int](), list[int](), list[int]()
    lock = threading.Lock()

    def work(place: int) -> None:
        turn = turns.of(place)
        time.sleep(random.random() / 50)
        if place in (2, 7):
            # It fails before it wants any.
            turns.passed(place)
            return
        with turn.footage():
            order.append(place)
        with turn.vision():
            with lock:
                at_work.append(place)
                most.append(len(at_work))
            time.sleep(0.005)
            with lock:
                at_work.remove(place)
        turns.passed(place)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(JOBS)]
    random.Random(3).shuffle(threads)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert order == [place for place in range(JOBS) if place not in (2, 7)]
    assert 1 <= max(most) <= 3


def test_one_that_fails_keeps_its_turn_until_it_is_over() -> None:
    turns = Turns(2, never)
    with pytest.raises(ValueError, match="once"), turns.of(0).footage():
        raise ValueError("once")
    followed = threading.Event()

    def follow() -> None:
        with turns.of(1).footage():
            followed.set()

    thread = threading.Thread(target=follow)
    thread.start()
    assert not followed.wait(0.2)
    with turns.of(0).footage():
        pass
    thread.join(10)
    assert followed.is_set()


def test_who_waits_is_stopped_with_the_run() -> None:
    stop = Stop()
    turns = Turns(1, stop.go_on)
    heard: list[InterruptedRunError] = []

    def wait() -> None:
        try:
            with turns.of(1).footage():
                raise AssertionError("it was not its turn")
        except InterruptedRunError as error:
            heard.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    stop.stopped = True
    thread.join(10)
    assert heard[0].exit_code == 130


def test_a_wave_knows_who_is_still_to_be_told() -> None:
    turns = Turns(1, never)
    for place in (0, 1):
        turns.story_begins(place)
    with turns.of(0).story():
        assert turns.telling == 2
    assert turns.telling == 1
    turns.story_over(1)
    assert turns.telling == 0


def test_processes_of_a_render_are_shared_among_jobs() -> None:
    assert Turns(4, never).workers(3) == 3
    assert Turns(1, never).workers(None) is None
    shared = Turns(100, never).workers(None)
    assert shared == 1
