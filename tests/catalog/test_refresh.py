"""`prices update` over catalogue files in a HOME of its own. SkyPilot itself is not needed for that: how it fetches
them is tested in `test_skypilot_files.py`, and with SkyPilot itself in `tests/e2e`."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from gpuspec.catalog.clouds import CLOUDS, Cloud
from gpuspec.catalog.refresh import Refresh
from gpuspec.catalog.refresh import update as update_from
from gpuspec.catalog.skypilot_files import kept_files
from gpuspec.errors import UserError
from gpuspec.formats import read
from gpuspec.planning.case import Case
from gpuspec.plugin.installed_catalog import installed_catalog

HEAD = "InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice\n"
LAMBDA = (
    "gpu_1x_a10,A10,1.0,30.0,200.0,0.80,us-east-1,,\n"
    "gpu_1x_a100,A100,1.0,30.0,200.0,1.40,us-east-1,,\n"
    "gpu_1x_a100_sxm4,A100,1.0,30.0,200.0,1.40,us-east-1,,\n"
    "gpu_1x_h100_pcie,H100,1.0,26.0,200.0,2.60,us-east-1,,\n"
    "gpu_8x_h100_sxm5,H100,8.0,208.0,1800.0,25.00,us-east-1,,\n"
    "gpu_1x_gh200,GH200,1.0,64.0,432.0,1.60,us-east-1,,\n"
    "gpu_1x_a6000,A6000,1.0,14.0,100.0,0.90,us-east-1,,\n"
    "gpu_8x_b200_sxm6,B200,8.0,208.0,2900.0,40.00,us-east-1,,\n"
    "gpu_8x_v100,V100,8.0,92.0,448.0,4.60,us-east-1,,\n"
    "gpu_1x_rtx6000,RTX6000,1.0,14.0,46.0,0.60,us-east-1,,\n"
    "gpu_2x_a6000,A6000,2.0,28.0,200.0,1.80,us-east-1,,\n"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


def _catalogue(home: Path, cloud: str, text: str, day: str = "2026-11-20") -> None:
    folder = home / ".sky" / "catalogs" / "v8" / cloud
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vms.csv").write_text(text, encoding="utf-8")
    noon = datetime.fromisoformat(f"{day}T12:00").timestamp()
    os.utime(folder / "vms.csv", (noon, noon))


def update(*clouds: str, accept_moves: bool = False) -> Refresh:
    return update_from(installed_catalog(), kept_files(clouds), accept_moves=accept_moves)


def _price(instance: str) -> float | None:
    return next(
        offer.price
        for offer in installed_catalog().offers()
        if offer.instance == instance and offer.region == "us-east-1"
    )


def test_update_is_in_force_and_dated(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    result = update("lambda")
    assert (result.offers, result.moves, result.refused) == (11, (), {})
    assert _price("gpu_1x_a10") == 0.80
    (source,) = [each for each in installed_catalog().price_sources if each.name == "skypilot-lambda"]
    assert (source.as_of, source.copied, source.dated) == (None, "2026-11-20", "snapshot 2026-11-20")
    assert any(offer.cloud == "vast" for offer in installed_catalog().offers())


def test_a_catalog_that_was_handed_on_keeps_its_prices(home: Path) -> None:
    """A new one is made when the user's own prices have changed, and not before."""
    before = installed_catalog()
    assert installed_catalog() is before
    lambda_before = before.offers(clouds=("lambda",))
    _catalogue(home, "lambda", HEAD + LAMBDA)
    update("lambda")
    assert installed_catalog() is not before
    assert installed_catalog() is installed_catalog()
    assert len(installed_catalog().offers(clouds=("lambda",))) == 11
    assert before.offers(clouds=("lambda",)) is lambda_before


def test_a_second_cloud_leaves_the_first(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    update("lambda")
    _catalogue(home, "do", HEAD + "gpu-h100x1-80gb,H100,1,20,240.0,6.00,tor1,,\n", day="2026-11-21")
    update("do")
    dates = {source.name: source.copied for source in installed_catalog().price_sources}
    assert (dates["skypilot-lambda"], dates["skypilot-do"]) == ("2026-11-20", "2026-11-21")
    assert _price("gpu_1x_a10") == 0.80


def test_a_five_fold_move_is_reported_and_not_taken(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA.replace("0.80", "7.50"))
    (move,) = update("lambda").moves
    assert (move.instance, move.before, move.after) == ("gpu_1x_a10", 1.29, 7.50)
    assert _price("gpu_1x_a10") == 1.29
    update("lambda", accept_moves=True)
    assert _price("gpu_1x_a10") == 7.50


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD,
        "what,is\nthis,file\n",
        HEAD + "gpu_1x_a10,A10,1,30,200,0.001,us-east-1,,\n",
        HEAD + LAMBDA[:50],
        "\xff",
    ],
)
def test_nonsense_changes_nothing(home: Path, text: str) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    update("lambda")
    before = (home / "data" / "prices.tsv").read_bytes()
    _catalogue(home, "lambda", text)
    with pytest.raises(UserError) as caught:
        update("lambda")
    assert caught.value.code == "prices-nonsense"
    assert (home / "data" / "prices.tsv").read_bytes() == before
    assert [path.name for path in (home / "data").iterdir()] == ["prices.tsv"]


def test_binary_file(home: Path) -> None:
    _catalogue(home, "lambda", "")
    (home / ".sky/catalogs/v8/lambda/vms.csv").write_bytes(b"\xff\xfe\x00" * 100)
    with pytest.raises(UserError) as caught:
        update("lambda")
    assert caught.value.code == "prices-nonsense"


