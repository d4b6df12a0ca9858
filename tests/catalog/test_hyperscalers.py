"""Prices of AWS, Azure and GCP: what becomes of each row. Expected values are worked out by hand from the rows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gpuspec.catalog import Catalog
from tools.prices.hyperscalers import listings
from tools.prices.listing import Listing

CATALOG = Catalog()
SHARED = next(
    (found for above in Path(__file__).parents if (found := above / "shared" / "data" / "prices").is_dir()),
    None,
)
HEAD = "Cloud,InstanceType,Region,Price,SpotPrice,Date"
ROWS = """
aws,p5.48xlarge,us-east-1,55.04,,2026-07-20
aws,g6f.large,us-east-1,0.202,,2026-07-20
aws,g7.2xlarge,us-east-1,2.52,,2026-07-20
aws,trn1.2xlarge,us-east-1,1.34375,,2026-07-20
aws,x9.unheard,us-east-1,1.0,,2026-07-20
azure,Standard_NC40ads_H100_v5,westus,6.98,,2026-06-18
azure,Standard_NC40ads_H100_v5,eastus,6.98,,2026-06-18
azure,Standard_NC6s_v3,eastus,3.06,,2026-06-18
azure,Standard_ND96isr_MI300X_v5,westus,48.0,,2026-06-18
azure,Standard_NCC40ads_H100_v5,eastus2,8.82,,2026-06-18
gcp,a3-megagpu-8g,us-central1,92.9375881512329,40.5,2026-08-03
gcp,a3-highgpu-1g,us-central1,11.0612499878219,4.0,2026-08-03
gcp,g4-standard-6,us-central1,0.55955625,0.2,2026-08-03
""".strip()


@pytest.fixture
def found(tmp_path: Path) -> dict[str, Listing]:
    (tmp_path / "hyperscalers.csv").write_text(f"{HEAD}\n{ROWS}\n", encoding="utf-8")
    return {one.source.name: one for one in listings(tmp_path, CATALOG)}


def test_a_row_becomes_an_offer_with_the_machine_of_the_table(found: dict[str, Listing]) -> None:
    source, (offer,) = found["karpenter-aws"]
    assert (source.as_of, source.rentable) == ("2026-07-20", True)
    assert (offer.gpu, offer.gpu_count, offer.price, offer.spot_price) == ("H100 SXM", 8, 55.04, None)
    assert (offer.vcpus, offer.ram_gib, offer.disk_gb) == (192, 2048, None)
    assert (offer.region, offer.accelerator) == ("us-east-1", "H100")
    assert [offer.region for offer in found["karpenter-azure"].offers] == ["westus", "eastus"]


def test_what_is_no_offer_is_counted_with_its_reason(found: dict[str, Listing]) -> None:
    assert dict(found["karpenter-aws"].source.dropped) == {
        "an eighth of an L4 (3 GB)": 1,
        "AWS Trainium, no GPU": 1,
        "a type that is not in the table of instances": 1,
    }
    assert dict(found["karpenter-azure"].source.dropped) == {"retired on 2025-09-30": 1}
    assert dict(found["karpenter-gcp"].source.dropped) == {
        "an eighth of an RTX PRO 6000 Blackwell Server (12 GB)": 1
    }


def test_spot_only_has_no_price_on_demand(found: dict[str, Listing]) -> None:
    source, (mega, small) = found["karpenter-gcp"]
    assert (mega.price, mega.spot_price, mega.accelerator) == (92.9375881512329, 40.5, "H100-MEGA")
    assert (small.price, small.spot_price, small.accelerator) == (None, 4.0, "H100")
    assert source.mended == (("price on demand of a type that is rented as spot only", 1),)


def test_what_skypilot_has_no_name_for_is_listed_and_not_rented(found: dict[str, Listing]) -> None:
    for name, gpus in (("aws", ["RTX PRO 4500 Blackwell Server"]), ("azure", ["MI300X", "H100 NVL"])):
        source, offers = found[f"karpenter-{name}-by-hand"]
        assert not source.rentable
        assert [offer.gpu for offer in offers] == gpus
        assert {offer.accelerator for offer in offers} == {None}
        assert {offer.source for offer in offers} == {source.name}


def test_prices_of_two_days_are_refused(tmp_path: Path) -> None:
    later = ROWS.splitlines()[0].replace("07-20", "07-21")
    (tmp_path / "hyperscalers.csv").write_text(f"{HEAD}\n{ROWS}\n{later}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="2026-07-20, 2026-07-21"):
        listings(tmp_path, CATALOG)


@pytest.mark.skipif(SHARED is None, reason="the price lists are not on this machine")
def test_every_row_of_the_list_is_accounted_for() -> None:
    assert SHARED
    with (SHARED / "hyperscalers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["Cloud"] for row in rows} == {"aws", "azure", "gcp"}
    every = listings(SHARED, CATALOG)
    dropped = [reason for one in every for reason, _ in one.source.dropped]
    counted = sum(rows for one in every for _, rows in one.source.dropped)
    assert sum(len(one.offers) for one in every) + counted == len(rows)
    assert "a type that is not in the table of instances" not in dropped
    priced = {(row["InstanceType"], row["Region"]): row for row in rows}
    for one in every:
        for offer in one.offers:
            row = priced[offer.instance, offer.region or ""]
            assert offer.gpu_count == float(CATALOG.instances[offer.instance.lower()].number)
            assert offer.price in (float(row["Price"]), None)
            assert offer.price or offer.spot_price


def test_no_shipped_offer_is_of_a_type_that_the_table_of_instances_refuses() -> None:
    seen = 0
    for source in CATALOG.price_sources:
        for offer in CATALOG.offers(source.name):
            instance = CATALOG.instances.get(offer.instance.lower())
            if instance is None or source.name.startswith("seed"):
                continue
            seen += 1
            assert (offer.gpu, offer.gpu_count) == (instance.gpu, instance.gpu_count), offer
            assert instance.refusal() == "", offer
            assert offer.price is None or not instance.spot_only, offer
    assert seen > 100
