"""Job specs from the schema: values that it allows, and at times those that it does not."""

from __future__ import annotations

import json
import random
from functools import lru_cache
from typing import Any

from tests.fuzz.seeds import ROOT
from tests.fuzz.shell_text import Shell
from tests.fuzz.values import gpu, model, word

HOSTILE: list[Any] = [
    None, True, 0, -1, 1, 0.5, 10**30, -(10**30), 1e308, 5e-324, float("nan"), float("inf"), "", " ", "\0",
    "\ud800", "a\nb", "\x1b[2J", "\u202e", "x" * 100_000, "../..", "/", "~", "C:\\", "-", "--help", "$(id)",
    "`id`", "{item}", "a:b", "0", "00", "1e9", "true", "null", [], {}, [[]], [None], {"": ""},
    {"a": {"b": {"c": []}}}, ["x"] * 2000, [1, "a", None, {}], {"type": "x", "count": 10**9}, {"$ref": "#"},
    {"__proto__": 1},
]  # fmt: skip
NAMED = {"gpu_types": gpu, "gpu_type": gpu, "type": gpu, "id": model, "model": model, "source": model}


@lru_cache
def schema() -> dict[str, Any]:
    """The schema of a job spec."""
    return dict(json.loads((ROOT / "schemas" / "job.schema.json").read_text()))


class Specs:
    """Makes specs. `wild` is how likely a value is one that the schema does not mean; 0 for valid specs."""

    def __init__(self, chance: random.Random, wild: float) -> None:
        self.chance = chance
        self.wild = wild

    def spec(self) -> dict[str, Any]:
        """A whole one."""
        fields = schema()["properties"]
        usual = [name for name in fields if not fields[name].get("deprecated")]
        names = set(self.chance.sample(usual, self.chance.randint(1, 12))) | {"run"}
        if self.chance.random() < 0.15:
            names |= set(self.chance.sample(list(fields), 3))
        if self.chance.random() < 0.8:
            names |= {"gpu_types", "model"}
        made = {name: self.value(name, fields[name]) for name in fields if name in names}
        if self.wild and self.chance.random() < 0.2:
            made[self.chance.choice(("gpus", "Run", "", "modle", "x" * 500, "\ud800", "__proto__"))] = (
                self.hostile()
            )
        return made

    def hostile(self) -> Any:
        """A value of any kind."""
        return self.chance.choice(HOSTILE) if self.chance.random() < 0.7 else word(self.chance)

    def value(self, name: str, rule: dict[str, Any], depth: int = 0) -> Any:
        """A value of one field."""
        if self.chance.random() < self.wild:
            return self.hostile()
        rule = (
            {**schema()["definitions"][rule["$ref"].rpartition("/")[2]], **rule} if "$ref" in rule else rule
        )
        if "enum" in rule:
            return self.chance.choice(rule["enum"])
        kinds = rule.get("type", "string")
        kind = self.chance.choice(kinds) if isinstance(kinds, list) else kinds
        if name in ("run", "setup") and kind == "string":
            return Shell(self.chance).text().strip("\n") or "true"
        if name in NAMED and kind == "string" and self.chance.random() < 0.7:
            return NAMED[name](self.chance)
        like = [each for each in rule.get("examples", ()) if _is(each, kind)]
        if like and (self.chance.random() < 0.5 or "pattern" in rule):
            return self.chance.choice(like)
        return self._made(name, kind, rule, depth)

    def _made(self, name: str, kind: str, rule: dict[str, Any], depth: int) -> Any:
        if kind == "object":
            return self._object(rule, depth)
        if kind == "array":
            least, most = rule.get("minItems", 0), min(rule.get("maxItems", 4), 4)
            return [
                self.value(name, rule.get("items", {}), depth + 1)
                for _ in range(self.chance.randint(least, max(least, most)))
            ]
        if kind == "boolean":
            return self.chance.random() < 0.5
        if kind in ("integer", "number"):
            least = rule.get("minimum", rule.get("exclusiveMinimum", 0))
            most = rule.get("maximum", 10**6)
            edge = self.chance.choice((least, most, 1, 2, 8, 80, self.chance.uniform(least, most)))
            edge = min(max(edge, least), most)
            return int(edge) if kind == "integer" else edge or 0.5
        return word(self.chance)[: rule.get("maxLength", 10**6)] or "x"

    def _object(self, rule: dict[str, Any], depth: int) -> dict[str, Any]:
        parts = rule.get("properties", {})
        names = [
            n for n in parts if n in rule.get("required", ()) or (depth < 6 and self.chance.random() < 0.4)
        ]
        made = {name: self.value(name, parts[name], depth + 1) for name in names}
        more = rule.get("additionalProperties")
        if isinstance(more, dict) and self.chance.random() < 0.6:
            for key in self.chance.sample(("A", "HF_TOKEN", "PATH", "GPUSPEC_ITEM", "team", "X_1"), 2):
                made[key] = self.value(key, more, depth + 1)
        return made


def written(spec: Any, chance: random.Random) -> bytes:
    """A spec as the text of a file, as JSON or with what JSONC allows besides."""
    text = json.dumps(spec, indent=chance.choice((None, 2)), ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.3:
        text = (
            text.replace("\n", "  // a note, https://h/x\n", 3).replace("}", ",}")
            if "\n" in text
            else f"/* c */{text}"
        )
        text = text.replace("{,}", "{}")
    return text.encode("utf-8", "surrogatepass" if chance.random() < 0.3 else "replace")


def _is(value: Any, kind: str) -> bool:
    kinds: dict[str, tuple[type, ...]] = {
        "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "array": (list,),
        "object": (dict,),
    }  # fmt: skip
    return type(value) in kinds[kind]
