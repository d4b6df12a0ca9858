"""Files that hold no job: what is said of one that somebody names, and which are passed over. And standard input,
which has no name to tell its format by."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from gpuspec.errors import UserError
from gpuspec.formats import (
    EVERYTHING,
    FORMATS,
    Document,
    Format,
    Known,
    Source,
    known_by_name,
    recognised,
    recognised_anyhow,
    titles,
)
from gpuspec.lint.script import kind_of, script_kind
from gpuspec.text.yaml_tree import is_template

YAML = (".yml", ".yaml")
JOB_SPEC_INPUT = "stdin.gpu.jsonc"
_JSON = re.compile(rb"\s*(?://|/\*|[{\[\"'])")
_MODAL = re.compile(rb"^\s*(?:import|from)\s+modal\b", re.M)
_YAML = re.compile(rb"(?:\s*(?:#[^\n]*)?\n)*(?:---|%YAML|-\s|[\w./\"'-]{1,200}[ \t]*:(?:\s|$))")
NO_FORMAT = Format("yaml", lambda source: False, lambda source: (), cannot_say=EVERYTHING)
"""YAML that is of no format, or cannot be read."""


def holds_a_job(path: str, data: bytes, formats: Sequence[Known] = FORMATS) -> bool:
    """Whether a file is a job file or a script, by its name or by what it holds."""
    if known_by_name(os.path.basename(path), formats=formats) or script_kind(path):
        return True
    return recognised(Source(path, data), formats) is not None


def without_jobs(path: str, data: bytes, formats: Sequence[Known] = FORMATS) -> tuple[Document, ...]:
    """What to lint in a file in which no job was found: nothing, where it is a job file that asks for no GPU; a
    Document without a job, where it is YAML that cannot be read. UserError `template` and `unsupported-file`."""
    source = Source(path, data)
    if format_without_jobs(source, formats) is not None:
        return ()
    read = f"formats that are read: {titles(formats)}."
    if kind_of(path, data):
        raise UserError("unsupported-file", f"{path} is a script, and no job file", read)
    if not path.endswith(YAML):
        scripts = "shell, Python, Makefiles, package.json, .gitlab-ci.yml and .github/workflows/*.yml"
        hint = f"lint takes {titles(formats)}, {scripts}."
        raise UserError("unsupported-file", f"{path} is neither a job spec nor a script", hint)
    file = source.yaml
    if file.tree.problems:
        return (Document(path, file.tree, None, "", NO_FORMAT),)
    if any(document.problem for document in file.documents) or (
        not file.documents and is_template(file.tree.text)
    ):
        hint = (
            "fill it in first: `helm template CHART | gpuspec lint -`, `kustomize build DIR | gpuspec lint -`"
        )
        raise UserError("template", f"{path} is a template, and no YAML before it is filled in", hint)
    raise UserError("unsupported-file", f"{path} is YAML, but holds no job of a format that is read", read)


def format_without_jobs(source: Source, formats: Sequence[Known] = FORMATS) -> Format | None:
    """The format of a file in which no job was found; None where it is of none."""
    if not source.path.endswith(YAML):
        return recognised(source, formats)
    if source.yaml.tree.problems or any(document.problem for document in source.yaml.documents):
        return recognised(source, formats)
    return recognised_anyhow(source, formats)


def name_of_input(data: bytes) -> str:
    """What to call a text from standard input: its ending says what it is read as."""
    head = data[:65_536].removeprefix(b"\xef\xbb\xbf")
    if _JSON.match(head) or not head.strip():
        return JOB_SPEC_INPUT
    if head.startswith(b"#!"):
        return "stdin.py" if b"python" in head.split(b"\n", 1)[0] else "stdin.sh"
    if _MODAL.search(head):
        return "stdin.py"
    return "stdin.yaml" if _YAML.match(head) else JOB_SPEC_INPUT
