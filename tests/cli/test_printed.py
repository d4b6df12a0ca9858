"""Canaries in every string that comes from outside, in every command and format: none reaches a terminal as more than
text, and none begins a command to a CI runner."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from canaries import CANARIES, unsafe
from hypothesis import example, given
from hypothesis import strategies as st

from gpuspec import Finding, Fix, Saving
from gpuspec.catalog import HeldBack, Offer, PriceSource
from gpuspec.catalog.snapshot import render as snapshot
from gpuspec.cli.main import main
from gpuspec.json_text import json_text
from gpuspec.launch.records import Records, record_of
from gpuspec.launch.skypilot.yaml_text import render
from gpuspec.lint.result import Located, Prices, Report, place
from gpuspec.printable import markdown, one_line
from gpuspec.report import FORMATS
from gpuspec.report import render as render_report
from gpuspec.text import parse

# -- the one place -----------------------------------------------------------------------------------

ANY = st.text() | st.text(
    alphabet=":#[]() \t\r\n\x1b\x9b\u202e\u2066\u200c\u200d\ufe0f\u3164م👩|`@&<>*_w.a1\\"
)


@given(ANY)
@example("  ::error::x")
@example("#####[a]##[")
def test_one_line_is_one_safe_line_and_needs_no_second_look(text: str) -> None:
    line = one_line(text)
    assert unsafe(line) == []
    assert "\n" not in line
    assert one_line(line) == line


@pytest.mark.parametrize(
    "text",
    [
        *("a b", "é 日本語\u3000語", "C:\\x", "a::b", "## x"),
        # Joined: Persian, Hindi, a couple with a tone of skin and a heart, a keycap, signs shown as emoji
        *("می\u200cخواهم", "क्\u200dष", "👩🏽\u200d🚀", "❤\ufe0f\u200d🔥", "1\ufe0f\u20e3", "⚠\ufe0f ℹ\ufe0f"),
    ],
)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    assert one_line(text) == text


def test_what_is_not_safe_is_shown_as_python_and_json_write_it() -> None:
    assert one_line("a\n\t\x1b[1m\x9b\u202e\udc9b") == r"a\n\t\x1b[1m\x9b\u202e\udc9b"
    assert one_line(" ::error::") == r" \x3a:error::"
    assert one_line("x ##[error] ##vso[a]") == r"x \x23#[error] \x23#vso[a]"


@given(st.recursive(ANY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3)))
def test_json_is_safe_and_reads_back(value: object) -> None:
    text = json_text(value)
    assert unsafe(text) == []
    assert json.loads(text) == value


@given(st.dictionaries(ANY, ANY, max_size=3))
@example({"run": "echo a\n::error::b\n"})
@example({"run": "echo a\n##[error]b\n\u202e"})
def test_yaml_is_safe_and_reads_back(value: dict[str, str]) -> None:
    text = render(value)
    assert unsafe(text.replace("\t", " ")) == []  # a script may be indented with tabs
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    ("text", "written"),
    [
        # https://github.github.com/gfm/#autolinks-extension-; docs.github.com/…/autolinked-references-and-urls;
        # docs.gitlab.com/user/markdown/#gitlab-specific-references
        ("@octocat", "@&#8203;octocat"),
        ("&#64;octocat", "&amp;#&#8203;64;octocat"),
        ("owner/name#26", "owner/name#&#8203;26"),
        ("GH-26", "GH-&#8203;26"),
        ("!1 %2 ~bug &3", r"!&#8203;1 %&#8203;2 \~&#8203;bug &amp;&#8203;3"),
        ('~"a bug" %"v1" GL-1', r'\~&#8203;"a bug" %&#8203;"v1" GL-&#8203;1'),
        ("[vulnerability:12] [[home]]", r"\[&#8203;vulnerability:12\] \[&#8203;\[home\]\]"),
        ('*iteration:"x" ^alert#1', r'\*&#8203;iteration:"x" ^&#8203;alert#&#8203;1'),
        ("at $12, $12.50", "at $&#8288;12, $&#8288;12.50"),
        ("9ba1224 x", "9ba122&#8203;4 x"),
        ("9ba12248...B19A04F5", "9ba122&#8203;48...B19A04&#8203;F5"),
        ("9ba122", "9ba122"),
        ("https://x.org", "https:&#8203;//x.org"),
        ("1_HTTP://x.org", r"1\_HTTP:&#8203;//x.org"),
        ("www.x.org", "www&#8203;.x.org"),
        ("__WWW.x.org", r"\_\_WWW&#8203;.x.org"),
        ("me@x.org", "me@&#8203;x.org"),
        ("[a](b) <b> `c` a|b", r"\[a\](b) &lt;b&gt; \`c\` a\|b"),
        ("0.34 is 5 % of 3 # [1, 2]", r"0.34 is 5 % of 3 # \[1, 2\]"),
    ],
)
def test_markdown_has_no_links_mentions_or_markup(text: str, written: str) -> None:
    assert markdown(text) == written


# -- the report for terminals ------------------------------------------------------------------------


@pytest.mark.parametrize("name", CANARIES)
@pytest.mark.parametrize("columns", [None, 30, 80])
def test_text_in_colour_and_in_narrow_columns(name: str, columns: int | None) -> None:
    canary = CANARIES[name]
    tree = parse(spec(canary))
    at = place(tree, tree.span("/run"))
    cut = at._replace(text="#" + canary + "##[group]", column=2 + len(canary), end_column=4 + len(canary))
    finding = Finding("ACME1", canary, canary, "/run", "error", suggestion=canary, saving=Saving(1.0))
    located = (Located(canary, finding, at, ((at, canary), (cut, canary)), f"https://x.org/{canary}"),)
    located += (Located(canary, finding._replace(fix=Fix(canary, (), safe=True)), cut),)
    text = render_report("text", Report((canary,), located, prices=Prices(canary, canary)), (True, columns))
    ours = r"\x1b\[[0-9;]*m|\x1b\]8;;|\x1b\\"  # colours, and the two halves of a link
    assert re.search(ours, text)
    assert unsafe(re.sub(ours, "", text)) == []


# -- every command -----------------------------------------------------------------------------------


def spec(canary: str) -> str:
    """A job with the canary in all its strings, in a key, in comments and in a suppression."""
    job = {
        "name": canary,
        "model": {"id": canary, "params_b": 7, "revision": canary},
        "gpu_types": [canary, "RTX 4090"],
        "image": canary,
        "regions": [canary],
        "env": {canary: canary, "A": canary},
        "secrets": [canary],
        "setup": [canary],
        "run": f"python a.py {canary}\n{canary}\nvllm serve {canary} --dtype {canary}",
        "downloads": [{"strategy": "http", "source": f"http://x.org/{canary}", "path": canary}],
        "outputs": [canary],
        "keep_alive_minutes": 30,
        "budget": {"max_hours": 2},
        canary: canary,
    }
    raw = canary.replace("\n", "")
    unused = f"// gpuspec: ignore[missing-download] {raw}\n"  # --fix takes it away
    text = json.dumps(job, indent=2).replace("{", f"{{ // gpuspec: ignore[{raw}] {raw}\n{unused}", 1)
    return text.encode("utf-8", "replace").decode()


def runnable(canary: str) -> str:
    """A job that is planned and sent: the canary stands where anything may."""
    job = {
        "name": "job",
        "task": "batch",
        "model": {"id": "Qwen/Qwen2.5-7B-Instruct"},
        "gpu_types": ["RTX 4090"],
        "env": {"A": canary},
        "setup": [f"echo {canary}"],
        "run": f"python a.py\n{canary}\n",
        "outputs": ["out/"],
        "keep_alive_minutes": 5,
        "budget": {"max_hours": 2},
    }
    return json.dumps(job)


def scripts(raw: str, quoted: str) -> None:
    """Launch scripts and files beside them, a model's folder and prices of a past refresh."""
    Path("Makefile").write_text(f"all: # {raw}\n\tfor x in *; do gpuspec run '{raw}'; done\n")
    Path("launch.py").write_text(
        f"import subprocess\nfor x in range(3):\n    subprocess.run(['gpuspec', 'run', {quoted}])  # {raw}\n",
        encoding="utf-8",
    )
    Path(".github/workflows").mkdir(parents=True)
    step = json.dumps(f"for x in 1 2; do gpuspec run {raw}; done")
    Path(".github/workflows/a.yml").write_text(f"jobs:\n  {quoted}:\n    steps:\n      - run: {step}\n")
    Path("package.json").write_text(f'{{"scripts": {{{quoted}: {step}}}}}')
    Path("model").mkdir()
    config = {
        name: json.loads(quoted) for name in ("model_type", "architectures", "torch_dtype", "hidden_size")
    }
    Path("model/config.json").write_text(
        json.dumps({**config, "quantization_config": {"quant_method": config["model_type"]}})
    )
    Path("folder.jsonc").write_text(
        '{"model": {"id": "model"}, "gpu_types": ["H100"], "run": "vllm serve model"}'
    )


