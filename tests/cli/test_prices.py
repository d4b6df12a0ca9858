"""`gpuspec prices`: what is in force, what was not believed, and one file of it for a team."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from gpuspec.catalog import Offer
from gpuspec.catalog.offer import HeldBack, PriceSource
from gpuspec.catalog.snapshot import render
from gpuspec.cli.main import main

TODAY = date.today()
REASON = "$0.31 per GPU and hour on demand is under a third of $2.99, the median of 4 other clouds"


def _day(days_ago: int) -> str:
    return (TODAY - timedelta(days=days_ago)).isoformat()


def _offer(cloud: str, price: float | None, *, source: str, **more: object) -> Offer:
    offer = Offer(
        cloud, "here", f"{cloud}-1x", "RTX 4090", 1, 8.0, 64.0, None, price, None, source, "RTX4090"
    )
    return offer._replace(**more)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own prices: three clouds in two lists."""
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    held = HeldBack("lambda", "gpu_8x_h100_sxm5", "H100 SXM", 8, 2.5, REASON)
    sources = (
        PriceSource(
            "a list", _day(132), "a letter", rentable=True, dropped=(("a sixth of an A10 (4 GB)", 14),)
        ),
        PriceSource("fresh", None, "a fetch", rentable=True, copied=_day(1), held=(held,)),
    )
    offers = (
        _offer("lambda", 0.5, source="a list", spot_price=0.2),
        _offer("vast", 0.25, source="fresh", hosts="community"),
        _offer("mithril", None, source="fresh", bid=0.1),
    )
    path = tmp_path / "data" / "prices.tsv"
    path.parent.mkdir()
    path.write_text(render(sources, offers))
    return path


def _said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(list(arguments)) == status
    return capsys.readouterr().out


def test_a_line_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    text = _said(capsys, "prices")
    lines = text.splitlines()
    assert lines[0].split("  ")[0] == "CLOUD"
    assert f"lambda {_day(132)} 1 1 1 on demand, spot a list" in [" ".join(line.split()) for line in lines]
    both = f"mithril, vast snapshot {_day(1)} 2 1 1 community, bid fresh"
    assert both in [" ".join(line.split()) for line in lines]
    assert "1 row not believed" not in text  # Seeweb's in the table that ships are not believed, too
    assert "For comparison only, nothing is rented by them: " in text
    assert "The oldest prices are" in text


def test_what_is_asked_in_an_unknown_currency_has_no_dollar(capsys: pytest.CaptureFixture[str]) -> None:
    """The Seeweb row: ECS1GPU3, an A100 for 0.99 of something."""
    said = _said(capsys, "prices", "--held", "--cloud", "seeweb")
    assert said.startswith("seeweb: Seeweb does not say in which currency it asks\n")
    assert "  ECS1GPU3: 1 × A100 80GB at 0.99/h\n" in said


def test_prices_that_the_folder_does_not_count_with_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert "In this folder" not in _said(capsys, "prices")
    assert main(["prices", "export", "--out", "team.tsv"]) == 0
    Path("gpuspec.toml").write_text('prices = "team.tsv"\n')
    said = " ".join(_said(capsys, "prices").split())
    assert "In this folder commands count with" in said
    assert "team.tsv alone (`prices` of the settings)." in said


def test_age_kinds_and_what_was_not_believed(capsys: pytest.CaptureFixture[str]) -> None:
    said = _said(capsys, "prices", "--cloud", "Lambda", "--cloud", "vast")
    assert said == (
        f"a list: {_day(132)}, 132 days old\n"
        "  1 offer, 1 GPU, 1 region\n"
        "  1 on demand, 1 spot\n"
        "  GPUs: RTX 4090\n"
        "  regions: here\n"
        "  dropped 14: a sixth of an A10 (4 GB)\n"
        "  from a letter\n"
        f"fresh: snapshot {_day(1)}, 1 day old\n"
        "  2 offers, 1 GPU, 1 region\n"
        "  1 community, 1 bid\n"
        "  GPUs: RTX 4090\n"
        "  regions: here\n"
        "  held back 1: not believed\n"
        "  from a fetch\n"
        "1 row not believed (`gpuspec prices --held`).\n"
        "The oldest prices are 132 days old. `gpuspec prices update` reads fresh prices from the installed\n"
        "  SkyPilot.\n"
    )


def test_what_is_held_back_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    said = _said(capsys, "prices", "--held", "--cloud", "lambda")
    assert said.startswith(f"lambda: {REASON}\n  gpu_8x_h100_sxm5: 8 × H100 SXM at $2.50/h\n1 row held back.")
    assert _said(capsys, "prices", "--held", "--cloud", "vast").startswith("0 rows held back.")


