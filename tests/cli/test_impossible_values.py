"""Values that no machine has, in every field of the schema and every flag of every engine: a finding or a UserError,
never a crash. Where they stand is made from the schema and the tables of flags, so that new ones are tried, too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from gpuspec.cli.main import COMMANDS, cli, main
from gpuspec.engines.known import known
from gpuspec.job import unwritable
from gpuspec.job.check import check, valid_part
from gpuspec.lint.files import lint_data
from gpuspec.lint.result import Located
from gpuspec.lint.runner import Linter
from gpuspec.lint.settings import Settings
from gpuspec.rules import collect
from gpuspec.text import parse, pointer
from gpuspec.workload.limits import MOST

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/job.schema.json").read_text())
SPEC = {
    "model": {"id": "Qwen/Qwen2.5-7B-Instruct"},
    "gpu_types": ["A100-80GB"],
    "keep_alive_minutes": 3,
    "budget": {"max_hours": 1},
    "run": "python train.py",
}
NUMBERS = (
    "9" * 400,
    "9" * 5000,
    "1e400",
    "-1",
    "-" + "9" * 400,
    "0",
    "0.5",
    "1e308",
    "5e-324",
    "NaN",
    "-Infinity",
)
TEXTS = ('"a\\u0000b"', '"\\ud800"', '"x\\udcffy"')
NUMERIC_OPTION = (click.types.FloatParamType, click.types.IntParamType)
Place = tuple[str | int, ...]


def places(rule: dict[str, Any], kinds: set[str], place: Place = ()) -> Iterator[Place]:
    """Where in a spec values of these kinds may stand."""
    if "$ref" in rule:
        rule = {**SCHEMA["definitions"][rule["$ref"].rpartition("/")[2]], **rule}
    own = rule.get("type", ())
    if kinds & set([own] if isinstance(own, str) else own) and place:
        yield place
    for name, inner in rule.get("properties", {}).items():
        yield from places(inner, kinds, (*place, name))
    for key, at in (("items", 0), ("additionalProperties", "ANY")):
        if isinstance(rule.get(key), dict):
            yield from places(rule[key], kinds, (*place, at))


def written(place: Place, value: str) -> str:
    """A spec with a value, which is JSON already, at a place."""
    first, *rest = place
    for part in reversed(rest):
        value = f"[{value}]" if part == 0 else f"{{{json.dumps(part)}: {value}}}"
    others = {name: part for name, part in SPEC.items() if name != first}
    return f"{{{json.dumps(first)}: {value}, {json.dumps(others)[1:]}"


def linted(text: str) -> list[Located]:
    """The findings; no rule fails on the way."""
    linter = Linter(collect())
    found = lint_data(
        linter, "job.jsonc", text.encode(), Settings(preview=True, pedantic=True), on_disk=False
    )
    assert linter.problems == []
    return found


STRINGS = sorted(set(places(SCHEMA, {"string"})), key=str)
NUMERIC = sorted(set(places(SCHEMA, {"integer", "number"})), key=str)


def test_the_places_are_found() -> None:
    assert {("name",), ("env", "ANY"), ("model", "resolution", 0), ("downloads", 0, "source")} <= {
        *STRINGS,
        *NUMERIC,
    }


@pytest.mark.parametrize("place", STRINGS, ids=str)
def test_text_that_nothing_can_hold_is_found_and_left_out(place: Place) -> None:
    for value in TEXTS:
        tree = parse(written(place, value))
        assert pointer(*place) in {problem.pointer for problem in check(tree)}
        assert not [text for text in strings(valid_part(tree)) if "\0" in text or not encodes(text)]
    assert [item for item in linted(written(place, TEXTS[0])) if item.finding.code == "GS003"]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from strings(each)
    elif isinstance(value, str):
        yield value


def encodes(text: str) -> bool:
    try:
        return bool(text.encode()) or True
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize("place", NUMERIC, ids=str)
def test_a_number_that_nothing_has_fails_no_rule(place: Place) -> None:
    for value in NUMBERS:
        linted(written(place, value))


@pytest.mark.parametrize("value", [*TEXTS, '"' + "x" * 1_000_000 + '"'], ids=["NUL", "half", "byte", "long"])
@pytest.mark.parametrize(
    "field", ["name", "run", "setup", "workdir", "model", "image", "items", "outputs", "env"]
)
def test_no_command_crashes_on_it(
    field: str,
    value: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    value = {"env": f'{{"A": {value}}}', "outputs": f"[{value}]"}.get(field, value)
    path = tmp_path / "job.jsonc"
    path.write_text(written((field,), value))
    here = ["run", "--on", "local", "--allow-no-gpu", "--yes"]
    for words in (
        ["lint"],
        ["plan"],
        ["size"],
        ["show"],
        ["export"],
        ["explain"],
        ["run", "--dry-run"],
        here,
    ):
        if words == here and "x" * 99 in value and field in ("name", "model", "image", "outputs"):
            continue  # these are only long
        status = main([*words, str(path)])
        shown = capsys.readouterr()
        assert status in (0, 1, 2), shown.err
        assert "internal error" not in shown.err
        assert "error[internal]" not in shown.err
        assert "looked after it died" not in shown.err
        assert (words != here) or status in (1, 2)  # it could not do what the spec says


@pytest.mark.parametrize("field", ["run", "setup", "items"])
def test_a_command_that_bash_cannot_be_started_with_is_refused(
    field: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    long = ": " + "x" * 131_070
    spec = {"budget": {"max_hours": 1}, "run": "true", "setup": long} if field == "setup" else {"run": long}
    path = tmp_path / "job.jsonc"
    path.write_text(json.dumps({**spec, **({"items": ["a"]} if field == "items" else {})}))
    assert main(["run", "--on", "local", "--yes", str(path)]) == 2
    assert "error[command-too-long]" in capsys.readouterr().err


@pytest.mark.parametrize(
    "fields",
    [
        {"downloads": [{"strategy": "script", "source": "x" * 150_000, "target": "m"}]},
        {"downloads": [{"strategy": "hf", "source": "a/b", "allow": ["x" * 80_000, "y" * 80_000]}]},
        {"readiness": {"command": "x" * 150_000}},
        {"env": {"A" * 150_000: ""}},
        {"env": {"A" * 80_000: "x" * 80_000}},
    ],
    ids=["script", "patterns", "readiness", "name", "name and value"],
)
def test_what_no_program_can_be_given_is_refused_before_launch(
    fields: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("GPUSPEC_STATE_DIR", str(tmp_path / "state"))
    path = tmp_path / "job.jsonc"
    path.write_text(json.dumps({"budget": {"max_hours": 1}, "run": "true", **fields}))
    assert main(["run", "--on", "local", "--yes", str(path)]) in (1, 2)
    said = capsys.readouterr().err
    assert "Linux hands a program at most 131,071" in said
    assert "internal" not in said


def test_a_text_without_escapes_is_asked_for_long_variables_all_the_same() -> None:
    spec = {
        "run": "true",
        "items": ["a" * 131_072],
        "env": {"A": "b" * 131_072},
        "labels": {"c": "d" * 131_072},
    }
    plain = check(parse(json.dumps(spec)))
    escaped = check(parse(json.dumps({**spec, "name": "\ud800"})))
    assert [problem.pointer for problem in plain] == ["/items/0", "/env/A"]
    assert sorted(problem.pointer for problem in escaped) == ["/env/A", "/items/0", "/name"]


def test_a_variable_is_as_long_as_linux_takes_it_and_no_longer() -> None:
    for value, right in (
        ("x" * (131_071 - 2), True),
        ("x" * (131_071 - 1), False),
        ("é" * 65_534, True),
        ("é" * 65_535, False),
    ):
        found = check(parse(json.dumps({"env": {"A": value}, "run": "true"})))
        assert [problem.pointer for problem in found] == ([] if right else ["/env/A"])
        pid = os.fork()
        if not pid:
            try:
                os.execve("/bin/true", ["true"], {"A": value})
            except OSError:
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == (0 if right else 7)
    assert unwritable.LONGEST_ARGUMENT == 131_071


class Flag(NamedTuple):
    """A flag that takes a number, the field it sets, and the command up to its value."""

    engine: str
    field: str
    command: str


def flags() -> Iterator[Flag]:
    """One of each field and engine."""
    seen = set()
    for engine in known().by_name.values():
        for start, tool in engine.programs.items():
            python = start[0] == "-m" or start[0].endswith(".py")
            command = " ".join(("python", *start) if python else start)
            for flag, meaning in tool.flags.items():
                for part in meaning.split():
                    field, colon, kind = part.partition(":")
                    if colon and (engine.name, field, kind) not in seen:
                        seen.add((engine.name, field, kind))
                        name = flag if flag.startswith("-") or tool.dotted else f"--{flag}"
                        yield Flag(engine.name, field, f"{command} {name}{'=' if tool.dotted else ' '}")


FLAGS = list(flags())
FIELDS = sorted({flag.field for flag in FLAGS})


@pytest.mark.parametrize("field", FIELDS)
def test_a_flag_with_a_number_that_nothing_has_is_a_finding(field: str) -> None:
    """Of the first program that has such a flag a finding is expected, and of none a rule that fails."""
    named = ("device=", "--device ", "-i ")  # which GPUs, not how many
    of_it = [flag for flag in FLAGS if flag.field == field]
    for number, flag in enumerate(sorted(of_it, key=lambda flag: flag.command.endswith(named))):
        for value in ("2147483648", "9" * 5000, "-1", "nan", "²") if number < 3 else ("2147483648", "²"):
            found = linted(json.dumps({**SPEC, "run": flag.command + value}))
            codes = {item.finding.code for item in found}
            if number == 0 and field in MOST and value[0] in "29":
                assert "GS011" in codes, (flag, value)


def test_the_limits_are_those_of_the_schema() -> None:
    model = SCHEMA["properties"]["model"]["properties"]
    said = {name: rule["maximum"] for name, rule in model.items() if "maximum" in rule}
    assert said == {name: most for name, most in MOST.items() if name in said}
    assert said.keys() <= MOST.keys()
    width = model["resolution"]["items"]["maximum"]
    assert (MOST["width"], MOST["height"]) == (width, width)


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        ("--tensor-parallel-size 2147483648", "beyond any machine or model: at most 1,024"),
        ("-tp 1024 -pp 1024 -dp 1024", "no machine has 1,073,741,824 GPUs"),
    ],
)
def test_what_no_machine_has_is_not_sized(
    flag: str, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "job.jsonc"
    path.write_text(json.dumps({**SPEC, "run": f"vllm serve Qwen/Qwen2.5-7B-Instruct {flag}"}))
    assert main(["plan", str(path)]) in (0, 1)
    assert why in " ".join(capsys.readouterr().out.split())
    assert main(["run", "--yes", str(path)]) == 1
    assert "GS011" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e308", "9" * 5000, "-1"])
def test_no_option_takes_a_number_that_nothing_has(
    value: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every option that is a number and shown, of every command, as click knows it."""
    path = tmp_path / "job.jsonc"
    path.write_text(json.dumps({**SPEC, "items": ["a"]}))
    what = {"size": ["Qwen/Qwen2.5-7B-Instruct"], "plan": [str(path)], "run": ["--dry-run", str(path)]}
    tried = 0
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for option in command.params:
            if (
                isinstance(option, click.Option)
                and not option.hidden
                and isinstance(option.type, NUMERIC_OPTION)
            ):
                status = main([name, option.opts[0], value, *what.get(name, ())])
                assert status == 2, (name, option.opts, capsys.readouterr())
                tried += 1
    assert tried >= 10
