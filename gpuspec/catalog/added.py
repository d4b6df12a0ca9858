"""What plugins add to the catalogue: GPUs, models and price sources, checked one by one.

What is wrong is said once, with the plugin's name, and left out; what ships is never replaced but for prices of a
cloud that a plugin knows better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from gpuspec.catalog.gpu import Gpu
from gpuspec.catalog.model import Model
from gpuspec.catalog.offer import Offer, PriceSource
from gpuspec.plugin.load import plugins

_Fact = TypeVar("_Fact", Gpu, Model)


def gpus(taken: set[str]) -> list[Gpu]:
    """The GPUs that plugins add; `taken` holds the names there are, in lower case."""
    return _facts("gpuspec_gpus", Gpu, lambda gpu: gpu.name, taken, _gpu_fault)


def models(taken: set[str]) -> list[Model]:
    """The models that plugins add; `taken` holds the names there are, in lower case."""
    return _facts("gpuspec_models", Model, lambda model: model.id, taken, _model_fault)


def prices(taken: set[str]) -> list[tuple[PriceSource, list[Offer]]]:
    """The price sources that plugins add, with their offers; `taken` holds the names of those there are."""
    found = []
    for plugin, item in _items("gpuspec_offers"):
        source, offers = item if isinstance(item, tuple) and len(item) == 2 else (None, ())
        if not isinstance(source, PriceSource):
            _complain(plugin, "gpuspec_offers must give pairs of a PriceSource and its offers")
        elif source.name in taken:
            _complain(plugin, f"the price source {source.name!r} is there already")
        else:
            taken.add(source.name)
            found.append((source, list(_offers(plugin, source, offers))))
    return found


def _items(hook: str) -> Iterator[tuple[str, Any]]:
    for plugin, answer in plugins().ask(hook):
        if isinstance(answer, (list, tuple)):
            for item in answer:
                yield plugin, item
        else:
            _complain(plugin, f"{hook} returned {type(answer).__name__}, not a list")


def _facts(
    hook: str,
    kind: type[_Fact],
    name_of: Callable[[_Fact], Any],
    taken: set[str],
    fault_of: Callable[[_Fact], str | None],
) -> list[_Fact]:
    kept = []
    for plugin, item in _items(hook):
        if not isinstance(item, kind):
            _complain(plugin, f"{hook} gave {item!r:.60}, which is no {kind.__name__}")
            continue
        name = name_of(item)
        if not isinstance(name, str) or not name.strip():
            _complain(plugin, f"{hook} gave a {kind.__name__} without a name")
        elif name.lower() in taken:
            _complain(plugin, f"{hook}: {name!r} is there already")
        elif fault := fault_of(item):
            _complain(plugin, f"{hook}: {name!r}: {fault}")
        else:
            taken.add(name.lower())
            kept.append(item)
    return kept


def _gpu_fault(gpu: Gpu) -> str | None:
    return None if _number(gpu.vram_gb) and gpu.vram_gb > 0 else f"vram_gb is {gpu.vram_gb!r}, not gigabytes"


def _model_fault(model: Model) -> str | None:
    if model.params_b is not None and not (_number(model.params_b) and model.params_b > 0):
        return f"params_b is {model.params_b!r}, not billions of parameters"
    return None


def _offers(plugin: str, source: PriceSource, offers: Any) -> Iterator[Offer]:
    from gpuspec.catalog.gpu_names import by_name

    for offer in offers if isinstance(offers, (list, tuple)) else ():
        if not isinstance(offer, Offer):
            _complain(plugin, f"{source.name} offers {offer!r:.60}, which is no Offer")
        elif by_name(offer.gpu) is None:
            _complain(plugin, f"{source.name} offers the GPU {offer.gpu!r}, which nobody knows by this name")
        elif not all(
            price is None or (_number(price) and price >= 0) for price in (offer.price, offer.spot_price)
        ):
            _complain(plugin, f"{source.name}: {offer.cloud} {offer.instance} has no price that is a number")
        elif offer.owned and offer.launcher == Offer._field_defaults["launcher"]:
            what = f"{source.name}: {offer.cloud} {offer.instance}"
            _complain(plugin, f"{what} is owned, but machines of {offer.launcher} go: name its launcher")
        else:
            yield offer._replace(source=source.name)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12


def _complain(plugin: str, message: str) -> None:
    plugins().complain(plugin, message)
