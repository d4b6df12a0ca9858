"""Models on the Hugging Face hub, only when asked for: config.json and safetensors headers, cached there."""

from __future__ import annotations

from typing import Any

from gpuspec.catalog.model import Model
from gpuspec.catalog.model_of_config import model_of_config
from gpuspec.catalog.repository import LARGEST_CONFIG
from gpuspec.catalog.untrusted_json import json_object
from gpuspec.errors import UserError
from gpuspec.untrusted_file import read_file

TIMEOUT = 10.0
"""Seconds to wait for an answer."""


def fetch_model(name: str) -> Model | None:
    """The model of a hub id ("org/name"); None where the name is no hub id or the hub has no such model.

    config.json lands in huggingface_hub's own cache, so the next question needs no download. Raises UserError
    `hub-missing` (the extra is not installed), `hub-gated` (a token or consent is missing) and
    `hub-unreachable`.
    """
    if name.count("/") != 1 or not all(name.split("/")):
        return None
    try:
        import huggingface_hub as hub
        from huggingface_hub import errors
    except ImportError:
        raise UserError(
            "hub-missing",
            "looking up models online needs huggingface_hub, which is not installed",
            "Install it with `pip install 'gpuspec[hub]'`, or leave --online out.",
        ) from None
    try:
        path = hub.hf_hub_download(name, "config.json", etag_timeout=TIMEOUT)
        config = json_object(read_file(path, LARGEST_CONFIG), "config.json")
        source = f"huggingface.co/{name} config.json"
        return _with_weights(model_of_config(config, name.rpartition("/")[2], source), name, hub)
    except errors.GatedRepoError:
        raise UserError(
            "hub-gated",
            f"{name} is gated, and the hub did not accept your token",
            f"Accept its terms at https://huggingface.co/{name} and log in with `hf auth login`.",
        ) from None
    except errors.LocalEntryNotFoundError as error:
        # An EntryNotFoundError, too, but it means: no answer, and nothing in the cache.
        raise _unreachable(name, error.__cause__ or error) from None
    except (errors.RepositoryNotFoundError, errors.EntryNotFoundError, errors.HFValidationError):
        return None
    except (OSError, ValueError, errors.HfHubHTTPError) as error:
        raise _unreachable(name, error) from None


def _unreachable(name: str, error: BaseException) -> UserError:
    why = str(error).strip().partition("\n")[0]
    return UserError(
        "hub-unreachable",
        f"the Hugging Face hub did not answer for {name}: {why}",
        "Check the network, or leave --online out and say `params_b` in the spec's `model`.",
    )


def _with_weights(model: Model, name: str, hub: Any) -> Model:
    """Exact parameters from the safetensors headers, where the repository has them."""
    try:
        counts = hub.get_safetensors_metadata(name).parameter_count
    except Exception:  # no safetensors here: the shape alone must do
        return model
    if model.native_dtype in ("fp32", "fp16", "bf16", None) and counts:
        return model._replace(params_b=sum(counts.values()) / 1e9, org=name.split("/")[0])
    return model._replace(org=name.split("/")[0])
