"""What SchemaStore asks of a schema in its catalogue (its CONTRIBUTING.md and the strict mode of its checks)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gpuspec.formats import JOB_SPEC
from gpuspec.lint.config_file import NAMES

sys.path.insert(0, str(Path(__file__).parents[1]))
import node

SCHEMAS = Path(__file__).parents[2] / "schemas"
CATALOG = json.loads((SCHEMAS / "catalog.json").read_text(encoding="utf-8"))["schemas"]
FILES = sorted(SCHEMAS.glob("*.schema.json"))


def parts(value: Any, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a schema."""
    if isinstance(value, dict):
        yield at, value
        for key, inner in value.items():
            if key not in ("examples", "enum", "default", "const"):
                yield from parts(inner, f"{at}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from parts(inner, f"{at}/{index}")


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry["name"])
def test_the_entry_is_one(entry: dict[str, Any]) -> None:
    assert set(entry) == {"name", "description", "fileMatch", "url"}
    assert "schema" not in entry["name"].lower()
    assert not entry["description"].endswith(".")
    path = SCHEMAS / entry["url"].rsplit("/", 1)[1]
    assert json.loads(path.read_text(encoding="utf-8"))["$id"] == entry["url"]


def test_the_entries_mean_the_files_that_lint_reads() -> None:
    job, config = (entry["fileMatch"] for entry in CATALOG)
    for known in JOB_SPEC.names:
        name = f"x{known}" if known[0] == "." else known
        assert any(fnmatch(name, pattern) for pattern in job), name
    assert len(job) == len(JOB_SPEC.names)
    assert set(config) == {name for name in NAMES if name != "pyproject.toml"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_schema_is_draft_7_whole_and_described(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema)
    assert schema["$id"].endswith(f"/schemas/{path.name}")
    assert schema["title"]
    assert schema["description"]
    for at, part in parts(schema):
        if at.endswith(("/properties", "/definitions")) or "$ref" in part:
            assert str(part.get("$ref", "#/")).startswith("#/"), f"{at}: a reference to elsewhere"
            continue
        title = f"{part.get('title', '')}{part.get('description', '')}"
        assert not title.endswith(":"), at


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_ajv_takes_it_in_strict_mode(path: Path) -> None:
    """`strictTypes` aside, which forbids `"type": ["string", "array"]`: SchemaStore lets that be for schemas that
    are hosted elsewhere, and knows a list of exceptions for its own."""
    script = """
        const Ajv = require('ajv').default, formats = require('ajv-formats').default, fs = require('fs');
        const ajv = new Ajv({strict: true, strictTypes: false}); formats(ajv);
        ajv.compile(JSON.parse(fs.readFileSync(process.argv[1]))); console.log('taken');
    """
    assert node.run(("ajv@8.17.1", "ajv-formats@3.0.1"), script, str(path)) == "taken\n"
