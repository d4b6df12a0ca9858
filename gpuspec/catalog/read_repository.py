"""From the files of a repository to the Model they describe, whatever kind of files they are."""

from __future__ import annotations

from typing import Any

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.parts import BESIDE
from gpuspec.architectures.precision import read_precision
from gpuspec.catalog.model import Model
from gpuspec.catalog.model_of_config import model_of_config
from gpuspec.catalog.repository import GIB, Repository, json_of
from gpuspec.catalog.safetensors import commonest, contents, stored_bytes, weight_files
from gpuspec.named_tuple import NamedTuple

ALIKE = 0.05
"""How far the bytes of the files may be from what the config makes before the structure counts as unsure."""
MOST_HEADERS = 400
"""Files whose headers are read."""


def read_repository(repository: Repository) -> Model:
    """The model that a repository, a folder or a file holds.

    Raises ValueError, in words, where there is none, or none that can be read; OSError where reading fails."""
    names = repository.sizes
    ggufs = any(name.lower().endswith(".gguf") for name in names)
    described = any(name in names for name in ("config.json", "model_index.json"))
    if ggufs and not described:
        from gpuspec.catalog.gguf_model import model_of_gguf

        return model_of_gguf(repository)
    if "model_index.json" in names:
        from gpuspec.catalog.diffusion import model_of_pipeline

        return model_of_pipeline(repository)
    if "config.json" in names or "params.json" in names:
        return _of_config(repository)
    if "adapter_config.json" in names:
        raise AdapterAlone(adapter_of(repository).base)
    if weight_files(repository):
        return _of_headers(repository, None, "")
    raise ValueError("it holds no config.json, no .safetensors and no .gguf file")


class AdapterAlone(ValueError):
    """A repository holds no model, but an adapter of one."""

    def __init__(self, base: str) -> None:
        super().__init__(f"it is an adapter of {base or 'a model it does not name'}")
        self.base = base


class Adapter(NamedTuple):
    """Weights that are trained on top of a model (LoRA and its kin)."""

    base: str
    """The model beneath, as the adapter names it; "" where it does not."""
    rank: int
    """0 where it is not stated."""
    size: int
    """Bytes of its files; 0 where nobody says."""


def adapter_of(repository: Repository) -> Adapter:
    """The adapter that a repository with an `adapter_config.json` holds. Raises ValueError where there is none."""
    config = json_of(repository, "adapter_config.json")
    if config is None:
        raise ValueError("it holds no adapter_config.json")
    base, rank = config.get("base_model_name_or_path"), config.get("r")
    return Adapter(
        base[:200] if isinstance(base, str) else "",
        rank if type(rank) is int and 0 < rank < 100_000 else 0,
        stored_bytes(repository) or 0,
    )


def _of_config(repository: Repository) -> Model:
    config, beside = json_of(repository, "config.json"), json_of(repository, "hf_quant_config.json")
    params = json_of(repository, "params.json") if config is None else None
    try:
        if params is not None:
            from gpuspec.catalog.mistral_params import config_of_params

            config = config_of_params(params)
        config = _with_dtype(config or {}, repository)
        model = model_of_config(config, repository.name, repository.source, quantization=beside)
    except Unsaid as unsaid:
        rules = read_precision(config or {}, beside).rules
        width = int(min(rule.bits for rule in rules)) if rules else None
        return _of_headers(repository, width or None, f"only its size is known: {unsaid}")
    return _held_against_files(model, repository)


def _with_dtype(config: dict[str, Any], repository: Repository) -> dict[str, Any]:
    """The config with the dtype of the files where it states none: gpt-oss and others leave it out."""
    files = weight_files(repository)
    if read_precision(config).dtype or not (files or repository.elements):
        return config
    elements = repository.elements or contents(repository, files[:1]).elements
    found = commonest(elements, among=("F32", "F16", "BF16"))
    return {**config, "dtype": found} if found else config


def _of_headers(repository: Repository, width: int | None, why: str) -> Model:
    """What is left where no structure can be read: how many parameters the files hold."""
    files = weight_files(repository)
    if repository.elements:
        parameters = sum(repository.elements.values())
        dtype, size = commonest(repository.elements), stored_bytes(repository)
        if dtype is None:
            why = "; ".join(
                filter(None, (why, "its weights are packed, and were counted as they are stored"))
            )
    elif files:
        found = contents(repository, files[:MOST_HEADERS], width)
        parameters, size, dtype = found.parameters, found.size, commonest(found.elements)
    else:
        raise ValueError(f"its structure cannot be read: {why.partition(': ')[2] or why}")
    return Model(
        id=repository.name,
        task="llm",
        params_b=parameters / 1e9 or None,
        native_dtype=dtype,
        source=repository.source,
        weights_gib=size / GIB if size else None,
        unsure=why,
    )


def _held_against_files(model: Model, repository: Repository) -> Model:
    """The model with the size of its files; unsure where they are of another size than its config makes them."""
    files = weight_files(repository)
    size = stored_bytes(repository)
    if files and not repository.elements:  # exact, and says whether the files are what they seem
        read = contents(repository, files[:MOST_HEADERS])
        size = max(size or 0, read.size) if len(files) <= MOST_HEADERS else size
    if not size:
        return model
    made = sum(row.parameters * row.bits / 8 for row in model.weights)
    drafts = sum(row.parameters * row.bits / 8 for row in model.weights if row.part in BESIDE)
    if 8 * size < sum(row.parameters for row in model.weights):  # an index may say anything
        said = "its files, or their index, hold less than a bit for each parameter that its config makes"
        return model._replace(unsure="; ".join(filter(None, (model.unsure, said))))
    model = model._replace(weights_gib=size / GIB)
    if any(abs(size - each) <= ALIKE * size for each in (made, made - drafts)):
        return model
    said = f"its files hold {size / GIB:.4g} GiB, its config makes {made / GIB:.4g} GiB"
    return model._replace(unsure="; ".join(filter(None, (model.unsure, said))))
