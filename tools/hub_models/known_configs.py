"""Real configs, for what the columns of the list leave out: towers, widths of dense layers, kinds of layers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.precision import read_precision
from gpuspec.architectures.read import read_architecture
from gpuspec.architectures.storage import Precision
from tools.hub_models.rows import Row

OWN = Path(__file__).parent / "configs.jsonl"
"""What the configs of well-known repositories say of their shape, checked by the elements that the list has."""
COUNTS = Path(__file__).parents[2] / "tests" / "architectures" / "counts.jsonl"
"""Extracts of real configs, which the tests of the readers count."""

Key = tuple[str, int, int, bool]
Own = tuple[Architecture, Precision]
"""What a repository's own files say of it."""


class KnownConfigs:
    """Configs by architecture, layers, width and whether they have experts."""

    def __init__(self, folders: list[Path]) -> None:
        self._by_key: dict[Key, list[dict[str, Any]]] = defaultdict(list)
        self._mixtures: dict[tuple[int, ...], list[dict[str, Any]]] = defaultdict(list)
        self.every: list[dict[str, Any]] = []
        self.of: dict[str, dict[str, Any]] = {}
        """The config of a repository, by its name in small letters."""
        self.towers: dict[str, list[dict[str, Any]]] = defaultdict(list)
        """Vision towers by architecture: models of a family share them, whatever their size."""
        for name, config in _configs(folders):
            try:
                found = read_architecture(config)
            except Unsaid as said:
                print(f"a config of {config.get('model_type')} is left out: {said}")
                continue
            self._by_key[_key(config, found)].append(config)
            self.every.append(config)
            self.of.setdefault(name.lower(), config)
            self._mixtures[_sizes(found)].append(config)
            tower, towers = config.get("vision_config"), self.towers[str(config.get("model_type"))]
            if "/" in name and isinstance(tower, dict) and tower not in towers:
                towers.append(tower)
        self.quantized: dict[str, Own] = dict(_quantized(folders))
        """Repository → what its own files say, of those that state a quantization."""

    def like(self, row: Row) -> list[dict[str, Any]]:
        """Those of the shape that a row states, whatever the number of experts, which may be pruned. Of a mixture all
        sizes together say enough where uploads name another architecture than the maker does: Kimi K2 is a
        deepseek_v3 to some."""
        same = self._by_key.get((row.architecture, row.layers, row.hidden, row.experts > 0), [])
        if same or not row.experts:
            return same
        sizes = (row.layers, row.hidden, row.experts, row.used, row.width, row.vocabulary, row.heads)
        return self._mixtures.get(sizes, [])


def _quantized(folders: list[Path]) -> Iterator[tuple[str, Own]]:
    for name, config, beside in (*_with_files(folders), *((*known, None) for known in _own())):
        precision = read_precision(config, beside)
        if precision.rules and not precision.unread:
            stated = precision._replace(dtype=precision.dtype or "bf16")
            yield name, (read_architecture(config), stated)


def _with_files(folders: list[Path]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """Repository, config and hf_quant_config.json of those that are there as folders."""
    for path in (each for folder in folders for each in sorted(folder.glob("*/config.json"))):
        beside = path.with_name("hf_quant_config.json")
        said = json.loads(beside.read_text(encoding="utf-8")) if beside.exists() else None
        yield path.parent.name.replace("--", "/", 1), json.loads(path.read_text(encoding="utf-8")), said


def _own() -> Iterator[tuple[str, dict[str, Any]]]:
    """Those of `OWN` that say how they are quantized."""
    for line in OWN.read_text(encoding="utf-8").splitlines():
        known = json.loads(line)
        if "quantization_config" in known["config"]:
            yield known["name"], known["config"]


def _key(config: dict[str, Any], found: Architecture) -> Key:
    return str(config.get("model_type")), len(found.layers), found.hidden, found.experts > 0


def _sizes(a: Architecture) -> tuple[int, ...]:
    return (len(a.layers), a.hidden, a.experts, a.experts_used, a.expert_width, a.vocabulary, a.heads)


def _configs(folders: list[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Configs, and the repository of each; those of a class in other sizes have no "/" in their name."""
    for folder in folders:
        for path in sorted(folder.glob("*/config.json")):
            yield path.parent.name.replace("--", "/", 1), json.loads(path.read_text(encoding="utf-8"))
    for file in (OWN, COUNTS):
        for line in file.read_text(encoding="utf-8").splitlines():
            known = json.loads(line)
            yield known["name"], known["config"]
