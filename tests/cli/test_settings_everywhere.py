"""Every setting about jobs, in every command that it could touch: what a config file says holds for all of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gpuspec.cli.main import COMMANDS as EVERY_COMMAND
from gpuspec.cli.main import main
from gpuspec.editor.hover import hover
from gpuspec.editor.opened import look
from gpuspec.lint.config_file import KEYS
from gpuspec.rules import collect

PRICES = """\
Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice
runpod,US,1x_RTX4090,RTX4090,1,8,64,0.69,
lambda,us-east-1,gpu_1x_4090,RTX4090,1,14,100,1.23,
lambda,us-east-1,gpu_1x_a6000,A6000,1,14,100,1.10,
lambda,us-east-1,gpu_1x_h100_pcie,H100-80GB,1,26,200,1.40,
"""
MODEL = {"id": "Qwen/Qwen2.5-1.5B-Instruct", "dtype": "bf16", "context": 4096}
JOBS: dict[str, dict[str, Any]] = {
    "batch.jsonc": {"task": "batch", "gpu_types": ["RTX 4090"]},
    "no-task.jsonc": {"gpu_types": ["RTX 4090"]},
    "no-gpu.jsonc": {},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The specs, with commands that do not tell what they do; prices of their own beside them."""
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "own.csv").write_text(PRICES)
    (tmp_path / "apis.tsv").write_text(
        f"provider\tmodel\thosts\tinput\toutput\nacme\tchat\t{MODEL['id']}\t1\t2\n"
    )
    rest = {"gpu_count": 1, "keep_alive_minutes": 3, "outputs": ["out/"], "run": "./work"}
    for name, fields in JOBS.items():
        (tmp_path / name).write_text(json.dumps({"name": "j", "model": MODEL, **fields, **rest}))
    return tmp_path


def command(*words: str) -> Callable[[Path, list[str]], str]:
    """What a command prints about a file."""

    def run(path: Path, options: list[str]) -> str:
        assert main([*words, str(path), *options]) in (0, 1)
        return ""

    return run


def here(*words: str) -> Callable[[Path, list[str]], str]:
    """What a command prints that is asked about no file: the settings are those of the working folder."""

    def run(path: Path, options: list[str]) -> str:
        before = os.getcwd()
        os.chdir(path.parent)
        try:
            assert main([*words, *options]) == 0
        finally:
            os.chdir(before)
        return ""

    return run


def init(path: Path, options: list[str]) -> str:
    new = path.with_name("new.jsonc")
    assert (
        main(["init", "--task", "serve", "--model", "Qwen/Qwen2.5-7B-Instruct", "--force", "-o", str(new)])
        == 0
    )
    return new.read_text()


def editor(path: Path, options: list[str]) -> str:
    """The findings, and what is shown over the name of the GPU."""
    opened = look(collect(), str(path), path.read_text())
    assert opened.refused is None, opened.refused
    said = [found.finding.message for found in opened.findings]
    shown = hover(opened, opened.text.find("RTX 4090"))
    return "\n".join([*said, shown[1] if shown else ""])


COMMANDS: dict[str, Callable[[Path, list[str]], str]] = {
    "lint": command("lint"),
    "plan": command("plan"),
    "size": command("size"),
    "breakeven": command("breakeven"),
    "run": command("run", "--dry-run"),
    "export": command("export"),
    "explain": command("explain"),
    "show": command("show"),
    "init": init,
    "editor": editor,
    "size MODEL": here("size", "Qwen/Qwen2.5-1.5B-Instruct"),
    "gpus": here("gpus", "RTX 4090"),
}
WITHOUT_PRICES = {
    "alerts": "what was spent, from the records of the runs",
    "attach": "a run's ports",
    "bill": "many jobs, each by the settings of its folder: test_bill.py has prices of its own",
    "diff": "two states, each by its own settings: test_diff.py has prices of its own",
    "completion": "shell words",
    "config": "prints the settings themselves",
    "cost": "what was planned and paid, from the record of the run",
    "down": "ends a run",
    "import": "writes what the file says",
    "import-usage": "records what others measured",
    "logs": "prints what a run wrote",
    "lsp": "its answers are those of `editor`",
    "metrics": "what was spent, from the records of the runs",
    "models": "sizes",
    "plugin": "writes and checks plugins",
    "plugins": "lists plugins",
    "prices": "lists what there is: the settings choose among it",
    "ps": "what is paid, from the records of the runs",
    "reap": "what a machine costs, as its launcher says",
    "rules": "lists rules",
    "schema": "prints the schema",
    "stop": "ends a run",
}
"""Why the settings about clouds and prices say nothing to these commands."""
NOT_OF_JOBS = {
    "extend", "baseline", "select", "ignore", "extend-select", "per-file-ignores", "severity", "rules", "fail-on",
    "plugins", "local-rules", "pedantic", "preview", "include", "exclude", "budget", "notify",
    "reserved",
    "per-file-labels", "per-file-usage",
}  # fmt: skip
"""Settings about rules and files, and about all jobs together."""


