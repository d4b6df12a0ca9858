"""What is fuzzed: each makes one input from chance, and says what is done with it."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.fuzz.answers import answered
from tests.fuzz.commanded import commanded
from tests.fuzz.editing import edited
from tests.fuzz.files_read import hostile_catalogue, hostile_model, hostile_notes, hostile_settings
from tests.fuzz.fixing import fixed
from tests.fuzz.linted import linted
from tests.fuzz.money import cost_of_loads
from tests.fuzz.python_text import Python
from tests.fuzz.seeds import garble, seeds
from tests.fuzz.shell_text import Shell
from tests.fuzz.spec_values import Specs, written
from tests.fuzz.trial import Maker, Outcome, Trial
from tests.fuzz.values import gpu


def bytes_of_files(chance: random.Random) -> Trial:
    """A file of ours, garbled."""
    name, data = chance.choice(seeds())
    data = garble(data, seeds(), chance)
    return Trial(name, data, lambda: linted(name, data, every_format=True))


def shell(chance: random.Random) -> Trial:
    """Commands, as the `run` of a spec or as a script."""
    text = Shell(chance).text()
    if chance.random() < 0.4:
        data = text.encode("utf-8", "replace")
        return Trial("launch.sh", data, lambda: linted("launch.sh", data))
    spec = {"gpu_types": [gpu(chance)], "run": text}
    if chance.random() < 0.3:
        spec["setup"] = Shell(chance).text()
    data = written(spec, chance)
    return Trial("gpu.jsonc", data, lambda: linted("gpu.jsonc", data))


def python(chance: random.Random) -> Trial:
    """A Python script, by itself or called by a spec beside it."""
    data = Python(chance).text().encode("utf-8", "replace")
    if chance.random() < 0.1:
        data = garble(data, seeds(".py"), chance)
    if chance.random() < 0.5:
        return Trial("launch.py", data, lambda: linted("launch.py", data))
    spec = written({"gpu_types": [gpu(chance)], "run": "python train.py --x 1"}, chance)

    def run() -> Outcome:
        Path("train.py").write_bytes(data)
        Path("gpu.jsonc").write_bytes(spec)
        return linted("gpu.jsonc", spec, on_disk=True)

    return Trial("train.py", data, run)


def spec_values(chance: random.Random) -> Trial:
    """A spec with values that the schema does not mean."""
    data = written(Specs(chance, wild=chance.choice((0.02, 0.1, 0.4))).spec(), chance)
    return Trial("gpu.jsonc", data, lambda: linted("gpu.jsonc", data))


def valid_specs(chance: random.Random) -> Trial:
    """A spec that the schema allows, through the commands that ask more of it than lint."""
    return _through_commands(Specs(chance, wild=0).spec(), chance)


def wild_specs(chance: random.Random) -> Trial:
    """A spec with some wrong values, through the same commands."""
    return _through_commands(Specs(chance, wild=0.05).spec(), chance)


def _through_commands(spec: object, chance: random.Random) -> Trial:
    data = written(spec, chance)
    to = chance.choice(("skypilot", "skypilot-jobs", "skypilot-serve"))
    commands = [
        ("show", "gpu.jsonc"),
        ("show", "gpu.jsonc", "--json"),
        ("size", "gpu.jsonc"),
        ("size", "gpu.jsonc", "--json"),
        ("plan", "gpu.jsonc"),
        ("plan", "gpu.jsonc", "--json", "--all"),
        ("plan", "gpu.jsonc", "--what-if", "prefix-cache"),
        ("breakeven", "gpu.jsonc"),
        ("export", "gpu.jsonc", "--to", to),
        ("explain", "gpu.jsonc:2"),
        ("run", "gpu.jsonc", "--dry-run"),
    ]
    chosen = chance.sample(commands, 3)

    def run() -> Outcome:
        Path("gpu.jsonc").write_bytes(data)
        return commanded(chosen)

    return Trial(json.dumps(chosen), data, run)


MAKERS: dict[str, Maker] = {
    "bytes": bytes_of_files,
    "shell": shell,
    "python": python,
    "values": spec_values,
    "commands": valid_specs,
    "wrong-commands": wild_specs,
    "money": cost_of_loads,
    "fix": fixed,
    "settings": hostile_settings,
    "catalogues": hostile_catalogue,
    "models": hostile_model,
    "notes": hostile_notes,
    "downloads": answered,
    "editor": edited,
}
"""What is fuzzed, by name."""
