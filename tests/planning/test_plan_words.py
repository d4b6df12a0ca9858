"""What a plan's page says of offers that were not taken, and of where the choice is."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog import Catalog, Offer
from gpuspec.catalog.agreed import AgreedPrices
from gpuspec.formats import JOB_SPEC, Document
from gpuspec.job import Budget
from gpuspec.planning.case import Case, JobSettings
from gpuspec.report import plan_table
from gpuspec.text import Tree

from .test_hosts import case
from .test_plan import job, offer


def page(*offers: Offer, settings: JobSettings | None = None, columns: int = 200, **fields: Any) -> str:
    """The page, each of its sentences on one line."""
    made = case(job("RTX 4090", **fields), *offers, settings=settings)
    return " ".join(plan_table.render(made, made.plan, columns=columns).split())


def at(cloud: str, region: str, price: float | None = 0.7, **more: Any) -> Offer:
    return offer("RTX 4090", price, cloud=cloud, region=region, **more)


@pytest.mark.parametrize(
    ("offers", "fields", "words"),
    [
        ([at("aws", "us", gpus=2)], {}, "1 with 2 GPUs; 1 wanted"),
        ([at("aws", "us", gpus=2), at("aws", "us", gpus=8)], {}, "2 with 2 or 8 GPUs; 1 wanted"),
        ([at("aws", "us")], {"gpu_count": 2}, "1 with 1 GPU; 2 wanted"),
        (
            [at(cloud, "us") for cloud in ("aws", "azure", "do", "gcp", "oci")],
            {"clouds": ("runpod",)},
            "5 not among the clouds allowed (runpod): aws, azure, do, gcp and 1 more",
        ),
        (
            [at("aws", "us"), at("aws", "eu")],
            {"regions": ("asia", "me-*")},
            "2 not among asia, me-*: eu, us",
        ),
        (
            [at("aws", "us", 1.42)],
            {"max_price": 0.8},
            "1 above max_price; the cheapest of them: $1.42/h, max_price is $0.80/h",
        ),
        (
            [at("aws", "us"), at("gcp", "us"), at("mithril", "us", None, bid=0.1)],
            {"spot": "only"},
            "3 no spot price, and spot is only; 1 of them by bid alone (mithril), which is no price: what is paid is "
            "decided by auction",
        ),
        (
            [at("mithril", "us", None, bid=0.1), at("mithril", "eu", None, bid=0.2)],
            {},
            "2 by bid alone (mithril), which is no price",
        ),
        ([at("gcp", "us", None, spot_price=0.1)], {}, "1 only offered as spot"),
    ],
)
def test_what_is_not_taken_is_counted_in_words(
    offers: list[Offer], fields: dict[str, Any], words: str
) -> None:
    assert words in page(*offers, **fields)


def test_the_settings_are_named_where_they_leave_places_out() -> None:
    settings = JobSettings(clouds=("aws",), regions=("us-*",))
    said = page(at("aws", "us-east-1"), at("aws", "eu"), at("gcp", "us-east1"), settings=settings)
    assert "1 not among the clouds of the settings (aws): gcp" in said
    assert "1 not among the regions of the settings (us-*): eu" in said
    assert "take 1 × RTX 4090 at $0.70/h: aws, us-east-1, " in said


def test_a_machine_of_one_price_in_many_regions_is_in_any_of_them() -> None:
    """The launcher is given the cloud: the first region by the alphabet is not where it goes."""
    said = page(*(at("runpod", region) for region in ("AU", "CA", "US")))
    assert " 24 runpod 3 regions " in said
    assert "take 1 × RTX 4090 at $0.70/h: runpod, any of 3 regions, " in said
    other = page(at("runpod", "AU"), at("runpod", "CA", 0.9))
    assert "take 1 × RTX 4090 at $0.70/h: runpod, AU, " in other


def test_committed_prices_are_told_of_what_may_be_taken() -> None:
    catalog = Catalog(offers=(at("gcp", "us"), offer("L4", 0.5, cloud="gcp")))
    agreed = AgreedPrices(committed=(("gcp", "RTX 4090", 0.6), ("gcp", "L4", 0.4)), origin="gpuspec.toml")
    document = Document("gpu.jsonc", Tree(""), job("RTX 4090"), "", JOB_SPEC.format)
    made = Case(document, catalog=catalog.with_agreed_prices(agreed), on_disk=False)
    text = plan_table.render(made, made.plan)
    assert "note  gcp: RTX 4090 $0.60 committed per GPU and hour (gpuspec.toml)\n" in text


def test_a_second_begun_is_billed_as_a_second() -> None:
    """18.5 s of the idle minutes at $100/h: the half second is 1.4 cents."""
    said = page(at("aws", "us", 100.0), budget=Budget(max_hours=1), keep_alive_minutes=18.5 / 60, disk_gb=1)
    assert "billing whole seconds (aws), " in said


def test_kinds_that_nobody_asked_for_are_told_together() -> None:
    found = case(job(gpu_count=1, min_vram=16), *(offer(gpu, 1.0) for gpu in ("L4", "MI300X", "Gaudi 2")))
    said = " ".join(plan_table.render(found, found.plan, columns=200).split())
    kinds = "MI300X (AMD runs no CUDA), Gaudi 2 (Intel runs no CUDA): name it in gpu_types where the job can use it"
    assert f"2 {kinds}" in said