@pytest.fixture(params=CANARIES)
def canary(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """One canary, and a folder of files that are full of it."""
    canary = CANARIES[request.param]
    folder = tmp_path / canary[:60].replace("/", "-")
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(folder / "state"))
    monkeypatch.setenv("GPUSPEC_DATA_DIR", str(folder / "data"))
    name = canary[:40].replace("/", "-")
    Path("job.jsonc").write_text(runnable(canary))
    Path(f"{name}.gpu.jsonc").write_text(spec(canary))
    Path(f"{name}.sh").write_text(f"for x in 1 2; do\n  gpuspec run {canary} # {canary}\ndone\n")
    raw = json.dumps(f'# {canary}\nresources:\n  accelerators: "{canary}"\nrun: "{canary}"\n')
    Path("sky.yaml").write_text(json.loads(raw).replace("\n⌁", ""))
    scripts(raw=canary.replace("\n", ""), quoted=json.dumps(canary))
    if request.param == "words":
        monkeypatch.setenv("COLUMNS", "24")  # each word may begin a line
    cells = canary.replace('"', "").replace("\n", "")
    header = "Cloud,Region,InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,SpotPrice"
    for prices in ("prices.csv", f"{name}.csv"):
        Path(prices).write_text(f'{header}\n"{cells}","{cells}","{cells}",RTX4090,1,8,64,0.2,0.1\n')
    Path("wrong.csv").write_text(f'{header}\nx,"{canary}",,"{canary}",1,,,"{canary}",\n')
    Path("bytes.gpu.jsonc").write_bytes(b'{"name": "\xff' + canary.encode() + b'"}')
    Path(os.fsdecode(b"\x9b\xff.gpu.jsonc")).write_text("{")
    return canary


