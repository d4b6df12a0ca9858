"""What a job fetches from the Hugging Face hub."""

from gpuspec.catalog.hub_id import is_hub_id
from gpuspec.engines import engine_of
from gpuspec.job.job import Download
from gpuspec.lint import Facts
from gpuspec.named_tuple import NamedTuple

CACHE_VARIABLES = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "TRANSFORMERS_CACHE", "HF_HUB_OFFLINE")
"""Variables that say where the hub's cache lies, or that nothing but it is asked."""


class LoadedRepository(NamedTuple):
    """A hub repository that the job's command loads, and where the spec or the command says so."""

    name: str
    pointer: str


def loaded(facts: Facts) -> LoadedRepository | None:
    """The hub repository that the command itself loads; None where it is a path, or not known. What only the
    spec's `model` says is not it: the script may load it from anywhere."""
    workload = facts.commands_only
    name, origin = workload.model_name, workload.origin("model_name")
    if not name or engine_of(workload.engine).registry or not is_hub_id(name):
        return None
    return LoadedRepository(name, origin.pointer)


def declared(facts: Facts, name: str) -> Download | None:
    """The entry of `downloads` that fetches a repository."""
    return next(
        (d for d in facts.job.downloads if d.strategy == "hf" and same_repository(d.source, name)), None
    )


def same_repository(one: str, two: str) -> bool:
    """Whether two spellings mean one repository."""
    return _bare(one) == _bare(two)


def _bare(source: str) -> str:
    text = source.strip().lower()
    for prefix in ("https://huggingface.co/", "huggingface.co/", "https://hf.co/", "hf.co/", "hf://"):
        text = text.removeprefix(prefix)
    return "/".join(text.removeprefix("models/").split("/")[:2])


def whole_repository(download: Download) -> bool:
    """Whether `allow` and `ignore` leave all of the weights to fetch, so that the model's size is the download's."""
    weights = {"*", "*.safetensors"}
    takes = not download.allow or bool(weights & set(download.allow))
    return takes and not any("safetensors" in pattern for pattern in download.ignore)
