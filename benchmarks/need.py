"""For how many job files gpuspec knows the memory that the job needs, and why it does not for the rest.

    python benchmarks/need.py [FILE|FOLDER …] [--files]

Without arguments: the specs in tests/ that an expert has judged, those that show what the rules are for, and the
examples. `--files` names the files of each kind. With `PYTHONPATH=CHECKOUT` it measures another version of gpuspec.
YAML that no format recognises counts as a job file that is not read; other files that are none are passed over."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from gpuspec.engines import engine_of
from gpuspec.formats import Source, recognised
from gpuspec.lint.files import read_file
from gpuspec.lint.runner import documents_in
from gpuspec.planning.case import Case
from gpuspec.sizing import Unsized

ROOT = Path(__file__).resolve().parent.parent
OPEN = [ROOT / "tests/judgement", ROOT / "tests/seed_coverage", ROOT / "examples"]
UNREAD = "the format is not read"
KINDS = (
    ("spread over several machines", "several machines"),
    ("as well; say min_vram", "several models beside each other"),
    ("data_parallel is not known", "several servers, and how many GPUs each takes is not said"),
    ("reinforcement learning", "training that also generates"),
    ("method is not known", "a training script that is not there: all weights, or adapters"),
    ("optimizer is not known", "training settings that are not there"),
    ("cpu_offload is not known", "training settings that are not there"),
    ("is not modelled", "a kind of model whose memory is not modelled"),
    ("of quantization", "a quantization whose size is not known"),
    ("which drafts", "a model that drafts and is not known"),
)
"""Words of the reason → its kind."""


def kind_of(case: Case, reason: str) -> str:
    """Why the memory of a job is not known, in the words that such jobs share."""
    for words, kind in KINDS:
        if words in reason:
            return kind
    work = case.workload
    if work.model_name:
        path = work.model_name.startswith((".", "/")) or work.model_name.endswith((".safetensors", ".gguf"))
        return (
            "a model in a file or folder that says nothing" if path else "a model that is named and not known"
        )
    if "model_name" in work.origins:
        return "a model that a variable names, or that differs by machine"
    if work.engine and engine_of(work.engine).kind != "trainer":
        return "a known program, and no model: it is chosen while it runs"
    if work.engine:
        return "training: no model on the command line, and its script or settings are not there"
    if any(word.text.endswith((".sh", ".py")) for step in case.steps for word in step.command.words):
        return "a script of the author's own, which is not there or names no model"
    return "no model: another kind of work, or a program that gpuspec does not know"


def files_below(paths: list[Path]) -> Iterator[Path]:
    """The files that may hold jobs, in order."""
    for path in paths:
        found = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (each for each in found if each.suffix in (".jsonc", ".json", ".json5", ".yaml", ".yml"))


def measure(paths: list[Path]) -> tuple[list[str], dict[str, list[str]]]:
    """The jobs whose memory is known; kind of reason → the others."""
    known: list[str] = []
    unknown: dict[str, list[str]] = defaultdict(list)
    for path in files_below(paths):
        data = read_file(str(path))
        shared = path.suffix in (".yaml", ".yml", ".json")
        if shared and recognised(Source(str(path), data)) is None:
            if path.suffix != ".json":
                unknown[UNREAD].append(str(path))
            continue
        for document in documents_in(str(path), data):
            case = Case(document)
            if not case.has_job:
                continue
            need = case.need(case.job.gpu_count or 1)
            (unknown[kind_of(case, need.reason)] if isinstance(need, Unsized) else known).append(str(path))
    return known, unknown


def main() -> None:
    """Print the share that is known, and the kinds of reasons by how often each is the one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE|FOLDER")
    parser.add_argument("--files", action="store_true", help="name the files of each kind")
    options = parser.parse_args()
    known, unknown = measure(options.paths or OPEN)
    jobs = len(known) + sum(map(len, unknown.values()))
    print(f"{len(known):4d} of {jobs} jobs: the memory they need is known ({len(known) / max(jobs, 1):.0%})")
    for kind, files in sorted(unknown.items(), key=lambda each: (-len(each[1]), each[0])):
        print(f"{len(files):4d} {kind}")
        if options.files:
            print(*(f"       {file}" for file in files), sep="\n")


if __name__ == "__main__":
    main()