@pytest.mark.parametrize("arguments", [["prices"], ["prices", "--held"]])
def test_nothing_is_wider_than_a_narrow_terminal(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = _said(capsys, *arguments).splitlines()
    assert lines
    # A word that has no room on a line of its own stays whole: it may be an address.
    assert [line for line in lines if len(line) > 40 and " " in line.strip()] == []


def test_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    old, fresh = json.loads(_said(capsys, "prices", "--json", "--cloud", "lambda", "--cloud", "vast"))
    assert (old["as_of"], old["copied"], old["kinds"]) == (_day(132), None, {"on demand": 1, "spot": 1})
    assert old["dropped"] == {"a sixth of an A10 (4 GB)": 14}
    assert (fresh["offers"], fresh["regions"]) == (2, 1)
    assert fresh["held"] == [
        {
            "cloud": "lambda", "instance": "gpu_8x_h100_sxm5", "gpu": "H100 SXM", "gpu_count": 8, "price": 2.5,
            "reason": REASON,
        }
    ]  # fmt: skip


def test_a_cloud_without_prices(capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["prices"], ["prices", "export"]):
        assert main([*command, "--cloud", "vsphere"]) == 2
        said = capsys.readouterr().err
        assert "error[unknown-cloud]: no prices of a cloud 'vsphere' are known" in said
        assert "There are: " in said


def test_an_export_in_the_place_of_its_source_exports_the_same(
    snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prices", "export", "--out", "team.tsv"]) == 0
    exported = Path("team.tsv").read_bytes()
    assert _said(capsys, "prices", "export").encode() == exported
    snapshot.write_bytes(exported)
    assert _said(capsys, "prices", "export").encode() == exported
    assert b"seed-2025" not in exported  # nothing can be rented from it


def test_what_is_exported_makes_the_same_plan_anywhere(
    snapshot: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Byte for byte, on a machine with other prices, from another folder."""
    job = {"task": "batch", "gpu_types": ["RTX 4090"], "budget": {"max_hours": 1}, "run": "nvidia-smi"}
    Path("job.gpu.json").write_text(json.dumps(job))
    here = _said(capsys, "plan", "job.gpu.json"), _said(capsys, "plan", "job.gpu.json", "--json")
    assert main(["prices", "export", "--out", "team.tsv"]) == 0
    snapshot.write_text(snapshot.read_text().replace("\t0.5\t", "\t0.1\t").replace("0.25", "0.05"))
    assert _said(capsys, "plan", "job.gpu.json") != here[0]
    assert _said(capsys, "plan", "job.gpu.json", "--prices", "team.tsv") == here[0]
    Path("gpuspec.toml").write_text('prices = "team.tsv"\n')
    assert (_said(capsys, "plan", "job.gpu.json"), _said(capsys, "plan", "job.gpu.json", "--json")) == here


def test_of_some_clouds(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _said(capsys, "prices", "export", "--cloud", "vast").splitlines()
    assert [line.split("\t")[0] for line in lines if line[0] != "#"] == ["vast"]
    assert [line.split("\t")[1] for line in lines if line.startswith("# source")] == ["fresh"]


def test_an_export_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "export", "--out", "no/such/folder.tsv"]) == 2
    assert "error[cannot-write]: no/such/folder.tsv cannot be written" in capsys.readouterr().err


def test_a_name_that_no_line_can_hold(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot.write_text(snapshot.read_text().replace("vast-1x", "vast\x1b[31m-1x"))
    assert "vast\\x1b[31m-1x" in _said(capsys, "prices", "export", "--cloud", "vast")


def test_an_update_says_which_cloud_keeps_its_prices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice\n"
    files = {
        "lambda": f"{head}gpu_1x_a10,A10,1,30,200,0.80,us-east-1,,\n",
        "vast": "<html>\n",
        "do": "<html>\n",
    }
    for cloud, text in files.items():
        folder = tmp_path / ".sky" / "catalogs" / "v8" / cloud
        folder.mkdir(parents=True)
        (folder / "vms.csv").write_text(text)
    named = [word for cloud in files for word in ("--cloud", cloud)]
    assert main(["prices", "update", "--offline", *named]) == 1
    out, err = capsys.readouterr()
    assert "1 offers written to" in out
    assert "not refreshed: do, vast: what is there is no price list: its first line does not name" in err
    assert main(["prices", "update", "--offline"]) == 0  # nobody asked for those
    assert "not refreshed: " in capsys.readouterr().err
