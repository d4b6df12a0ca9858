"""`gpuspec gpus` by kind of price: on demand, spot, strangers' machines, bids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gpuspec.catalog import Catalog, HeldBack, Offer, PriceSource
from gpuspec.cli.gpus import command
from gpuspec.plugin.installed_catalog import catalog_instead


def offer(cloud: str, gpu: str, price: float | None, *, gpus: int = 1, **more: Any) -> Offer:
    return Offer(
        cloud=cloud,
        region=None,
        instance=f"{cloud}-{gpus}",
        gpu=gpu,
        gpu_count=gpus,
        vcpus=None,
        ram_gib=None,
        disk_gb=None,
        price=price,
        spot_price=more.pop("spot_price", None),
        source=cloud,
        **more,
    )


HELD = HeldBack("lium", "8x", "B300", 8, 4.0, "$0.50 a GPU is under a third of what others ask")
CATALOG = Catalog(
    offers=(
        offer("lambda", "H100 SXM", 23.92, gpus=8),  # 2.99 for one
        offer("lambda", "H100 SXM", 3.29),
        offer("runpod", "H100 SXM", 2.69, spot_price=1.75),
        offer("gcp", "H100 SXM", 11.06, spot_price=3.69),
        offer("vast", "H100 SXM", 1.87, hosts="community"),
        offer("mithril", "H100 SXM", None, gpus=8, bid=8.0),  # 1.00 for one
        offer("vast", "RTX 3090", None, spot_price=0.09, hosts="community"),
        offer("mithril", "B200", None, gpus=8, bid=16.0),
    ),
    price_sources=(
        PriceSource("lambda", "2026-07-01", "test", rentable=True),
        PriceSource("lium", None, "test", rentable=True, held=(HELD,)),
    ),
)


def shown(*arguments: str, columns: int = 80) -> str:
    with catalog_instead(CATALOG), pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(columns))
        done = CliRunner().invoke(command, [*arguments, "--isolated"])
    assert done.exit_code == 0, done.output
    return done.output


def row(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def test_each_kind_has_its_column_and_none_passes_for_another() -> None:
    text = shown()
    assert row(text, "GPU").split()[:6] == ["GPU", "$/h", "ON", "DEMAND", "GB", "SPOT"]
    assert row(text, "H100 SXM").split() == [
        "H100",
        "SXM",
        "$2.69",
        "runpod",
        "–",
        "11.06",  # of gcp
        "80",
        "$1.75–3.69",
        "$1.87",
        "$1.00",
    ]
    assert row(text, "RTX 3090 ").split() == ["RTX", "3090", "-", "24", "-", "$0.09", "-"]
    assert row(text, "B200").split() == ["B200", "-", "180", "-", "-", "$2.00"]
    assert "no price" in row(text, "MI300X")
    assert max(map(len, text.splitlines())) <= 80


def test_a_narrow_page_keeps_the_price_on_demand() -> None:
    text = shown(columns=40)
    assert row(text, "H100 SXM").split() == ["H100", "SXM", "$2.69", "runpod", "–", "11.06"]
    assert max(len(line) for line in text.splitlines() if "$" in line) <= 40


def test_one_gpu_is_shown_cloud_by_cloud() -> None:
    clouds = shown("H100 SXM").split("CLOUD")[1].splitlines()
    assert [line.split() for line in clouds[1:6]] == [
        ["runpod", "$2.69", "$1.75", "-", "-", "undated", "runpod-1"],
        ["lambda", "$2.99–3.29", "-", "-", "-", "2026-07-01", "lambda-8"],
        ["gcp", "$11.06", "$3.69", "-", "-", "undated", "gcp-1"],
        ["mithril", "-", "-", "-", "$1.00", "undated", "mithril-8"],
        ["vast", "-", "-", "$1.87", "-", "undated", "vast-1"],
    ]


def test_a_gpu_without_a_price_says_why() -> None:
    assert f"not believed: lium 8x at $4.00/h: {HELD.reason}" in " ".join(shown("B300").split())
    assert "no price list here has it" in shown("T4")
    # AWS sells p5e, its smaller H200 machine, as capacity blocks only.
    assert "aws p5e.48xlarge: by reservation only (capacity blocks)" in " ".join(shown("H200 SXM").split())


def test_a_price_that_nothing_is_rented_at_is_shown_as_such() -> None:
    """The Azure row: Standard_NV24ads_V710_v5 for 2.00 an hour, of 2026-06-18."""
    with catalog_instead(Catalog()):
        text = " ".join(CliRunner().invoke(command, ["V710"]).output.split())
    priced = "azure asks $2.00/h (Standard_NV24ads_V710_v5, 2026-06-18)"
    assert f"no price none for rent through SkyPilot; {priced}" in text


def test_a_narrow_page_has_every_kind_of_one_gpu() -> None:
    lines = shown("H100 SXM", columns=40).splitlines()
    assert "gcp: $11.06/h on demand, $3.69/h spot" in lines
    assert "vast: $1.87/h community" in lines
    assert "mithril: $1.00/h bid" in lines


def test_a_gpu_whose_form_no_cloud_says_is_listed_where_it_has_a_price() -> None:
    """ "A100 80GB" may be PCIe or SXM: some clouds do not say."""
    catalog = Catalog(offers=[offer("lambda", "A100 80GB", 1.35), offer("runpod", "A100 80GB PCIe", 1.64)])
    with catalog_instead(catalog):
        table = CliRunner().invoke(command, ["--isolated"]).output
        one = CliRunner().invoke(command, ["A100 80GB", "--isolated"]).output
        other = CliRunner().invoke(command, ["V100 16GB", "--isolated"]).output
    assert "$1.35 lambda" in row(table, "A100 80GB ")
    assert "A100 80GB: which form or model it is, these clouds do not say." in table
    assert "stands for          A100 80GB PCIe or A100 80GB SXM4: these clouds do not say" in one
    assert row(one, "lambda").split()[1] == "$1.35"
    assert "V100 16GB  (" not in other


def test_what_was_agreed_on_is_said_of_one_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines of 8 at $23.92, and of one at $3.29: the cheapest is 23.92 / 8 = 2.99 for a GPU, less 20 %."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    with catalog_instead(CATALOG):
        Path("gpuspec.toml").write_text('[discounts]\nlambda = 0.2\n[committed.gcp]\n"H100 SXM" = 5.0\n')
        text = CliRunner().invoke(command, ["H100 SXM"]).output
    assert row(text, "lambda").split()[1] == "$2.39–2.63"
    assert "  lambda: list price $2.99/h less 20 % (gpuspec.toml)\n" in text
    assert "  gcp: committed: $5.00 per GPU and hour (gpuspec.toml); list price $11.06/h\n" in text
    assert "runpod:" not in text


def test_a_gpu_that_the_settings_leave_out_is_not_said_to_have_no_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with catalog_instead(CATALOG):
        Path("gpuspec.toml").write_text('clouds = ["lambda"]\nregions = ["us-*"]\n')
        text = " ".join(CliRunner().invoke(command, ["B200"]).output.split())
    assert "none on the clouds and in the regions asked for; it is to be had on mithril" in text


def test_json_has_every_kind_of_every_cloud() -> None:
    (record,) = json.loads(shown("H100 SXM", "--json"))
    assert (record["on_demand"]["per_hour"], record["on_demand"]["highest"]) == (2.69, 11.06)
    assert record["bid"]["per_hour"] == record["clouds"]["mithril"]["bid"]["per_hour"] == 1.0
    assert record["clouds"]["lambda"]["on_demand"]["per_hour"] == 2.99
    assert record["clouds"]["vast"]["on_demand"] is None
    assert record["no_price"] is None
    (t4,) = json.loads(shown("T4", "--json"))
    assert (t4["on_demand"], t4["clouds"], t4["no_price"]) == (None, {}, "no price list here has it")


def test_a_bid_is_below_no_price() -> None:
    records = json.loads(shown("--max-price", "2.00", "--json"))
    assert {record["name"] for record in records} == {"H100 SXM", "RTX 3090"}  # spot, and a stranger's