class Row(NamedTuple):
    """What a command says of a file with the setting, and what it says without."""

    file: str
    having: str
    without: str


OWN = 'prices = "own.csv"\n'
GS508 = "of rules only GS508 asks for it, of jobs with traffic (tests/rules/price/test_money.py); nothing else does"
NO_FILE = "it is asked about no job whose file could leave the GPU open"
AS_ASSUMED = "once a file is open it is `assume-gpu`, whose row this is"
TABLE: dict[str, tuple[str, str, dict[str, Row | str]]] = {
    "prices": (
        "",
        OWN,
        {
            "lint": Row("batch.jsonc", "at $0.69/h each day", "each day"),
            "plan": Row("batch.jsonc", "take 1 × RTX 4090 at $0.69/h", "take 1 × RTX 4090"),
            "size": Row("batch.jsonc", "runpod 0.69", "Smallest that surely fit"),
            "breakeven": Row("batch.jsonc", "at $0.69/h (runpod)", "Rented: 1 × RTX 4090 at $"),
            "run": Row("batch.jsonc", "take 1 × RTX 4090 at $0.69/h", "take 1 × RTX 4090"),
            "export": Row("batch.jsonc", "max_hourly_cost: 1.36", "max_hourly_cost: "),
            "explain": Row("batch.jsonc", "24 h × $0.69/h", "24 h ×"),
            "show": "it shows what the file says, which is no price",
            "init": Row("batch.jsonc", '["RTX 4090"]', '"gpu_types"'),
            "editor": Row("batch.jsonc", "from $0.69/h (runpod", "from $"),
            "size MODEL": Row("batch.jsonc", "runpod 0.69", "Smallest that surely fit"),
            "gpus": Row("batch.jsonc", "ON DEMAND runpod $0.69", "$/h ON DEMAND"),
        },
    ),
    "clouds": (
        OWN,
        OWN + 'clouds = ["lambda"]\n',
        {
            "lint": Row("batch.jsonc", "at $1.23/h each day", "at $0.69/h each day"),
            "plan": Row("batch.jsonc", "take 1 × RTX 4090 at $1.23/h", "take 1 × RTX 4090 at $0.69/h"),
            "size": Row("batch.jsonc", "lambda 1.23", "runpod 0.69"),
            "breakeven": Row("batch.jsonc", "at $1.23/h (lambda)", "at $0.69/h (runpod)"),
            "run": Row("batch.jsonc", "take 1 × RTX 4090 at $1.23/h", "take 1 × RTX 4090 at $0.69/h"),
            "export": Row("batch.jsonc", "any_of: - infra: lambda accel", "any_of: - infra: runpod"),
            "explain": Row("batch.jsonc", "24 h × $1.23/h", "24 h × $0.69/h"),
            "show": "it shows what the file says, not what may be rented",
            "init": Row("batch.jsonc", '["RTX A6000"]', '["RTX 4090"]'),
            "editor": Row("batch.jsonc", "from $1.23/h (lambda", "from $0.69/h (runpod"),
            "size MODEL": Row("batch.jsonc", "lambda 1.23", "runpod 0.69"),
            "gpus": Row("batch.jsonc", "ON DEMAND lambda $1.23", "ON DEMAND runpod $0.69"),
        },
    ),
    "regions": (
        OWN,
        OWN + 'regions = ["US-East-1"]\n',
        {
            "lint": Row("batch.jsonc", "at $1.23/h each day", "at $0.69/h each day"),
            "plan": Row("batch.jsonc", "take 1 × RTX 4090 at $1.23/h", "take 1 × RTX 4090 at $0.69/h"),
            "size": Row("batch.jsonc", "lambda 1.23", "runpod 0.69"),
            "breakeven": Row("batch.jsonc", "at $1.23/h (lambda)", "at $0.69/h (runpod)"),
            "run": Row("batch.jsonc", "take 1 × RTX 4090 at $1.23/h", "take 1 × RTX 4090 at $0.69/h"),
            "export": Row("batch.jsonc", "- infra: lambda/us-east-1 accel", "any_of: - infra: runpod"),
            "explain": Row("batch.jsonc", "24 h × $1.23/h", "24 h × $0.69/h"),
            "show": Row("batch.jsonc", "regions us-east-1 regions of the settings", "batch"),
            "init": Row("batch.jsonc", '["RTX A6000"]', '["RTX 4090"]'),
            "editor": Row("batch.jsonc", "from $1.23/h (lambda", "from $0.69/h (runpod"),
            "size MODEL": Row("batch.jsonc", "lambda 1.23", "runpod 0.69"),
            "gpus": Row("batch.jsonc", "ON DEMAND lambda $1.23", "ON DEMAND runpod $0.69"),
        },
    ),
    "api-prices": (
        OWN,
        OWN + 'api-prices = "apis.tsv"\n',
        {
            **dict.fromkeys(("lint", "plan", "size"), GS508),
            "breakeven": Row(
                "batch.jsonc", "API: acme chat: $1 per million", "API: OpenAI gpt-4o-mini, as of"
            ),
            **dict.fromkeys(
                ("run", "export", "explain", "show", "init", "editor", "size MODEL", "gpus"), GS508
            ),
        },
    ),
    # 60 % off: $1.23 is $0.49, and the A6000's $1.10 is $0.44
    "discounts": (
        OWN,
        OWN + "[{}discounts]\nLambda = 0.6\n",
        {
            "lint": Row("batch.jsonc", "at $0.49/h each day", "at $0.69/h each day"),
            "plan": Row("batch.jsonc", "; list price $1.23/h less 60 % (", "take 1 × RTX 4090 at $0.69/h"),
            "size": Row("batch.jsonc", "lambda: list price less 60 % (", "runpod 0.69"),
            "breakeven": Row("batch.jsonc", "at $0.49/h (lambda)", "at $0.69/h (runpod)"),
            "run": Row("batch.jsonc", "take 1 × RTX 4090 at $0.49/h", "take 1 × RTX 4090 at $0.69/h"),
            "export": Row("batch.jsonc", "ordered: - infra: lambda accel", "any_of: - infra: runpod"),
            "explain": Row("batch.jsonc", "24 h × $0.49/h", "24 h × $0.69/h"),
            "show": Row("batch.jsonc", "lambda: list price less 60 % (", "batch"),
            "init": Row("batch.jsonc", '["RTX A6000"]', '["RTX 4090"]'),
            "editor": Row("batch.jsonc", "from $0.49/h (lambda", "from $0.69/h (runpod"),
            "size MODEL": Row("batch.jsonc", "lambda 0.49", "runpod 0.69"),
            "gpus": Row(
                "batch.jsonc",
                "lambda $0.49 runpod $0.69 lambda: list price $1.23/h less 60 % (",
                "ON DEMAND runpod $0.69",
            ),
        },
    ),
    "committed": (
        OWN,
        OWN + '[{}committed.lambda]\n"RTX4090" = 0.4\nA6000 = 0.3\n',
        {
            "lint": Row("batch.jsonc", "at $0.40/h each day", "at $0.69/h each day"),
            "plan": Row("batch.jsonc", "committed: $0.40 per GPU and hour (", "take 1 × RTX 4090 at $0.69/h"),
            "size": Row("batch.jsonc", "lambda: RTX 4090 $0.40, RTX A6000 $0.30", "runpod 0.69"),
            "breakeven": Row("batch.jsonc", "at $0.40/h (lambda)", "at $0.69/h (runpod)"),
            "run": Row("batch.jsonc", "take 1 × RTX 4090 at $0.40/h", "take 1 × RTX 4090 at $0.69/h"),
            "export": Row("batch.jsonc", "ordered: - infra: lambda accel", "any_of: - infra: runpod"),
            "explain": Row("batch.jsonc", "24 h × $0.40/h", "24 h × $0.69/h"),
            "show": Row("batch.jsonc", "lambda: RTX 4090 $0.40, RTX A6000 $0.30", "batch"),
            "init": Row("batch.jsonc", '["RTX A6000"]', '["RTX 4090"]'),
            "editor": Row("batch.jsonc", "from $0.40/h (lambda", "from $0.69/h (runpod"),
            "size MODEL": Row("batch.jsonc", "lambda 0.30", "runpod 0.69"),
            "gpus": Row(
                "batch.jsonc",
                "lambda $0.40 runpod $0.69 lambda: committed: $0.40 per",
                "ON DEMAND runpod $0.69",
            ),
        },
    ),
    "assume-gpu": (
        OWN,
        OWN + 'assume-gpu = "RTX A6000"\n',
        {
            "lint": Row("no-gpu.jsonc", 'help: use "RTX 4090"', "clean: 1 file"),
            "plan": Row("no-gpu.jsonc", "take 1 × RTX A6000", "take 1 × RTX 4090"),
            "size": Row("no-gpu.jsonc", "RTX A6000 fits", "runpod 0.69"),
            "breakeven": Row("no-gpu.jsonc", "Rented: 1 × RTX A6000", "Rented: 1 × H100 80GB"),
            "run": Row("no-gpu.jsonc", "take 1 × RTX A6000", "take 1 × RTX 4090"),
            "export": Row("no-gpu.jsonc", "any_of: - infra: lambda", "any_of: - infra: runpod"),
            "explain": Row("no-gpu.jsonc", "usable on RTX A6000", "nothing is found in"),
            "show": Row("no-gpu.jsonc", "1 × RTX A6000 assume-gpu of the settings", "context 4096"),
            "init": NO_FILE,
            "editor": Row("no-gpu.jsonc", "RTX A6000 is more than", ""),
            "size MODEL": NO_FILE,
            "gpus": NO_FILE,
        },
    ),
    "per-file-assume-gpu": (
        OWN,
        OWN + '[{}per-file-assume-gpu]\n"no-*" = "RTX A6000"\n',
        {
            **dict.fromkeys(("lint", "plan", "size", "breakeven", "run", "export", "explain"), AS_ASSUMED),
            "show": Row("no-gpu.jsonc", "1 × RTX A6000 assume-gpu of the settings", "context 4096"),
            **dict.fromkeys(("init", "editor", "size MODEL", "gpus"), AS_ASSUMED),
        },
    ),
    "default-task": (
        OWN,
        OWN + 'default-task = "train"\n',
        {
            # without a task the model is taken to answer: 4 GiB; full training takes 13 to 39 GiB
            "lint": Row("no-task.jsonc", "nothing ends this job if it hangs", "clean: 1 file"),
            "plan": Row("no-gpu.jsonc", "full fine-tuning, since no method was given", "KV cache"),
            "size": Row("no-gpu.jsonc", "· full training ·", "· serve ·"),
            "breakeven": "it is about answering, and refuses what trains",
            "run": Row("no-task.jsonc", "full fine-tuning, since no method was given", "KV cache"),
            "export": Row("no-gpu.jsonc", "ordered: - infra: lambda accel", "any_of: - infra: runpod accel"),
            "explain": Row("no-task.jsonc", "24 h × $0.69/h", "nothing is found"),
            "show": Row("no-task.jsonc", "task train default-task of the settings", "context 4096"),
            "init": "the spec that it writes names its task",
            "editor": Row("no-task.jsonc", "nothing ends this job if it hangs", "from $0.69/h"),
            "size MODEL": "it is asked about answering unless --task says otherwise",
            "gpus": "it is asked about no job",
        },
    ),
}


