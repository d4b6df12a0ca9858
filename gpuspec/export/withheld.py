"""Keys and tokens taken out of a job before it is written: they are named, and read from the environment."""

from __future__ import annotations

import re
from typing import Any

from gpuspec.job import Job
from gpuspec.lint.secrets import SECRET_NAME, known_form, masked, named
from gpuspec.named_tuple import NamedTuple

_NAMES = (
    ("Hugging Face", "HF_TOKEN"),
    ("Anthropic", "ANTHROPIC_API_KEY"),
    ("OpenAI", "OPENAI_API_KEY"),
    ("NVIDIA", "NGC_API_KEY"),
    ("GitHub", "GITHUB_TOKEN"),
    ("GitLab", "GITLAB_TOKEN"),
    ("Replicate", "REPLICATE_API_TOKEN"),
    ("RunPod", "RUNPOD_API_KEY"),
    ("Groq", "GROQ_API_KEY"),
)
"""What a token is (`lint/secrets.py`) → the variable in which its programs look for it."""


class Withheld(NamedTuple):
    """A job without its keys. `moved` are variables of `env` that are in `secrets` now; `masked` are fields in whose
    text asterisks stand for a key."""

    job: Job
    moved: tuple[str, ...]
    masked: tuple[tuple[str, str], ...]
    """(field, what to do) of each."""


def without_secrets(job: Job) -> Withheld:
    """The job with no value of a key in it: variables become names in `secrets`; in all other texts asterisks stand
    for it."""
    moved = {name: None for name, value in job.env.items() if _is_secret(name, value)}
    env = {name: value for name, value in job.env.items() if name not in moved}
    secrets = tuple(dict.fromkeys((*job.secrets, *moved)))
    found: list[tuple[str, str]] = []
    changed: dict[str, Any] = {"env": env, "secrets": secrets}
    for field in Job._fields:
        if field in ("pointers", "raw", "pieces", "secrets", "deployment"):
            continue
        value = changed.get(field, getattr(job, field))
        clean = _masked(value)
        if clean != value:
            found.append((field, _advice(value)))
            changed[field] = clean
    return Withheld(job._replace(**changed), tuple(moved), tuple(found))


_SHORT = re.compile(r"(?=[^\s$]*[0-9])(?=[^\s$]*[A-Za-z])[^\s$]{8,}")
"""What may be a password under the name of one: a lint says so of longer values only; a file takes no risk."""


def _is_secret(name: str, value: str) -> bool:
    return (
        bool(re.fullmatch(SECRET_NAME, name) and _SHORT.fullmatch(value))
        or known_form(value) is not None
        or named(name, value)
        or masked(f"{name}={value}") != f"{name}={value}"
    )


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, tuple):
        parts = [_masked(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if hasattr(value, "items"):
        return {key: _masked(part) for key, part in value.items()}
    return value


def _advice(value: Any) -> str:
    """Where a key is to come from instead."""
    kind = known_form(value) if isinstance(value, str) else None
    name = next((name for word, name in _NAMES if kind and word in kind), None)
    if name is None and isinstance(value, str) and (found := re.search(r"\b([A-Z][A-Z0-9_]*)=", value)):
        name = found[1]
    return f'"secrets": ["{name}"], and "${name}" in its place' if name else "name it in `secrets`"
