"""Resolving model names: the shape a name stands for, and the quantization it states. Certain or silent."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from gpuspec.catalog.data.ollama import OLLAMA_DEFAULTS, OLLAMA_NAMES
from gpuspec.catalog.hub_table import HubTable
from gpuspec.catalog.model import Model, ModelMatch
from gpuspec.catalog.model_task import READS
from gpuspec.catalog.name_parts import (
    NOT_THE_MODEL,
    is_date,
    is_stand_in,
    shape_of,
    shape_of_name,
    sizes,
    tokens,
)
from gpuspec.catalog.own_facts import in_16_bit, with_own_facts
from gpuspec.catalog.shipped import decode_model
from gpuspec.numerals import is_digits
from gpuspec.quantization.checkpoint_names import in_16_bit as dtype_stated
from gpuspec.quantization.checkpoint_names import split_quantization

_LONGEST = 300
_OTHER_SHAPE = NOT_THE_MODEL | frozenset(
    "pruned sparse merge merged frankenmerge moe vision vl llava clip reward rm embed embedding reranker rerank "
    "audio omni tts speech asr upscaled mini tiny small large medium lite nano micro distil minitron controlnet "
    "ipadapter vae encoder tokenizer unet depth canny inpaint inpainting refiner mamba".split()
)
"""Words that may mean another shape: beside one of them, a base's name says nothing for certain."""