def test_the_table_has_every_setting_and_every_command() -> None:
    assert set(TABLE) | NOT_OF_JOBS == set(KEYS)
    assert all(list(rows) == list(COMMANDS) for _, _, rows in TABLE.values())
    commands = {name.split()[0] for name in COMMANDS} - {"editor"}
    assert commands | set(WITHOUT_PRICES) == set(EVERY_COMMAND)
    assert not commands & set(WITHOUT_PRICES)


def said(name: str, path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> str:
    text = COMMANDS[name](path, list(options))
    done = capsys.readouterr()
    return " ".join((text + done.out + done.err).split())


@pytest.mark.parametrize("place", ["gpuspec.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (setting, name)
        for setting, (_, _, rows) in TABLE.items()
        for name in rows
        if rows[name].__class__ is Row
    ],
)
def test_a_setting_holds_in_every_command(
    setting: str, name: str, place: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after, rows = TABLE[setting]
    row = rows[name]
    assert isinstance(row, Row)
    head = "[tool.gpuspec]\n" if place == "pyproject.toml" else ""
    (folder / place).write_text(head + before)
    without = said(name, folder / row.file, capsys)
    table = "tool.gpuspec." if head else ""
    (folder / place).write_text(head + after.replace("{}", table))
    having = said(name, folder / row.file, capsys)
    assert row.having in having
    assert row.without in without
    assert row.having not in without


READING = [name for name in COMMANDS if name not in ("init", "editor", "show", "size MODEL", "gpus")]
PRICED = [name for name in COMMANDS if name not in ("init", "editor", "show")]


@pytest.mark.parametrize("name", PRICED)
def test_cloud_goes_before_the_settings_and_the_spec(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = TABLE["clouds"][2][name]
    assert isinstance(row, Row)
    (folder / "gpuspec.toml").write_text(OWN + 'clouds = ["runpod"]\n')
    path = folder / row.file
    path.write_text(path.read_text().replace("{", '{"clouds": ["runpod"], ', 1))
    assert row.without in said(name, path, capsys)
    assert row.having in said(name, path, capsys, "--cloud", "Lambda")


@pytest.mark.parametrize("name", PRICED)
def test_config_and_isolated(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = TABLE["clouds"][2][name]
    assert isinstance(row, Row)
    (folder / "gpuspec.toml").write_text(OWN)
    other = folder / "other.toml"
    other.write_text(OWN + 'clouds = ["lambda"]\n')
    path = folder / row.file
    assert row.having in said(name, path, capsys, "--config", str(other))
    prices = str(folder / "own.csv")
    (folder / "gpuspec.toml").write_text(OWN + 'clouds = ["lambda"]\n')
    assert row.without in said(name, path, capsys, "--isolated", "--prices", prices)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('colours = "red"', "gpuspec.toml: there is no setting 'colours'"),
        ('clouds = ["lamda"]', "gpuspec.toml: clouds: there is no cloud 'lamda' → did you mean 'lambda'?"),
        ("clouds = ", "gpuspec.toml: it is not TOML"),
    ],
)
def test_a_bad_config_file_is_the_same_error_in_every_command(
    name: str,
    text: str,
    words: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / "gpuspec.toml").write_text(text)
    path = folder / "batch.jsonc"
    monkeypatch.chdir(folder)
    if name == "editor":
        refused = look(collect(), str(path), path.read_text()).refused
        assert refused
        assert refused.code == "bad-config"
        assert words in f"{refused.message} → {refused.hint}"
        return
    more = {"run": ["--dry-run"], "init": ["-o", str(folder / "new.jsonc")]}.get(name, [])
    about = {"init": [], "gpus": [], "size MODEL": ["70B"]}.get(name, [str(path)])
    assert main([name.split()[0], *more, *about]) == 2
    err = " ".join(capsys.readouterr().err.split())
    assert err.startswith("gpuspec: error[bad-config]: ")
    assert words in err


@pytest.mark.parametrize("name", READING)
def test_an_unknown_cloud_is_refused(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--dry-run"] if name == "run" else []
    assert main([name, *more, "--cloud", "lamda", str(folder / "batch.jsonc")]) == 2
    err = " ".join(capsys.readouterr().err.split())
    wrong, hint = err.split(" → ")
    assert wrong == "gpuspec: error[unknown-cloud]: --cloud: there is no cloud 'lamda'"
    assert hint.startswith("did you mean 'lambda'? There are prices of ")
    assert "runpod" in hint


def test_run_lints_the_job_that_it_plans(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A time limit on the command line ends the job, for lint as well."""
    (folder / "gpuspec.toml").write_text(OWN)
    path = folder / "batch.jsonc"
    assert "nothing ends this job" in said("run", path, capsys)
    limited = said("run", path, capsys, "--max-hours", "2")
    assert "nothing ends this job" not in limited
    assert "run 2 h × $0.69/h = $1.38" in limited
    (folder / "gpuspec.toml").write_text(OWN + 'clouds = ["lambda"]\n')
    assert "at $1.23/h each day" in said("run", path, capsys)


def test_the_settings_are_those_of_the_file_and_not_of_the_working_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "gpuspec.toml").write_text(OWN + 'clouds = ["lambda"]\n')
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "gpuspec.toml").write_text('clouds = ["aws"]\n')
    monkeypatch.chdir(elsewhere)
    assert "take 1 × RTX 4090 at $1.23/h" in said("plan", Path("../batch.jsonc"), capsys)


def test_a_cloud_that_the_settings_rule_out_is_no_choice(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """lint does not call the only choice what `plan` does not take."""
    path = folder / "batch.jsonc"
    path.write_text(json.dumps({**json.loads(path.read_text()), "clouds": ["lambda"]}))
    (folder / "gpuspec.toml").write_text(OWN)
    assert "on lambda is the only choice" in said("lint", path, capsys, "--pedantic")
    (folder / "gpuspec.toml").write_text(OWN + 'clouds = ["runpod"]\n')
    assert "take nothing" in said("plan", path, capsys)
    assert "only choice" not in said("lint", path, capsys, "--pedantic")
