"""How well gpuspec reads configs: its count of parameters beside that of transformers, on the meta device.

    python benchmarks/architectures.py [TYPE…] [--configs FOLDER] [--kept FILE] [--modules] [--all] [--varied N]

For every `model_type` of the installed transformers that writes text its default config, and of FOLDER every real
`*/config.json`. The bar: within 0.5 % on 95 % of them. `--modules` prints both sides by module. `--kept FILE`
keeps the counts of transformers there, and takes them from there when the file exists: counting takes minutes,
comparing a second. `--as-unknown` reads every config as one of an architecture that gpuspec does not know: its
`model_type` renamed and its class's defaults withheld. There is no bar for that, but how far off it is, is printed.

`--varied N` compares N variations of each default config instead (`architectures_varied.py`), and prints what was
changed in those that are off.

Needs `pip install torch transformers` (and timm, for the towers of some), which nothing else here needs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from architectures_varied import HABITS, varied

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.parts import Architecture
from gpuspec.architectures.precision import INNER
from gpuspec.architectures.read import read_architecture

BAR, SHARE = 0.005, 0.95
MAPPINGS = (
    ("MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING", "image-text"),
    ("MODEL_FOR_MULTIMODAL_LM_MAPPING", "multimodal"),
    ("MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING", "seq2seq"),
    ("MODEL_FOR_CAUSAL_LM_MAPPING", "causal"),
)
"""The first that has a `model_type` decides its class: a model that sees is counted with its eyes."""


def _classes() -> dict[str, tuple[Any, Any, str]]:
    """model_type → (config class, model class, what kind), of the installed transformers."""
    from transformers.models.auto import modeling_auto
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING, CONFIG_MAPPING_NAMES

    found: dict[str, tuple[Any, Any, str]] = {}
    for name, kind in MAPPINGS:
        names, mapping = getattr(modeling_auto, name + "_NAMES"), getattr(modeling_auto, name)
        for model_type in names:
            if model_type in found or model_type not in CONFIG_MAPPING_NAMES:
                continue
            try:
                config = CONFIG_MAPPING[model_type]
                model = mapping[config]
            except Exception as error:
                print(f"  {model_type}: {type(error).__name__}: {error}", file=sys.stderr)
                continue
            model = model[0] if isinstance(model, tuple) else model
            found[model_type] = (config, model, kind)
    return found


def _counted(model: Any) -> dict[str, list[int]]:
    """Module with its numbers as N → [how many, elements of all]; a shared matrix counts once."""
    groups: dict[str, list[int]] = {}
    for name, parameter in model.named_parameters():  # a shared one comes once
        entry = groups.setdefault(re.sub(r"(?<=\.)\d+(?=\.|$)", "N", name), [0, 0])
        entry[0] += 1
        entry[1] += parameter.numel()
    return groups


def _plain(config: Any) -> dict[str, Any]:
    """A config as its JSON would say it, defaults included."""
    found: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
    return found


def count(types: list[str], folder: Path | None) -> dict[str, Any]:
    """Counts of transformers: name → {"config", "groups", "kind"} or {"failed"}."""
    import torch

    found: dict[str, Any] = {}
    classes = _classes()
    for name, (config_class, model_class, kind) in classes.items():
        if types and name not in types:
            continue
        try:
            config = config_class()
            with torch.device("meta"):
                groups = _counted(model_class(config))
            found[name] = {"config": {"model_type": name, **_plain(config)}, "groups": groups, "kind": kind}
        except Exception as error:
            found[name] = {"failed": f"{type(error).__name__}: {str(error)[:200]}"}
        print(name, "failed" in found[name] and found[name]["failed"], file=sys.stderr)
    for path in sorted(folder.glob("*/config.json")) if folder else []:
        if types and path.parent.name not in types:
            continue
        fields = json.loads(path.read_text())
        try:
            config_class, model_class, kind = classes[fields["model_type"]]
            with torch.device("meta"):
                groups = _counted(model_class(config_class.from_dict(fields)))
            found[path.parent.name] = {"config": fields, "groups": groups, "kind": kind}
        except Exception as error:
            found[path.parent.name] = {
                "failed": f"{type(error).__name__}: {str(error)[:200]}",
                "config": fields,
            }
    return found


def count_varied(types: list[str], number: int) -> dict[str, Any]:
    """The same of variations of each class: "name#turn" → {"config", "bare", "groups", "kind"}."""
    import torch

    found: dict[str, Any] = {}
    for name, (config_class, model_class, kind) in _classes().items():
        if types and name not in types:
            continue

        def counted(config: Any, model_class: Any = model_class) -> dict[str, list[int]]:
            with torch.device("meta"):
                return _counted(model_class(config))

        made = 0
        try:
            for saved, bare, groups in varied(config_class, counted, number, name):
                saved = {"architectures": [model_class.__name__], **saved}
                found[f"{name}#{made}"] = {"config": saved, "bare": bare, "groups": groups, "kind": kind}
                made += 1
        except Exception as error:
            found[name] = {"failed": f"{type(error).__name__}: {str(error)[:200]}"}
        print(name, made, file=sys.stderr, flush=True)
    return found


def compare_varied(counts: dict[str, Any]) -> Iterator[str]:
    """A line for each variation that is off or refused, by type, with what was changed; and for each habit of files
    how many are read as the plain file is."""
    by_type: dict[str, list[str]] = {}
    kept = dict.fromkeys(HABITS, 0)
    right = 0
    for name, entry in counts.items():
        if "failed" in entry:
            continue
        truth = sum(elements for _, elements in entry["groups"].values())
        lines = by_type.setdefault(name.split("#")[0], [])
        wrong = ""
        for form in ("config", "bare"):
            off = _off(entry[form], truth)
            if off and not wrong:
                wrong = f"  {name} ({form}) {off} of {truth:,}; bare: {json.dumps(entry['bare'])}"
        if wrong:
            lines.append(wrong)
            continue
        right += 1
        for habit, change in HABITS.items():
            off = _off(change(entry["config"]), truth)
            kept[habit] += not off
            if off:
                entry.setdefault("habits", []).append(f"{habit}: {off}")
    for lines in by_type.values():
        yield from lines
    yield from (f"  {name} with {each}" for name, entry in counts.items() for each in entry.get("habits", ()))
    number = sum("failed" not in entry for entry in counts.values())
    whole = sum(not lines for lines in by_type.values())
    yield f"{right} of {number} variations within {BAR:.1%}; {whole} of {len(by_type)} types in all of theirs"
    for habit, good in kept.items():
        yield f"  {habit}: {good} of {right}"


def _off(config: dict[str, Any], truth: int) -> str:
    """Why a config is not read, or how far off its count is; "" within the bar."""
    ours = read(config)
    if isinstance(ours, str):
        return ours
    error = ours.parameters / truth - 1
    return f"{error:+.2%} {ours.derived}" if abs(error) > BAR else ""


def read(config: dict[str, Any]) -> Architecture | str:
    """What gpuspec makes of a config, or why nothing."""
    try:
        return read_architecture(config)
    except Unsaid as error:
        return str(error)
    except Exception:
        return traceback.format_exc(limit=-2).replace("\n", " ")


def _modules(name: str, entry: dict[str, Any], ours: Architecture) -> None:
    print(f"\n== {name}: transformers")
    for module, (number, elements) in entry["groups"].items():
        print(f"  {elements:>16,}  {number:>5} ×  {module}")
    print(f"== {name}: gpuspec")
    groups: dict[tuple[str, str], list[int]] = {}
    for weight in ours.weights:
        group = groups.setdefault((weight.part, weight.module), [0, 0])
        group[0] += weight.copies
        group[1] += weight.elements
    for (part, module), (number, elements) in groups.items():
        print(f"  {elements:>16,}  {number:>5} ×  {module}  ({part})")


def as_unknown(config: dict[str, Any]) -> dict[str, Any]:
    """The same config under names that nobody knows, those of its text model too."""
    renamed = {**config, "architectures": None, "model_type": "unknown_" + str(config.get("model_type", ""))}
    for name in INNER:
        if isinstance(config.get(name), dict):
            renamed[name] = as_unknown(config[name])
    return renamed


def spread(counts: dict[str, Any]) -> Iterator[str]:
    """How far off the configs of known architectures are when read as unknown ones: weights, then caches."""
    weights: list[tuple[float, str]] = []
    caches: list[tuple[float, str]] = []
    refused = []
    for name, entry in counts.items():
        known = "" if "failed" in entry else read(entry["config"])
        if isinstance(known, str):
            continue
        ours = read(as_unknown(entry["config"]))
        if isinstance(ours, str):
            refused.append(f"  {name:<34} refused: {ours}"[:150])
            continue
        truth = sum(elements for _, elements in entry["groups"].values())
        weights.append((ours.parameters / truth - 1, f"{name:<34} {ours.derived[:150]}"))
        caches.append(((_remembered(ours) + 1) / (_remembered(known) + 1) - 1, name))
    yield from refused
    for what, errors in (("weights", weights), ("cache of 32,768 tokens", caches)):
        errors.sort(key=lambda each: -abs(each[0]))
        yield from (f"  {error:>+10.2%}  {what} of {line}" for error, line in errors if abs(error) > 0.05)
        for limit in (BAR, 0.02, 0.05, 0.1, 0.25):
            inside = sum(abs(error) <= limit for error, _ in errors)
            yield f"{what}: {inside} of {len(errors)} within {limit:.1%} ({inside / max(len(errors), 1):.0%})"
    yield f"{len(refused)} refused"


def _remembered(found: Architecture, tokens: int = 32_768) -> int:
    """Elements that are kept of a sequence of so many tokens."""
    kept = 0
    for each in found.caches:
        seen = min(tokens, each.window or tokens) // each.stride
        kept += (each.width * seen + each.state) * each.layers
    return kept


def compare(counts: dict[str, Any], modules: bool) -> Iterator[tuple[float, str]]:
    """(error, a line) for each model."""
    for name, entry in counts.items():
        if "failed" in entry:
            continue
        truth = sum(elements for _, elements in entry["groups"].values())
        ours = read(entry["config"])
        if isinstance(ours, str):
            yield 9.0, f"{name:<34} {entry['kind']:<11} {truth / 1e9:>9.4f}   not read: {ours[:150]}"
            continue
        error = ours.parameters / truth - 1
        sure = f"  (not known: {ours.derived})" if ours.derived else ""
        yield (
            error,
            f"{name:<34} {entry['kind']:<11} {truth / 1e9:>9.4f} {ours.parameters / 1e9:>9.4f} {error:>+9.3%}{sure}",
        )
        if modules:
            _modules(name, entry, ours)


def _why_nothing(kept: Path | None) -> str:
    if kept and kept.exists():
        return f"{kept} has no count of it"
    return (
        "the installed transformers has no such type that writes text, nor is it the name of a folder of --configs. "
        "Sum the elements that the hub states for a checkpoint of it instead"
    )


def main() -> int:
    """Count, compare, print."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("types", nargs="*", metavar="TYPE")
    options.add_argument("--configs", type=Path)
    options.add_argument("--kept", type=Path)
    options.add_argument("--modules", action="store_true")
    options.add_argument(
        "--as-unknown", action="store_true", help="Read each as an architecture nobody knows."
    )
    options.add_argument("--varied", type=int, metavar="N", help="Compare N variations of each class.")
    options.add_argument("--all", action="store_true", help="Print those within the bar, too.")
    given = options.parse_args()
    if given.kept and given.kept.exists():
        counts = json.loads(given.kept.read_text())
        counts = {
            name: entry
            for name, entry in counts.items()
            if not given.types or name.split("#")[0] in given.types or name in given.types
        }
    else:
        counts = (
            count_varied(given.types, given.varied) if given.varied else count(given.types, given.configs)
        )
        if given.kept:
            given.kept.write_text(json.dumps(counts))
    counted = {name.split("#")[0] for name in counts}
    for name in given.types:
        if name not in counted:
            print(f"{name}: nothing to compare with; {_why_nothing(given.kept)}", file=sys.stderr)
    if not counts:
        return 1
    if given.varied:
        print(*compare_varied(counts), sep="\n")
        return 0
    if given.as_unknown:
        print(*spread(counts), sep="\n")
        return 0
    rows = sorted(compare(counts, given.modules), key=lambda row: -abs(row[0]))
    print(f"{'model':<34} {'kind':<11} {'true B':>9} {'gpuspec':>9} {'error':>9}")
    for error, line in rows:
        if given.all or given.types or abs(error) > BAR:
            print(line)
    failed = [f"{name}: {entry['failed']}" for name, entry in counts.items() if "failed" in entry]
    if failed:
        print("transformers itself makes no model of:", *failed, sep="\n  ")
    good = sum(abs(error) <= BAR for error, _ in rows)
    print(f"{good} of {len(rows)} within {BAR:.1%}")
    return 0 if rows and good >= SHARE * len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