class ModelNames:
    """The models of one catalogue, by the names people give them.

    `lines` are those of models.jsonl, as `read_model_lines` gives them: a line is decoded when its model is asked
    for. `more` are models that are decoded already, or a function that gives them when told the names that are taken,
    in lower case. `table` holds the repositories of the hub, for what the lines do not say."""

    def __init__(
        self,
        lines: Iterable[tuple[str, list[str], str]],
        more: Iterable[Model] | Callable[[set[str]], Iterable[Model]] = (),
        *,
        table: HubTable | None = None,
    ) -> None:
        self._table = table
        self._lines: dict[str, str] = {}
        self._models: dict[str, Model] = {}
        self.names: dict[str, str] = {}
        """Every hub id, name and alias in lower case → the model's id."""
        self._spelled: list[str] = []
        """The same names as they are written."""
        for own, aliases, line in lines:
            self._lines[own] = line
            self._spelled += (own, *aliases)
            for name in (own, *aliases):
                self.names.setdefault(name.lower(), own)
        added = tuple(more(set(self.names)) if callable(more) else more)
        for model in added:
            self._models[model.id] = model
            self._spelled += (model.id, *model.aliases)
            for name in (model.id, *model.aliases):
                self.names.setdefault(name.lower(), model.id)
        self._ids = (*self._lines, *(model.id for model in added))
        self._shapes: dict[str, tuple[str, ...]] = {}
        # Several rules ask for the models of one spec, and many specs name few models.
        self.resolve = lru_cache(maxsize=2048)(self._resolve)
        """What a written name means: see `Catalog.resolve_model`."""

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model, in catalogue order."""
        return tuple(map(self.model, self._ids))

    def model(self, own: str) -> Model:
        """The model of an id that `names` gave."""
        if own not in self._models:
            self._models[own] = decode_model(self._lines[own])
        return self._models[own]

    def _resolve(self, name: str, engine: str | None = None, suggest: bool = True) -> ModelMatch:
        written = name.strip()
        if not written or len(written) > _LONGEST or not written.isprintable():
            return ModelMatch(name, None)
        address, ollama = _address(written, engine)
        match = self._match(name, address, ollama=ollama, suggest=suggest)
        if suggest and match.model is not None and not ollama and not self._has(address):
            from gpuspec.catalog.near_names import of_near_owner

            match = match._replace(suggestions=of_near_owner(address, self._spelled, self._table))
        if match.model is not None and match.quantization is None and match.model.quantized:
            dtype = dtype_stated(address.rpartition("/")[2])
            if dtype is not None:
                return match._replace(model=in_16_bit(match.model, dtype))
        return match

    def _has(self, address: str) -> bool:
        """Whether a line or a repository of the table has exactly this name."""
        return address.lower() in self.names or (self._table is not None and self._table.has(address))

    def _match(self, name: str, address: str, *, ollama: bool, suggest: bool) -> ModelMatch:
        """What a name means; the model as its own repository keeps it."""
        match = self._by_name(name, address, ollama=ollama)
        if self._table is not None and not self._is_given(match.model):
            alias = address.lower() in self.names
            repository = None if ollama else self._own_repository(address, match)
            if repository is None and match.model is not None and match.relation == "name":
                alias, repository = True, self._repository_of(match.model, self._table)
            if repository is not None:
                return with_own_facts(match, repository, alias=alias)
        if match.model is not None:
            return match
        found = None
        if self._table is not None and not is_stand_in(address.rpartition("/")[0]):
            found = self._table.of_shape(shape_of_name(address))
        if found is not None:
            return match._replace(model=found, params_b=found.params_b, relation="name")
        return match._replace(suggestions=self.nearest(address)) if suggest else match

    def _own_repository(self, address: str, match: ModelMatch) -> Model | None:
        """The repository of a name; where nobody has it and the name states a scheme, the one of its owner without:
        "inclusionAI/Ring-1T-FP8" has the weights of "inclusionAI/Ring-1T", in that scheme."""
        if self._table is None:
            return None
        found = self._table.find(address)
        if found is not None or match.model is not None or match.quantization is None:
            return found
        owner, _, bare = address.rpartition("/")
        plain = split_quantization(bare, owner=owner)[0]
        return self._table.find(f"{owner}/{plain}") if owner and plain != bare else None

    def _repository_of(self, model: Model, table: HubTable) -> Model | None:
        """The first repository of a model of the lines that the table holds."""
        ids = (alias for alias in model.aliases if "/" in alias)
        return next((found for each in ids if (found := table.find(each)) is not None), None)

    def _is_given(self, model: Model | None) -> bool:
        """Whether a model is none of the lines: what a plugin or a project says counts before all that ships."""
        return model is not None and model.id not in self._lines

    def _by_name(self, name: str, address: str, *, ollama: bool) -> ModelMatch:
        """What a name means by the lines alone."""
        owner, _, last = address.rpartition("/")
        plain, quantization = split_quantization(self._without_publisher(last), owner=owner)
        own = self.names.get(address.lower())
        if own is not None and not ollama:
            exact = _as_written(self.model(own), address)
            return ModelMatch(name, exact, exact.params_b, quantization)
        if is_stand_in(owner):
            return ModelMatch(name, None, quantization=quantization)
        parts = shape_of(tokens(plain))
        model, relation = self._find(parts)
        if ollama and quantization is None:
            quantization = _of_tag(last, parts, model)
        if model is not None:
            found = _as_written(model, address)
            return ModelMatch(name, found, model.params_b, quantization, relation=relation)
        params, active = (None, None) if any(part in NOT_THE_MODEL for part in parts) else sizes(parts)
        return ModelMatch(name, None, params, quantization, (), active)

    def _without_publisher(self, bare: str) -> str:
        """ "mistralai_Mistral-Small-24B…" of bartowski's uploads: the publisher's name is no part of the model's."""
        first, cut, rest = bare.partition("_")
        if cut and any(alias.startswith(first.lower() + "/") for alias in self.names):
            return rest
        return bare

    def _shape_of(self, alias: str) -> tuple[str, ...]:
        """The shape of a catalogue name. Computed for the few that a question touches: 900 would cost 3 ms."""
        if alias not in self._shapes:
            self._shapes[alias] = shape_of(tokens(alias.rpartition("/")[2]))
        return self._shapes[alias]

    def _find(self, parts: tuple[str, ...]) -> tuple[Model | None, str]:
        if not parts:
            return None, "name"
        dated = tuple(part for part in parts if not is_date(part))
        for shape in dict.fromkeys((parts, dated)):
            same = self._of_shape(shape) if shape else None  # a name may be a date and nothing else
            if same is not None:
                return same, "name"
        return self._embedded(parts), "fine-tune"

    def _of_shape(self, parts: tuple[str, ...]) -> Model | None:
        """The one model of this shape; of several, the one whose own name has it; else None."""
        found: dict[str, None] = {}
        longest = max(parts, key=len)
        for alias, own in self.names.items():
            if longest not in alias:  # the quick answer for nearly all of them
                continue
            if all(part in alias for part in parts) and self._shape_of(alias) == parts:
                if self._shape_of(own.lower()) == parts:
                    return self.model(own)
                found[own] = None
        return self.model(next(iter(found))) if len(found) == 1 else None

    def _embedded(self, parts: tuple[str, ...]) -> Model | None:
        """The known base that a fine-tune's name embeds, size and all; None unless there is exactly one."""
        size = [part for part in parts if _is_size(part)]
        if len(size) != 1 or any(part in _OTHER_SHAPE for part in parts):
            return None
        found: dict[str, int] = {}
        for alias, own in self.names.items():
            if size[0] not in alias:
                continue
            shape = self._shape_of(alias)
            if len(shape) > 1 and size[0] in shape and _contains(parts, shape):
                found[own] = max(found.get(own, 0), len(shape))
        longest = [own for own in found if found[own] == max(found.values())]
        return self.model(longest[0]) if len(longest) == 1 else None

    def nearest(self, name: str) -> tuple[str, ...]:
        """Names of models nearest to one that nobody knows, best first. Only on a miss: it looks at all of them."""
        from gpuspec.catalog.near_names import nearest

        bare = split_quantization(name.rpartition("/")[2])[0]
        known = ((alias.rpartition("/")[2], own) for alias, own in self.names.items())
        return nearest(bare, known, self._table)

    def starting_with(self, start: str) -> Iterator[str]:
        """Every id and alias that starts so, then those of the table; of the table only where something is typed."""
        yield from (name for name in self._spelled if name.startswith(start))
        if start and self._table is not None:
            yield from self._table.starting_with(start)

    def in_table(self, part: str, most: int) -> tuple[list[ModelMatch], int]:
        """(repositories of the table whose name has this part, how many more), but for those that a line means."""
        if self._table is None:
            return [], 0
        lines = [
            line
            for line in self._table.containing(part.lower())
            if line.partition("\t")[0].lower() not in self.names
        ]
        return [_of_line(self._table.model(line)) for line in lines[:most]], max(len(lines) - most, 0)