def test_no_catalogue() -> None:
    with pytest.raises(UserError) as caught:
        update("lambda")
    assert caught.value.code == "no-catalogue"


def test_a_folder_that_cannot_be_written(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    (home / "data").write_text("a file, not a folder")
    with pytest.raises(UserError) as caught:
        update("lambda")
    assert caught.value.code == "cannot-write"


def test_a_broken_snapshot_is_replaced(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "prices.tsv").write_text("broken")
    _catalogue(home, "lambda", HEAD + LAMBDA)
    update("lambda")
    assert _price("gpu_1x_a10") == 0.80


def test_a_cloud_without_gpus_does_not_stop_the_others(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    _catalogue(home, "vsphere", HEAD + "cpu,,,4,16,0.1,here,,\n")
    result = update("vsphere", "lambda", "scp")
    assert [source.name for source in result.sources] == ["skypilot-lambda"]
    assert set(result.refused) == {"vsphere", "scp"}
    assert result.refused["vsphere"] == "it holds no rows of GPUs"


def test_a_bad_file_keeps_the_old_prices_of_its_cloud_alone(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    _catalogue(home, "do", HEAD + "gpu-h100x1-80gb,H100,1,20,240.0,6.00,tor1,,\n")
    update("lambda", "do")
    _catalogue(home, "lambda", "<!DOCTYPE html>\n<title>404</title>\n")
    _catalogue(home, "do", HEAD + "gpu-h100x1-80gb,H100,1,20,240.0,6.50,tor1,,\n", day="2026-11-21")
    result = update("lambda", "do")
    assert [source.name for source in result.sources] == ["skypilot-do"]
    assert result.refused == {
        "lambda": "what is there is no price list: its first line does not name InstanceType, AcceleratorName, "
        "AcceleratorCount: '<!DOCTYPE html>'"
    }
    assert _price("gpu_1x_a10") == 0.80
    dates = {source.name: source.copied for source in installed_catalog().price_sources}
    assert (dates["skypilot-lambda"], dates["skypilot-do"]) == ("2026-11-20", "2026-11-21")


def test_half_of_the_gpus_gone_is_taken_when_it_is_accepted(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    update("lambda")
    _catalogue(home, "lambda", HEAD + LAMBDA.splitlines(keepends=True)[0])
    with pytest.raises(UserError, match="1 GPUs × counts, and 11 were known before"):
        update("lambda")
    assert update("lambda", accept_moves=True).offers == 1


def test_a_price_that_others_make_doubtful_is_held_back(home: Path) -> None:
    """The median of the clouds that were not refreshed counts, too."""
    _catalogue(
        home, "lambda", HEAD + LAMBDA.replace("H100,8.0,208.0,1800.0,25.00", "H100,8.0,208.0,1800.0,2.50")
    )
    (source,) = update("lambda", accept_moves=True).sources
    (held,) = source.held
    assert (held.cloud, held.instance, held.price) == ("lambda", "gpu_8x_h100_sxm5", 2.50)
    assert "$0.31 per GPU and hour on demand is under a third" in held.reason
    assert "gpu_8x_h100_sxm5" not in {o.instance for o in installed_catalog().offers(clouds=("lambda",))}


def test_names_that_would_end_a_line_stay_in_it(home: Path) -> None:
    """A cell in quotes may hold what ends a cell or a line of a snapshot."""
    row = '"gpu_1x\tb200\n# source\tx",B200,1.0,208.0,2900.0,5.00,"us|east\r",,\n'
    _catalogue(home, "lambda", HEAD + LAMBDA + row)
    update("lambda")
    (offer,) = (
        o for o in installed_catalog().offers(clouds=("lambda",)) if o.instance.startswith("gpu_1x b200")
    )
    assert (offer.instance, offer.region) == ("gpu_1x b200 # source x", "us/east")


def test_a_cloud_whose_file_is_missing_is_told_of(home: Path) -> None:
    _catalogue(home, "lambda", HEAD + LAMBDA)
    refused = update("lambda", "aws").refused
    assert refused == {"aws": f"SkyPilot has no file of it in {home / '.sky/catalogs/v8'}"}


def test_a_new_cloud_is_one_row(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its prices are fetched, its own name of a GPU is understood, and a plan rents there."""
    monkeypatch.setitem(CLOUDS, "toy", Cloud("toy", "Toy", spot=False, gpus={"H100": "H100 NVL"}))
    _catalogue(home, "toy", HEAD + "toy-1,H100,1,16,128,1.55,here,,0.10\n")
    result = update("toy")
    assert result.sources[0].mended == (("spot price where SkyPilot cannot ask for spot", 1),)
    spec = b'{"run": "nvidia-smi", "gpu_types": ["H100"], "clouds": ["toy"], "gpu_count": 1}'
    choice = Case(read("job.gpu.jsonc", spec)[0]).plan.choice
    assert choice is not None
    assert (choice.offer.cloud, choice.gpu.name, choice.price) == ("toy", "H100 NVL", 1.55)


def test_a_price_that_the_other_clouds_make_doubtful_is_held_back(home: Path) -> None:
    """An L4 for a tenth of what three large clouds ask, and nobody asks about as little."""
    _catalogue(home, "do", HEAD + "l4,L4,1,8,32,0.07,tor1,,\ngpu-h100x1-80gb,H100,1,20,240.0,6.00,tor1,,\n")
    result = update("do")
    assert [(each.instance, each.price) for each in result.sources[0].held] == [("l4", 0.07)]
    assert not [each for each in installed_catalog().offers() if each.instance == "l4"]
