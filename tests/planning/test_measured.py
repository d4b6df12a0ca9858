"""What runs took: which of them count, what they tell together, and the file that keeps them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.job.job import ModelSpec
from gpuspec.planning.accuracy import Ratio, accuracy
from gpuspec.planning.measured import Measured, MeasuredRun, command_digest, measured_of, need_as_measured
from gpuspec.planning.measured_file import KEPT, read_measured, runs_of_command, text_of, update_measured
from gpuspec.sizing.memory import Need, Part, Phase


def ran(run_id: str, day: int = 1, **more: Any) -> MeasuredRun:
    """A run of 40 minutes on one H100 that peaked at 31 GiB."""
    fields: dict[str, Any] = {
        "job": "train",
        "command": "c0ffee000001",
        "began": f"2026-11-{day:02}T10:00:00Z",
        "state": "succeeded",
        "gpu": "H100 SXM",
        "hours": 2 / 3,
        "peak_gib": 31.0,
    }
    return MeasuredRun(run_id, **{**fields, **more})


def test_the_last_three_runs_are_summed_up() -> None:
    runs = [
        ran("old", 1, peak_gib=70.0, hours=9.0),
        ran("b", 3, peak_gib=29.5, hours=0.5),
        ran("a", 2, hours=0.75),
    ]
    (found,) = measured_of([*runs, ran("c", 4), ran("other", 5, command="c0ffee000002")], "c0ffee000001")
    assert [run.id for run in found.runs] == ["c", "b", "a"]
    assert (found.peak_gib, found.hours) == (31.0, (0.5, 2 / 3, 0.75))
    assert found.in_words(79.6) == (
        "the last 3 runs (c, b, a) on H100 SXM peaked at 31.0 of 79.6 GiB and took 40 min (30 to 45)"
    )


def test_each_kind_of_machine_stands_alone_the_latest_first() -> None:
    found = measured_of([ran("a", 1), ran("b", 2, gpu="L40S"), ran("c", 3, gpus=2)], "c0ffee000001")
    assert [(each.gpu, each.gpus) for each in found] == [("H100 SXM", 2), ("L40S", 1), ("H100 SXM", 1)]
    assert found[0].in_words() == (
        "the last run (c) on 2 × H100 SXM peaked at 31.0 GiB on one GPU and took 40 min"
    )


@pytest.mark.parametrize(
    ("state", "task", "peak", "hours"),
    [
        ("succeeded", "train", True, True),
        ("failed", "train", False, False),  # it may have ended before it took most
        ("interrupted", "batch", False, False),
        ("interrupted", "serve", True, False),  # how servers end
        ("timeout", "serve", True, False),
        ("sampled", "batch", True, False),  # how long somebody looked is no length
    ],
)
def test_a_run_counts_for_what_it_did_to_its_end(state: str, task: str, peak: bool, hours: bool) -> None:
    run = ran("a", state=state, task=task)
    assert (run.tells_peak, run.tells_hours) == (peak, hours)


def test_the_digest_is_of_the_work_and_of_nothing_else() -> None:
    job = Job(run="python train.py  --lr 1\n", env={"A": "1", "HF_TOKEN": "hf_x"}, secrets=("HF_TOKEN",))
    digest = command_digest(job)
    assert len(digest) == 12
    assert set(digest) <= set("0123456789abcdef")
    same = job._replace(name="other", run="python train.py --lr 1", env={"HF_TOKEN": "hf_y", "A": "1"})
    assert command_digest(same) == digest
    others = ({"run": "python train.py --lr 2"}, {"image": "a:1"}, {"env": {"A": "2"}}, {"items": "*.png"})
    changed = [job._replace(**change) for change in others] + [job._replace(model=ModelSpec(id="m"))]
    assert len({digest, *map(command_digest, changed)}) == 6


def test_an_estimate_is_brought_to_what_was_measured_part_by_part() -> None:
    need = Need(
        (Phase("step", (Part("weights", 10, 20, 40, ""), Part("rest", 1, 5, 9, ""))),), 1, "trl", (), "low"
    )
    found = need_as_measured(need, 50.0, 1, "trl")  # twice the 25 GiB expected
    assert [(part.name, part.low, part.expected) for part in found.parts] == [
        ("weights", 40, 40),
        ("rest", 10, 10),
    ]
    assert found.high == pytest.approx(55)  # and a tenth more for other data
    assert need_as_measured(None, 50.0, 1, "").of() == pytest.approx((50, 50, 55))


def test_a_file_keeps_the_newest_of_each_command_and_machine(tmp_path: Path) -> None:
    path = str(tmp_path / "gpuspec.measured.json")
    many = [ran(f"r{day:02}", day) for day in range(1, 14)]
    assert update_measured(path, [*many, ran("cpu", 1, gpu="", peak_gib=None)]) == KEPT + 1
    kept = read_measured(path)
    assert [run.id for run in kept] == ["cpu", *(f"r{day:02}" for day in range(4, 14))]  # 13 − 10 are gone
    assert update_measured(path, many[-3:]) == 0
    before = Path(path).read_bytes()
    assert text_of(kept).encode() == before
    assert [run.id for run in runs_of_command(path, "c0ffee000001")] == [run.id for run in kept]
    assert runs_of_command(path, "nothing") == ()


def test_what_cannot_be_is_not_written(tmp_path: Path) -> None:
    path = str(tmp_path / "gpuspec.measured.json")
    update_measured(path, [ran("a", peak_gib=1e12, price=-1.0, job="j" * 2000)])
    (run,) = read_measured(path)
    assert (run.peak_gib, run.price, len(run.job)) == (None, None, 500)


GOOD = {"job": "j", "command": "c", "began": "2026-11-01T00:00:00Z", "state": "succeeded"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("[" * 100_000, "it is nested too deep"),
        ('{"format": 2, "runs": {}}', "its format is 2"),
        ('{"format": 1, "runs": []}', '"runs" is no object'),
        ('{"format": 1, "runs": {"a": 1}}', 'run "a" is no object'),
        ('{"format": 1, "runs": {"a": {}}}', "has no 'job'"),
        (json.dumps({"format": 1, "runs": {"a": {**GOOD, "hours": True}}}), "hours is true"),
        (json.dumps({"format": 1, "runs": {"a": {**GOOD, "peak_gib": 1e9}}}), "which cannot be"),
        (json.dumps({"format": 1, "runs": {"a" * 501: GOOD}}), "name has more than 500"),
        (json.dumps({"format": 1, "runs": {"a": {**GOOD, "gpus": 0}}}), "gpus is 0 and no count"),
        (json.dumps({"format": 1, "runs": {"a": {**GOOD, "gpu": ["x"]}}}), "no short text"),
        (json.dumps({"format": 1, "runs": {"a": {**GOOD, "colour": 1}}}), "does not know"),
        ('{"format": 1,\n<<<<<<< HEAD\n"runs": {}}', "the marks of a merge, in line 2"),
    ],
)
def test_a_file_that_is_wrong_is_told(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "gpuspec.measured.json"
    path.write_text(text)
    with pytest.raises(UserError) as raised:
        read_measured(str(path))
    assert raised.value.code == "measured-file"
    assert said in raised.value.message


def test_predicted_over_actual() -> None:
    runs = [
        ran(
            "a",
            1,
            planned_gib=62.0,
            planned_hours=0.25,
            work_hours=0.5,
            price=2.0,
            planned_price=1.5,
            model="m",
        ),
        ran("b", 2, planned_gib=15.5, planned_hours=1.0, hours=0.5, gpu="L4", model="m"),
        ran("c", 3, planned_gib=31.0, state="failed", price=2.0, planned_price=2.0),
        ran("d", 4, planned_gib=10.0, engine="vllm"),  # which takes all that it may
    ]
    found = accuracy(runs)
    assert (found.first, found.last, found.filled) == ("2026-11-01", "2026-11-04", 1)
    rows = {(row.by, row.name): row for row in found.rows}
    of_model = rows["model", "m"]
    assert of_model.memory == Ratio(2, 0.5, 1.25, 2.0)  # 15.5 ÷ 31, 62 ÷ 31; between them their mean
    assert of_model.time == Ratio(2, 0.5, 1.25, 2.0)  # 0.25 ÷ 0.5 of the command; 1 ÷ 0.5
    assert of_model.price == Ratio(1, 0.75, 0.75, 0.75)
    assert rows["", "all"].price == Ratio(2, 0.75, 0.875, 1.0)
    assert rows["gpu", "L4"].price is None
    assert [row.by for row in accuracy(runs, ("gpu",)).rows] == ["gpu", "gpu", ""]


def test_no_runs_are_no_error() -> None:
    assert accuracy([]).rows[0].memory is None
    assert Measured((ran("a", peak_gib=None, hours=None),)).in_words().endswith("left no figures")
