"""What is decided on the way: price truth, timer truth, how a job ended."""

from __future__ import annotations

import io
import os
import threading
from contextlib import suppress

import pytest

from gpuspec import Offer, resolve_gpu
from gpuspec.errors import UserError
from gpuspec.job import Budget, Job
from gpuspec.launch.interrupts import run_bounded
from gpuspec.launch.launcher import Run, RunSettings
from gpuspec.launch.skypilot.client import Machine, chosen_price
from gpuspec.launch.skypilot.explained import explained
from gpuspec.launch.skypilot.job_log import JobLog
from gpuspec.launch.skypilot.machine_launch import outcome_of_state
from gpuspec.launch.skypilot.price_check import check_machine, check_price
from gpuspec.launch.skypilot.task import paid_share
from gpuspec.planning.plan import Candidate, Plan
from gpuspec.sizing import Unsized

from . import drive_rented as cloud

# What SkyPilot 0.14.1 printed, 2026-11-20.
TABLE = (
    "\x1b[33mSome Slurm cluster(s) do not track memory as a consumable resource: e2e (CR_CPU).\x1b[0m\n"
    "Considered resources (1 node):\n"
    "------------------------------------------------------------------------------\n"
    " INFRA         INSTANCE   vCPUs   Mem(GB)   GPUS          COST ($)   CHOSEN   \n"
    "------------------------------------------------------------------------------\n"
    " Slurm (e2e)   -          4       0         RTX4090:1     0.44       \x1b[32m   ✔\x1b[0m     \n"
    " Slurm (e2e)   -          4       0         A100-80GB:1   1.19                \n"
    "------------------------------------------------------------------------------\n"
)


def test_the_ticked_row_has_the_price() -> None:
    assert chosen_price(TABLE) == 0.44
    assert chosen_price(TABLE.replace("✔", "")) is None
    assert chosen_price("") is None


def planned(price: float, hours: float | None = None) -> Plan:
    gpu = resolve_gpu("RTX 4090").gpu
    assert gpu is not None
    offer = Offer("slurm", None, "", gpu.name, 1, None, None, None, price, None, "t")
    choice = Candidate(offer, gpu, price, False, None, True, "")
    return Plan(Unsized(""), (choice,), choice, None, "2026-11-01", (), keep_alive_minutes=0, max_hours=hours)


def asked(job: Job, plan: Plan, now: float | None, *, answer: bool = True) -> tuple[list[str], list[str]]:
    questions: list[str] = []
    said: list[str] = []

    def ask(question: str) -> bool:
        questions.append(question)
        return answer

    check_price(job, plan, now, RunSettings("-", "/", ask=ask, say=said.append))
    return questions, said


@pytest.mark.parametrize(("now", "asks"), [(0.44, 0), (0.48, 0), (0.40, 0), (0.49, 1), (0.39, 1), (0.0, 1)])
def test_a_price_more_than_a_tenth_off_is_asked_about(now: float, asks: int) -> None:
    questions, _ = asked(Job(), planned(0.44), now)
    assert len(questions) == asks


def test_the_drift_is_said_with_both_prices_and_the_date() -> None:
    questions, said = asked(Job(), planned(0.44), 0.69)
    assert questions == ["Launch at $0.69/h?"]
    assert said == ["price: the plan says $0.44/h (2026-11-01), SkyPilot says $0.69/h now"]


def test_no_is_no() -> None:
    with pytest.raises(UserError) as caught:
        asked(Job(), planned(0.44), 0.69, answer=False)
    assert caught.value.code == "declined"


def test_over_max_price_and_over_budget_are_refused_unasked() -> None:
    with pytest.raises(UserError) as caught:
        asked(Job(max_price=0.5), planned(0.44), 0.69)
    assert caught.value.code == "over-max-price"
    with pytest.raises(UserError, match=r"worst case is \$6\.90; the budget is \$5\.00") as caught:
        asked(Job(budget=Budget(5, 10)), planned(0.44, hours=10), 0.69)
    assert caught.value.code == "over-budget"


def agreed() -> Plan:
    """$0.44 is paid of a list price of $0.88."""
    plan = planned(0.44)
    assert plan.choice
    offer = plan.choice.offer._replace(list_price=0.88, agreed="list price $0.88/h less 50 % (gpuspec.toml)")
    choice = plan.choice._replace(offer=offer)
    return plan._replace(candidates=(choice,), choice=choice)


