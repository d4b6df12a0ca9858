"""`gpuspec gpus` by kind of price: on demand, spot, strangers' machines, bids."""

from __future__ import annotations

import json
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
        "$2.69–11.06",
        "runpod",
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
    assert row(text, "H100 SXM").split() == ["H100", "SXM", "$2.69–11.06", "runpod"]
    assert max(len(line) for line in text.splitlines() if "$" in line) <= 40


def test_one_gpu_is_shown_cloud_by_cloud() -> None:
    clouds = shown("H100 SXM").split("CLOUD")[1].splitlines()
    assert [line.split() for line in clouds[1:6]] == [
        ["runpod", "$2.69", "$1.75", "-", "-", "undated"],
        ["lambda", "$2.99–3.29", "-", "-", "-", "2026-07-01"],
        ["gcp", "$11.06", "$3.69", "-", "-", "undated"],
        ["mithril", "-", "-", "-", "$1.00", "undated"],
        ["vast", "-", "-", "$1.87", "-", "undated"],
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
