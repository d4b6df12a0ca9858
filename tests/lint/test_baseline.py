"""Baselines: known findings stay hidden while lines move; stale entries are named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from rules_for_tests import NoCloud, NoEcho, registry

from gpuspec.errors import UserError
from gpuspec.lint.baseline import Baseline, baseline_text, read_baseline
from gpuspec.lint.files import lint_data
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings


def found(path: Path, text: str) -> list[Located]:
    return lint_data(Linter(registry(NoCloud, NoEcho)), str(path), text.encode(), Settings(), on_disk=False)


def left(path: Path, before: str, after: str) -> tuple[list[str], tuple[str, ...]]:
    """(what still shows after an edit, stale entries)."""
    file = path.parent / "baseline.json"
    file.write_text(baseline_text(found(path, before), str(file)))
    baseline = read_baseline(str(file))
    return new(baseline, found(path, after)), baseline.stale([str(path)], {"T101", "T102"})


def new(baseline: Baseline, findings: list[Located]) -> list[str]:
    known = baseline.known(findings)
    return [item.finding.message for item, is_known in zip(findings, known, strict=True) if not is_known]


def test_moved_lines_change_nothing(tmp_path: Path) -> None:
    spec = tmp_path / "job.gpu.jsonc"
    before = '{"run": "echo", "clouds": ["aws"]}'
    after = '// new\n\n{\n  "name": "n",\n  "clouds": ["aws"],\n  "run": "echo"}'
    assert left(spec, before, after) == ([], ())


def test_new_findings_show_and_mended_ones_are_stale(tmp_path: Path) -> None:
    spec = tmp_path / "job.gpu.jsonc"
    before, after = '{"run": "echo"}', '{"run": "x", "clouds": ["aws"]}'
    assert left(spec, before, after) == (["aws costs money"], ("job.gpu.jsonc: T102 /run",))


def test_lines_of_a_script_are_counted(tmp_path: Path) -> None:
    script = tmp_path / "go.sh"
    assert left(script, "echo a\n", "# x\necho a\n") == ([], ())
    assert left(script, "echo a\n", "echo a\necho a\n") == (["echo needs no GPU"], ())
    assert left(script, "echo a\necho a\n", "echo a\n") == ([], ("go.sh: T102 echo a",))


def test_rules_and_files_not_looked_at_are_not_stale(tmp_path: Path) -> None:
    spec = tmp_path / "job.gpu.jsonc"
    spec.write_text('{"run": "echo"}')
    file = tmp_path / "baseline.json"
    file.write_text(baseline_text(found(spec, spec.read_text()), str(file)))
    baseline = read_baseline(str(file))
    assert baseline.stale([str(spec)], {"T101"}) == ()
    assert baseline.stale([], {"T102"}) == ()
    assert baseline.stale([str(spec)], {"T102"}) == ("job.gpu.jsonc: T102 /run",)


def test_a_baseline_is_plain_json(tmp_path: Path) -> None:
    spec = tmp_path / "deep" / "job.gpu.jsonc"
    text = baseline_text(found(spec, '{"run": "echo"}'), str(tmp_path / "b.json"))
    mark = hashlib.sha256(b'{"run": "echo"}').hexdigest()[:16]
    assert json.loads(text)["findings"] == [
        {"path": "deep/job.gpu.jsonc", "rule": "T102", "where": "/run", "content": mark, "count": 1}
    ]


SPEC = '{"run": "echo",\n "clouds": ["aws"]}'


def recorded(folder: Path, files: dict[str, str]) -> Baseline:
    """A baseline of files that are not there any more."""
    everything = [each for name, text in files.items() for each in found(folder / name, text)]
    file = folder / "baseline.json"
    file.write_text(baseline_text(everything, str(file)))
    return read_baseline(str(file))


def test_a_file_that_was_moved_is_known(tmp_path: Path) -> None:
    baseline = recorded(tmp_path, {"a.gpu.jsonc": SPEC})
    assert new(baseline, found(tmp_path / "deep" / "b.gpu.jsonc", SPEC)) == []
    assert baseline.stale([], {"T101", "T102"}) == ()


def test_of_a_moved_file_what_changed_is_new(tmp_path: Path) -> None:
    baseline = recorded(tmp_path, {"a.gpu.jsonc": SPEC})
    changed = SPEC.replace('["aws"]', '["aws", "gcp"]')
    assert new(baseline, found(tmp_path / "b.gpu.jsonc", changed)) == ["aws costs money", "gcp costs money"]
    assert baseline.stale([], {"T101", "T102"}) == ("a.gpu.jsonc: T101 /clouds/0",)


def test_a_copy_is_new(tmp_path: Path) -> None:
    baseline = recorded(tmp_path, {"a.gpu.jsonc": SPEC})
    (tmp_path / "a.gpu.jsonc").write_text(SPEC)
    assert len(new(baseline, found(tmp_path / "b.gpu.jsonc", SPEC))) == 2


def test_one_file_becomes_one_file(tmp_path: Path) -> None:
    """Its findings are not shared out among two, and no entry hides two findings."""
    baseline = recorded(tmp_path, {"a.gpu.jsonc": SPEC})
    both = found(tmp_path / "x" / "a.gpu.jsonc", SPEC) + found(tmp_path / "b.gpu.jsonc", SPEC)
    known = baseline.known(both)
    assert known == [True, True, False, False]  # the one of the same name


def test_a_moved_folder(tmp_path: Path) -> None:
    """All are called alike, as specs in folders of their own are."""
    folders = ("one", "two", "three")
    texts = {f"old/{name}/gpu.jsonc": SPEC.replace("echo", f"echo {name}") for name in folders}
    baseline = recorded(tmp_path, texts)
    moved = [
        each
        for name in folders[:2]
        for each in found(tmp_path / "new" / name / "gpu.jsonc", texts[f"old/{name}/gpu.jsonc"])
    ]
    assert new(baseline, moved) == []
    left = ("old/three/gpu.jsonc: T101 /clouds/0", "old/three/gpu.jsonc: T102 /run")
    assert baseline.stale([], {"T101", "T102"}) == left
    assert baseline.stale([], {"T101", "T102"}, searched=False) == ()


def test_a_moved_script_and_an_old_baseline(tmp_path: Path) -> None:
    """Of scripts the text of the line is recorded already; what the first version wrote of specs is known by path."""
    baseline = recorded(tmp_path, {"a.sh": "echo a\n", "a.gpu.jsonc": SPEC})
    old = json.loads((tmp_path / "baseline.json").read_text())
    for entry in old["findings"]:
        entry.pop("content", None)
    (tmp_path / "baseline.json").write_text(json.dumps(old))
    baseline = read_baseline(str(tmp_path / "baseline.json"))
    assert new(baseline, found(tmp_path / "b.sh", "echo a\n")) == []
    assert new(baseline, found(tmp_path / "a.gpu.jsonc", SPEC)) == []
    baseline = read_baseline(str(tmp_path / "baseline.json"))
    assert len(new(baseline, found(tmp_path / "b.gpu.jsonc", SPEC))) == 2


@pytest.mark.parametrize("text", ["", "[]", '{"findings": [{}]}', '{"findings": 3}'])
def test_bad_baselines(tmp_path: Path, text: str) -> None:
    file = tmp_path / "b.json"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        read_baseline(str(file))
    assert caught.value.code == "bad-baseline"
