"""Calls of a model in a process of its own: what comes back, whatever happens there."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from nvpipe.errors import ArticleError, BackendFailedError, InterruptedRunError
from nvpipe.scheduler import CpuDevice, Scheduler, Worker


@pytest.fixture(scope="module")
def scheduler() -> Iterator[Scheduler]:
    with Scheduler(CpuDevice()) as scheduler:
        yield scheduler


@pytest.fixture
def worker(scheduler, spec) -> Iterator[Worker]:
    with scheduler.lease(spec()) as worker:
        yield worker


def test_a_method_runs_in_another_process(worker):
    assert worker.call("add", 1, second=2) == 3
    assert worker.call("whoami") == worker.pid != os.getpid()
    assert worker.load_s > 0


def test_arrays_and_odd_texts_come_back_whole(worker):
    sound = np.arange(2_000_000, dtype=np.float32)
    assert np.array_equal(worker.call("echo", sound), sound)
    assert worker.call("echo", "\udce4 \0 ₹") == "\udce4 \0 ₹"


def test_what_a_method_tells_is_heard_in_order(worker):
    heard = []
    assert worker.call("count", 50, on_message=heard.append) == "counted"
    assert heard == list(range(50))
    assert worker.call("count", 3) == "counted"


def test_our_own_errors_come_back_as_themselves(worker):
    with pytest.raises(ArticleError, match="the article is empty") as caught:
        worker.call("refuse")
    assert caught.value.hint == "write something"
    assert worker.call("add", 1) == 1


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("fail", "tiny failed at fail: KeyError: 'n_ctx'"),
        ("fail_at_length", "ValueError: \\[31m x{10}"),
        ("refuse_oddly", "1 and 2"),
        ("run_out", "tiny ran out of memory at run_out"),
        ("leave", "SystemExit: 3"),
        ("unpicklable", "unpicklable: .*pickle"),
        ("no_such_method", "AttributeError"),
    ],
)
def test_other_errors_are_one_line_and_the_model_lives(worker, method, says):
    with pytest.raises(BackendFailedError, match=says) as caught:
        worker.call(method)
    assert caught.value.line().isprintable()
    assert len(caught.value.line()) < 300
    assert worker.call("add", 1) == 1


def test_the_trace_of_a_fault_is_kept_with_what_was_printed(worker):
    with pytest.raises(BackendFailedError):
        worker.call("fail")
    assert "Traceback" in worker.output


def test_what_cannot_be_sent_is_the_callers_mistake(worker):
    with pytest.raises((AttributeError, TypeError, ValueError)):
        worker.call("echo", lambda: None)
    assert worker.call("add", 1) == 1


def test_nothing_that_it_prints_reaches_the_terminal(worker, capfd):
    worker.call("print_much", 10_000)
    for _ in range(100):
        if worker.output.endswith("to stderr\n"):
            break
        time.sleep(0.05)
    assert worker.output.endswith("to stdout\nto stderr\n")
    assert len(worker.output) <= 64 << 10
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_it_has_our_path_and_an_empty_standard_input(worker):
    import sys

    path, _, stdin = worker.call("paths")
    assert path == sys.path
    assert stdin == ""


def test_a_crash_names_the_model_the_signal_and_the_last_words(scheduler, spec, is_gone):
    with scheduler.lease(spec("llama")) as worker:
        pid = worker.pid
        with pytest.raises(BackendFailedError, match=r"llama crashed with SIGSEGV: ggml_abort: tensor has no data$"):
            worker.call("crash")
        with pytest.raises(BackendFailedError, match="SIGSEGV"):
            worker.call("add", 1)
    assert is_gone(pid)
    with scheduler.lease(spec("llama")) as worker:
        assert worker.call("add", 1) == 1


def test_a_killed_process_hints_at_memory(scheduler, spec):
    with (
        scheduler.lease(spec("llama")) as worker,
        pytest.raises(BackendFailedError, match="was killed by SIGKILL") as caught,
    ):
        worker.call("end_by", int(signal.SIGKILL))
    assert "memory" in caught.value.hint


def test_a_process_that_leaves_is_an_error(scheduler, spec):
    with scheduler.lease(spec("llama")) as worker, pytest.raises(BackendFailedError, match="ended with code 7"):
        worker.call("exit", 7)


def test_a_call_that_hangs_is_ended_at_its_limit(scheduler, spec, is_gone):
    with scheduler.lease(spec("llama")) as worker:
        with pytest.raises(BackendFailedError, match=r"did not finish hang within 0\.3 s"):
            worker.call("hang", limit_s=0.3)
        assert is_gone(worker.pid)


def test_a_stopped_process_is_ended_too(scheduler, spec, is_gone):
    with scheduler.lease(spec("llama")) as worker:
        os.kill(worker.pid, signal.SIGSTOP)
        with pytest.raises(BackendFailedError, match="did not finish add"):
            worker.call("add", 1, limit_s=0.3)
        assert is_gone(worker.pid)


def test_what_it_has_started_ends_with_it(spec, is_gone):
    with Scheduler(CpuDevice()) as scheduler, scheduler.lease(spec()) as worker:
        pid = worker.call("start_another")
    assert is_gone(pid)


def test_a_cancelled_call_keeps_the_model_where_it_tells_something(worker):
    heard = []
    with pytest.raises(InterruptedRunError, match="tiny was stopped"):
        worker.call("count", 10_000, pause_s=0.01, on_message=heard.append, cancelled=lambda: len(heard) > 3)
    assert len(heard) < 1000
    assert worker.call("count", 2) == "counted"


def test_a_cancelled_call_that_tells_nothing_is_ended(scheduler, spec, is_gone):
    with scheduler.lease(spec("llama")) as worker:
        with pytest.raises(InterruptedRunError):
            worker.call("hang", cancelled=lambda: True)
        assert is_gone(worker.pid)


def test_a_listener_that_fails_ends_the_call_with_its_own_error(scheduler, spec, is_gone):
    def interrupt(message: object) -> None:
        raise KeyboardInterrupt

    with scheduler.lease(spec("llama")) as worker:
        with pytest.raises(KeyboardInterrupt):
            worker.call("count", 1000, pause_s=0.01, on_message=interrupt)
        assert is_gone(worker.pid)


def test_calls_from_several_threads_take_turns(worker):
    results: list[int] = []
    threads = [threading.Thread(target=lambda n=n: results.append(worker.call("add", n, 100))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(100, 108))


def test_after_the_lease_it_answers_no_more_but_its_figures_are_known(scheduler, spec):
    with scheduler.lease(spec()) as worker:
        worker.call("take", 64)
    assert worker.peak_memory_bytes > 64 << 20
    assert worker.load_s > 0
    with pytest.raises(RuntimeError, match="lease"):
        worker.call("add", 1)
