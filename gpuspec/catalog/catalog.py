"""The Catalog: GPUs, models, offers and price sources as one value that is handed on."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gpuspec.catalog.file_state import state_of
from gpuspec.catalog.gpu import Gpu, GpuMatch
from gpuspec.catalog.model import Model, ModelMatch
from gpuspec.catalog.offer import Offer, PriceSource, Snapshot
from gpuspec.catalog.price_file import names_a_file, prices_in_file

if TYPE_CHECKING:
    from gpuspec.catalog.agreed import AgreedPrices
    from gpuspec.catalog.gpu_names import GpuNames
    from gpuspec.catalog.instance import Instance
    from gpuspec.catalog.kept_models import KeptModels
    from gpuspec.catalog.model_names import ModelNames
    from gpuspec.catalog.stock import Stock


class Added:
    """What is added to the files that ship; here nothing. Each method is asked when a Catalog first needs its answer;
    `taken` holds the names there are, those of GPUs and models in lower case."""

    def gpus(self, taken: set[str]) -> Iterable[Gpu]:
        """More GPUs."""
        return ()

    def models(self, taken: set[str]) -> Iterable[Model]:
        """More models."""
        return ()

    def prices(self, taken: set[str], gpus: Mapping[str, Gpu]) -> Snapshot:
        """More price sources and their offers, of the `gpus` there are. They take the place of other prices of the
        same clouds."""
        return (), ()


class Catalog:
    """What exists and what it costs, each fact with its source and date.

    Every question about a GPU, a model or a price is asked of a Catalog that the asker was given: two of them with
    different facts live side by side in one process. `gpus`, `models` and `offers`, where given, are all there are;
    otherwise those are read that ship with gpuspec, each file on first use, and what `added` adds. `snapshot` is the
    path of the user's own prices (`gpuspec prices update` writes it): a cloud in it replaces the shipped one.
    `price_sources` describe the given `offers`. `model_files` keep models that go before those that ship, the first
    file before the others (`kept_models.py`)."""

    def __init__(
        self,
        *,
        gpus: Iterable[Gpu] | None = None,
        models: Iterable[Model] | None = None,
        offers: Iterable[Offer] | None = None,
        price_sources: Iterable[PriceSource] = (),
        snapshot: str | None = None,
        added: Added | None = None,
        model_files: tuple[str, ...] = (),
    ) -> None:
        self._given_gpus = None if gpus is None else tuple(gpus)
        self._given_models = None if models is None else tuple(models)
        self._given_prices = None if offers is None else _described(tuple(offers), tuple(price_sources))
        self.snapshot = snapshot
        self._added = added
        self._model_files = model_files
        self._lender: Catalog | None = None
        self.agreed: AgreedPrices | None = None
        """Prices that its offers have in the place of list prices."""
        self._stocks: dict[str | None, tuple[object, Stock]] = {}
        self._offers: dict[tuple[str | None, tuple[str, ...]], tuple[Stock, tuple[Offer, ...]]] = {}
        self.derived: dict[Hashable, Any] = {}
        """What other rooms worked out of this catalogue for all who ask it, each under a key of its own."""

    def replace(
        self,
        *,
        gpus: Iterable[Gpu] | None = None,
        models: Iterable[Model] | None = None,
        offers: Iterable[Offer] | None = None,
        price_sources: Iterable[PriceSource] = (),
    ) -> Catalog:
        """Another Catalog with these GPUs, models or offers in the place of its own; None keeps its own."""
        prices = self._given_prices or ((), None)
        return Catalog(
            gpus=self._given_gpus if gpus is None else gpus,
            models=self._given_models if models is None else models,
            offers=prices[1] if offers is None else offers,
            price_sources=prices[0] if offers is None else price_sources,
            snapshot=self.snapshot,
            added=self._added,
            model_files=self._model_files if models is None else (),
        )

    def with_models_of(self, path: str) -> Catalog:
        """This catalogue with the models that a project keeps in a file (`gpuspec.models.json`) before all others;
        the same until the file changes. All but the models is shared."""
        state, key = state_of(path), ("models of a project", path)
        kept = self.derived.get(key)
        if kept is None or kept[0] != state:
            catalog = self._lent((path, *self._model_files))
            catalog._offers, catalog._stocks = self._offers, self._stocks
            catalog.derived, catalog.agreed = self.derived, self.agreed
            kept = self.derived[key] = (state, catalog)
        found: Catalog = kept[1]
        return found

    def with_agreed_prices(self, agreed: AgreedPrices) -> Catalog:
        """This catalogue with its offers at prices that were agreed with the clouds: whoever asks it for offers gets
        those. All but the offers is shared."""
        if not (agreed.discounts or agreed.committed):
            return self
        key = ("agreed prices", agreed, self._model_files)
        if key not in self.derived:
            catalog = self._lent(self._model_files)
            catalog.agreed = agreed
            self.derived[key] = catalog
        found: Catalog = self.derived[key]
        return found

    def _lent(self, model_files: tuple[str, ...]) -> Catalog:
        """Another catalogue that takes what it holds from this one."""
        catalog = Catalog(
            gpus=self._given_gpus,
            models=self._given_models,
            snapshot=self.snapshot,
            added=self._added,
            model_files=model_files,
        )
        catalog._given_prices, catalog._lender = self._given_prices, self
        return catalog

    @property
    def gpus(self) -> tuple[Gpu, ...]:
        """Every GPU known, sorted by memory then name, then those that were added. Those with `variants` stand for
        several."""
        return self._gpu_names.gpus

    @property
    def gpus_by_name(self) -> Mapping[str, Gpu]:
        """Canonical name → GPU."""
        return self._gpu_names.by_name

    @property
    def instances(self) -> Mapping[str, Instance]:
        """Lower-case instance type of a cloud, or family of them → what it is."""
        return self._gpu_names.instances

    def resolve_gpu(self, name: str) -> GpuMatch:
        """What a GPU name means, in any of the vocabularies people use."""
        return self._gpu_names.resolve(name)

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model known: those of the project, then in catalogue order text first, pictures, video, sound and
        shape, then those that were added."""
        own = {model.id: model for kept in self._kept_models for model in reversed(kept.models)}
        return (*reversed(own.values()), *(each for each in self._model_names.models if each.id not in own))

    def resolve_model(
        self, name: str, *, engine: str | None = None, online: bool = False, suggest: bool = True
    ) -> ModelMatch:
        """What a model name means: hub id, short name, quantized re-upload, Ollama tag. Without `suggest` no names
        that are like an unknown one are looked for, which takes far longer than all else.

        With `engine="ollama"` a name without a tag gets Ollama's default quantization. A model that the project
        keeps, or that this user asked the hub for, goes before those that ship. With `online=True` a hub id that is
        not known as such is looked up on the Hugging Face hub (extra `hub`), and kept for this user; raises
        UserError as `fetch_model` of `gpuspec.catalog.hub` does. Reads no local file: see `gpuspec.catalog.local`.
        """
        match = self._resolve(name, engine, suggest)
        if online and (match.model is None or match.relation == "fine-tune"):
            from gpuspec.catalog.hub import fetch_model
            from gpuspec.catalog.kept_models import keep_for_user

            found = fetch_model(name)
            if found is not None:
                keep_for_user(found)
                return ModelMatch(name, found, found.params_b, relation="file")
        return match

    def _resolve(self, name: str, engine: str | None, suggest: bool) -> ModelMatch:
        """Exactly this name in the files first; then what ships; then what a name in the files may stand for."""
        files = self._kept_models
        for kept in files:
            exact = kept.exact(name, engine)
            if exact is not None:
                return exact
        shipped = self._model_names.resolve(name, engine, suggest)
        if shipped.model is None or shipped.relation != "name":
            for kept in files:
                alike = kept.alike(name, engine)
                if alike is not None:
                    return alike
        if suggest and shipped.model is None and files:
            near = (each for kept in files for each in kept.nearest(name))
            suggestions = tuple(dict.fromkeys((*near, *shipped.suggestions)))[:3]
            return shipped._replace(suggestions=suggestions)
        return shipped

    def search_table(self, part: str, *, most: int) -> tuple[list[ModelMatch], int]:
        """(at most so many repositories of the hub's table whose name has this part, in any case of letters, how many
        more there are); without those that `models` has."""
        found, left = self._model_names.in_table(part, most)
        known = {name for kept in self._kept_models for name in kept.records}
        return [each for each in found if each.name not in known], left

    def model_names(self, start: str) -> Iterator[str]:
        """Every name of a model that starts so, as a shell completes it."""
        for kept in self._kept_models:
            yield from (name for name in kept.records if name.startswith(start))
        yield from self._model_names.starting_with(start)

    def kept_in(self, name: str) -> str | None:
        """The file of models that goes before what ships and keeps a model of this id."""
        return next((kept.path for kept in self._kept_models if name in kept.records), None)

    def check_kept_models(self) -> None:
        """Raise UserError `models-file` where a file of models, or any record in it, cannot be read."""
        for kept in self._kept_models:
            kept.check()

    @cached_property
    def price_sources(self) -> tuple[PriceSource, ...]:
        """Every price source in force, by name. Raises UserError `price-snapshot-broken` when the user's own snapshot
        cannot be read."""
        if self._lender is not None:
            return self._lender.price_sources
        if self._given_prices is not None:
            return self._given_prices[0]
        from gpuspec.catalog.snapshot import sources_in_force

        return sources_in_force(*self._tables)

    @cached_property
    def newest_day(self) -> str:
        """The newest day (ISO) of the price lists that ship, or were given, "" where none says: it stands for today
        where no clock may be asked."""
        if self._lender is not None:
            return self._lender.newest_day
        from gpuspec.catalog.snapshot import sources_in_force

        known = self._given_prices[0] if self._given_prices else sources_in_force(self._tables[0], ((), ()))
        return max((source.latest or "" for source in known), default="")

    def offers(self, source: str | None = None, clouds: tuple[str, ...] = ()) -> tuple[Offer, ...]:
        """Sanitised offers in a fixed order, on some `clouds` (empty: all); the same tuple for the same question.

        `source`: None for every rentable source; "seed-2025" and the like by name; what names a file (it ends in
        ".csv" or ".tsv", or holds a "/") is read again when the file has changed (`price_file.py`).

        Raises UserError `unknown-price-source`, `price-file`, and `price-snapshot-broken` where the user's own prices
        cannot be read.
        """
        stock = self.stock(source)
        kept = self._offers.get((source, clouds))
        if kept is None or kept[0] is not stock:
            found = stock.offers
            kept = (stock, tuple(offer for offer in found if offer.cloud in clouds) if clouds else found)
            self._offers[source, clouds] = kept
        return kept[1]

    def sources_of(self, source: str | None = None) -> tuple[PriceSource, ...]:
        """The price sources that `offers` of a source are from, by name. Raises as `offers` does."""
        if source and names_a_file(source):
            return prices_in_file(source, self.derived, self._gpu_names)[0]
        if not source:
            return self._rentable_sources
        self._check_source(source)
        return tuple(each for each in self.price_sources if each.name == source)

    @cached_property
    def _rentable_sources(self) -> tuple[PriceSource, ...]:
        return tuple(each for each in self.price_sources if each.rentable)

    def stock(self, source: str | None = None) -> Stock:
        """The same offers, found by machine without a look at the others; the same Stock for the same question.
        Raises as `offers` does."""
        state = state_of(source) if source and names_a_file(source) else None
        kept = self._stocks.get(source)
        if kept is None or kept[0] != state:
            kept = self._stocks[source] = (state, self._stock_of(source))
        return kept[1]

    def _stock_of(self, source: str | None) -> Stock:
        from gpuspec.catalog.stock import ChangedStock, Stock, TableStock

        if self._lender is not None:
            lent = self._lender.stock(source)
            if self.agreed is None or self.agreed is self._lender.agreed:
                return lent
            return ChangedStock(lent, self.agreed.of)
        if source and names_a_file(source):
            return Stock(prices_in_file(source, self.derived, self._gpu_names)[1])
        if source is not None:
            self._check_source(source)
        if self._given_prices is not None:
            given = self._of_sources(source, *self._given_prices)
            return Stock(given if self._given_gpus is None else self._known(given))
        from gpuspec.catalog.shipped import rentable_sources

        shipped, newer = self._tables
        found = TableStock(
            shipped,
            Stock(self._of_sources(source, *newer)),
            without_clouds={offer.cloud for offer in newer[1]},
            sources={source} if source else {name for text in shipped for name in rentable_sources(text)},
        )
        return found if self._given_gpus is None else Stock(self._known(found.offers))

    def _check_source(self, source: str) -> None:
        if source not in {each.name for each in self.price_sources}:
            from gpuspec.errors import UserError

            names = ", ".join(each.name for each in self.price_sources)
            raise UserError(
                "unknown-price-source", f"there is no price source {source!r}", f"There are: {names}."
            )

    @staticmethod
    def _of_sources(
        source: str | None, sources: tuple[PriceSource, ...], offers: tuple[Offer, ...]
    ) -> tuple[Offer, ...]:
        """The offers of one source; None: of all that can be rented."""
        names = {source} if source else {each.name for each in sources if each.rentable}
        return tuple(offer for offer in offers if offer.source in names)

    @cached_property
    def _kept_models(self) -> tuple[KeptModels, ...]:
        """The files of models that hold any."""
        if not self._model_files:
            return ()
        from gpuspec.catalog.kept_models import read_kept

        return tuple(kept for path in self._model_files if (kept := read_kept(path)).records)

    @cached_property
    def _gpu_names(self) -> GpuNames:
        if self._lender is not None:
            return self._lender._gpu_names
        from gpuspec.catalog.gpu_names import GpuNames
        from gpuspec.catalog.shipped import read_gpu

        alone = self._given_gpus is None and self._added is None
        return GpuNames(self._read_gpus, read_gpu if alone else None)

    def _read_gpus(self) -> Iterable[Gpu]:
        if self._given_gpus is not None:
            return self._given_gpus
        from gpuspec.catalog.shipped import read_gpus

        gpus = read_gpus()
        return (*gpus, *self._added.gpus({gpu.name.lower() for gpu in gpus})) if self._added else gpus

    @cached_property
    def _model_names(self) -> ModelNames:
        if self._lender is not None:
            return self._lender._model_names
        from gpuspec.catalog.model_names import ModelNames

        if self._given_models is not None:
            return ModelNames((), self._given_models)
        from gpuspec.catalog.hub_table import HubTable
        from gpuspec.catalog.shipped import read_model_lines

        return ModelNames(read_model_lines(), (self._added or Added()).models, table=HubTable())

    def _known(self, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
        """Those of known GPUs: others would be of no use, since nothing is known of their memory."""
        return tuple(offer for offer in offers if offer.gpu in self.gpus_by_name)

    @cached_property
    def _tables(self) -> tuple[tuple[str, ...], Snapshot]:
        """The price tables that ship, and what takes their place for the clouds it has: the user's own prices, and
        before these what was added."""
        from gpuspec.catalog.shipped import read_prices

        if self.snapshot is None and self._added is None:
            return read_prices(), ((), ())
        from gpuspec.catalog.snapshot import read_own, without

        sources, offers = read_own(self.snapshot)
        # A plugin that is gone since, or another version of gpuspec, may have named others.
        own = sources, self._known(offers)
        if self._added is None:
            return read_prices(), own
        added = self._added.prices({source.name for source in sources}, self.gpus_by_name)
        own = without(own, {offer.cloud for offer in added[1]})
        return read_prices(), (own[0] + added[0], own[1] + added[1])


def _described(offers: tuple[Offer, ...], sources: tuple[PriceSource, ...]) -> Snapshot:
    known = {source.name: source for source in sources}
    for offer in offers:
        if offer.source not in known:
            known[offer.source] = PriceSource(offer.source, None, "given with its offers", rentable=True)
    return tuple(known[name] for name in sorted(known)), offers
