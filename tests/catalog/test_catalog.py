"""A Catalog is a value: it is made of facts, answers from them alone, and several live side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpuspec.catalog import Added, Catalog, Gpu, Model, Offer, PriceSource
from gpuspec.errors import UserError
from gpuspec.formats import read
from gpuspec.lint.config import Configs
from gpuspec.lint.files import lint_data
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.planning.limits import RentalTerms
from gpuspec.planning.price_lists import price_book
from gpuspec.rules import collect

TOY = Gpu("TOY 48", "acme", "Toy", 48, bandwidth_gbs=900.0, aliases=(("old", "toybox"),))
L4 = Offer("runpod", "here", "l4", "L4", 1, None, None, None, 0.50, None, "list")
TOY_OFFER = Offer("acme", "here", "toy", "TOY 48", 1, None, None, None, 0.25, None, "list")
SPEC = b'{"name": "x", "task": "batch", "gpu_types": ["toybox", "L4"], "gpu_count": 1, "run": "nvidia-smi"}'


@pytest.fixture
def plain() -> Catalog:
    return Catalog(offers=[L4])


@pytest.fixture
def with_toy() -> Catalog:
    shipped = Catalog()
    return Catalog(gpus=[*shipped.gpus, TOY], offers=[L4, TOY_OFFER])


def test_two_catalogs_answer_names_each_from_its_own(plain: Catalog, with_toy: Catalog) -> None:
    for _ in range(2):  # the second time from what they have kept
        assert plain.resolve_gpu("toybox").gpu is None
        assert with_toy.resolve_gpu("toybox").gpu == TOY
        assert with_toy.resolve_gpu("toybox").deprecated == "TOY 48"
        assert plain.resolve_gpu("L4").gpu == with_toy.resolve_gpu("L4").gpu
    assert len(with_toy.gpus) == len(plain.gpus) + 1


def test_two_cases_plan_each_from_its_own(plain: Catalog, with_toy: Catalog) -> None:
    (document,) = read("job.gpu.jsonc", SPEC)
    cases = [Case(document, catalog=catalog) for catalog in (plain, with_toy, plain)]
    chosen = [(case.plan.choice.gpu.name, case.plan.choice.price) for case in cases if case.plan.choice]
    assert chosen == [("L4", 0.50), ("TOY 48", 0.25), ("L4", 0.50)]
    assert [case.per_hour for case in cases] == [0.50, 0.25, 0.50]
    assert any("nobody knows a GPU called toybox" in note for note in cases[0].plan.notes)
    assert cases[0].price_book is cases[2].price_book is not cases[1].price_book


def test_two_linters_find_each_from_its_own(plain: Catalog, with_toy: Catalog) -> None:
    codes = []
    for catalog in (plain, with_toy):
        linter = Linter(collect(), catalog=catalog)
        found = lint_data(linter, "job.gpu.jsonc", SPEC, Settings(), on_disk=False)
        codes.append({item.finding.code for item in found} & {"GS004", "GS006"})
        assert not linter.problems
    unknown, known_by_an_old_name = codes
    assert "GS004" in unknown
    assert "GS004" not in known_by_an_old_name


def test_settings_are_checked_against_the_catalog_that_is_given(tmp_path: Path, with_toy: Catalog) -> None:
    (tmp_path / "gpuspec.toml").write_text('prices = "list"\nclouds = ["acme"]\n')
    settings = Configs(collect(), catalog=with_toy).settings_for(str(tmp_path))
    assert (settings.job.prices, settings.job.clouds) == ("list", ("acme",))
    with pytest.raises(UserError, match="there is no price source 'list'"):
        Configs(collect(), catalog=Catalog()).settings_for(str(tmp_path))


def test_models_that_are_given_are_all_there_are() -> None:
    tiny = Model("acme/tiny", params_b=1.5, aliases=("tiny-acme",))
    catalog = Catalog(models=[tiny])
    assert catalog.models == (tiny,)
    assert catalog.resolve_model("tiny-acme").model == tiny
    assert catalog.resolve_model("Qwen/Qwen2.5-7B-Instruct").model is None
    assert Catalog().resolve_model("Qwen/Qwen2.5-7B-Instruct").model is not None


def test_an_offer_of_a_gpu_that_is_not_in_the_catalog_is_left_out() -> None:
    assert Catalog(gpus=[TOY]).offers() == ()
    catalog = Catalog(gpus=[TOY], offers=[L4, TOY_OFFER])
    assert catalog.offers() == (TOY_OFFER,)
    (document,) = read("job.gpu.jsonc", SPEC)
    choice = Case(document, catalog=catalog).plan.choice
    assert choice is not None
    assert choice.gpu == TOY


def test_a_source_nobody_described_has_no_date() -> None:
    described = PriceSource("list", "2026-02-02", "a letter", rentable=True)
    assert Catalog(offers=[L4]).price_sources[0].as_of is None
    assert Catalog(offers=[L4], price_sources=[described]).price_sources == (described,)


def test_replace_keeps_the_rest(with_toy: Catalog) -> None:
    dearer = with_toy.replace(offers=[L4._replace(price=9.0)])
    assert [offer.price for offer in dearer.offers()] == [9.0]
    assert dearer.resolve_gpu("toybox").gpu == TOY
    assert with_toy.offers() == (L4, TOY_OFFER)


def test_offers_of_a_source_on_some_clouds(with_toy: Catalog) -> None:
    assert with_toy.offers("list", ("acme",)) == (TOY_OFFER,)
    assert with_toy.offers(clouds=("acme",)) is with_toy.offers(None, ("acme",))
    with pytest.raises(UserError, match="there is no price source 'other'"):
        with_toy.offers("other")


def test_a_price_list_is_read_again_when_it_has_changed(tmp_path: Path, with_toy: Catalog) -> None:
    path = tmp_path / "ours.csv"
    head = "Cloud,AcceleratorName,AcceleratorCount,Price\n"
    path.write_text(head + "desk,toybox,1,0.10\n")
    source = str(path)
    assert [(offer.gpu, offer.price) for offer in with_toy.offers(source)] == [("TOY 48", 0.10)]
    assert with_toy.offers(source) is with_toy.offers(source)
    book = price_book(with_toy, source)
    assert price_book(with_toy, source) is book
    path.write_text(head + "desk,toybox,1,0.1234\n")
    assert [offer.price for offer in with_toy.offers(source)] == [0.1234]
    prices = price_book(with_toy, source).price_list(RentalTerms()).prices("TOY 48", 1)
    assert [price.per_hour for price in prices] == [0.1234]
    with pytest.raises(UserError, match="nobody knows a GPU called 'toybox'"):
        Catalog().offers(source)


class Ours(Added):
    """A GPU, a model and the prices of a cloud, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def gpus(self, taken: set[str]) -> list[Gpu]:
        self.asked.append("gpus")
        assert "l4" in taken
        return [TOY]

    def models(self, taken: set[str]) -> list[Model]:
        self.asked.append("models")
        assert "qwen2.5-7b" in taken
        return [Model("acme/tiny", params_b=1.5)]

    def prices(self, taken: set[str], gpus: object) -> tuple[tuple[PriceSource, ...], tuple[Offer, ...]]:
        self.asked.append("prices")
        ours = PriceSource("ours", "2026-02-02", "a letter", rentable=True)
        return (ours,), (TOY_OFFER._replace(cloud="runpod", source="ours"),)


def test_what_is_added_is_asked_for_when_it_is_needed() -> None:
    ours = Ours()
    catalog = Catalog(added=ours)
    assert ours.asked == []
    assert catalog.resolve_model("acme/tiny").model is not None
    assert ours.asked == ["models"]
    assert catalog.resolve_gpu("TOY 48").gpu == TOY
    assert catalog.resolve_gpu("toybox").gpu == TOY
    assert ours.asked == ["models", "gpus"]
    runpod = catalog.offers(clouds=("runpod",))
    assert [(offer.gpu, offer.price, offer.source) for offer in runpod] == [("TOY 48", 0.25, "ours")]
    assert any(offer.cloud == "lambda" for offer in catalog.offers())
    assert ours.asked == ["models", "gpus", "prices"]
