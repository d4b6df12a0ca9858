"""Offers and their sources, shipped and the user's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gpuspec.catalog import HeldBack
from gpuspec.catalog.clouds import CLOUDS
from gpuspec.catalog.snapshot import HEADER, OLD_HEADER, parse, render
from gpuspec.errors import UserError
from gpuspec.plugin.installed_catalog import installed_catalog


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(tmp_path))


def test_offers_are_of_known_gpus_and_clouds() -> None:
    names = {gpu.name for gpu in installed_catalog().gpus}
    sources = {source.name: source for source in installed_catalog().price_sources}
    assert len(installed_catalog().offers()) > 500
    for offer in installed_catalog().offers():
        assert offer.gpu in names
        assert offer.cloud in CLOUDS
        assert sources[offer.source].rentable
        assert offer.price is None or offer.price / offer.gpu_count >= 0.03


def test_the_guides_table_is_apart_and_complete() -> None:
    table = {
        offer.gpu: offer.price for offer in installed_catalog().offers("seed-2025") if offer.gpu_count == 1
    }
    assert len(table) == 14
    assert (table["RTX 4090"], table["A100 80GB PCIe"], table["H200 SXM"]) == (0.44, 1.79, 4.99)
    two = [
        offer.price
        for offer in installed_catalog().offers("seed-2025")
        if (offer.gpu, offer.gpu_count) == ("A100 80GB PCIe", 2)
    ]
    assert two == [3.58]
    assert not {offer.source for offer in installed_catalog().offers()} & {"seed-2025"}


def test_undated_prices_say_so() -> None:
    dated = {source.name: source.dated for source in installed_catalog().price_sources}
    assert dated["skypilot-runpod"] == "snapshot 2026-11-29"
    assert dated["seed-2025"] == "2025-01-01"


def test_unknown_source() -> None:
    with pytest.raises(UserError) as caught:
        installed_catalog().offers("yesterday")
    assert caught.value.code == "unknown-price-source"
    assert "seed-2025" in (caught.value.hint or "")


def test_a_snapshot_reads_back_as_written() -> None:
    sources, found = installed_catalog().price_sources, installed_catalog().offers()
    kept = [source for source in sources if source.rentable]
    again = parse(render(kept, found))
    assert again[0] == tuple(kept)
    assert sorted(again[1], key=str) == sorted(found, key=str)


def test_what_is_not_an_ordinary_price_is_told_apart() -> None:
    """A snapshot in the format of the day: a bid, a stranger's machine, a row that is not believed."""
    text = (
        f"{HEADER}\n# source\tmine\t\t2026-11-01\ta letter\trentable\n"
        "# held\tmine\tlambda\tgpu_1x_a10\tA10\t1\t0.01\tunder a third of the median, $0.75\n"
        "mithril\th200.8x\tH200\t8\t168\t1600\t\t\t\t8\t\tus\tmine\tH200\n"
        "vast\t1x\tRTX 3090\t1\t\t\t\t0.2\t\t\tcommunity\tSpain, ES\tmine\t\n"
    )
    (source,), (auction, stranger) = parse(text)
    assert (source.as_of, source.copied, source.dated) == (None, "2026-11-01", "snapshot 2026-11-01")
    assert source.held == (
        HeldBack("lambda", "gpu_1x_a10", "A10", 1, 0.01, "under a third of the median, $0.75"),
    )
    assert (auction.price, auction.spot_price, auction.bid, auction.hosts) == (None, None, 8, "secure")
    assert (stranger.price, stranger.bid, stranger.hosts) == (0.2, None, "community")
    assert parse(render((source,), (auction, stranger))) == ((source,), (auction, stranger))


def test_the_users_own_prices_take_the_place_of_that_cloud(tmp_path: Path) -> None:
    line = "lambda\tgpu_1x_a10\tA10\t1\t30\t200\t\t0.5\t\teast|west\tmine"
    text = f"{OLD_HEADER}\n# source\tmine\t2026-11-01\tSkyPilot catalog v8\tthis machine\trentable\n{line}\n"
    (tmp_path / "prices.tsv").write_text(text, encoding="utf-8")
    mine = [offer for offer in installed_catalog().offers() if offer.cloud == "lambda"]
    assert [(offer.region, offer.price) for offer in mine] == [("east", 0.5), ("west", 0.5)]
    assert "skypilot-lambda" not in {source.name for source in installed_catalog().price_sources}
    assert any(offer.cloud == "vast" for offer in installed_catalog().offers())


def test_own_prices_of_a_gpu_that_is_not_known_any_more_are_left_out(tmp_path: Path) -> None:
    """A plugin that brought it may be gone."""
    rows = (f"lambda\tmachine\t{gpu}\t1\t30\t200\t\t0.5\t\teast\tmine" for gpu in ("Gone GPU", "A10"))
    head = f"{OLD_HEADER}\n# source\tmine\t2026-11-01\tSkyPilot catalog v8\tthis machine\trentable\n"
    (tmp_path / "prices.tsv").write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    assert [offer.gpu for offer in installed_catalog().offers() if offer.cloud == "lambda"] == ["A10"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not prices",
        f"{HEADER}\na\tb",
        f"{HEADER}\n# dropped\tx\ty\tz",
        f"{HEADER}\n" + "\t" * 10,
        "\x00" * 50,
    ],
)
def test_a_broken_snapshot_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        installed_catalog().offers()
    assert caught.value.code == "price-snapshot-broken"
    assert os.fspath(path) in caught.value.message


@pytest.mark.parametrize("name", ["hyperbolic", "primeintellect", "verda", "yotta"])
def test_clouds_without_autodown(name: str) -> None:
    assert not CLOUDS[name].autodown


def test_clouds_with_autodown() -> None:
    assert all(
        CLOUDS[name].autodown for name in ("aws", "gcp", "azure", "lambda", "runpod", "vast", "nebius")
    )