def printed(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> str:
    """What a command prints, on both channels."""
    main(list(arguments))
    out, err = capfdbinary.readouterr()
    return (out + err).decode()


def test_lint_in_every_format(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for name in FORMATS:
        for more in ([], ["--pedantic", "--preview", "--scripts"]):
            text = printed(capfdbinary, "lint", ".", "--format", name, *more)
            if name == "github":
                text = re.sub(r"(?m)^::(error|warning|notice) title=", "", text)
            assert unsafe(text) == [], name
    assert unsafe(printed(capfdbinary, "lint", ".", "--prices", f"{canary[:40].replace('/', '-')}.csv")) == []
    lint = ("lint", ".", "--scripts")
    for arguments in (
        (*lint, "--statistics"),
        (*lint, "--diff", "--unsafe-fixes"),
        (*lint, "--fix", "--show-fixes"),
    ):
        assert unsafe(printed(capfdbinary, *arguments)) == []


def test_junit_and_json_are_well_formed(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for name in ("json", "sarif", "gitlab", "junit"):
        main(["lint", ".", "--format", name])
        out, _ = capfdbinary.readouterr()
        assert ElementTree.fromstring(out) is not None if name == "junit" else json.loads(out)


def commands(canary: str) -> Iterator[list[str]]:
    """Every command that reads a job, settings or prices."""
    for path in (*sorted(os.listdir(".")), "absent" + canary):
        if not path.endswith((".jsonc", ".yaml", ".sh")) and "absent" not in path:
            continue
        for more in ([], ["--prices", "prices.csv"], ["--prices", "wrong.csv"]):
            yield ["plan", path, *more]
            yield ["size", path, *more]
        yield ["plan", path, "--all", "--prices", "prices.csv"]
        yield ["plan", path, "--json"]
        yield from (["show", path], ["show", path, "--json"], ["size", path, "--json"], ["explain", path])
        yield from (["export", path, "--to", to] for to in ("skypilot", "skypilot-jobs", "skypilot-serve"))
        yield from (["run", "--dry-run", "--on", on, path] for on in ("local", "skypilot"))


def test_every_command_about_a_job(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for arguments in commands(canary):
        assert unsafe(printed(capfdbinary, *arguments)) == [], arguments


def test_words_of_the_command_line(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for arguments in (
        [canary],
        [f"--{canary}"],
        ["lint", f"--{canary}"],
        *(
            ["lint", option, canary]
            for option in ("--select", "--format", "--config", "--baseline", "--output")
        ),
        ["lint", "--per-file-ignores", canary],
        *(
            [name, canary]
            for name in ("explain", "models", "gpus", "size", "cost", "logs", "stop", "down", "attach")
        ),
        ["gpus", "--cloud", canary],
        ["size", canary, "--params-b", "7"],
        ["plan", "job.jsonc", "--cloud", canary],
        ["plan", "job.jsonc", "--prices", canary],
        ["run", "job.jsonc", "--on", canary],
        ["init", "--model", canary],
        ["init", "--output", canary + "/x"],
        ["prices", "update", "--cloud", canary],
        ["plugin", "new", canary],
        ["config", "show", canary],
        ["completion", canary],
    ):
        assert unsafe(printed(capfdbinary, *arguments)) == [], arguments


SETTINGS = (
    "select = [{c}]\n",
    "{c} = 1\n",
    "prices = {c}\n",
    "fail-on = {c}\n",
    "plugins = [{c}]\n",
    "local-rules = [{c}]\n",
    "clouds = [{c}]\nexclude = [{c}]\n",
    "[rules.{c}]\n{c} = {c}\n",
    "[severity]\n{c} = {c}\n",
    "[per-file-ignores]\n{c} = ['GS101']\n",
    "exclude = [{c}]\ninclude = [{c}]\n[per-file-ignores]\n{c} = []\n",
    "{c}",
)


def test_prices_of_a_refresh(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    cell = re.sub("[\t\n|]", "", canary)
    held = HeldBack(cell, cell, cell, 1, 1.0, cell)
    source = PriceSource(cell, None, cell, True, cell, ((cell, 3),), ((cell, 4),), (held,))
    offer = Offer(cell, cell, cell, "RTX 4090", 1, 8, 64, 100, 0.01, None, cell, cell)
    Path("data").mkdir()
    for text in (snapshot([source], [offer]), f"# gpuspec prices 1\n{canary}"):
        Path("data/prices.tsv").write_text(text)
        for arguments in (
            ["prices"], ["prices", "--json"], ["gpus"], ["gpus", "RTX 4090"], ["gpus", "--json"], ["--version"],
            ["plan", "job.jsonc", "--all"], ["plan", "job.jsonc", "--prices", cell], ["lint", "job.jsonc"],
            ["size", "job.jsonc"], ["gpus", "--cloud", cell], ["prices", "update", "--offline"],
        ):  # fmt: skip
            assert unsafe(printed(capfdbinary, *arguments)) == [], arguments


def test_settings(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for settings in SETTINGS:
        Path("gpuspec.toml").write_text(
            settings.format(c=json.dumps(canary, ensure_ascii=True).replace("\x7f", ""))
        )
        for arguments in (["lint", "."], ["config", "show"], ["config", "show", "--format", "json"]):
            assert unsafe(printed(capfdbinary, *arguments)) == [], settings


def test_a_run_on_this_machine(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    job = {"name": canary[:60], "task": "batch", "run": "exit 3", "outputs": [canary.replace("/", "-")[:60]]}
    Path("here.jsonc").write_text(json.dumps({**job, "keep_alive_minutes": 5, "budget": {"max_hours": 1}}))
    assert unsafe(printed(capfdbinary, "run", "here.jsonc", "--on", "local", "--yes")) == []
    assert "error[" not in printed(capfdbinary, "ps")
    assert unsafe(printed(capfdbinary, "logs", Records().all()[0].id)) == []


def test_records_of_runs(canary: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    for launcher in ("local", canary):
        record = Records().new(
            name=canary, launcher=launcher, spec_path=canary, workdir=canary, planned_price=1.0, max_hours=1.0
        )
        record.update(state="running", pid=2**22 + 1, pid_start="1", cloud=canary, gpu=canary, message=canary)
        run = record.run.id
        for arguments in (
            ["ps"], ["ps", "--all"], ["ps", "--json"], ["cost", run], ["cost", run, "--json"], ["attach", run],
            ["logs", run], ["reap", "--dry-run"], ["stop", run], ["down", run],
        ):  # fmt: skip
            assert unsafe(printed(capfdbinary, *arguments)) == [], arguments
        record_of(Records().get(run)).update(state="failed", message=canary)
        assert unsafe(printed(capfdbinary, "ps")) == []


@pytest.mark.parametrize("name", ["A" * 100_000, "NVIDIA " * 20_000])
@pytest.mark.parametrize("form", ["text", "concise", "json", "github"])
def test_a_name_of_a_hundred_thousand_letters_is_cut(
    form: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "gpu.jsonc"
    spec.write_text(json.dumps({"gpu_types": [name], "run": "true"}))
    assert main(["lint", "--select", "GS004", "--format", form, str(spec)]) == 1
    out = capsys.readouterr().out
    assert "no GPU called 'A" in out or "no GPU called 'N" in out
    assert len(out) < 10_000
