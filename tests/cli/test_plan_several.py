"""`gpuspec plan` of several files and of folders: a row a job. Every figure is price × machines × hours, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli.main import main
from gpuspec.report.width import width

PRICES = "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice\n"
PRICES += "runpod,US,1x_RTX4090,RTX4090,1,8,64,0.50,0.20\nrunpod,US,2x_L40S,L40S,2,32,180,2.00,\n"


def spec(name: str, **more: Any) -> str:
    job = {"name": Path(name).stem, "task": "batch", "gpu_types": ["RTX 4090"], "keep_alive_minutes": 0}
    path = Path(f"{name}.gpuspec.jsonc")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**job, "disk_gb": 1, "run": "python work.py", **more}))
    return str(path)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gpuspec.toml").write_text('prices = "ours.csv"\n')
    Path("ours.csv").write_text(PRICES)


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    status = main(["plan", *words, "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_row_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    nightly = spec("nightly", budget={"max_hours": 3}, schedule={"runs_per_month": 20})
    two = spec("two", gpu_types=["L40S"], gpu_count=2, nodes=3, schedule={"hours_per_month": 10})
    status, found = planned(capsys, nightly, two)
    assert status == 0
    first, second = found["jobs"]
    assert (first["machine"], first["per_hour"], first["at_most"]) == ("RTX 4090", 0.5, True)
    assert (first["hours_per_run"], first["per_run"], first["per_month"]) == (3, 1.5, 30)  # 0.50 × 3 × 20
    assert first["worst_case"] == pytest.approx(1.5, abs=0.01)  # and a gigabyte of disk
    # 3 machines × $2.00 × 10 h
    assert (second["gpu_count"], second["per_hour"], second["per_month"]) == (2, 6, 60)
    assert (found["per_hour"], found["per_month"], found["unknown_jobs"]) == (6.5, 90, 0)


def test_a_folder_is_looked_through(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("jobs/b", "jobs/a", "c"):
        spec(name, schedule={"hours_per_month": 100})
    Path("jobs/pod.yaml").write_text(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: nginx}]}\n"
    )
    status, found = planned(capsys, "jobs", "c.gpuspec.jsonc")
    assert (status, [each["job"] for each in found["jobs"]]) == (0, ["a", "b", "c"])
    assert found["per_month"] == 150


def test_why_one_gets_no_machine(capsys: pytest.CaptureFixture[str]) -> None:
    dear = spec("dear", max_price=0.1)
    over = spec("over", budget={"max_hours": 10, "max_total": 4})  # 10 × $0.50
    free = spec("free", gpu_types=[])
    Path(free).write_text('{"name": "free", "run": "echo done"}')
    status, found = planned(capsys, dear, over, free)
    assert status == 1
    why = {each["job"]: each["why_not"] for each in found["jobs"]}
    assert "above max_price; the cheapest of them: " in why["dear"]
    assert why["over"].endswith("at worst is over budget.max_total of $4.00")
    assert why["free"] is None
    assert [each["needs_machine"] for each in found["jobs"]] == [True, True, False]
    assert (found["without_machine"], found["jobs"][0]["machine"], found["jobs"][0]["per_hour"]) == (
        1,
        None,
        None,
    )


def test_the_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    serving = spec("chat", task="serve", spot="allowed")
    long = spec("no-limit")
    assert main(["plan", serving, long, spec("dear", max_price=0.1)]) == 1
    out = capsys.readouterr().out
    assert all(width(line) <= 80 for line in out.splitlines())
    rows = [line.split() for line in out.splitlines() if ".jsonc" in line]
    assert (rows[0][0], "$0.20" in rows[0]) == (
        "$146",
        True,
    )  # a server all month, at the spot price: 730 × 0.20
    assert (rows[1][0], "$0.50" in rows[1]) == ("unknown", True)
    assert "3 jobs: $0.70/h all at once, $146 a month; what 1 of them cost a month is not known" in " ".join(
        out.split()
    )
    assert "1 finds no machine" in " ".join(out.split())
    assert "dear.gpuspec.jsonc: 1 offer: above max_price" in " ".join(out.split())


def test_jobs_without_a_gpu_are_nothing_to_rent(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        Path(f"{name}.gpuspec.jsonc").write_text('{"run": "echo done"}')
    assert main(["plan", "a.gpuspec.jsonc", "b.gpuspec.jsonc"]) == 0
    assert "2 jobs: nothing is to be rented" in capsys.readouterr().out


def test_what_cannot_be_read_keeps_the_others_from_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.gpuspec.jsonc").write_text('{"name": ')
    assert main(["plan", "broken.gpuspec.jsonc", spec("a"), "gone.jsonc", "--json"]) == 2
    told = capsys.readouterr()
    assert [each["job"] for each in json.loads(told.out)["jobs"]] == ["a"]
    assert "error[syntax]" in told.err
    assert "error[no-such-file]" in told.err
    Path("empty").mkdir()
    assert main(["plan", "empty"]) == 2


@pytest.mark.parametrize("option", [("--all",), ("--deadline", "3"), ("--what-if", "all")])
def test_what_is_asked_of_one_alone(option: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", spec("a"), spec("b"), *option]) == 2
    assert f"{option[0]} is of one file, not of several" in capsys.readouterr().err
