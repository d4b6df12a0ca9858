"""`gpuspec diff` of commits: read from git's store, without running, checking out or fetching anything."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gpuspec.cli import git_commit
from gpuspec.cli.git_commit import is_harmless, stays_inside
from gpuspec.cli.main import main

SPEC = """{
  "name": "batch",
  "task": "batch",
  "gpu_types": ["RTX A5000"],
  "keep_alive_minutes": 3,
  "budget": { "max_hours": 4 },
  "run": "python batch.py"
}
"""
DEAR = SPEC.replace("RTX A5000", "H100 PCIe")
OTHER = '{"task": "batch", "gpu_types": ["RTX A5000"], "budget": {"max_hours": 4}, "run": "other"}\n'
TWICE = '{ "run": "a", "run": "b" }\n'
PRICES = """Cloud,AcceleratorName,AcceleratorCount,Price
slurm,RTX A5000,1,0.25
slurm,H100 PCIe,1,3.00
"""
SETTINGS = 'select = ["GS002"]\nprices = "mine.csv"\n'
WHO = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")


class Clone:
    """A repository, and this process in it. Prices are its own: $0.25 and $3.00 an hour."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def git(self, *words: str, stdin: bytes = b"") -> str:
        done = subprocess.run(["git", *WHO, *words], cwd=self.folder, input=stdin, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def write(self, **files: str) -> None:
        """Specs by their names; `__` is a slash."""
        for name, text in files.items():
            path = self.folder / f"{name.replace('__', '/')}.gpu.jsonc"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self, **files: str) -> str:
        """Write specs and commit everything: the id."""
        self.write(**files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def diff(self, *words: str) -> dict[str, Any]:
        """What is printed as JSON."""
        status = main(["diff", "--json", *words])
        out, err = self._capsys.readouterr()
        assert (status, err) == (0, "")
        found: dict[str, Any] = json.loads(out)
        return found

    def refused(self, *words: str) -> str:
        """What is told where nothing can be compared."""
        assert main(["diff", *words]) == 2
        return self._capsys.readouterr().err


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clone:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set where a git hook runs the tests
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "clone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    found = Clone(folder, capsys)
    found.git("init", "-q", "-b", "main")
    (folder / "gpuspec.toml").write_text(SETTINGS)
    (folder / "mine.csv").write_text(PRICES)
    return found


def changes(found: dict[str, Any]) -> list[tuple[str, float | None, float | None]]:
    """Of each job that changed, dollars a month before and after."""
    return [
        (each["path"], *(side and side["per_month"] for side in (each["before"], each["after"])))
        for each in found["jobs"]
    ]


def test_a_branch_against_what_is_here(clone: Clone) -> None:
    first = clone.commit(a=SPEC, b=SPEC)
    clone.write(a=DEAR, new=TWICE)
    found = clone.diff("main")
    assert (found["base"], found["head"]) == (f"main ({first[:12]})", "this folder")
    # 4 hours × $0.25 and × $3.00; `new` asks for no GPU.
    assert changes(found) == [("a.gpu.jsonc", 1.0, 12.0)]
    assert found["total"]["per_month"] == {"before": 2.0, "after": 13.0, "unknown": 0, "unknown_changed": 0}
    assert [each["path"] for each in found["new"]] == ["new.gpu.jsonc"]
    assert clone.git("status", "--porcelain") == "M a.gpu.jsonc\n?? new.gpu.jsonc"
    assert changes(clone.diff("main", "a.gpu.jsonc")) == [("a.gpu.jsonc", 1.0, 12.0)]


def test_two_commits_and_where_they_parted(clone: Clone) -> None:
    first = clone.commit(a=SPEC)
    clone.git("checkout", "-q", "-b", "topic")
    clone.commit(b=DEAR)
    clone.git("checkout", "-q", "main")
    clone.commit(c=OTHER)
    clone.write(d=SPEC)  # in no commit
    assert changes(clone.diff("main", "topic")) == [("b.gpu.jsonc", None, 12.0), ("c.gpu.jsonc", 1.0, None)]
    assert clone.diff("main..topic")["jobs"] == clone.diff("main", "topic")["jobs"]
    found = clone.diff("main...topic")
    assert changes(found) == [("b.gpu.jsonc", None, 12.0)]
    assert found["base"] == "where topic left main"
    assert found["prices"] == "mine.csv, undated"  # not where it was copied to
    assert changes(clone.diff("HEAD~1...")) == [("c.gpu.jsonc", None, 1.0)]
    assert clone.diff(first[:9], "HEAD")["base"] == first[:12]


def test_a_folder_is_compared_with_itself(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    clone.commit(a=SPEC, jobs__b=SPEC)
    clone.write(a=DEAR, jobs__b=DEAR)
    assert changes(clone.diff("main", "jobs")) == [("b.gpu.jsonc", 1.0, 12.0)]
    assert changes(clone.diff("main", "--path", "jobs")) == [("jobs/b.gpu.jsonc", 1.0, 12.0)]
    monkeypatch.chdir(clone.folder / "jobs")
    found = clone.diff("main")  # by the settings and prices above it
    assert changes(found) == [("b.gpu.jsonc", 1.0, 12.0)]


def test_settings_above_the_repository_hold_for_its_commits(clone: Clone) -> None:
    for name in ("gpuspec.toml", "mine.csv"):
        (clone.folder / name).rename(clone.folder.parent / name)
    clone.commit(a=SPEC)
    clone.write(a=DEAR)
    assert changes(clone.diff("main")) == [("a.gpu.jsonc", 1.0, 12.0)]


def test_broken_settings_of_a_commit_are_named_by_it(clone: Clone) -> None:
    (clone.folder / "gpuspec.toml").write_text("select = 3\n")
    clone.commit(a=SPEC)
    (clone.folder / "gpuspec.toml").write_text(SETTINGS)
    told = clone.refused("main")
    assert re.search(r"error\[bad-config\]: main \(\w+\): gpuspec.toml: select must be a list", told), told


def test_settings_of_the_command_line_are_each_sides_own(clone: Clone) -> None:
    (clone.folder / "gpuspec.toml").rename(clone.folder / "other.toml")
    clone.commit(a=SPEC)
    (clone.folder / "mine.csv").write_text(PRICES.replace("0.25", "0.50"))
    assert changes(clone.diff("main", "--config", "other.toml")) == [("a.gpu.jsonc", 1.0, 2.0)]


def test_what_git_does_not_track_is_no_change(clone: Clone) -> None:
    """Ignored files, repositories inside this one, submodules."""
    other = clone.folder.parent / "other"
    other.mkdir()
    (other / "x.gpu.jsonc").write_text(TWICE)
    inner = Clone(other, clone._capsys)
    inner.git("init", "-q")
    inner.commit()
    clone.git("submodule", "--quiet", "add", str(other), "sub")
    (clone.folder / ".gitignore").write_text("out/\n")
    clone.commit(a=SPEC)
    clone.git("clone", "-q", str(other), "nested")
    clone.write(out__b=TWICE)
    assert (clone.folder / "sub" / "x.gpu.jsonc").is_file()
    assert (clone.folder / "nested" / "x.gpu.jsonc").is_file()
    found = clone.diff("main")
    assert (found["new"], found["fixed"], found["jobs"]) == ([], [], [])


def test_nothing_of_the_repository_is_run(clone: Clone, tmp_path: Path) -> None:
    """Filters, hooks, the file monitor, text conversion: what a repository's own configuration names."""
    sprung = tmp_path / "sprung"
    for number, key in enumerate(
        (
            "filter.lfs.smudge",
            "filter.lfs.process",
            "core.fsmonitor",
            "diff.x.textconv",
            "core.pager",
            "core.sshCommand",
        )
    ):
        clone.git("config", key, f"touch {sprung}{number}")
    for hook in ("post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"):
        path = clone.folder / ".git" / "hooks" / hook
        path.write_text(f"#!/bin/sh\ntouch {sprung}-{hook}\n")
        path.chmod(0o755)
    (clone.folder / ".gitattributes").write_text("*.bin filter=lfs diff=x\n*.jsonc export-ignore\n")
    # A pointer of LFS is what the store holds; the file it stands for is not fetched.
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    blob = clone.git("hash-object", "-w", "--no-filters", "--stdin", stdin=pointer)
    clone.write(a=SPEC)
    first = clone.git("hash-object", "-w", "--no-filters", "a.gpu.jsonc")
    settings = clone.git("hash-object", "-w", "--no-filters", "gpuspec.toml")
    prices = clone.git("hash-object", "-w", "--no-filters", "mine.csv")
    attributes = clone.git("hash-object", "-w", "--no-filters", ".gitattributes")
    names = {"a.gpu.jsonc": first, "gpuspec.toml": settings, "mine.csv": prices, ".gitattributes": attributes}
    lines = [f"100644 blob {id}\t{name}" for name, id in {**names, "model.bin": blob}.items()]
    tree = clone.git("mktree", stdin="\n".join(lines).encode())
    commit = clone.git("commit-tree", tree, "-m", "all")
    for trap in tmp_path.glob("sprung*"):  # what git itself did above
        trap.unlink()
    clone.write(a=DEAR)
    assert changes(clone.diff(commit)) == [("a.gpu.jsonc", 1.0, 12.0)]
    assert list(tmp_path.glob("sprung*")) == []


def test_names_that_are_options(clone: Clone, tmp_path: Path) -> None:
    clone.commit(a=SPEC)
    for name in (
        f"--upload-pack=touch {tmp_path}/sprung",
        "--output=x",
        "-",
        "",
        "a\0b",
        "\ud800",
        "HEAD:a.gpu.jsonc",
        "^HEAD",
    ):
        told = clone.refused("--", name)
        assert "error[no-such-commit]" in told
        assert "git fetch origin -" not in told
    assert "wrong-usage" in clone.refused("--upload-pack=x")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clone"]


def test_what_is_both_a_branch_and_a_folder_is_refused(clone: Clone) -> None:
    clone.commit(jobs__a=SPEC)
    clone.git("branch", "jobs")
    assert "error[not-comparable]: jobs is a folder and a commit" in clone.refused("jobs")
    assert clone.diff("refs/heads/jobs")["jobs"] == []


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clone: Clone) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    told = clone.refused("main")
    assert "error[no-such-commit]: main is no folder or file, and this folder is in no git repository" in told
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "error[git-failed]: there is no program `git`" in clone.refused("main")


def test_a_shallow_clone_says_what_to_fetch(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    clone.commit(a=SPEC)
    clone.commit(b=SPEC)
    clone.git("clone", "-q", "--depth=1", f"file://{clone.folder}", "../shallow")
    monkeypatch.chdir(clone.folder.parent / "shallow")
    assert "git fetch --depth=1 origin v1`" in clone.refused("v1")
    assert "fetch-depth: 0" in clone.refused("HEAD~1...HEAD")


def test_a_partial_clone_fetches_nothing(
    clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the transport that its configuration names, git would run a program (git-config(1), remote.*.uploadpack)."""
    clone.commit(a=SPEC)
    clone.commit(a=DEAR)
    clone.git("config", "uploadpack.allowFilter", "true")
    clone.git("clone", "-q", "--filter=blob:none", f"file://{clone.folder}", "../partial")
    partial = Clone(tmp_path / "partial", clone._capsys)
    partial.git("config", "remote.origin.uploadpack", f"touch {tmp_path}/sprung; git-upload-pack")
    monkeypatch.chdir(partial.folder)
    told = partial.refused("HEAD~1")
    assert "error[git-failed]" in told
    assert "git fetch --refetch --no-filter origin" in told
    assert not (tmp_path / "sprung").exists()


def test_a_file_whose_object_is_lost_is_not_gone(clone: Clone) -> None:
    """Of such a one git lists the size as BAD, and succeeds (2.39)."""
    clone.commit(a=SPEC)
    clone.commit(a=DEAR)
    lost = clone.git("rev-parse", "HEAD:a.gpu.jsonc")
    (clone.folder / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    assert f"the object {lost[:12]} is not in this clone" in clone.refused("HEAD~1..HEAD")


def test_links_stay_inside(clone: Clone, tmp_path: Path) -> None:
    secret = tmp_path / "secret.gpu.jsonc"
    secret.write_text(TWICE)
    clone.commit(a=TWICE)
    for name, target in {"in": "a.gpu.jsonc", "out": str(secret), "up": "../secret.gpu.jsonc"}.items():
        (clone.folder / f"{name}.gpu.jsonc").symlink_to(target)
    clone.commit()
    for path in clone.folder.glob("*.gpu.jsonc"):
        path.unlink()
    found = clone.diff("main")
    assert sorted(each["path"] for each in found["fixed"]) == ["a.gpu.jsonc", "in.gpu.jsonc"]


@pytest.mark.parametrize(
    ("path", "target", "inside"),
    [
        ("a", "b", True), ("d/a", "../b", True), ("d/a", "./b/c", True), ("d/e/a", "../../b", True),
        ("a", "../b", False), ("d/a", "../../b", False), ("a", "/etc/passwd", False), ("a", "", False),
        ("a", "d/../../b", False), ("a", "d/../b", False),  # `d` may be a link that leads up
    ],
)  # fmt: skip
def test_where_links_lead(path: str, target: str, inside: bool) -> None:
    assert stays_inside(path, target) is inside


def test_names_that_no_tree_of_gits_has() -> None:
    for path in ("../x", "a/../x", "./x", "/x", "a//x", ".git/hooks/x", "a/.GIT/config", "a\\..\\x", ""):
        assert not is_harmless(path)
    assert all(is_harmless(path) for path in ("a/b", ".github/x", "a/.gitignore", "..x/y", "ü \n"))


def test_a_tree_that_git_would_not_make(clone: Clone, tmp_path: Path) -> None:
    """Of two entries of one name, the link comes last: nothing is written through it."""
    clone.commit(a=SPEC)
    blob = clone.git("hash-object", "-w", "--stdin", stdin=TWICE.encode())
    link = clone.git("hash-object", "-w", "--stdin", stdin=str(tmp_path).encode())
    inner = b"100644 x.gpu.jsonc\0" + bytes.fromhex(blob)
    below = clone.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=inner)
    outer = b"".join(
        mode + b" " + name + b"\0" + bytes.fromhex(id)
        for mode, name, id in ((b"120000", b"d", link), (b"40000", b"..", below), (b"40000", b"d", below))
    )
    tree = clone.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", stdin=outer)
    commit = clone.git("commit-tree", tree, "-m", "odd")
    before = sorted(tmp_path.rglob("*"))
    found = clone.diff(commit)
    assert ("d/x.gpu.jsonc", "GS002") in [(each["path"], each["code"]) for each in found["fixed"]]
    assert sorted(tmp_path.rglob("*")) == before


def test_huge_repositories_are_bounded(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    clone.commit(a=SPEC, jobs__b=SPEC, many__c=SPEC, many__d=SPEC, many__e=SPEC)
    large = clone.folder / "large.bin"
    large.write_bytes(b"x" * 4000)
    clone.commit(jobs__b=DEAR)
    monkeypatch.setattr(git_commit, "MAX_BYTES", 3000)  # `large` is not copied
    monkeypatch.setattr(git_commit, "MOST_BYTES", 3500)
    assert changes(clone.diff("HEAD~1", "HEAD")) == [("jobs/b.gpu.jsonc", 1.0, 12.0)]
    monkeypatch.setattr(git_commit, "MOST_FILES", 5)
    told = clone.refused("HEAD~1", "HEAD")
    assert "error[too-large]" in told
    assert "--path" in told
    # Of one folder: its own files, and those above it, the settings among them.
    assert changes(clone.diff("HEAD~1", "HEAD", "--path", "jobs")) == [("jobs/b.gpu.jsonc", 1.0, 12.0)]
    monkeypatch.setattr(git_commit, "MOST_BYTES", 50)
    assert "error[too-large]" in clone.refused("HEAD~1", "HEAD", "--path", "jobs")


RULE = """
from gpuspec import Rule, hookimpl


class Everything(Rule):
    code, name, severity, summary = "LOC1", "everything", "warning", "x"

    def check(self, facts):
        yield self.finding("/run", "no")


@hookimpl
def gpuspec_rules():
    return [Everything]
"""


def test_rules_that_a_commit_brings_are_not_run(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allowed is the folder, not whatever a commit of it holds: so nothing is new of what is asked on one side."""
    (clone.folder / "gpuspec.toml").write_text(
        SETTINGS + 'extend-select = ["LOC1"]\nlocal-rules = ["policy.py"]\n'
    )
    (clone.folder / "policy.py").write_text(RULE)
    monkeypatch.setenv("GPUSPEC_LOCAL_RULES", str(clone.folder))
    clone.commit(a=SPEC)
    assert main(["diff", "main"]) == 0
    out, err = clone._capsys.readouterr()
    assert "0 new findings" in out
    assert "policy.py is named in local-rules and was not run" in err
    assert main(["lint", "--format", "concise"]) == 1
    assert "LOC1" in clone._capsys.readouterr().out  # here it is run


def test_a_hook_before_a_push(clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As docs/how-to/ci.md has it: git sets GIT_DIR for its hooks."""
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    text = page.split('```sh title=".git/hooks/pre-push"\n')[1].split("```")[0]
    gpuspec = Path(sys.executable).with_name("gpuspec")
    hook = clone.folder / ".git" / "hooks" / "pre-push"
    hook.write_text(text.replace("exec gpuspec", f"exec {gpuspec}"))
    hook.chmod(0o755)
    clone.commit(a=SPEC, jobs__b=SPEC)
    clone.git("init", "-q", "--bare", "../origin")
    clone.git("remote", "add", "origin", "../origin")
    clone.git("push", "-q", "--no-verify", "origin", "main")
    clone.commit(a=DEAR)  # 12 − 1 = 11 dollars a month more
    clone.git("push", "-q", "origin", "main")
    clone.commit(jobs__b=DEAR.replace('"max_hours": 4', '"max_hours": 40'))  # 120 − 1 = 119
    done = subprocess.run(["git", "push", "origin", "main"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "gpuspec: +$119/month (+915 %) is more than --fail-above +100/month" in done.stderr  # of 12 + 1
    monkeypatch.setenv("GIT_DIR", ".git")
    assert changes(clone.diff("origin/main", "jobs")) == [("b.gpu.jsonc", 1.0, 120.0)]
