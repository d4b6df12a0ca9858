"""The schema, and what is generated from it."""
# ruff: noqa: E501 - one case a line

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gpuspec.job.accept import accepts
from gpuspec.job.schema import document, resolve
from gpuspec.text import read_file

ROOT = Path(__file__).parents[2]
SCHEMA = document()
CORPUS = sorted((ROOT.parent / "shared/corpus/gpu-jsonc").glob("*.jsonc"))


def subschemas(part: dict[str, Any], at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, field in part.get("properties", {}).items():
        yield f"{at}/{name}", field
        yield from subschemas(field, f"{at}/{name}")
    if isinstance(part.get("items"), dict):
        yield from subschemas(part["items"], at + "/-")
    for name, field in part.get("definitions", {}).items():
        yield f"#{name}", field
        yield from subschemas(field, f"#{name}")


def test_it_is_draft_7() -> None:
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_every_field_says_what_it_means() -> None:
    fields = list(subschemas(SCHEMA))
    assert len(fields) > 100
    for at, field in fields:
        if "$ref" in field:
            assert set(field) == {"$ref"}, f"{at}: draft-07 readers ignore what stands beside $ref"
            continue
        assert field["description"].endswith("."), at
        if field["type"] != "boolean" and "deprecated" not in field and not at.startswith("#gpu_cli"):
            assert field.get("examples") or field.get("enum") or field.get("properties"), at


def test_examples_and_defaults_pass() -> None:
    checked = 0
    for at, field in subschemas(SCHEMA):
        values = [*field.get("examples", []), *([field["default"]] if "default" in field else [])]
        validator = jsonschema.Draft7Validator({**field, "definitions": SCHEMA["definitions"]})
        wrong = [error.message for value in values for error in validator.iter_errors(value)]
        assert wrong == [], at
        checked += len(values)
    assert checked > 100


def test_no_words_that_explain_badly() -> None:
    text = json.dumps(SCHEMA)
    assert not any(
        f'"{word}":' in text for word in ("oneOf", "anyOf", "unevaluatedProperties", "dependencies")
    )


def test_deprecated_fields_name_the_new_one() -> None:
    old = {name: field for name, field in SCHEMA["properties"].items() if field.get("deprecated")}
    assert set(old) == {
        "project_id", "startup", "download", "cooldown_minutes", "docker_image", "workspace_size_gb", "gpu_type",
    }  # fmt: skip
    for field in old.values():
        new = field["description"].split("`")[1]
        assert not resolve(SCHEMA, SCHEMA["properties"][new]).get("deprecated")


GOOD: dict[str, Any] = {
    "$schema": "x", "name": "demo", "task": "serve", "model": {"id": "a/b", "dtype": "bf16", "resolution": [512, 512]},
    "gpu_types": ["RTX 4090", {"type": "L4", "count": 2}], "gpu_count": 1, "min_vram": 24, "max_price": 2.5,
    "budget": {"max_total": 5, "max_hours": 2}, "spot": "allowed", "clouds": ["runpod"], "keep_alive_minutes": 3,
    "downloads": [{"strategy": "hf", "source": "a/b", "allow": ["*.json"]}, {"strategy": "http", "source": "https://x/y",
                  "sha256": "0" * 64}], "outputs": ["out/"], "env": {"A": "1", "B": 2}, "secrets": ["HF_TOKEN"],
    "setup": ["pip install x", {"run": "y", "once": True, "timeout": 60}], "run": "python x.py", "items": "data/*",
    "ports": [8000, {"port": 8080, "description": "ui", "public": True}],
    "readiness": {"http": "http://localhost:8000/"},
    "scaling": {"min": 0, "max": 3}, "traffic": {"requests_per_day": 10}, "users": 3, "labels": {"a": "b"},
    "environment": {"base_image": "i", "system": {"apt": [{"name": "git"}, "curl"]}, "shell": {"steps": [{"run": "z"}]}},
    "hooks": {"readiness": {"run": ["curl"], "retry_count": 3}}, "serverless": {"scaling": {"min_workers": 0}},
}  # fmt: skip
WRONG: list[Any] = [None, True, 0, -1, 1.5, 2.0, 70000, 1e300, float("nan"), "", "x", "http", "https://x", "serve",
                    "hf", "HF_TOKEN\n", [], ["x"], [0], [None], {}, {"x": 1}, {"type": "A"}, {"run": ""}, {"port": 0}]  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) in a document."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, part in list(parts) for found in ((value, key), *places(part))]


def mutants(chance: random.Random, number: int) -> Iterator[Any]:
    """The good document with one to three wounds: a value exchanged, taken away, or added."""
    for _ in range(number):
        mutant = copy.deepcopy(GOOD)
        for _ in range(chance.choice([1, 1, 1, 2, 3])):
            container, key = chance.choice(places(mutant))
            wound = chance.random()
            if wound < 0.2:
                del container[key]
            elif wound < 0.3 and isinstance(container, dict):
                container[chance.choice(["typo", "count", "source", "run", "1x"])] = chance.choice(WRONG)
            else:
                container[key] = copy.deepcopy(chance.choice(WRONG))
        yield mutant


def test_the_light_check_and_jsonschema_agree() -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    assert accepts(GOOD)
    verdicts = []
    for mutant in mutants(random.Random(7), 1500):
        # `$` ends a pattern at the very end in ECMAScript; in Python also before a last newline.
        newline = '"HF_TOKEN\\n"' in json.dumps(mutant.get("secrets", ""))
        verdict = accepts(mutant)
        if not newline:
            assert verdict == validator.is_valid(mutant), mutant
        verdicts.append(verdict)
    assert 100 < sum(verdicts) < 1400


def test_a_newline_ends_no_name() -> None:
    assert not accepts({"secrets": ["HF_TOKEN\n"]})


@pytest.mark.skipif(not CORPUS, reason="the corpus is not part of the repository")
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_files_of_gpu_cli_pass(path: Path) -> None:
    assert accepts(read_file(str(path)).value)