def test_a_price_that_was_agreed_on_is_held_against_what_would_be_paid() -> None:
    questions, said = asked(Job(), agreed(), 0.60)
    assert questions == ["Launch at $0.60/h?"]
    assert said == [
        "price: the plan says $0.44/h (2026-11-01), SkyPilot says $0.60/h now, less what was agreed on"
    ]


def test_what_is_paid_of_a_machine_is_told_by_the_offer_it_came_from() -> None:
    got = cloud.machine("gs-x", idle_minutes=3, down=True, price=0.9)
    assert paid_share(agreed(), got) == 0.5
    assert paid_share(agreed(), got._replace(cloud="elsewhere")) == 1.0
    assert paid_share(agreed(), got._replace(spot=True)) == 1.0  # nobody agreed on spot prices
    assert got.at_paid_price(0.5).price == 0.45
    assert got._replace(price=None).at_paid_price(0.5).price is None


def test_an_unread_price_is_said_and_left_to_the_machines_own() -> None:
    questions, said = asked(Job(), planned(0.44), None)
    assert not questions
    assert "could not be read" in said[0]


def machine(idle: int, *, down: bool = True, price: float | None = 0.44) -> Machine:
    return cloud.machine("gs-x", idle_minutes=idle, down=down, price=price)


@pytest.mark.parametrize(
    ("idle", "down", "reads"),
    [
        (-1, True, "no timer at all"),
        (5, True, "5 idle minutes, then down"),
        (3, False, "3 idle minutes, then only stopped"),
    ],
)
def test_a_timer_that_is_not_what_was_asked_for_is_an_error(idle: int, down: bool, reads: str) -> None:
    with pytest.raises(UserError, match=reads) as caught:
        check_machine(machine(idle, down=down), wanted=3, max_price=None)
    assert caught.value.code == "timer-not-set"


def test_the_machines_own_price_has_the_last_word() -> None:
    check_machine(machine(3), wanted=3, max_price=0.44)
    with pytest.raises(UserError) as caught:
        check_machine(machine(3, price=0.60), wanted=3, max_price=0.5)
    assert caught.value.code == "over-max-price"
    check_machine(machine(-1, down=False), wanted=None, max_price=None)  # --accept-no-timer


def test_the_job_owns_standard_output() -> None:
    out, aside = io.StringIO(), io.StringIO()
    watch = JobLog(out, aside)
    job = "\x1b[36m(e2e-hello, pid=6158)\x1b[0m "
    for piece in (
        "\x1b[2m└── \x1b[0mJob started. Streaming logs... ",
        "\x1b[2m(Ctrl-C to exit log streaming; job will not be killed)\x1b[0m\n",
        f"\x1b[36m(setup pid=9686)\x1b[0m set up\n{job}  two ",
        f"halves\n{job}\n\x1b[31mERROR: Job 1 failed with \x1b[0mreturn code list:\x1b[0m [3] \n",
        f"{job}no newline",
    ):
        watch.write(piece)
    watch.finish()
    assert out.getvalue() == "  two halves\n\nno newline\n"
    assert "\x1b" not in aside.getvalue()
    assert "will not be killed" not in aside.getvalue()
    assert "(setup pid=9686) set up\n" in aside.getvalue()
    assert (watch.exit_code, watch.timed_out) == (3, False)
    watch.write("(x, pid=1) gpuspec: time limit reached: 2 h\n")
    assert watch.timed_out
    watch.write("(x, pid=1) items: 3 of 4 done in 60.0 s\n")
    assert (watch.item_seconds, watch.all_items) == (15.0, False)  # 60 s for the four that were tried
    watch.write("(x, pid=1) items: 4 of 4 done in 60.0 s\n")
    assert (watch.item_seconds, watch.all_items) == (15.0, True)


def test_what_a_job_prints_of_its_secrets_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw", "VJTUt9Us8cKjMzEfYyjiWA4R4/M2bS1GB4t7"]
    monkeypatch.setenv("KEY_FILE", "\n".join(lines))
    monkeypatch.setenv("OTHER", "other-5f0c9e")
    run = Run("abc", "x", "skypilot", "-", "/w", "running", 0.0, secrets="KEY_FILE OTHER NOT_SET")
    out, aside = io.StringIO(), io.StringIO()
    log = JobLog(out, aside, run)
    log.write(
        f"(setup pid=1) {lines[0]}\n(x, pid=2) a {lines[0]}\n(x, pid=2) {lines[1]}\n(x, pid=2) other-5f0c9e b\n"
    )
    log.finish()
    assert out.getvalue() == "a ***\n***\n*** b\n"
    assert aside.getvalue() == "(setup pid=1) ***\n"
    assert list(log.tail) == ["a ***", "***", "*** b"]


