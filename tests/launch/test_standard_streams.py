"""Standard output is the job's, or our JSON, whatever SkyPilot prints and in however many threads it is asked."""

from __future__ import annotations

import sys
import threading

import pytest
from waiting import PATIENCE

from gpuspec.launch.skypilot.explained import explained
from gpuspec.launch.skypilot.standard_streams import stdout_aside, to_stderr


def test_threads_that_end_in_any_order_leave_standard_output_where_it_was(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before, inside, first_is_over = sys.stdout, threading.Event(), threading.Event()

    def second() -> None:
        with explained():
            inside.set()
            assert first_is_over.wait(PATIENCE)
            print("still aside")

    thread = threading.Thread(target=second)
    with explained(), stdout_aside():
        thread.start()
        assert inside.wait(PATIENCE)
        print("aside")
    first_is_over.set()
    thread.join()
    assert sys.stdout is before
    print("out")
    assert capsys.readouterr() == ("out\n", "aside\nstill aside\n")


def test_a_line_drives_no_terminal_and_no_ci(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr("outputs: x\x1b[31m\n::stop-commands::z fetched")
    told = capsys.readouterr().err
    assert "\x1b" not in told
    assert told.count("\n") == 1
