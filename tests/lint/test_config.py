"""The config file: the nearest one, checked, with the command line on top."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from rules_for_tests import NoCloud, NoEcho, registry

from gpuspec import Option
from gpuspec.errors import UserError
from gpuspec.lint.config import Configs, read_config
from gpuspec.lint.config_file import KEYS
from gpuspec.lint.settings import Overrides, Settings

ROOT = Path(__file__).parents[2]


class Limited(NoCloud):
    """With options of every type."""

    code = "T150"
    name = "limited"
    options = (
        Option("share", float, 0.5, "A share.", minimum=0, maximum=1),
        Option("number", int, 1, "A number.", minimum=1),
        Option("words", list, [], "Words."),
        Option("strict", bool, False, "Strict."),
        Option("word", str, "a", "A word."),
    )


RULES = registry(NoCloud, NoEcho, Limited)


def settings(folder: Path, text: str, overrides: Overrides | None = None) -> Settings:
    (folder / "gpuspec.toml").write_text(text)
    return Configs(RULES, overrides).settings_for(str(folder / "job.gpu.jsonc"))


def test_everything(tmp_path: Path) -> None:
    read = settings(
        tmp_path,
        """
        select = ["T1"]
        ignore = ["no-echo"]
        extend-select = ["T102"]
        per-file-ignores = { "old/" = ["T1"] }
        severity = { T1 = "info" }
        fail-on = "error"
        clouds = ["runpod"]
        default-task = "batch"
        pedantic = true
        preview = true
        include = ["*.spec.jsonc"]
        exclude = ["vendor/"]
        [rules.limited]
        share = 1
        words = ["a"]
        """,
    )
    assert read.selection.select == ("T1",)
    assert read.selection.ignore == ("no-echo",)
    assert read.selection.extend_select == ("T102",)
    assert read.selection.per_file_ignores == (("old/", ("T1",)),)
    assert read.severity_of("T101", "no-cloud", "error") == "info"
    assert read.fail_on == "error"
    assert read.rules["limited"] == {"share": 1.0, "words": ["a"]}
    assert (read.job.clouds, read.job.default_task) == (("runpod",), "batch")
    assert (read.pedantic, read.preview) == (True, True)
    assert (read.include, read.exclude, read.root) == (("*.spec.jsonc",), ("vendor/",), str(tmp_path))


RESERVED = "gpu = 'H100'\ncount = 8\nprice = 2"


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("slect = []", "there is no setting 'slect'", "'select'"),
        ("fail_on = 'error'", "there is no setting 'fail_on'", "'fail-on'"),
        ("select = 'T1'", "select must be a list, not a string", ""),
        ("select = [1]", "select must be a list of strings", ""),
        ("pedantic = 1", "pedantic must be true or false, not a whole number", ""),
        ("fail-on = 'warn'", "fail-on = 'warn' is not one of info, warning, error", "'warning'"),
        ("severity = { T1 = 'off' }", "severity.T1 = 'off' is not one of", ""),
        ("per-file-ignores = { 'a' = 'T1' }", "per-file-ignores.'a' must be a list", ""),
        ("rules = { limited = 3 }", "rules.limited must be a table", ""),
        ("[rules.limted]\nshare = 1", "[rules.limted]: no rule has this name", "'limited'"),
        ("[rules.limited]\nshar = 1", "limited has no such option", "'share'"),
        ("[rules.limited]\nshare = 2", "share = 2: must be at most 1", "A share."),
        ("[rules.limited]\nshare = '1'", "share = '1': must be a number", ""),
        ("[rules.limited]\nshare = true", "share = True: must be a number", ""),
        ("[rules.limited]\nnumber = 1.5", "number = 1.5: must be a whole number", ""),
        ("[rules.limited]\nnumber = 0", "number = 0: must be at least 1", ""),
        ("[rules.limited]\nwords = [1]", "words = [1]: must be a list of strings", ""),
        ("[rules.limited]\nzzz = 1", "limited has no such option", "share"),
        ("[tool.gpuspec]\nselect = []", "there is no setting 'tool'", "pyproject.toml"),
        ("clouds = ['AWS', 'Xyzzy']", "clouds: no cloud called 'Xyzzy' is known", "there are prices of "),
        ("[discounts]\nrunpot = 0.2", "discounts: there is no cloud 'runpot'", "'runpod'"),
        ("[discounts]\naws = 0.2\nAWS = 0.3", "discounts: a cloud is named twice", ""),
        ("[discounts]\naws = 32", "discounts.aws = 32 must be at least 0 and less than 1", "32 % is 0.32"),
        ("[discounts]\naws = 1.0", "discounts.aws = 1.0 must be at least 0 and less than 1", ""),
        ("[discounts]\naws = -0.1", "discounts.aws = -0.1 must be at least 0", "0.32 takes off 32 %"),
        ("[discounts]\naws = nan", "discounts.aws = nan must be at least 0", ""),
        (f"[discounts]\naws = {'9' * 400}", "discounts.aws = a huge number must be at least 0", ""),
        ("[discounts]\naws = '32%'", "discounts.aws must be a number, not a string", ""),
        ("[discounts]\naws = true", "discounts.aws must be a number, not true or false", ""),
        ("discounts = 0.32", "discounts must be a table, not a number", ""),
        ("[committed]\naws = 2.1", "committed.aws must be a table, not a number", ""),
        ("[committed.aws]\nH100 = 0", "committed.aws.'H100' = 0 must be more than 0", "per GPU and hour"),
        ("[committed.aws]\nH100 = inf", "committed.aws.'H100' = inf must be more than 0", ""),
        ("[committed.aws]\nH100 = [1]", "committed.aws.'H100' must be a number, not a list", ""),
        ("[committed.aws]\nH1000 = 2", "committed.aws: no GPU is called 'H1000'", "did you mean"),
        ("[committed.aws]\nH100 = 2\n'H100 SXM' = 3", "H100 SXM has two prices", "each GPU once"),
        ("[committed.asw]\nH100 = 2", "committed: there is no cloud 'asw'", "'aws'"),
        ("notify = 'x'", "notify must be a table, not a string", ""),
        ("[notify]\nwebhook = 'http://hooks.example/very-secret'", "notify.webhook is no address", "https"),
        ("[notify]\nwebhook = 'https://user:very-secret@hooks.example/'", "notify.webhook is no address", ""),
        ("[notify]\nwebhook = 'https://localhost.evil /'", "notify.webhook is no address", "$NAME"),
        ("[notify]\nwebhook = 'http://localhost.evil.example/'", "notify.webhook is no address", ""),
        ("[notify]\nwebhook = 3", "notify.webhook is no address", ""),
        ("[notify]\ncommand = './page.sh'", "notify.command must be a list of words", "without a shell"),
        ("[notify]\ncommand = []", "notify.command must be a list of words", ""),
        ("[notify]\ncomand = ['x']", "there is no setting notify.comand", "'command'"),
        ("[notify]\nat = [70]", "notify.at: 70 must be more than 0", "70 % is 0.7"),
        ("budget = 5000", "budget must be a table, not a whole number", ""),
        ("[budget]\nmonthly = 0", "budget.monthly = 0 must be more than 0", "dollars a month"),
        ("[budget]\nmonthly = 1e-308", "budget.monthly = 1e-308 must be more than 0", "dollars a month"),
        ("[budget]\nmonthly = '5k'", "budget.monthly must be a number, not a string", ""),
        ("[budget]\nmonthly = inf", "budget.monthly = inf must be more than 0", ""),
        ("[budget]\nmontly = 5000", "budget.montly must be a table", "[budget.montly] is a table"),
        ("[budget]\nat = 0.9", "budget.at must be a list, not a number", "at 70, 90 and 100 %"),
        ("[budget]\nat = []", "budget.at must have 1 to 20 shares, not 0", ""),
        ("[budget]\nat = [0.7, 90]", "budget.at: 90 must be more than 0", "90 % is 0.9"),
        ("[budget]\nat = [true]", "budget.at must be a number, not true or false", ""),
        ("[budget.team]\nsearch = -1", "budget.team.'search' = -1 must be more than 0", ""),
        ("reserved = {cloud = 'gcp'}", "reserved must be a list, not a table", ""),
        ("reserved = ['gcp']", "reserved, entry 1 must be a table, not a string", "[[reserved]] has cloud"),
        ("[[reserved]]\ncloud = 'gcp'", "reserved, entry 1 says no gpu", ""),
        (f"[[reserved]]\nclud = 'gcp'\n{RESERVED}", "reserved, entry 1: there is no 'clud'", "'cloud'"),
        (f"[[reserved]]\ncloud = 'gpc'\n{RESERVED}", "reserved: there is no cloud 'gpc'", "'gcp'"),
        (f"[[reserved]]\ncloud = 5\n{RESERVED}", "reserved, entry 1: cloud must be a name", ""),
        (
            "[[reserved]]\ncloud = 'gcp'\ngpu = 'H1000'\ncount = 8\nprice = 2",
            "no GPU is called 'H1000'",
            "mean",
        ),
        ("[[reserved]]\ncloud = 'gcp'\ngpu = 'H100'\ncount = 0.5\nprice = 2", "count = 0.5 must be 1 to", ""),
        ("[[reserved]]\ncloud = 'gcp'\ngpu = 'H100'\ncount = inf\nprice = 2", "count = inf must be 1 to", ""),
        (
            "[[reserved]]\ncloud = 'gcp'\ngpu = 'H100'\ncount = 8\nprice = -1",
            "price = -1 must be at least 0",
            "",
        ),
        ("regions = 'us'", "regions must be a list, not a string", ""),
        ("regions = [1]", "regions must be a list of strings", ""),
        ("clouds = ['aws', 'runpot']", "clouds: there is no cloud 'runpot'", "'runpod'"),
        ("x = ", "it is not TOML", ""),
    ],
)
def test_mistakes(tmp_path: Path, text: str, said: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        settings(tmp_path, text)
    assert caught.value.code == "bad-config"
    assert "very-secret" not in f"{caught.value.message} {caught.value.hint}"
    assert str(tmp_path) in caught.value.message
    assert said in caught.value.message
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    "text", ["ignore = ['T9']", "severity = { nope = 'info' }", "per-file-ignores = { a = ['T9'] }"]
)
def test_unknown_rules(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError) as caught:
        settings(tmp_path, text)
    assert caught.value.code == "unknown-rule"


def test_unknown_price_source(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        settings(tmp_path, "prices = 'seed-2052'")
    assert caught.value.code == "unknown-price-source"
    assert "seed-2025" in str(caught.value.hint)


def test_the_nearest_file_wins_and_files_are_not_merged(tmp_path: Path) -> None:
    (tmp_path / "gpuspec.toml").write_text("ignore = ['T101']")
    inner = tmp_path / "team" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "team" / "pyproject.toml").write_text("[tool.other]\nx = 1\n")
    configs = Configs(RULES)
    assert configs.settings_for(str(inner / "a.gpu.jsonc")).selection.ignore == ("T101",)
    (tmp_path / "team" / "pyproject.toml").write_text("[tool.gpuspec]\npedantic = true\n")
    near = Configs(RULES).settings_for(str(inner / "a.gpu.jsonc"))
    assert (near.selection.ignore, near.pedantic) == ((), True)
    (tmp_path / "team" / ".gpuspec.toml").write_text("preview = true")
    nearer = Configs(RULES).settings_for(str(inner / "a.gpu.jsonc"))
    assert (nearer.pedantic, nearer.preview) == (False, True)


def test_isolated_and_named_files(tmp_path: Path) -> None:
    (tmp_path / "gpuspec.toml").write_text("pedantic = true")
    other = tmp_path / "other.toml"
    other.write_text("preview = true")
    spec = str(tmp_path / "a.gpu.jsonc")
    assert Configs(RULES, isolated=True).settings_for(spec) == Settings()
    named = Configs(RULES, path=str(other)).settings_for(spec)
    assert (named.pedantic, named.preview) == (False, True)
    with pytest.raises(UserError):
        Configs(RULES, path=str(tmp_path / "none.toml"))


def test_the_command_line_is_on_top(tmp_path: Path) -> None:
    text = "select = ['T102']\nignore = ['T101']\npedantic = true\nfail-on = 'error'"
    afresh = settings(tmp_path, text, Overrides(select=("T101",), fail_on="info", pedantic=False))
    assert afresh.selection.runs("T101", "no-cloud")
    assert not afresh.selection.runs("T102", "no-echo")
    assert (afresh.fail_on, afresh.pedantic) == ("info", False)
    more = settings(tmp_path, text, Overrides(ignore=("T102",), extend_select=("T150",)))
    assert [more.selection.runs(f"T{n}", "x") for n in (101, 102, 150)] == [False, False, True]


def test_unknown_rules_on_the_command_line() -> None:
    with pytest.raises(UserError) as caught:
        Configs(RULES, Overrides(per_file_ignores=(("a", ("T9",)),)))
    assert "--per-file-ignores" in caught.value.message


def test_the_published_schema_agrees() -> None:
    schema = json.loads((ROOT / "schemas" / "config.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    kinds = {list: "array", dict: "object", str: "string", bool: "boolean"}
    assert {key: part["type"] for key, part in schema["properties"].items()} == {
        key: kinds[kind] for key, (kind, _, _) in KEYS.items()
    }
    assert {key: part["description"] for key, part in schema["properties"].items()} == {
        key: meaning for key, (_, _, meaning) in KEYS.items()
    }
    assert schema["additionalProperties"] is False
    accepts = jsonschema.Draft7Validator(schema).is_valid
    assert accepts({"select": ["GS1"], "severity": {"GS1": "info"}, "rules": {"x-y": {"x": 1}}})
    assert not accepts({"select": "GS1"})
    assert not accepts({"fail-on": "never"})
    assert accepts({"rules": {"over-provisioned-gpu": {"min_saving": 0.3}, "a-plugin's": {"any": 1}}})
    assert not accepts({"rules": {"over-provisioned-gpu": {"min_savings": 0.3}}})
    assert not accepts({"rules": {"over-provisioned-gpu": {"min_saving": 7}}})


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "gpuspec.toml").write_bytes(b'\xef\xbb\xbfignore = ["GS001"]\n')
    assert read_config(str(tmp_path / "gpuspec.toml")).values == {"ignore": ["GS001"]}