def test_a_reader_that_left_does_not_end_the_job() -> None:
    """`gpuspec run … | head`: SkyPilot's client would begin the log anew for each broken pipe."""
    there, ours = os.pipe()
    os.close(there)
    aside = io.StringIO()
    with suppress(BrokenPipeError), open(ours, "w", buffering=1) as out:  # of what is left in its buffer
        watch = JobLog(out, aside)
        watch.write("(x, pid=1) one\n(x, pid=1) two\n")
        watch.flush()
        watch.write("ERROR: Job 1 failed with return code list: [3]\n")
        watch.finish()
        assert watch.exit_code == 3
    assert "return code list" in aside.getvalue()


def test_a_traceback_in_sky_pilot_s_log_is_not_shown() -> None:
    """As SkyPilot 0.14.1 wrote it where RunPod had no GPU left (some of its lines)."""
    aside = io.StringIO()
    watch = JobLog(io.StringIO(), aside)
    logged = "W 11-28 17:52:48.067 PID=14726 instance.py:120]"
    for line in (
        "⚙︎ Launching on RunPod US (US-TX-1).",
        f"{logged} run_instances error: There are no longer any instances available.",
        f"\x1b[33m{logged} Full traceback:\x1b[0m",
        f"{logged} Traceback (most recent call last):",
        f'{logged}   File "/sky/provision/runpod/instance.py", line 102, in run_instances',
        f"{logged} runpod.error.QueryError: There are no longer any instances available.",
        f"{logged} ",
        "W 11-28 17:52:49.100 PID=14726 instance.py:131] Waiting.",
        "↺ Trying other potential resources.",
        "(x, pid=1) Traceback (most recent call last):",
    ):
        watch.write(line + "\n")
    assert aside.getvalue().splitlines() == [
        "⚙︎ Launching on RunPod US (US-TX-1).",
        f"{logged} run_instances error: There are no longer any instances available.",
        "W 11-28 17:52:49.100 PID=14726 instance.py:131] Waiting.",
        "↺ Trying other potential resources.",
    ]


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (
            "items: run ab12 (process 7) is doing these items: nothing was started",
            75,
            "refused: run ab12 (process 7) is doing these items: nothing was started",
        ),
        (
            "items: run ab12 is doing these items: nothing was started",
            1,
            "the job failed with exit status 1: see the log above",
        ),
        ("items: 1 of 2 done in 3.0 s", 75, "the job failed with exit status 75: see the log above"),
    ],
)
def test_items_that_another_has_are_told_as_refused(line: str, code: int, told: str) -> None:
    watch = JobLog(io.StringIO(), io.StringIO())
    watch.write(f"(x, pid=1) {line}\ngpuspec: exit status {code}\n")
    outcome = outcome_of_state("FAILED", watch)
    assert (outcome.state, outcome.exit_code, outcome.message) == ("failed", code, told)


def test_what_comes_again_is_not_shown_twice() -> None:
    out = io.StringIO()
    watch = JobLog(out, io.StringIO())
    for log in (
        "(x, pid=1) a\n(x, pid=1) b\n(x, pi",
        "(x, pid=1) a\n",
        "(x, pid=1) a\n(x, pid=1) b\n(x, pid=1) c\n",
    ):
        watch.write(log)
        watch.restart()
    assert out.getvalue() == "a\nb\nc\n"


def test_teardown_is_waited_for_only_so_long() -> None:
    never = threading.Event()
    assert run_bounded(never.wait, 0.01) == "no answer in 0 s"  # type: ignore[arg-type]
    never.set()
    assert run_bounded(lambda: None, 5) == ""

    def fail() -> None:
        raise UserError("x", "the cloud said no")

    assert run_bounded(fail, 5) == "the cloud said no"


def test_errors_of_skypilot_are_told_on_one_line_with_advice() -> None:
    class ResourcesUnavailableError(Exception):
        __module__ = "sky.exceptions"

    with pytest.raises(UserError) as caught, explained():
        raise ResourcesUnavailableError("\x1b[31mno\n  capacity\x1b[0m")
    assert (caught.value.code, caught.value.message) == ("sold-out", "no capacity")
    assert "gpu_types" in (caught.value.hint or "")
