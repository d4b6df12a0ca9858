"""gpuspec/job/accept.py, from the schema.

fastjsonschema keeps a message for every check; the messages come from `gpuspec.job.explain`, so only the checks are
kept, equal shapes are checked by one function, and the module stays small enough to import at every commit.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

_WORDS_ONLY = ("description", "examples", "default", "title", "deprecated", "$id", "$schema")
_HEAD = '''"""Whether a document passes schemas/job.schema.json. Written by tools.reference; do not edit."""

import re


class Rejected(Exception):
    """The document does not pass."""


def accepts(document: object) -> bool:
    """True if it passes."""
    try:
        shape_0(document)
    except Rejected:
        return False
    return True


def members(data, shapes, closed=False):
    for field, value in data.items():
        shape = shapes.get(field)
        if shape: shape(value)
        elif closed: raise Rejected
'''


def accept_module(schema: dict[str, Any]) -> str:
    """The text of accept.py."""
    import fastjsonschema

    shapes: dict[str, str] = {}
    definitions: dict[str, Any] = {}
    _shape(schema, schema, shapes, definitions)
    code = fastjsonschema.compile_to_code(
        {"$ref": "#/definitions/shape_0", "definitions": definitions},
        detailed_exceptions=False,
        use_default=False,
        use_formats=False,
    )
    functions = code[code.index("def validate___definitions_shape_0") :]
    return _HEAD + "\n\n" + _tidy(functions).strip() + "\n"


def _shape(part: Any, schema: dict[str, Any], shapes: dict[str, str], definitions: dict[str, Any]) -> Any:
    """A reference to the definition of a subschema without its words; equal ones share one."""
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _shape(schema["definitions"][part["$ref"].rsplit("/", 1)[1]], schema, shapes, definitions)
    key = json.dumps(_bare(part, schema), sort_keys=True)
    if key not in shapes:
        name = shapes[key] = f"shape_{len(shapes)}"
        definitions[name] = {}
        bare = {word: value for word, value in part.items() if word not in (*_WORDS_ONLY, "definitions")}
        if "properties" in bare:
            bare["properties"] = {
                field: _shape(value, schema, shapes, definitions)
                for field, value in bare["properties"].items()
            }
        for word in ("items", "additionalProperties"):
            if word in bare:
                bare[word] = _shape(bare[word], schema, shapes, definitions)
        definitions[name].update(bare)
    return {"$ref": f"#/definitions/{shapes[key]}"}


def _bare(part: Any, schema: dict[str, Any]) -> Any:
    """A subschema without its words, references filled in."""
    if isinstance(part, list):
        return [_bare(item, schema) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        return _bare(schema["definitions"][part["$ref"].rsplit("/", 1)[1]], schema)
    bare = {
        word: _bare(value, schema)
        for word, value in part.items()
        if word not in (*_WORDS_ONLY, "definitions")
    }
    if "properties" in part:
        # A field may be called as an annotation is ("description").
        bare["properties"] = {field: _bare(value, schema) for field, value in part["properties"].items()}
    return bare


def _tidy(code: str) -> str:
    """The checks alone, in few lines."""
    code = re.sub(r"^( *)raise JsonSchemaValueException\(.*\)$", r"\1raise Rejected", code, flags=re.M)
    code = code.replace("(JsonSchemaValueException, JsonSchemaValuesException)", "Rejected")
    code = re.sub(r"REGEX_PATTERNS\[('(?:[^'\\]|\\.)*')\]\.search\(", _pattern, code)
    code = code.replace(", Decimal", "")  # a Tree has none, and its import is dear
    for pattern, plain in _PLAINER:
        code = re.sub(pattern, plain, code, flags=re.M)
    code = re.sub(_MEMBERS, _members, code, flags=re.M)
    return re.sub(_SURE, lambda found: found[1] + re.sub("^    ", "", found[3], flags=re.M), code, flags=re.M)


_MEMBERS = (
    r"^( +)data_keys = set\(data\.keys\(\)\)\n((?: +if \"\S+\" in data_keys: .*\n)+)"
    r"(\1if data_keys: raise Rejected\n)?"
)
_SURE = (
    r"^(    if not isinstance\(data, \((.*)\)\): raise Rejected\n)"
    r"    if isinstance\(data, \(?\2\)?\):\n((?:        .*\n)+)"
)
"""A second look at a type that has just been found to be right."""


_PLAINER = (
    (r"validate___definitions_(shape_\d+)\((\w+), custom_formats,? ?\(name_prefix.*\)$", r"\1(\2)"),
    (r"def validate___definitions_(shape_\d+)\(data, .*\):", r"def \1(data):"),
    (
        r'^( *)if ("[^"\n]+") in data_keys:\n +data_keys\.remove\(\2\)\n +(\w+) = data\[\2\]\n +(shape_\d+)\(\3\)$',
        r"\1if \2 in data_keys: \4(data[\2])",
    ),
    (r"^ +return data$\n?", ""),
    (r"^( *)(\w+)_is_(dict|list) = (isinstance\(.*\))\n +if \2_is_\3:", r"\1if \4:"),
    (r"^( *)(\w+)_len = len\((\w+)\)\n", ""),
    (r"\b(\w+)_len\b", r"len(\1)"),
    (r"for \w+, (\w+) in enumerate\((\w+)\):\n +", r"for \1 in \2: "),
    (r"^( *)(\w+__missing_keys) = (.*)\n +if \2:", r"\1if \3:"),
    (r":\n +raise Rejected$", ": raise Rejected"),
    (r"^( +)if (.*): raise Rejected\n\1if (.*): raise Rejected$", r"\1if \2 or \3: raise Rejected"),
    (r"^( +)if (.*):\n\1    if (.*): raise Rejected\n(?!\1    )", "\\1if (\\2) and (\\3): raise Rejected\n"),
    (r"^( +)if (.*): raise Rejected\n\1if (.*): raise Rejected$", r"\1if (\2) or (\3): raise Rejected"),
    (r"\n{2,}(?=def )", "\n"),
)
"""(what fastjsonschema writes, the same in less); applied in this order."""


def _members(found: re.Match[str]) -> str:
    """The fields of an object, looked up by those that are there."""
    members = re.findall(r'if ("\S+") in data_keys: (shape_\d+)', found[2])
    table = ", ".join(f"{field}: {shape}" for field, shape in members)
    return f"{found[1]}members(data, {{{table}}}{', closed=True' * bool(found[3])})\n"


def _pattern(found: re.Match[str]) -> str:
    """fastjsonschema makes `$` mean the very end; so does this."""
    pattern = ast.literal_eval(found[1])
    return f"re.search({pattern[:-1] + chr(92) + 'Z' if pattern.endswith('$') else pattern!r}, "
