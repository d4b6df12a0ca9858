"""Fixes in files of other formats: made where the very value stands there, and the file still holds the same jobs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gpuspec import Edit, Facts, Finding, Fix, Rule
from gpuspec.formats import FORMATS, Document, Format, Known, Source
from gpuspec.formats.command import of_scalar
from gpuspec.job.from_mapping import from_mapping
from gpuspec.lint.files import lint_data
from gpuspec.lint.fixing import fix_data
from gpuspec.lint.registry import Registry
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect

TEXT = """\
# jobs of the lab
one:
  gpu: l4        # the cluster's own name
  disk: '100'    # GB
  hours: 90      # minutes, in truth
  run: >-
    vllm serve x/y
    --port 80
two: {gpu: l4, disk: 100, run: "vllm serve x/y"}
"""


def _read(source: Source) -> tuple[Document, ...]:
    tree = source.yaml.tree
    if not isinstance(tree.value, dict):
        return ()
    documents = []
    for name, said in tree.value.items():
        at = f"/{name}"
        command = of_scalar(tree, said["run"], f"{at}/run")
        value = {"gpu_types": [said["gpu"]], "disk_gb": float(said["disk"]), "run": command.text}
        if "hours" in said:
            value["budget"] = {"max_hours": said["hours"] / 60}
        places = {
            "": at, "/gpu_types/0": f"{at}/gpu", "/disk_gb": f"{at}/disk", "/budget/max_hours": f"{at}/hours",
        }  # fmt: skip
        job = from_mapping(value, places, pieces={f"{at}/run": command.pieces})
        documents.append(Document(source.path, tree, job, at, FORMAT))
    return tuple(documents)


def _written(document: Document, edit: Edit) -> Sequence[Edit]:
    return [Edit("set", f"{document.place}/max_price", edit.value)] if edit.pointer == "/max_price" else ()


FORMAT = Format("lab", lambda source: True, _read, written=_written)
TABLE = (Known("lab", "labs", __name__, (), (".yaml",)), *FORMATS)


def fixed(*edits: Edit, text: str = TEXT) -> str | None:
    """The file after a fix, which is made where it can be; None where it is a suggestion alone."""

    class Mends(Rule):
        """A rule."""

        code = "XX001"
        name = "mends"
        severity = "warning"

        def check(self, facts: Facts) -> list[Finding]:
            if facts.case.document.place != "/one" or edits[0].value == facts.job.disk_gb:
                return []
            return [self.finding("", "bad", fix=Fix("mend it", edits, safe=True))]

    linter = Linter(Registry(((Mends(), "test"),), ()), debug=True, formats=TABLE)
    done = fix_data(linter, "jobs.yaml", text.encode(), Settings())
    return done.data.decode() if done.titles else None


def test_a_value_that_stands_there_is_changed() -> None:
    assert (
        fixed(Edit("set", "/one/disk", 200)) is None
    )  # the job has 100.0, the file '100': not the very value
    text = TEXT.replace("'100'", "100.0")
    assert fixed(Edit("set", "/one/disk", 250.0), text=text) == text.replace("100.0 ", "250.0 ")


def test_what_the_file_says_in_other_words_is_not() -> None:
    for edit in (
        Edit("set", "/one/gpu", "A100-80GB"),  # the tool's own names
        Edit("set", "/one/hours", 4),  # the file counts minutes
        Edit("set", "/spot", "allowed"),  # no such field
        Edit("insert", "/gpu_types/-", "L4"),
        Edit("remove", "/one/disk"),
    ):
        assert fixed(edit) is None


def test_a_format_says_how_it_is_written() -> None:
    after = fixed(Edit("set", "/max_price", 2.5))
    assert after is not None
    assert after == TEXT.replace("    --port 80\n", "    --port 80\n  max_price: 2.5\n")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("vllm serve x/y --port 81", "    --port 81"),
        ("vllm serve x/y --port 80 --dtype auto", "    --port 80 --dtype auto"),
        ("vllm serve --port 80", None),
        ("vllm serve x/z --port 80", None),
    ],
)
def test_a_command_in_a_folded_block(command: str, line: str | None) -> None:
    after = fixed(Edit("set", "/one/run", command))
    assert after is not None
    if line:
        assert after == TEXT.replace("    --port 80", line)
    (one, _) = _read(Source("jobs.yaml", after.encode()))
    assert one.job is not None
    assert one.job.run == command


def test_what_would_change_another_job_is_not_done() -> None:
    text = "one: &x {gpu: l4, disk: 100.0, run: a b}\ntwo: *x\n"
    assert fixed(Edit("set", "/one/disk", 200.0), text=text) is None
    assert fixed(Edit("set", "/one/run", "a c"), text=text) is None


MANIFEST = """\
apiVersion: v1
kind: Pod
metadata: {name: llm}
spec:
  nodeSelector:
    cloud.google.com/gke-accelerator: nvidia-h100-80gb
  containers:
  - name: vllm
    image: vllm/vllm-openai:v0.8.5
    args: ["--model", "Qwen/Qwen2.5-7B-Instruct", "--gpu-memory-utilization", '0.5', --no-enable-prefix-caching]  # a
    resources: {limits: {nvidia.com/gpu: 1}}
---
apiVersion: v1
kind: Pod
metadata: {name: llm2}
spec:
  nodeSelector:
    cloud.google.com/gke-accelerator: nvidia-h100-80gb
  containers:
  - image: vllm/vllm-openai:v0.8.5
    command: [sh, -c]
    args:
    - |
      # go
      vllm serve Qwen/Qwen2.5-7B-Instruct \\
        --gpu-memory-utilization 0.5 --no-enable-prefix-caching \\
        --port 80
    resources: {limits: {nvidia.com/gpu: 1}}
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_arguments_of_containers(newline: str) -> None:
    text = MANIFEST.replace("\n", newline)
    linter = Linter(collect(), debug=True)
    after = fix_data(linter, "pod.yaml", text.encode(), Settings(), unsafe=True).data.decode()
    assert after == (
        text.replace("'0.5', --no-enable-prefix-caching]", "'0.92']").replace(
            "0.5 --no-enable-prefix-caching", "0.92"
        )
    )
    codes = {item.finding.code for item in lint_data(linter, "pod.yaml", after.encode(), Settings())}
    assert codes.isdisjoint({"GS601", "GS603"})
