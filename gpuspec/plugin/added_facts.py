"""The GPUs, models and prices that plugins add, checked one by one.

What is wrong is said once, with the plugin's name, and left out. What ships is never replaced, but for prices of a
cloud that a plugin knows better.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gpuspec.catalog import Added, Gpu, Model, Offer, PriceSource
from gpuspec.catalog.offer import Snapshot
from gpuspec.plugin.load import plugins
from gpuspec.plugin.merge import merged


class AddedByPlugins(Added):
    """What plugins add to the files that ship."""

    def gpus(self, taken: set[str]) -> Iterable[Gpu]:
        """The GPUs that are named and not taken, and have a memory size."""
        own: dict[str, Gpu] = {}
        found = merged(
            "gpuspec_gpus", own, _gpu_fault, what="GPU", reserved=taken, name_of=_name, same=str.lower
        )
        return found.values()

    def models(self, taken: set[str]) -> Iterable[Model]:
        """The models that are named and not taken, of a size that is a number."""
        own: dict[str, Model] = {}
        found = merged(
            "gpuspec_models", own, _model_fault, what="model", reserved=taken, name_of=_name, same=str.lower
        )
        return found.values()

    def prices(self, taken: set[str], gpus: Mapping[str, Gpu]) -> Snapshot:
        """The price sources that are not taken, and their offers that make sense."""
        own: dict[str, tuple[PriceSource, list[Offer]]] = {}
        pairs = merged(
            "gpuspec_offers",
            own,
            _source_fault,
            what="price source",
            reserved=taken,
            name_of=lambda pair: pair[0].name if _is_source(pair) else None,
            keep=lambda plugin, _, pair: (pair[0], list(_offers(plugin, pair[0], pair[1], gpus))),
        ).values()
        return tuple(source for source, _ in pairs), tuple(offer for _, found in pairs for offer in found)


def _name(fact: Any) -> Any:
    return getattr(fact, "id" if isinstance(fact, Model) else "name", None)


def _gpu_fault(name: Any, gpu: Any) -> str | None:
    if not isinstance(gpu, Gpu):
        return f"{gpu!r:.60} is no Gpu"
    if not isinstance(name, str) or not name.strip():
        return "a Gpu without a name"
    if not _number(gpu.vram_gb) or gpu.vram_gb <= 0:
        return f"{name!r}: vram_gb is {gpu.vram_gb!r}, not gigabytes"
    return None


def _model_fault(name: Any, model: Any) -> str | None:
    if not isinstance(model, Model):
        return f"{model!r:.60} is no Model"
    if not isinstance(name, str) or not name.strip():
        return "a Model without an id"
    if model.params_b is not None and not (_number(model.params_b) and model.params_b > 0):
        return f"{name!r}: params_b is {model.params_b!r}, not billions of parameters"
    return None


def _is_source(pair: Any) -> bool:
    return isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], PriceSource)


def _source_fault(name: Any, pair: Any) -> str | None:
    if not _is_source(pair):
        return "give pairs of a PriceSource and its offers"
    return None if isinstance(name, str) and name.strip() else "a PriceSource without a name"


def _offers(plugin: str, source: PriceSource, offers: Any, gpus: Mapping[str, Gpu]) -> Iterator[Offer]:
    if not isinstance(offers, (list, tuple)):
        plugins().complain(plugin, f"the offers of {source.name} are {type(offers).__name__}, not a list")
        return
    for offer in offers:
        fault = _offer_fault(offer, gpus)
        if fault:
            plugins().complain(plugin, f"{source.name}{fault}")
        else:
            yield offer._replace(source=source.name)


def _offer_fault(offer: Any, gpus: Mapping[str, Gpu]) -> str | None:
    if not isinstance(offer, Offer):
        return f" offers {offer!r:.60}, which is no Offer"
    if offer.gpu not in gpus:
        return f" offers the GPU {offer.gpu!r}, which nobody knows by this name"
    what = f": {offer.cloud} {offer.instance}"
    if not all(price is None or (_number(price) and price >= 0) for price in (offer.price, offer.spot_price)):
        return f"{what} has no price that is a number"
    if offer.owned and offer.launcher == Offer._field_defaults["launcher"]:
        return f"{what} is owned, but machines of {offer.launcher} go: name its launcher"
    return None


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12
