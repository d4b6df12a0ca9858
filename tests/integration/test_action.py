"""action.yml as GitHub would run it: its own shell text under bash, the runner's files, an API on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from traps import lay, sprung

from .checkout import ROOT, clone, commit_all, git

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
SCRIPTS = {name: step["run"] for name, step in STEPS.items() if "run" in step}
CLEAN = '{ "name": "hello", "run": "python x.py" }\n'
TWICE = '{ "run": "python x.py", "run": "python y.py" }\n'


class Runner:
    """One job: a checkout, the runner's files, and the context that expressions are about."""

    def __init__(
        self,
        folder: Path,
        api: str = "http://127.0.0.1:9",
        *,
        settings: str | None = 'select = ["GS0", "GS3"]\n',
        **inputs: str,
    ) -> None:
        self.checkout = folder / "checkout"
        self.temp = folder / "temp"
        for each in (self.checkout, self.temp):
            each.mkdir(parents=True, exist_ok=True)
        if settings:
            (self.checkout / "gpuspec.toml").write_text(settings)
        self.files = {
            name: folder / name.lower() for name in ("GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for file in self.files.values():
            file.write_text("")
        self.api = api
        self.context = {
            f"inputs.{name}": given.get("default", "") for name, given in ACTION["inputs"].items()
        }
        self.context |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
        self.context |= {
            "steps.python.outputs.python-path": sys.executable,
            "steps.install.outputs.python": sys.executable,
            "github.action_path": str(ROOT),
            "github.event.pull_request.number": "7",
            "github.event.pull_request.base.sha": "",
            "steps.compare.outputs.delta": "",
            "steps.compare.outputs.change": "",
            "inputs.token": "secret-token",
        }
        self.path = [str(Path(sys.executable).parent)]

    def step(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a step as the runner does, and take in what it wrote to the runner's files."""
        step = STEPS[name]
        values = {key: self._value(value) for key, value in step.get("env", {}).items()}
        script = self.temp / "script.sh"
        script.write_text(step["run"])
        environment = {
            "HOME": str(self.temp),
            "PATH": os.pathsep.join([*self.path, os.environ["PATH"]]),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_API_URL": self.api,
            "GITHUB_REPOSITORY": "someone/something",
            **{key: value for key, value in os.environ.items() if key.startswith(("PIP_", "UV_", "SSL_"))},
            **{key: str(file) for key, file in self.files.items()},
            **values,
        }
        # https://docs.github.com/actions/reference/workflow-syntax: what `shell: bash` runs.
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
        )
        for line in self.files["GITHUB_OUTPUT"].read_text().splitlines():
            key, _, value = line.partition("=")
            self.context[f"steps.{step.get('id')}.outputs.{key}"] = value
        self.path = [*self.files["GITHUB_PATH"].read_text().split(), str(Path(sys.executable).parent)]
        return done

    def _value(self, text: str) -> str:
        return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: self.context[found[1]], text)


class Api(BaseHTTPRequestHandler):
    """The comments of one pull request."""

    comments: list[dict[str, Any]]
    seen: list[str]
    refuse = False
    me = ""
    """Whose token it is; "": that of a job."""

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _sent(self) -> str:
        length = int(self.headers["Content-Length"])
        return str(json.loads(self.rfile.read(length))["body"])

    def do_GET(self) -> None:
        type(self).seen.append(f"GET {self.path}")
        if self.path == "/user":
            self._answer(200 if self.me else 403, {"login": self.me})
            return
        page = int(self.path.rpartition("=")[2])
        self._answer(200, self.comments[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        body = self._sent()
        if self.refuse or self.headers["Authorization"] != "Bearer secret-token":
            self._answer(403, {"message": "Resource not accessible by integration"})
            return
        type(self).seen.append(f"POST {self.path}")
        user = {"type": "User", "login": self.me} if self.me else {"type": "Bot"}
        comment = {"id": len(self.comments) + 1, "body": body, "user": user}
        self.comments.append(comment)
        self._answer(201, comment)

    def do_PATCH(self) -> None:
        body = self._sent()
        type(self).seen.append(f"PATCH {self.path}")
        self.comments[int(self.path.rpartition("/")[2]) - 1]["body"] = body
        self._answer(200, {})

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def api() -> Iterator[tuple[str, type[Api]]]:
    class Fresh(Api):
        comments: list[dict[str, Any]] = []
        seen: list[str] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Fresh)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", Fresh
    server.shutdown()
    server.server_close()


def test_a_clean_project(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    (runner.checkout / "job.jsonc").write_text(CLEAN)
    lint = runner.step("Lint")
    assert lint.returncode == 0, lint.stderr
    assert runner.step("Verdict").returncode == 0
    assert "clean: 1 file" in runner.files["GITHUB_STEP_SUMMARY"].read_text()
    sarif = json.loads(Path(runner.context["steps.lint.outputs.sarif"]).read_text())
    assert (sarif["version"], sarif["runs"][0]["results"]) == ("2.1.0", [])


def test_nothing_of_the_checkout_is_imported(
    tmp_path: Path, api: tuple[str, type[Api]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request may bring a `pip.py`, and the job that checks it has a token."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    runner = Runner(tmp_path, api[0])
    lay(runner.checkout, tmp_path / "sprung")
    (runner.checkout / "job.jsonc").write_text(TWICE)
    for name in ("Lint", "Comment on the pull request"):
        done = runner.step(name)
        assert done.returncode == 0, done.stderr
    runner.step(
        "Install gpuspec"
    )  # pip finds nothing to build gpuspec with; with what it needs, it is tried below
    assert sprung(tmp_path / "sprung") == []


def test_findings_are_everywhere(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    url, server = api
    runner = Runner(tmp_path, url)
    (runner.checkout / "job.jsonc").write_text(TWICE)
    lint = runner.step("Lint")
    assert lint.returncode == 0, lint.stderr
    assert re.search(r"^::error .*file=job\.jsonc.*line=1", lint.stdout, re.MULTILINE), lint.stdout
    sarif = json.loads(Path(runner.context["steps.lint.outputs.sarif"]).read_text())
    assert [result["ruleId"] for result in sarif["runs"][0]["results"]] == ["GS002"]
    assert "duplicate-key" in runner.files["GITHUB_STEP_SUMMARY"].read_text()
    assert runner.step("Comment on the pull request").returncode == 0
    assert server.seen[-1] == "POST /repos/someone/something/issues/7/comments"
    assert server.comments[0]["body"].startswith("<!-- gpuspec -->\n### gpuspec\n")
    assert "duplicate-key" in server.comments[0]["body"]
    assert runner.step("Verdict").returncode == 1


def test_one_comment_is_kept_up_to_date(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    url, server = api
    person = {"id": 1, "body": "<!-- gpuspec --> says who?", "user": {"type": "User", "login": "someone"}}
    server.comments += [person, *({**person, "id": n, "body": "hi"} for n in range(2, 101))]  # a full page
    for number, text in enumerate((CLEAN, TWICE, CLEAN)):
        runner = Runner(tmp_path, url)
        (runner.checkout / "job.jsonc").write_text(text)
        assert runner.step("Lint").returncode == 0
        said = runner.step("Comment on the pull request")
        assert (said.returncode, said.stdout) == (0, ""), said.stderr
        assert len(server.comments) == 100 + (number > 0)  # none for what was clean from the start
    assert server.seen[-1] == "PATCH /repos/someone/something/issues/comments/101"
    assert "clean: 1 file" in server.comments[100]["body"]
    assert server.comments[0]["body"] == "<!-- gpuspec --> says who?"


SPEC = """{
  "name": "batch",
  "task": "batch",
  "model": { "id": "Qwen/Qwen2.5-7B-Instruct", "dtype": "bf16", "context": 4096 },
  "gpu_types": ["GPU"],
  "keep_alive_minutes": 3,
  "budget": { "max_hours": 4 },
  "run": "python batch.py"
}
"""


class PullRequest:
    """A repository with a branch `main`, and a checkout of a pull request as actions/checkout makes it: one commit
    deep, the base not among what is there."""

    def __init__(self, folder: Path, *, settings: str = 'select = ["GS101", "GS002"]\n', **base: str) -> None:
        self.folder = folder
        self.origin = folder / "origin"
        self.origin.mkdir()
        (self.origin / "gpuspec.toml").write_text(settings)
        (self.origin / "mine.csv").write_text(PRICES)
        self._write(base)
        commit_all(self.origin)
        self.base = git(self.origin, "rev-parse", "HEAD").strip()
        git(self.origin, "config", "uploadpack.allowAnySHA1InWant", "true")

    def _write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.origin / f"{name}.gpu.jsonc").write_text(text)

    def runner(
        self,
        api: str,
        *,
        gone: tuple[str, ...] = (),
        inputs: dict[str, str] | None = None,
        clone: tuple[str, ...] = ("--depth=1",),
        **changed: str,
    ) -> Runner:
        for name in gone:
            (self.origin / f"{name}.gpu.jsonc").unlink()
        self._write(changed)
        git(self.origin, "add", "-A")
        git(self.origin, "commit", "-q", "--allow-empty", "-m", "change")
        here = Path(tempfile.mkdtemp(dir=self.folder))
        git(self.folder, "clone", "-q", *clone, f"file://{self.origin}", str(here / "checkout"))
        runner = Runner(here, api, settings=None, **(inputs or {}))
        runner.context["github.event.pull_request.base.sha"] = self.base
        for output in ("markdown", "status"):  # what `Lint` gives is not asked for where there is a base
            runner.context[f"steps.lint.outputs.{output}"] = ""
        done = runner.step("Compare with the base")
        assert done.returncode == 0, done.stderr
        assert git(runner.checkout, "status", "--porcelain") == ""
        said = runner.step("Comment on the pull request")
        assert (said.returncode, said.stdout) == (0, ""), said.stderr
        return runner


def verdict(runner: Runner, *, lint: int) -> tuple[int, str]:
    """How the job ends, and what is told, where `gpuspec lint` ended so."""
    runner.context["steps.lint.outputs.status"] = str(lint)
    done = runner.step("Verdict")
    return done.returncode, done.stdout


def test_the_comment_is_what_changed(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    url, server = api
    small, large = (SPEC.replace("GPU", gpu, 1) for gpu in ("RTX A5000", "H100 PCIe"))
    other = large.replace("batch.py", "b.py")
    change = PullRequest(tmp_path, one=small, two=other, three=large, four=TWICE)
    # Nothing changes: one line, and that is no reason to write a comment.
    runner = change.runner(url)
    assert server.comments == []
    assert Path(runner.context["steps.compare.outputs.delta"]).read_text() == (
        "gpuspec: this changes no finding and no cost (3 findings as before).\n"
    )
    # `one` gets dearer, `two` is moved with all that is known of it, `three` and `four` go.
    runner = change.runner(url, gone=("two", "three", "four"), one=large, moved="// here\n" + other)
    body = server.comments[0]["body"]
    sums = r"\*\*[+−]\S+/month \(\S+ %\)\*\*: \S+ → \S+ · 1 new finding, 2 fixed, 1 as before"
    assert re.fullmatch(sums, body.splitlines()[3]), body.splitlines()[3]
    assert body.startswith("<!-- gpuspec -->\n### gpuspec\n\n")
    rows = [line for line in body.splitlines() if line.startswith("| `")]
    job = re.fullmatch(
        r"\| `one.gpu.jsonc` \| RTX A5000 → H100 PCIe \| (\S+) → (\S+) \(\+\d+ %\) "
        r"\| (\S+) → (\S+) \(\+[\d,]+ %\) \| (\S+) → (\S+) \(\+[\d,]+ %\) \| (\S+) → (\S+) per million tokens \|",
        rows[1],
    )
    assert job, rows[1]
    figures = [float(each.replace("$&#8288;", "")) for each in job.groups()]
    hour, run, month = figures[:2], figures[2:4], figures[4:6]
    assert hour[0] < hour[1]
    assert month == run == pytest.approx([4 * each for each in hour], abs=0.03)  # one run of at most 4 hours
    assert rows[0].startswith("| `three.gpu.jsonc` gone | H100 PCIe | $")  # as dear, and gone whole
    assert rows[2].startswith("| `one.gpu.jsonc:5` | ⚠️ [GS101]")
    assert rows[3:] == [
        "| `four.gpu.jsonc:1` | ✅ GS002 duplicate-key |",
        "| `three.gpu.jsonc:5` | ✅ GS101 over-provisioned-gpu |",
    ]
    # What was written is kept up to date, though nothing is left to tell.
    git(change.origin, "checkout", "-q", change.base)
    change.runner(url)
    assert len(server.comments) == 1
    assert (
        server.comments[0]["body"].splitlines()[1].startswith("gpuspec: this changes no finding and no cost")
    )


PRICES = """Cloud,AcceleratorName,AcceleratorCount,Price
slurm,RTX A5000,1,0.25
slurm,H100 PCIe,1,3.00
"""


def test_what_a_pull_request_may_cost(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    """One run of at most 4 hours a month, $0.25 and $3.00 an hour: 12 − 1 = 11 dollars more."""
    url, server = api
    small, large = (SPEC.replace("GPU", gpu, 1) for gpu in ("RTX A5000", "H100 PCIe"))
    change = PullRequest(
        tmp_path, settings='select = ["GS101", "GS002"]\nprices = "mine.csv"\n', one=small, two=TWICE
    )
    within = {"fail_above": "+11/month\n+1100%", "fail_on_new": "true"}
    runner = change.runner(url, inputs=within, one=large)
    assert verdict(runner, lint=1)[0] == 1  # over-provisioned, which is new
    runner = change.runner(url, inputs={"fail_above": "+11/month"}, one=large)
    assert (verdict(runner, lint=0), runner.context["steps.compare.outputs.change"]) == ((0, ""), "0")
    assert verdict(runner, lint=1)[0] == 1
    assert "❌" not in server.comments[0]["body"]
    runner = change.runner(url, inputs={"fail_above": "+10/month"}, one=large)
    status, told = verdict(runner, lint=0)
    assert (status, told.startswith("::error title=gpuspec::the pull request costs more")) == (1, True)
    assert len(server.comments) == 1
    lines = server.comments[0]["body"].splitlines()
    assert lines[3].startswith(
        "**+$&#8288;11.00/month (+1,100 %)**: $&#8288;1.00 → $&#8288;12.00 · 1 new finding"
    )
    assert lines[5] == "❌ +$&#8288;11.00/month (+1,100 %) is more than the limit of this check, +10/month"
    # An old finding is not the pull request's.
    runner = change.runner(url, inputs=within, one=small.replace('"max_hours": 4', '"max_hours": 8'))
    assert verdict(runner, lint=1) == (0, "")
    assert (
        server.comments[0]["body"].splitlines()[3].startswith("**+$&#8288;1.00/month (+100 %)**")
    )  # 8 × 0.25 − 1


def test_a_limit_that_cannot_be_checked_fails(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    change = PullRequest(tmp_path, one=SPEC)
    change.base = "0" * 40
    runner = Runner(tmp_path / "job", api[0], fail_above="+1/month")
    runner.context["github.event.pull_request.base.sha"] = change.base
    assert runner.step("Compare with the base").returncode == 0
    status, told = verdict(runner, lint=0)
    assert (status, told.startswith("::error title=gpuspec::fail-above could not be checked")) == (2, True)


def test_a_clone_without_all_files(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    """`filter: blob:none` of actions/checkout: what the base has besides is fetched at once."""
    small, large = (SPEC.replace("GPU", gpu, 1) for gpu in ("RTX A5000", "H100 PCIe"))
    change = PullRequest(tmp_path, one=small, two=small)
    git(change.origin, "config", "uploadpack.allowFilter", "true")
    change.runner(api[0], clone=("--filter=blob:none", "--depth=1"), one=large)
    assert "| `one.gpu.jsonc` | RTX A5000 → H100 PCIe |" in api[1].comments[0]["body"]


def test_comments_of_several_jobs_and_of_a_token_of_ones_own(
    tmp_path: Path, api: tuple[str, type[Api]]
) -> None:
    url, server = api
    server.me = "robot"  # a person's token to GitHub
    stranger = {"id": 1, "body": "<!-- gpuspec --> says who?", "user": None}
    server.comments.append(stranger)
    for tag, number in (("", 2), ("team a --> b", 3), ("team a --> b", 3), ("", 3)):
        runner = Runner(tmp_path, url, tag=tag)
        (tmp_path / "report.md").write_text("### gpuspec\n")
        runner.context |= {
            "steps.lint.outputs.markdown": str(tmp_path / "report.md"), "steps.lint.outputs.status": "1",
        }  # fmt: skip
        assert runner.step("Comment on the pull request").returncode == 0
        assert len(server.comments) == number
    assert server.comments[2]["body"].startswith("<!-- gpuspec team a b -->\n")
    assert server.comments[0] is stranger


def test_without_a_base_the_comment_is_the_report(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    url, server = api
    runner = Runner(tmp_path, url)
    runner.context["github.event.pull_request.base.sha"] = "0" * 40
    (runner.checkout / "job.jsonc").write_text(TWICE)
    runner.step("Lint")
    done = runner.step("Compare with the base")
    assert (done.returncode, "::notice title=gpuspec::the base" in done.stdout) == (0, True)
    runner.step("Comment on the pull request")
    assert "1 error in 1 file" in server.comments[0]["body"]


def test_comparing_has_no_token() -> None:
    assert not {"TOKEN", "GITHUB_TOKEN"} & STEPS["Compare with the base"]["env"].keys()


def test_a_comment_that_may_not_be_written_is_a_warning(tmp_path: Path, api: tuple[str, type[Api]]) -> None:
    url, server = api
    server.refuse = True
    runner = Runner(tmp_path, url)
    (runner.checkout / "job.jsonc").write_text(TWICE)
    runner.step("Lint")
    said = runner.step("Comment on the pull request")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("::warning title=gpuspec::the comment was not written: HTTP Error 403")
    summary = runner.files["GITHUB_STEP_SUMMARY"].read_text()
    assert "_No comment was written (HTTP Error 403: Forbidden): " in summary
    assert "secret-token" not in said.stdout + said.stderr + summary
    runner.context["steps.compare.outputs.change"] = "0"
    assert verdict(runner, lint=0) == (0, "")


def test_a_long_report_is_cut_at_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "action"))
    from comment import body

    text = body("".join(f"| line {number} {'x' * 90} |\n" for number in range(2000)))
    assert len(text) < 65_536
    *rows, blank, last = text.splitlines()
    assert (blank, last) == ("", "… and more: see the summary of the job.")
    assert all(row.endswith("x |") for row in rows[1:])
    folded = body("<details><summary>9 fixed</summary>\n" + "x" * 60 + "\n" + f"| {'x' * 90} |\n" * 2000)
    assert folded.splitlines()[-2:] == ["</details>", "… and more: see the summary of the job."]


def test_inputs_are_words_not_shell(tmp_path: Path) -> None:
    hostile = "$(touch pwned).gpu.jsonc\n--config=x\n`touch pwned`; touch pwned"
    runner = Runner(tmp_path, paths=hostile, fail_on="error")
    for name in hostile.split("\n"):
        (runner.checkout / name).write_text(CLEAN)
    lint = runner.step("Lint")
    assert lint.returncode == 0, lint.stderr
    assert "clean: 3 files" in runner.files["GITHUB_STEP_SUMMARY"].read_text()
    assert not (runner.checkout / "pwned").exists()
    runner = Runner(tmp_path / "2", config='"; touch pwned; "', version="1; touch pwned")
    assert runner.step("Lint").returncode == 2
    assert not (runner.checkout / "pwned").exists()
    assert [name for name, script in SCRIPTS.items() if "${{" in script] == []


def test_inputs_reach_lint(tmp_path: Path) -> None:
    loop = 'for f in data/*; do\n  sky launch -y job.yaml --env F="$f"\ndone\n'
    runner = Runner(tmp_path, scripts="true", fail_on="error")
    (runner.checkout / "job.jsonc").write_text(CLEAN)
    (runner.checkout / "go.sh").write_text(loop)
    assert "GS301" in runner.step("Lint").stdout
    assert runner.step("Verdict").returncode == 0  # a warning, below `error`
    runner = Runner(tmp_path, scripts="true", config="other.toml")
    (runner.checkout / "other.toml").write_text('select = ["GS0"]\n')
    assert "GS301" not in runner.step("Lint").stdout


def test_what_cannot_be_linted_fails_and_says_why(tmp_path: Path) -> None:
    runner = Runner(tmp_path, paths="nowhere.gpu.jsonc")
    lint = runner.step("Lint")
    assert lint.returncode == 2
    assert "error[no-such-file]" in lint.stderr


@pytest.mark.slow
def test_it_installs_itself(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    (tmp_path / "action").mkdir()
    runner.context["github.action_path"] = str(clone(tmp_path / "action"))
    lay(runner.checkout, tmp_path / "sprung")
    installed = runner.step("Install gpuspec")
    assert installed.returncode == 0, installed.stderr
    assert sprung(tmp_path / "sprung") == []
    (runner.checkout / "job.jsonc").write_text(TWICE)
    assert shutil.which("gpuspec", path=os.pathsep.join(runner.path)) == str(
        runner.temp / "gpuspec" / "bin" / "gpuspec"
    )
    assert "::error" in runner.step("Lint").stdout
    assert runner.step("Verdict").returncode == 1


def test_it_is_an_action_to_github() -> None:
    """The schema of actions as check-jsonschema ships it (SchemaStore's github-action.json)."""
    checker = Path(sys.executable).with_name("check-jsonschema")
    command = [str(checker), "--builtin-schema", "vendor.github-actions", str(ROOT / "action.yml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_expression_is_about_something_there() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    steps = (("lint", "Lint"), ("install", "Install gpuspec"), ("compare", "Compare with the base"))
    outputs = {
        f"steps.{step}.outputs.{output}"
        for step, name in steps
        for output in re.findall(r'echo "(\w+)=', SCRIPTS[name])
    }
    known = {f"inputs.{name}" for name in ACTION["inputs"]} | outputs
    known |= {"github.token", "github.action_path", "github.event.pull_request.number"}
    known |= {"github.event.pull_request.base.sha"}
    known |= {"steps.python.outputs.python-path"}
    used = set(
        re.findall(r"\b(?:inputs|steps|github)\.[\w.-]+", " ".join(re.findall(r"\$\{\{(.*?)\}\}", text)))
    )
    assert used <= known
    assert {f"inputs.{name}" for name in ACTION["inputs"]} <= used  # none without effect


@pytest.mark.parametrize("name", [*SCRIPTS, ".ci/run"])
def test_shellcheck_finds_nothing(name: str, tmp_path: Path) -> None:
    script = tmp_path / "script.sh"
    own = f"#!/bin/bash\nset -eo pipefail\n{SCRIPTS[name]}" if name in SCRIPTS else (ROOT / name).read_text()
    script.write_text(own)
    shellcheck = Path(sys.executable).with_name("shellcheck")
    # SC2154: variables that `env` sets.
    done = subprocess.run([shellcheck, "--exclude=SC2154", str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_page_names_every_input() -> None:
    page = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    rows = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("|"))
    assert set(re.findall(r"`([\w-]+)`", rows)) == set(ACTION["inputs"])
