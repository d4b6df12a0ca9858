"""Fixes of all rules, over every bad golden file, the corpus where it is at hand, and random changes of both: what
`benchmarks/fixes.py` asks of each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fixes import ENDS, Fixes, Text
from gpuspec.lint.fixing import fix_data
from gpuspec.rules import collect
from gpuspec.text import Edit, EditError, parse
from gpuspec.text.rewrite import apply

HERE = Path(__file__).parent
GOLDEN = sorted(path for path in (HERE.parent / "golden").rglob("bad-*") if path.suffix in ENDS)
FIXED = [path for path in GOLDEN if path.with_suffix(".fixed").exists()]
FEW = [path for at, path in enumerate(FIXED) if at == 0 or FIXED[at - 1].parent != path.parent]
"""One of each rule; the benchmark takes all."""
SPECS = [path for path in GOLDEN if path.suffix == ".jsonc"]
CORPUS = sorted((Path(__file__).parents[3] / "shared/corpus/gpu-jsonc").glob("*.jsonc"))
REGISTRY = collect()
FIXES = Fixes()

CHANGES = (
    Edit("set", "/keep_alive_minutes", 240),
    Edit("set", "/keep_alive_minutes", 0),
    Edit("set", "/gpu_types", ["H100 SXM", "RTX 4090"]),
    Edit("set", "/gpu_types", ["RTX 4090", "A100 80GB PCIe", "L4"]),
    Edit("set", "/gpu_types", [{"type": "A100 80GB PCIe", "count": 2}]),
    Edit("set", "/min_vram", 80),
    Edit("set", "/max_price", 0.5),
    Edit("set", "/task", "batch"),
    Edit("set", "/task", "serve"),
    Edit("set", "/spot", "only"),
    Edit("set", "/budget", {"max_hours": 300, "max_total": 10}),
    Edit("set", "/env", {"HF_TOKEN": "hf_" + "aQ3xZ9Lm2P" * 3 + "kRtY", "A": "b"}),
    Edit("set", "/clouds", ["runpod"]),
    Edit("set", "/downloads", [{"strategy": "http", "source": "http://example.com/a.bin"}]),
    Edit("set", "/model", "meta-llama/Llama-3.1-8B-Instruct"),
    Edit("set", "/run", "vllm serve meta-llama/Llama-3.1-8B-Instruct --gpu-memory-utilization 0.5"),
    Edit("set", "/run", "vllm serve Qwen/Qwen2.5-7B-Instruct --max-num-seqs 1 --no-enable-prefix-caching"),
    Edit("set", "/project_id", "old"),
    Edit("set", "/cooldown_minutes", 90),
)


def check(text: str | bytes, path: str = "job.gpu.jsonc") -> set[str]:
    """The codes of rules that gave a fix for a text: all are offered, and hold."""
    data = text.encode() if isinstance(text, str) else text
    FIXES.wrong.clear()
    tried = list(FIXES.tried(Text(path, data, on_disk=False)))
    withheld = [
        f"{each.found.finding.code} {each.found.finding.fix and each.found.finding.fix.title!r}: {each.why_not}"
        for each in tried
        if each.why_not
    ]
    assert [*withheld, *FIXES.wrong, *map(str, FIXES.linter.problems)] == []
    return {each.found.finding.code for each in tried}


def test_golden_files() -> None:
    may_fix = {entry.rule.code for entry in REGISTRY.rules if entry.rule.fixable != "never"}
    fixed: set[str] = set()
    for path in FEW:
        fixed |= check(path.read_bytes(), str(path))
    scripts_or_neighbours = {"GS301", "GS302", "GS303"}
    assert may_fix - fixed - scripts_or_neighbours == set()
    assert fixed <= may_fix, "a rule that fixes says so"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_corpus(path: Path) -> None:
    check(path.read_bytes(), str(path))


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_changed_specs(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in (*SPECS, *CORPUS) if "GS00" not in str(path)]))
    tree = parse(path.read_text(encoding="utf-8"))
    for edit in data.draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4)):
        try:
            tree = parse(apply(tree, [edit]))
        except EditError:
            continue
    lines = tree.text.splitlines()
    at = data.draw(st.integers(1, max(1, len(lines) - 1)))
    text = "\n".join([*lines[:at], "  // kept", *lines[at:]])
    if parse(text).problems or not isinstance(tree.value, dict):
        return
    given = list(FIXES.tried(Text("job.gpu.jsonc", text.encode(), on_disk=False)))
    assert FIXES.wrong == []
    removes = any(
        edit.op == "remove" for each in given if (fix := each.found.finding.fix) for edit in fix.edits
    )
    if not removes:
        chosen = FIXES.settings(Text("", text.encode(), on_disk=False))
        mended = fix_data(FIXES.linter, "job.gpu.jsonc", text.encode(), chosen, unsafe=True, on_disk=False)
        assert b"// kept" in mended.data
