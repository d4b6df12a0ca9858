"""The example plugin, installed by pip, and plugins that are broken in every way we know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from installing import RULE, gpuspec, install

ROOT = Path(__file__).parents[2]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "job.gpu.jsonc").write_text('{"run": "python x.py", "run": "python y.py"}\n')
    return folder


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def test_the_example_installs_and_is_found(tmp_path: Path, site: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-build-isolation", "--no-deps"]
    subprocess.run([*pip, "--target", site, ROOT / "plugins/gpuspec-plugin-example"], check=True)
    spec = tmp_path / "job.gpu.jsonc"
    spec.write_text('{"run": "python x.py"}')
    rules = json.loads(gpuspec("rules", "--format", "json", path=site, cwd=tmp_path).stdout)
    assert {rule["plugin"] for rule in rules if rule["code"] == "EX101"} == {"gpuspec-plugin-example"}
    found = gpuspec("lint", "--select", "EX", "--format", "concise", spec.name, path=site, cwd=tmp_path)
    assert (found.returncode, found.stderr) == (1, "")
    assert (
        found.stdout == "job.gpu.jsonc:1:1: EX101 required-label no label says which team pays for this job\n"
    )
    (tmp_path / "gpuspec.toml").write_text(
        'plugins = ["gpuspec-plugin-example"]\n[rules.required-label]\nlabels = ["team", "project"]\n'
    )
    found = gpuspec("lint", "--select", "required-label", "--format", "concise", path=site, cwd=tmp_path)
    assert "team, project" in found.stdout
    assert (
        "which team pays"
        in gpuspec("lint", "--isolated", "--select", "EX101", path=site, cwd=tmp_path).stdout
    )
    assert "Why is this bad" in gpuspec("explain", "required-label", path=site, cwd=tmp_path).stdout


BROKEN = {
    "missing-module": ("", "no_such_module", "No module named 'no_such_module'"),
    "syntax": ("def (:\n", None, "cannot be loaded: SyntaxError"),
    "exits": ("raise SystemExit(4)\n", None, "cannot be loaded: SystemExit"),
    "raises": (
        "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_rules():\n    raise RuntimeError('no licence')\n",
        None,
        "gpuspec_rules raised RuntimeError: no licence",
    ),
    "exits-late": (
        RULE.format(cls="M", code="MINE1", name="mine").replace("yield", "exit(4); yield"),
        None,
        "rule MINE1 mine of p-exits-late failed on job.gpu.jsonc: SystemExit: 4",
    ),
    "no-exception": (
        RULE.format(cls="M", code="MINE1", name="mine").replace("yield", "raise BaseException('x'); yield"),
        None,
        "rule MINE1 mine of p-no-exception failed on job.gpu.jsonc: BaseException: x",
    ),
    "never-ends": (
        RULE.format(cls="M", code="MINE1", name="mine").replace(
            "yield",
            """
        while True:
            try:
                while True: pass
            except Exception:
                pass
        yield""",
        ),
        None,
        "rule MINE1 mine of p-never-ends failed on job.gpu.jsonc: RuleTimeout: stopped after 0.3 s",
    ),
    "bare-except": (
        RULE.format(cls="M", code="MINE1", name="mine").replace(
            "yield",
            """
        try:
            while True: pass
        except:
            while True: pass
        yield""",
        ),
        None,
        "rule MINE1 mine of p-bare-except failed on job.gpu.jsonc: RuleTimeout: stopped after 0.3 s",
    ),
    "no-text": (
        RULE.format(cls="M", code="MINE1", name="mine").replace('"mine was here"', "None"),
        None,
        "rule MINE1 mine of p-no-text failed on job.gpu.jsonc: TypeError: the message of a finding is None",
    ),
    "wrong-options": (
        RULE.format(cls="M", code="MINE1", name="mine").replace("def check", "options = None\n    def check"),
        None,
        "M.options must be a tuple of Option",
    ),
    "no-init": (
        RULE.format(cls="M", code="MINE1", name="mine").replace(
            "def check", "def __init__(self, x): pass\n    def check"
        ),
        None,
        "MINE1 raised TypeError",
    ),
    "wrapper": (
        "import pluggy\n@pluggy.HookimplMarker('gpuspec')(hookwrapper=True)\ndef gpuspec_rules():\n    yield []\n",
        None,
        "gpuspec_rules is a hook wrapper",
    ),
    "loads-forever": ("while True:\n    pass\n", None, "cannot be loaded: RuleTimeout: stopped after 0.3 s"),
    "asks-forever": (
        "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_rules():\n    while True:\n        pass\n",
        None,
        "gpuspec_rules raised RuleTimeout: stopped after 0.3 s",
    ),
    "misspelled": (
        "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_rule():\n    return []\n",
        None,
        "there is no hook 'gpuspec_rule'; did you mean gpuspec_rules?",
    ),
    "wrong-type": (
        "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_rules():\n    return 'GS'\n",
        None,
        "gpuspec_rules returned str, not a list",
    ),
    "not-a-rule": (
        "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_rules():\n    return [dict]\n",
        None,
        "<class 'dict'> is not a Rule class",
    ),
    "bad-signature": (
        "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_rules(config):\n    return []\n",
        None,
        "gpuspec_rules(config) Argument(s) {'config'} are declared in the hookimpl but can not be found",
    ),
    "same-code": (
        RULE.format(cls="Mine", code="GS001", name="my-own"),
        None,
        "GS001 my-own is taken by GS001 syntax-error of gpuspec",
    ),
    "same-name": (
        RULE.format(cls="Mine", code="MINE1", name="schema"),
        None,
        "MINE1 schema is taken by GS003 schema of gpuspec",
    ),
    "bad-code": (RULE.format(cls="Mine", code="mine-1", name="mine"), None, "Mine.code is 'mine-1'"),
    "crashes": (
        RULE.format(cls="Mine", code="MINE1", name="mine").replace("yield", "1 / 0; yield"),
        None,
        "rule MINE1 mine of p-crashes failed on job.gpu.jsonc: ZeroDivisionError",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_named_in_one_line_and_the_rest_go_on(kind: str, site: Path, spec: Path) -> None:
    source, target, said = BROKEN[kind]
    install(site, f"p-{kind}", source, target)
    install(site, "healthy", RULE.format(cls="Healthy", code="OK1", name="healthy"))
    done = gpuspec(
        "lint",
        "--select",
        "GS002,OK,MINE",
        "--format",
        "concise",
        path=site,
        cwd=spec,
        GPUSPEC_RULE_SECONDS="0.3",
    )
    assert done.returncode == 3
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert said in lines[0]
    assert (f"p-{kind}" in lines[0]) or "MINE1" in lines[0]
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["OK1", "GS002"]


@pytest.mark.parametrize("command", ["plan", "show", "export", "rules"])
def test_every_command_names_a_plugin_that_cannot_be_loaded(command: str, site: Path, spec: Path) -> None:
    install(site, "cannot", "raise ImportError('no such price service')\n")
    (spec / "job.gpu.jsonc").write_text(
        '{"gpu_types": ["RTX 4090"], "run": "python x.py", "budget": {"max_hours": 1}}'
    )
    done = gpuspec(command, *(() if command == "rules" else ("job.gpu.jsonc",)), path=site, cwd=spec)
    said = [line for line in done.stderr.splitlines() if "no such price service" in line]
    assert (done.returncode, len(said)) == (3, 1), done.stderr


def test_a_plugin_that_prints_does_not_spoil_the_report(site: Path, spec: Path) -> None:
    chatty = "print('hello from the import')\n" + RULE.format(cls="Chatty", code="CHAT1", name="chatty")
    install(site, "chatty", chatty.replace("yield", "print('hello from the rule'); yield"))
    done = gpuspec("lint", "--select", "CHAT", "--format", "json", path=site, cwd=spec)
    assert json.loads(done.stdout)["findings"][0]["code"] == "CHAT1"
    assert done.stderr.splitlines() == [
        "plugin chatty prints: hello from the import",
        "plugin chatty prints: hello from the rule",
    ]


SPOILS = (
    "facts.job.env['X'] = '1'",
    "facts.job.labels.clear()",
    "facts.job.raw.clear()",
    "facts.workload.origins.clear()",
    "facts.tree.value.clear(); facts.tree.problems.append(1)",
    "facts.job = None",
    "facts.workload = None",
    "facts.options = None",
)


@pytest.mark.parametrize("spoils", SPOILS)
def test_what_a_rule_does_to_its_facts_is_its_own_affair(spoils: str, site: Path, spec: Path) -> None:
    text = '{"run": "vllm serve org/Llama-3.1-70B-Instruct", "gpu_types": ["L4"], "labels": {"a": "b"}, "tsk": 1}'
    (spec / "job.gpu.jsonc").write_text(text)
    before = gpuspec("lint", "--format", "concise", path=site, cwd=spec)
    assert len(before.stdout.splitlines()) >= 2
    spoiler = RULE.format(cls="S", code="AAA1", name="spoiler").replace("yield", f"{spoils}; return; yield")
    install(site, "spoiler", spoiler)
    after = gpuspec("lint", "--format", "concise", path=site, cwd=spec)
    assert after.stdout == before.stdout
    assert len(after.stderr.splitlines()) <= 1


def test_a_rule_pays_for_what_it_asks(site: Path, spec: Path) -> None:
    """One that looks at the job alone: no memory is worked out, no price read, no command parsed."""
    dear = "('gpuspec.sizing', 'gpuspec.planning.market', 'gpuspec.workload', 'gpuspec.catalog.snapshot')"
    loaded = f"import sys; print(sorted(name for name in sys.modules if name.startswith({dear}))); yield"
    text = '{"run": "vllm serve org/Llama-3.1-70B", "gpu_types": ["L4"], "name": "x"}'
    (spec / "job.gpu.jsonc").write_text(text)
    for what, dearer in (("facts.job.name", False), ("facts.need()", True)):
        name = f"asks-{dearer}".lower()
        source = RULE.format(cls="A", code="ASK1", name=name).replace("yield", f"{what}; {loaded}")
        folder = site / name
        folder.mkdir()
        install(folder, name, source)
        said = gpuspec("lint", "--select", "ASK", path=folder, cwd=spec).stderr
        assert ("gpuspec.sizing" in said) is dearer, said
        assert (f"plugin {name} prints: []" in said) is not dearer


def test_a_missing_plugin_is_said(spec: Path, site: Path) -> None:
    (spec / "gpuspec.toml").write_text('plugins = ["acme"]\n')
    done = gpuspec("lint", path=site, cwd=spec)
    assert done.returncode == 2
    assert "asks for the plugin 'acme'" in done.stderr


@pytest.mark.parametrize(
    ("requires", "fits"),
    [
        ("gpuspec", True),
        ("gpuspec>=0.1", True),
        ("gpuspec<0.2,>=0.1", True),
        ("gpuspec ~= 0.1.0", True),
        ("gpuspec (>=0.1)", True),
        ("gpuspec==0.1.*", True),
        ("gpuspec>=1; extra == 'later'", True),
        ("gpuspec-other>=7", True),
        ("gpuspec>=1,<2", False),
        ("gpuspec<0.1", False),
        ("gpuspec~=2.1", False),
        ("gpuspec[hub]>=2", False),
        ("gpuspec [hub] >=0.1", True),
        ("gpuspec!=0.1.*", False),
        ("gpuspec>=99rc1", False),
        ("gpuspec>=0.1.dev3", True),
        ("gpuspec===0.1.0", True),
        ("gpuspec>=one", True),
    ],
)
def test_a_plugin_for_another_version_is_named_and_not_imported(
    requires: str, fits: bool, site: Path, spec: Path
) -> None:
    install(
        site,
        "later",
        "print('imported')\n" + RULE.format(cls="L", code="LATE1", name="late"),
        requires=requires,
    )
    done = gpuspec("lint", "--format", "concise", path=site, cwd=spec)
    assert ("LATE1" in done.stdout, "imported" in done.stderr) == (fits, fits)
    if not fits:
        assert done.returncode == 3
        assert "plugin later failed: is made for gpuspec " in done.stderr
        assert "and this is 0.1.0" in done.stderr


def test_a_rule_that_hangs_is_asked_once_in_a_run(site: Path, spec: Path) -> None:
    endless = RULE.format(cls="M", code="MINE1", name="mine").replace(
        "yield", "while True: pass\n        yield"
    )
    install(site, "endless", endless)
    (spec / "other.gpu.jsonc").write_text('{"run": "x"}')
    done = gpuspec("lint", "--select", "MINE,GS002", path=site, cwd=spec, GPUSPEC_RULE_SECONDS="0.3")
    assert done.stderr.count("RuleTimeout") == 1
    assert "more file" not in done.stderr
    assert "GS002" in done.stdout


def test_a_broken_catalogue_hook_is_named(site: Path, spec: Path) -> None:
    install(
        site, "fleet", "from gpuspec import hookimpl\n@hookimpl\ndef gpuspec_gpus():\n    return [1 / 0]\n"
    )
    (spec / "job.gpu.jsonc").write_text('{"run": "x", "gpu_types": ["RTX 4091"]}')
    done = gpuspec("lint", "--select", "GS004", path=site, cwd=spec)
    assert done.returncode == 3
    assert "plugin fleet failed: gpuspec_gpus raised ZeroDivisionError" in done.stderr
    assert "RTX 4090" in done.stdout


def test_two_plugins_with_one_code(site: Path, spec: Path) -> None:
    for name in ("alpha", "beta"):
        install(site, name, RULE.format(cls="M", code="SAME1", name=f"{name}-same"))
    done = gpuspec("lint", "--select", "SAME", "--format", "concise", path=site, cwd=spec)
    assert done.returncode == 3
    assert done.stdout == "job.gpu.jsonc:1:1: SAME1 alpha-same alpha-same was here\n"
    assert "plugin beta failed: SAME1 beta-same is taken by SAME1 alpha-same of alpha" in done.stderr
