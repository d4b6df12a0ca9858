"""Mistakes in words: one for each, with what to write instead."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import random
from json import dumps

import pytest

from gpuspec.formats.job_spec import job_of
from gpuspec.job import check
from gpuspec.job.check import valid_part
from gpuspec.text import Edit, parse
from gpuspec.text.rewrite import apply

from .test_schema import mutants


@pytest.mark.parametrize(
    ("text", "pointer", "kind", "message", "suggestion"),
    [
        ('{"gpu_typs": []}', "/gpu_typs", "unknown-key", "there is no field `gpu_typs`; did you mean `gpu_types`?", "gpu_types"),
        ('{"accelerators": "A100"}', "/accelerators", "unknown-key", "there is no field `accelerators`; did you mean `gpu_types`?", "gpu_types"),
        ('{"context": 8}', "/context", "unknown-key", "there is no field `context`; `context` belongs in `model`", "model.context"),
        ('{"xyzzy": 8}', "/xyzzy", "unknown-key", "there is no field `xyzzy`", None),
        ('{"budget": {"x": 1}}', "/budget/x", "unknown-key", "there is no field `budget.x`; `budget` has `max_total`, `max_hours`", None),
        ('{"min_vram": -4}', "/min_vram", "range", "`min_vram` is -4; it must be at least 0. Memory every GPU considered must have, GB.", None),
        ('{"min_vram": 24000}', "/min_vram", "range", "`min_vram` is 24000; it must be at most 2,000. Memory every GPU considered must have, GB.", None),
        ('{"min_vram": "24GB"}', "/min_vram", "type", '`min_vram` is the string "24GB"; it must be a number', "24"),
        ('{"min_vram": null}', "/min_vram", "type", "`min_vram` is null; it must be a number", None),
        ('{"min_vram": NaN}', "/min_vram", "value", "`min_vram` is NaN, not a number that means anything", None),
        ('{"gpu_count": 1.5}', "/gpu_count", "type", "`gpu_count` is 1.5; it must be a whole number", None),
        ('{"gpu_types": "A100"}', "/gpu_types", "type", '`gpu_types` is the string "A100"; it must be a list', '["A100"]'),
        ('{"gpu_types": []}', "/gpu_types", "empty", "`gpu_types` is empty; leave it out, or say what it is for: Acceptable GPUs. The cheapest on which the job fits is taken; order does not matter.", None),
        ('{"gpu_types": [{"typ": "A"}]}', "/gpu_types/0/typ", "unknown-key", "there is no field `gpu_types[0].typ`; did you mean `type`?", "type"),
        ('{"gpu_types": [{}]}', "/gpu_types/0", "missing", '`gpu_types[0]` needs `type`: The GPU\'s name. Example: "RTX 4090"', "type"),
        ('{"ports": [0]}', "/ports/0", "range", "`ports[0]` is 0; it must be at least 1. A port, 1–65535, forwarded to localhost.", None),
        ('{"ports": [65536]}', "/ports/0", "range", "`ports[0]` is 65536; it must be at most 65,535. A port, 1–65535, forwarded to localhost.", None),
        ('{"task": "servve"}', "/task", "value", '`task` is the string "servve"; allowed are `serve`, `batch`, `train`, `interactive`. Did you mean `serve`?', '"serve"'),
        ('{"run": 5}', "/run", "type", "`run` is 5; it must be a string", '"5"'),
        ('{"downloads": [{"strategy": "http", "source": "x.bin"}]}', "/downloads/0/source", "pattern", '`downloads[0].source` is the string "x.bin"; it must be an address that begins with http:// or https://', None),
        ('{"readiness": {"timeout": 5}}', "/readiness", "missing", "`readiness` needs `http` (an address to ask) or `command` (a command to run)", "http"),
        ('{"env": {"1A": "x"}}', "/env/1A", "pattern", '"1A" is no name of an environment variable: letters, digits and `_`, no digit first', None),
        ('{"min_utilization": {"gpu": 30, "minutes": 45}, "budget": {"max_hours": 0.5}}', "/min_utilization/minutes", "range", "`min_utilization.minutes` is 45, and `budget.max_hours` ends the run after 30", None),
        ('{"scaling": {"min": 3, "max": 2}}', "/scaling/min", "range", "`scaling.min` is 3, more than `scaling.max`, which is 2", None),
        ("[1]", "", "type", "a job spec is an object, { … }, not a list", None),
    ],
)  # fmt: skip
def test_one_mistake(text: str, pointer: str, kind: str, message: str, suggestion: str | None) -> None:
    (problem,) = check(parse(text))
    assert (problem.pointer, problem.kind, problem.message, problem.suggestion) == (
        pointer,
        kind,
        message,
        suggestion,
    )


@pytest.mark.parametrize(
    ("path", "how"),
    [
        ("../../etc", "climbs out with `..`"), ("a/../../b", "climbs out with `..`"), ("..\\x", "climbs out with `..`"),
        ("/etc/passwd", "is absolute"), ("C:\\x", "is absolute"), ("\\\\host\\x", "is absolute"), ("~/x", "starts in a home folder"),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("template", "pointer"),
    [('{"workdir": %s}', "/workdir"), ('{"outputs": ["ok/", %s]}', "/outputs/1"), ('{"items": %s}', "/items"),
     ('{"downloads": [{"strategy": "hf", "source": "a/b", "target": %s}]}', "/downloads/0/target"),
     ('{"download": [{"strategy": "hf", "source": "a/b", "target": %s}]}', "/download/0/target")],
)  # fmt: skip
def test_paths_stay_inside(template: str, pointer: str, path: str, how: str) -> None:

    (problem,) = check(parse(template % dumps(path)))
    assert (problem.pointer, problem.kind) == (pointer, "path")
    assert f"leaves the workspace: it {how}" in problem.message


@pytest.mark.parametrize("path", [".", "./x", "a..b", "...", "x/~y", "data/*.wav", "./a:b", "ab:c"])
def test_paths_that_are_inside(path: str) -> None:
    assert check(parse(f'{{"outputs": ["{path}"]}}')) == ()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("a/../b/*", "is `a/../b/*`, and no run takes `..` there. Write `b/*`"),
        ("a/..", "is `a/..`, and no run takes `..` there. Write `.`"),
        ("a\\..\\b", "is `a\\..\\b`, and no run takes `..` there. Write `b`"),
        ("c:x", "is `c:x`, which begins like a drive of Windows. Write `./c:x`"),
    ],
)
def test_patterns_that_are_inside_and_that_no_run_takes(path: str, told: str) -> None:
    for name, value in (("outputs", [path]), ("items", path)):
        (problem,) = check(parse(dumps({name: value})))
        assert (problem.kind, problem.message.partition("` ")[2]) == ("path", told)
    assert check(parse(dumps({"workdir": path}))) == ()


def test_one_place_has_one_problem() -> None:
    (problem,) = check(parse('{"outputs": "../x"}'))
    assert problem.kind == "type"
    assert check(parse("")) == ()  # the syntax error says it all


def test_a_secret_written_by_mistake_is_not_repeated() -> None:
    (problem,) = check(parse('{"secrets": ["hf-abcDEF123"]}'))
    assert problem.kind == "pattern"
    assert "abcDEF" not in problem.message


def test_several_mistakes_come_in_order_of_place() -> None:
    problems = check(parse('{"ports": [0, "x"], "tsk": 1, "budget": {"max_hours": 0}, "outputs": ["/x"]}'))
    assert [problem.pointer for problem in problems] == [
        "/ports/0",
        "/ports/1",
        "/tsk",
        "/budget/max_hours",
        "/outputs/0",
    ]


def test_edits_do_what_the_suggestion_says() -> None:
    tree = parse('{\n  // GPUs\n  "gpu_typs": "A100"\n}')
    (problem,) = check(tree)
    assert problem.edits == (Edit("rename", "/gpu_typs", "gpu_types"),)
    tree = parse(apply(tree, problem.edits))
    (problem,) = check(tree)
    assert apply(tree, problem.edits) == '{\n  // GPUs\n  "gpu_types": ["A100"]\n}'


def test_words_of_validators_never_show_and_reading_never_fails() -> None:

    raw = (
        "is not of type",
        "is not valid under",
        "does not match",
        "Additional properties",
        "is a required property",
    )
    for mutant in mutants(random.Random(3), 400):
        tree = parse(dumps(mutant))
        problems = check(tree)
        places = [(problem.pointer, problem.on, problem.message) for problem in problems]
        assert len(places) == len(set(places))
        assert not any(word in problem.message for problem in problems for word in raw)
        for problem in problems:
            assert problem.pointer in tree.values, problem
            if problem.edits:
                apply(tree, problem.edits)
        assert job_of(tree) is not None


def test_of_a_list_that_is_too_long_the_first_are_read() -> None:
    listed = ", ".join(f'"o{number}"' for number in range(1_001))
    tree = parse(f'{{"run": "x", "outputs": [{listed}]}}')
    (problem,) = check(tree)
    assert problem[:3] == (
        "/outputs",
        "`outputs` has 1,001 elements; the first 1,000 are read, the others are not",
        "too-many",
    )
    job = job_of(tree)
    assert job is not None
    assert (len(job.outputs), job.outputs[-1]) == (1_000, "o999")


def test_what_is_wrong_in_an_entry_that_is_not_read_is_not_told() -> None:
    entry: dict[str, object] = {"strategy": "hf", "source": "a/b"}
    entries = [*[entry] * 1_000, {**entry, "allow": ["x"] * 1_001}, {**entry, "timeout": "long"}, {}, 7]
    tree = parse(dumps({"gpu_types": ["A100"], "run": "x", "downloads": entries}))
    assert [(problem.pointer, problem.kind) for problem in check(tree)] == [("/downloads", "too-many")]
    part = valid_part(tree)
    assert part is not None
    assert part["downloads"] == [entry] * 1_000


def test_in_a_list_that_is_too_long_what_is_wrong_is_left_out_as_well() -> None:
    listed = ", ".join(["7", *(f'"o{number}"' for number in range(1_001)), "8"])
    tree = parse(f'{{"run": "x", "outputs": [{listed}], "downloads": [{{"allow": [{listed}]}}]}}')
    job = job_of(tree)
    assert job is not None
    assert (len(job.outputs), job.outputs[-1], job.downloads) == (999, "o998", ())


def test_a_document_with_very_many_mistakes_has_no_job() -> None:
    tree = parse('{"run": "x"' + "".join(f', "k{number}": 1' for number in range(501)) + "}")
    problems = check(tree)
    assert problems[0][:3] == (
        "",
        "there are more than 500 mistakes; nothing else in the file is looked at",
        "too-many",
    )
    assert len(problems) == 501
    assert job_of(tree) is None
    fewer = parse('{"run": "x"' + "".join(f', "k{number}": 1' for number in range(500)) + "}")
    assert len(check(fewer)) == 500
    assert job_of(fewer) is not None


def test_of_very_many_gpus_the_first_hundred_are_read() -> None:
    tree = parse('{"run": "x", "gpu_types": [' + ", ".join(["{}"] + ['"A100"'] * 101) + "]}")
    job = job_of(tree)
    assert job is not None
    assert len(job.gpu_types) == 99  # the first has no type


def test_of_many_texts_that_nothing_can_hold_the_first_are_told() -> None:
    tree = parse(dumps({"run": "true", "items": ["a\0"] * 501}))
    found = check(tree)
    assert len(found) == 501
    assert {problem.kind for problem in found if not problem.pointer} == {"too-many"}
    assert valid_part(tree) is None
    assert len(check(parse(dumps({"run": "true", "items": ["a\0"] * 500})))) == 500
