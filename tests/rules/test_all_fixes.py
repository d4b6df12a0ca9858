"""Fixes of all rules, over every golden spec, the corpus where it is at hand, and random changes of both: each fix
applied alone leaves a file that parses and no longer has the finding; all together settle; comments stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpuspec.lint.files import lint_data
from gpuspec.lint.finding import Fix
from gpuspec.lint.fixing import fix_data
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import JobSettings
from gpuspec.rules import collect
from gpuspec.testing import prices_in
from gpuspec.text import Edit, EditError, parse
from gpuspec.text.rewrite import apply

HERE = Path(__file__).parent
GOLDEN = sorted((HERE.parent / "golden").rglob("bad-*.jsonc"))
CORPUS = sorted((Path(__file__).parents[3] / "shared/corpus/gpu-jsonc").glob("*.jsonc"))
REGISTRY = collect()

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


def chosen(text: str) -> Settings:
    return Settings(
        job=JobSettings(prices=prices_in(text.encode()) or "seed-2025"), preview=True, pedantic=True
    )


def lint(text: str) -> list[Located]:
    return lint_data(
        Linter(REGISTRY, debug=True), "job.gpu.jsonc", text.encode(), chosen(text), on_disk=False
    )


def applied(text: str, fix: Fix) -> str:
    for replace in sorted(fix.replaces, key=lambda one: one.span, reverse=True):
        text = text[: replace.span.start] + replace.text + text[replace.span.end :]
    return apply(parse(text), fix.edits) if fix.edits else text


def comments(text: str) -> list[str]:
    return [text[comment.span.start : comment.span.end] for comment in parse(text).comments]


def mended(text: str, *, unsafe: bool) -> str:
    linter = Linter(REGISTRY, debug=True)
    return fix_data(linter, "job.gpu.jsonc", text.encode(), chosen(text), unsafe=unsafe).data.decode()


def stops(text: str) -> set[tuple[str, str]]:
    """(code, pointer) of the errors for which its commands would not run on its GPUs."""
    found = [one.finding for one in lint(text) if one.finding.severity == "error"]
    return {(each.code, each.pointer) for each in found if each.code.startswith(("GS1", "GS2", "GS6"))}


def check_each_alone(text: str) -> int:
    """How many fixes there were."""
    tree, tried = parse(text), 0
    for located in lint(text):
        finding = located.finding
        if finding.fix is None:
            continue
        if tree.problems and finding.fix.edits:
            continue  # edits by pointer wait until the text parses
        tried += 1
        try:
            after = applied(text, finding.fix)
        except EditError as error:
            pytest.fail(f"{finding.code} {finding.fix.title}: {error}")
        assert after != text, f"{finding.code}: {finding.fix.title} changes nothing"
        if not tree.problems:
            assert not parse(after).problems
        again = [
            one.finding
            for one in lint(after)
            if (one.finding.code, one.finding.pointer, one.finding.message)
            == (finding.code, finding.pointer, finding.message)
        ]
        assert not again, f"{finding.code} is still found after {finding.fix.title!r}"
        # What a rule of the spec itself mends (a name, a key) others could not read before.
        if not finding.code.startswith("GS0") and not stops(text) - {(finding.code, finding.pointer)}:
            worse = stops(after)
            assert not worse, f"{finding.code} {finding.fix.title!r} leads to {worse}"
        if finding.fix.edits and not any(edit.op == "remove" for edit in finding.fix.edits):
            assert sorted(comments(after)) == sorted(comments(text))
    return tried


def check_settles(text: str) -> None:
    for unsafe in (False, True):
        once = mended(text, unsafe=unsafe)
        assert mended(once, unsafe=unsafe) == once
        if not parse(text).problems:
            assert not parse(once).problems


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_golden_specs(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    check_each_alone(text)
    check_settles(text)


def test_there_are_fixes_to_check() -> None:
    fixed = {
        one.finding.code
        for path in GOLDEN
        for one in lint(path.read_text(encoding="utf-8"))
        if one.finding.fix
    }
    may_fix = {entry.rule.code for entry in REGISTRY.rules if entry.rule.fixable != "never"}
    scripts_or_neighbours = {"GS301", "GS302", "GS303"}
    assert may_fix - fixed - scripts_or_neighbours == set()
    assert fixed <= may_fix, "a rule that fixes says so"


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_corpus(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    check_each_alone(text)
    check_settles(text)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_changed_specs(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in (*GOLDEN, *CORPUS) if "GS00" not in str(path)]))
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
    check_each_alone(text)
    check_settles(text)
    if not any(
        one.finding.fix and any(e.op == "remove" for e in one.finding.fix.edits) for one in lint(text)
    ):
        assert "// kept" in mended(text, unsafe=True)
