"""The environment that a job on this machine inherits: what of it is a secret, though the spec does not say so."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence

from gpuspec.job import Job

_NAME = re.compile(r"(?i)(?:^|_)[a-z0-9]*(?:token|key|secret|passw(?:or)?d|passphrase|credentials?)(?:_|$)")
_PLAIN = re.compile(r"(?i)true|false|yes|no|none|null|on|off|\d{1,7}")
_STRATEGIES = {
    "hf": ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"),
    "civitai": ("CIVITAI_TOKEN", "CIVITAI_API_TOKEN"),
    "s3": ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
}
"""Strategy of a download → variables that it takes by itself."""


def masked_here(secrets: Sequence[str], environment: Mapping[str, str]) -> Iterator[str]:
    """The values that the log does not show: those of `secrets`, and of variables that are named like one."""
    for name, value in environment.items():
        if name in secrets or _is_secret(name, value):
            yield value


def not_in_secrets(job: Job, environment: Mapping[str, str]) -> list[str]:
    """Variables named like secrets that the job uses and only has because it runs here."""
    command = job.readiness.command if job.readiness else ()
    commands = "\n".join((*job.setup, job.run or "", *(command or ())))
    used = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", commands))
    used.update(name for download in job.downloads for name in _STRATEGIES.get(download.strategy, ()))
    named = {*job.secrets, *job.env}
    return sorted(
        name
        for name, value in environment.items()
        if name in used and name not in named and _is_secret(name, value)
    )


def _is_secret(name: str, value: str) -> bool:
    """A path is none: it is where one lies (GOOGLE_APPLICATION_CREDENTIALS)."""
    return (
        bool(_NAME.search(name))
        and not _PLAIN.fullmatch(value)
        and not (os.path.isabs(value) and os.path.exists(value))
    )
