"""Variables that name others, as the file's own tool fills them in before the job begins."""

from __future__ import annotations

import re

from gpuspec.formats import Document
from gpuspec.job import Job

_KUBERNETES = re.compile(r"\$(?:\$|\(([A-Za-z_][A-Za-z0-9_.-]*)\))")
_LONGEST = 100_000
"""Characters of one value: variables that name each other grow fast."""


def with_filled_variables(job: Job, document: Document) -> Job:
    """The job with `$(NAME)` in its variables replaced, where its format does so (Kubernetes: by variables that stand
    before, `$$` is `$`). Other tools would hand it on as it is."""
    if document.format.env_reference != "$(NAME)" or not any("$" in value for value in job.env.values()):
        return job
    filled: dict[str, str] = {}
    for name, value in job.env.items():

        def known(found: re.Match[str]) -> str:
            return "$" if found[1] is None else filled.get(found[1], found[0])

        filled[name] = _KUBERNETES.sub(known, value)[:_LONGEST]
    return job._replace(env=filled)
