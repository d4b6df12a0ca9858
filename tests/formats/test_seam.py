"""A new format is one module and one row of the table: here a toy one, whose files hold several jobs, handed in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gpuspec.cli.open_case import open_case, open_cases
from gpuspec.editor.opened import look
from gpuspec.errors import UserError
from gpuspec.formats import (
    EVERYTHING,
    FORMATS,
    Document,
    Format,
    Known,
    Source,
    known_by_name,
    read,
    recognised,
)
from gpuspec.job.from_mapping import from_mapping
from gpuspec.lint.discover import walk
from gpuspec.lint.files import lint_data
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.planning.case import Case
from gpuspec.rules import collect
from gpuspec.text import Comment, Span, Tree, pointer

TEXT = """\
toy 1
train: 2 x A100-80GB: torchrun --nproc_per_node 2 train.py
# gpuspec: ignore[keep-alive] it is taken down by hand
serve: 1 x L4: vllm serve meta-llama/Llama-3.1-70B-Instruct
"""


def _recognise(source: Source) -> bool:
    return source.data.startswith(b"toy 1\n")


def _read(source: Source) -> tuple[Document, ...]:
    """A line a job: NAME: COUNT x GPU: COMMAND."""
    tree = Tree(source.data.decode())
    tree.values[""] = Span(0, len(tree.text))
    for found in re.finditer(r"#(.*)", tree.text):
        tree.comments.append(Comment(Span(*found.span()), found[1], block=False))
    documents = []
    for found in re.finditer(r"^(?!#)(?P<name>\w+): (?P<gpu>(\d+) x (\S+)): (?P<run>.+)$", tree.text, re.M):
        place = pointer(found["name"])
        tree.values[place] = Span(*found.span())
        tree.values.update({f"{place}/{part}": Span(*found.span(part)) for part in ("name", "gpu", "run")})
        value = {
            "name": found[1],
            "gpu_types": [{"type": found[4], "count": int(found[3])}],
            "run": found["run"],
        }
        places = {"": place, "/gpu_types": f"{place}/gpu", "/gpu_types/0": f"{place}/gpu"}
        documents.append(Document(source.path, tree, from_mapping(value, places), place, FORMAT))
    return tuple(documents)


FORMAT = Format("toy", _recognise, _read, cannot_say=frozenset({"budget", "max_price", "gpu_types.1"}))
TOY = Known("toy", "toy files", __name__, (".toy",), (".toy", ".txt"), (b"toy 1",), by_content=True)
TABLE = (TOY, *FORMATS)


def findings(text: str = TEXT) -> list[Located]:
    linter = Linter(collect(), debug=True, formats=TABLE)
    return lint_data(linter, "jobs.toy", text.encode(), Settings(), on_disk=False)


def test_a_file_is_recognised_by_what_it_holds() -> None:
    assert recognised(Source("x.txt", TEXT.encode()), TABLE) is FORMAT
    assert recognised(Source("x.txt", b"toy 2\n"), TABLE) is None
    assert recognised(Source("x.yaml", TEXT.encode()), TABLE) is None  # no ending of its own
    assert known_by_name("jobs.toy", formats=TABLE)
    assert not known_by_name("jobs.toy")


def test_a_folder_is_searched_by_name_or_by_content(tmp_path: Path) -> None:
    for name, text in {"a.toy": "", "b.txt": TEXT, "c.txt": "notes", "d.md": TEXT}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / ".gitignore").write_text("ignored/\n")
    (tmp_path / "ignored").mkdir()
    (tmp_path / "ignored" / "e.txt").write_text(TEXT)
    assert [Path(path).name for path in walk(str(tmp_path), Settings(), formats=TABLE)] == ["a.toy", "b.txt"]
    assert list(walk(str(tmp_path), Settings())) == []


def test_each_job_is_a_document() -> None:
    train, serve = read("x.txt", TEXT.encode(), formats=TABLE)
    assert (train.place, serve.place) == ("/train", "/serve")
    assert train.tree is serve.tree
    assert train.job is not None
    assert [(gpu.name, gpu.gpu_count, gpu.pointer) for gpu in train.job.gpu_types] == [
        ("A100-80GB", 2, "/train/gpu")
    ]
    assert train.job.pointer("run") == "/train/run"


def test_each_job_is_a_case() -> None:
    train, serve = (Case(document, on_disk=False) for document in read("x.txt", TEXT.encode(), formats=TABLE))
    assert (train.workload.task, serve.workload.task) == ("train", "serve")
    assert serve.workload.model is not None
    assert [choice.gpu.name for choice in serve.choices] == ["L4"]


def test_each_job_is_linted_in_its_place() -> None:
    found = [(item.finding.code, item.place.line) for item in findings()]
    assert ("GS102", 4) in found  # 70 billion parameters on an L4 of 24 GB
    assert ("GS401", 2) in found  # about the job as a whole: at its place, not at the file's beginning
    assert ("GS401", 4) not in found  # silenced by the comment above it
    (absent,) = [item for item in findings() if item.finding.code == "GS401"]
    assert (absent.finding.pointer, absent.place.column) == ("/train", 1)


def test_a_command_for_one_job_does_not_choose(tmp_path: Path) -> None:
    path = tmp_path / "jobs.toy"
    path.write_text(TEXT)
    assert len(open_cases(str(path), Settings(), formats=TABLE)) == 2
    with pytest.raises(UserError) as refused:
        open_case(str(path), Settings(), formats=TABLE)
    assert refused.value.code == "several-jobs"
    assert "/train, /serve" in refused.value.message


def test_no_rule_asks_for_what_the_format_cannot_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "GS402" not in {item.finding.code for item in findings()}
    monkeypatch.setitem(globals(), "FORMAT", FORMAT._replace(cannot_say=frozenset()))
    assert ("GS402", 2) in {(item.finding.code, item.place.line) for item in findings()}


def test_nothing_is_asked_of_a_fragment() -> None:
    documents = [
        document._replace(cannot_say=EVERYTHING) for document in read("x.toy", TEXT.encode(), formats=TABLE)
    ]
    codes = {item.finding.code for item in Linter(collect(), debug=True).documents(documents, Settings())}
    assert "GS401" not in codes
    assert "GS102" in codes  # what is there is judged all the same


def test_fixes_are_made_in_the_job_spec_alone() -> None:
    assert all(item.finding.fix is None for item in findings())


def test_an_editor_shows_all_jobs() -> None:
    opened = look(collect(), "/nowhere/jobs.toy", TEXT, on_disk=False, formats=TABLE)
    assert (opened.ours, opened.is_spec) == (True, False)
    assert len(opened.documents) == 2
    assert {item.place.line for item in opened.findings} == {2, 4}


def test_a_plain_spec_loads_no_other_format(tmp_path: Path) -> None:
    path = tmp_path / "job.jsonc"
    path.write_text('{"gpu_types": ["L4"], "run": "x"}')
    code = (
        "import sys\nfrom gpuspec.cli.run_lint import lint_files\n"
        f"lint_files([{str(path)!r}])\n"
        "print(*(name for name in sys.modules if name.startswith('gpuspec.formats.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()[-1].split()) == {
        "gpuspec.formats.document",
        "gpuspec.formats.job_spec",
    }