def _of_line(model: Model) -> ModelMatch:
    """What the name of a repository of the table means."""
    owner, _, bare = model.id.rpartition("/")
    return ModelMatch(model.id, model, model.params_b, split_quantization(bare, owner=owner)[1])


def _of_tag(name: str, parts: tuple[str, ...], model: Model | None) -> str | None:
    """What Ollama serves under a tag that names no type: "fp16" is F16, "qat" Google's Q4_0, embedding models stay in
    16 bit."""
    words = name.lower().replace("_", "-").split("-")
    if "fp16" in words or "bf16" in words:
        return "gguf:F16" if "fp16" in words else "gguf:BF16"
    if "qat" in words:
        return "gguf:Q4_0"
    if model is not None and model.task in READS:
        return None
    return "mxfp4" if "oss" in parts else "gguf:Q4_K_M"


def _as_written(model: Model, address: str) -> Model:
    """`gated` is a fact about a repository: unknown for a re-upload elsewhere, or a name without its owner. A
    reranker may share its shape, and its line, with the embedding model of its family."""
    if model.task == "embedding" and "rerank" in address.lower():
        model = model._replace(task="reranker")
    owner = address.rpartition("/")[0].lower()
    if model.gated is None or (
        owner and any(alias.lower().startswith(owner + "/") for alias in model.aliases)
    ):
        return model
    return model._replace(gated=None)


def _address(written: str, engine: str | None) -> tuple[str, bool]:
    """("org/name" or "name", whether Ollama's naming applies) of an address in any form."""
    text = written.replace("\\", "/")
    for prefix in ("https://", "http://", "hf://", "ollama://", "huggingface://"):
        if text.lower().startswith(prefix):
            text = text[len(prefix) :]
    for host in ("huggingface.co/", "hf.co/", "registry.ollama.ai/library/", "ollama.com/library/"):
        if text.lower().startswith(host):
            text = text[len(host) :]
    text = text.split("@", 1)[0].rstrip("/").removesuffix(".safetensors").removesuffix(".ckpt")
    if "/resolve/" in text or "/blob/" in text or "/tree/" in text:
        text = text.rpartition("/")[2] if text.lower().endswith(".gguf") else "/".join(text.split("/")[:2])
    owner, _, bare = text.rpartition("/")
    stem, colon, tag = bare.partition(":")
    library = not owner and (bool(colon) or _from_ollama(engine))
    if library:
        return _ollama(stem, tag), True
    return (f"{owner}/" if owner else "") + (f"{stem}-{tag}" if tag and tag != "latest" else stem), False


def _from_ollama(engine: str | None) -> bool:
    """Whether an engine's bare names are those of Ollama's library."""
    if engine is None:
        return False
    from gpuspec.engines import engine_of

    return engine_of(engine).registry == "ollama.com"


def _ollama(stem: str, tag: str) -> str:
    """The long form of an Ollama name: "llama3.1:70b-instruct-q4_K_M", or the default size of a bare one."""
    low = stem.lower()
    if not tag or tag == "latest":
        tag = OLLAMA_DEFAULTS.get(low, "")
    full = f"{low}-{tag}" if tag else low
    head = "-".join([low, tag.split("-")[0]]) if tag else low
    long = OLLAMA_NAMES.get(head)
    return full.replace(head, long, 1) if long else full


def _is_size(part: str) -> bool:
    return len(part) > 1 and part[-1] in "bm" and is_digits(part[0])


def _contains(parts: tuple[str, ...], shape: tuple[str, ...]) -> bool:
    wide = len(shape)
    return any(parts[at : at + wide] == shape for at in range(len(parts) - wide + 1))
