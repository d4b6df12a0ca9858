"""Files beside a job that others may have written: settings, baselines, prices, models, and what runs have noted."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
import os
import random
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from gpuspec.catalog.local import read_local
from gpuspec.catalog.safetensors import BITS
from gpuspec.errors import UserError
from gpuspec.job import Job
from gpuspec.launch import items
from gpuspec.launch.on_machine.downloader.file import Failure, File, Task
from gpuspec.launch.on_machine.downloader.transfer import Fetcher
from gpuspec.launch.on_machine.item_runner import status as item_status
from gpuspec.lint.config import KEYS
from tests.fuzz.commanded import commanded
from tests.fuzz.linted import registry
from tests.fuzz.seeds import garble
from tests.fuzz.spec_values import HOSTILE
from tests.fuzz.trial import Outcome, Trial
from tests.fuzz.values import gpu, number, word

SPEC = (
    b'{"gpu_types": ["A100-80GB:4"], "run": "vllm serve meta-llama/Llama-3.1-8B-Instruct", "max_price": 2}\n'
)
CHARACTERS = [
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"'",
    b"=",
    b",",
    b"\t",
    b"9" * 5000,
    b"nan",
    b"[" * 5000,
]


def hostile_settings(chance: random.Random) -> Trial:
    """A settings file, baseline, price list or price snapshot, beside a spec that is linted with it."""
    name, make, *words = chance.choice(SETTINGS)
    data = make(chance)
    if chance.random() < 0.3:
        data = garble(data, [(name, data)], chance, CHARACTERS)
    command = chance.choice((("lint",), ("lint", "--scripts", "--format", "json"), ("plan",), ("show",)))
    if "--baseline" in words:
        command = ("lint", "--format", "sarif")

    def run() -> Outcome:
        Path("gpu.jsonc").write_bytes(SPEC)
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
        return commanded([(*command, *words, "gpu.jsonc"), ("config", "show"), ("prices",)])

    return Trial(name, data, run)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_toml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return "1979-05-27" if value is None else json.dumps(value)


def _settings(chance: random.Random) -> bytes:
    rules = [entry.rule for entry in registry().rules]
    lines = []
    for key in chance.sample(list(KEYS), chance.randint(0, 6)):
        rule = chance.choice(rules)
        name = chance.choice((rule.name, rule.code, rule.code[:3], "GS", "", "x"))
        likely: dict[type[Any], Any] = {
            list: [chance.choice((name, "**/*.jsonc", "**/" * 40 + "x", "[", "{a,b}", "aws", "../x.py"))],
            dict: {
                chance.choice((name, "*.py")): chance.choice(
                    (["GS1"], "error", {"x": 1}, {"threshold": 10**400})
                )
            },
            str: chance.choice(
                ("error", "train", "prices.csv", "aws", "/dev/null", ".", "gpuspec.toml", "gpu.jsonc")
            ),
            bool: True,
        }
        value = chance.choice(HOSTILE) if chance.random() < 0.3 else likely[KEYS[key][0]]
        lines.append(f"{key} = {_toml(value)}")
    lines += chance.sample(
        (
            "a.b.c = 1",
            "[[x]]",
            "[rules]",
            "[tool.gpuspec]",
            "x = {" * 500,
            "a." * 3000 + "b = 1",
            "x = " + "[" * 3000,
        ),
        chance.choice((0, 0, 1)),
    )
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _baseline(chance: random.Random) -> bytes:
    entry = {"path": "gpu.jsonc", "rule": "GS101", "where": "/gpu_types", "count": 1}
    found: list[Any] = [
        {**entry, chance.choice(list(entry)): chance.choice(HOSTILE)} for _ in range(chance.randint(0, 5))
    ]
    if chance.random() < 0.3:
        found.append(chance.choice(HOSTILE))
    document: Any = {"version": 1, "findings": found}
    if chance.random() < 0.2:
        document = chance.choice((found, {"findings": chance.choice(HOSTILE)}, chance.choice(HOSTILE)))
    if chance.random() < 0.1:
        return b'{"findings": ' + chance.choice((b"[", b'{"a":')) * chance.choice((900, 100_000))
    return json.dumps(document).encode()


def _prices(chance: random.Random) -> bytes:
    columns = [
        "Cloud",
        "Region",
        "InstanceType",
        "AcceleratorName",
        "AcceleratorCount",
        "vCPUs",
        "MemoryGiB",
        "Price",
        "SpotPrice",
    ]
    if chance.random() < 0.2:
        chance.shuffle(columns)
    rows = [columns]
    for _ in range(chance.choice((0, 1, 5, 300))):
        rows.append(["slurm", "r", word(chance)[:50], gpu(chance), "1", "8", "64", "1.5", "0.5"])
        rows[-1][chance.randrange(9)] = number(chance) if chance.random() < 0.3 else "2"
    return "\n".join(",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows).encode(
        "utf-8", "replace"
    )


def _snapshot(chance: random.Random) -> bytes:
    lines = [
        "# gpuspec prices 2",
        "# source\tmine\t2025-01-01\t2025-01-02\torigin\trentable",
        f"# dropped\tmine\tx\t{number(chance)}",
    ]
    for _ in range(chance.choice((0, 1, 5))):
        cells = [
            "aws",
            "p4d",
            "A100 SXM4 40GB",
            "8",
            "96",
            "1152",
            "",
            "32.77",
            "",
            "",
            "",
            "us-east-1|eu",
            "mine",
            "",
        ]
        if chance.random() < 0.5:
            cells[chance.randrange(14)] = chance.choice((number(chance), word(chance)))
        lines.append("\t".join(cells))
    return "\n".join(lines).encode("utf-8", "replace")


SETTINGS: list[tuple[Any, ...]] = [
    ("gpuspec.toml", _settings),
    (".gpuspec.toml", _settings),
    ("pyproject.toml", lambda chance: b"[tool.gpuspec]\n" + _settings(chance)),
    ("base.json", _baseline, "--baseline", "base.json"),
    ("mine.csv", _prices, "--prices", "mine.csv"),
    ("team.tsv", _snapshot, "--prices", "team.tsv"),
    ("data/prices.tsv", _snapshot),
]
"""(file, what makes it, options that name it)"""


def hostile_catalogue(chance: random.Random) -> Trial:
    """A price file of SkyPilot's, from which prices are refreshed."""
    cloud = chance.choice(("aws", "gcp", "lambda", "runpod"))
    data = _catalogue(chance, cloud)
    if chance.random() < 0.3:
        data = garble(data, [("vms.csv", data)], chance, CHARACTERS)

    def run() -> Outcome:
        path = Path(".sky/catalogs/v8", cloud, "vms.csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        update = ("prices", "update", "--offline", "--accept-moves", "--cloud", cloud)
        done = commanded([update, ("prices", "export"), ("gpus", "--cloud", cloud)])
        return done._replace(output=done.output.replace(os.getcwd().encode(), b"HERE"))

    return Trial(f"{cloud}/vms.csv", data, run)


def _catalogue(chance: random.Random, cloud: str) -> bytes:
    columns = ["InstanceType", "AcceleratorName", "AcceleratorCount", "vCPUs", "MemoryGiB", "GpuInfo", "Price",
               "SpotPrice", "Region", "AvailabilityZone"]  # fmt: skip
    rows = [columns]
    for at in range(chance.choice((1, 5, 40))):
        place = chance.choice((["us-east-1", "use1-az1"], ["us-east-1", "use1-az2"], ["eu", ""]))
        if cloud == "gcp":
            host = chance.choice(("n1-highmem-4", "a2-highgpu-1g", "g2-standard-8"))
            rows.append([host, "", "", "4", "26", "", "0.2", "0.1", *place])
            rows.append(["", gpu(chance), chance.choice(("1", "2")), "", "", "", "0.35", "0.1", *place])
        else:
            rows.append([f"m{at}", gpu(chance), "1", "8", "64", "{'SizeInMiB': 80}", "1.5", "0.5", *place])
        if chance.random() < 0.3:
            rows[-1][chance.randrange(10)] = chance.choice((number(chance), word(chance)))
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def hostile_model(chance: random.Random) -> Trial:
    """A model's folder: a GGUF or safetensors header that lies, or a config.json."""
    name, make = chance.choice((("m.gguf", _gguf), ("m.safetensors", _safetensors), ("config.json", _config)))
    data = make(chance)
    if chance.random() < 0.4:
        data = garble(
            data, [(name, data)], chance, [b"\0", b"\xff" * 8, b"\x01\0\0\0", b"{", b'"', b"9" * 300]
        )

    def run() -> Outcome:
        Path("model").mkdir()
        path = Path("model", name)
        path.write_bytes(data)
        if chance_more:
            with open(path, "r+b") as file:  # sparse: takes no room, and a header may claim all of it
                file.truncate(chance_more)
        try:
            told = repr(read_local("./model"))
        except UserError as error:
            told = str(error)
        Path("gpu.jsonc").write_text('{"gpu_types": ["L4"], "run": "vllm serve ./model", "model": "./model"}')
        sized = commanded([("size", "./model"), ("size", "gpu.jsonc", "--json"), ("lint", "gpu.jsonc")])
        return sized._replace(output=told.encode("utf-8", "replace") + sized.output)

    chance_more = chance.choice((0, 0, 10**6, 20 * 10**9))
    return Trial(name, data, run)


def _text(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(data)) + data


def _gguf(chance: random.Random) -> bytes:
    odd = (0, 1, 2, 7, 255, 2**31, 2**32 - 1)
    entries = [_text("general.architecture") + struct.pack("<I", 8) + _text("llama")]
    names = (
        "block_count",
        "embedding_length",
        "attention.head_count",
        "attention.head_count_kv",
        "expert_count",
        "vocab_size",
        "x" * 70_000,
    )
    for name in chance.sample(names, chance.randint(0, 6)):
        key = _text(f"llama.{name}")
        entries.append(chance.choice((
            key + struct.pack("<II", 4, chance.choice((32, 4096, *odd))),
            key + struct.pack("<IQ", 10, 2**63), key + struct.pack("<If", 6, float("nan")),
            key + struct.pack("<I", chance.choice(odd)),
            key + struct.pack("<IIQ", 9, 4, chance.choice((3, 4096, 2**40))) + bytes(16_384),
            key + struct.pack("<IIQ", 9, 9, 1), key + struct.pack("<IIQ", 9, 8, 1500) + _text("a") * 1500,
            key + struct.pack("<IQ", 8, 2**60),
        )))  # fmt: skip
    tensors = [
        _text(f"blk.{n}") + struct.pack("<IQQ", 2, 4096, chance.choice((4096, 2**62))) + bytes(12)
        for n in range(chance.randint(0, 4))
    ]
    counts = (chance.choice((len(tensors), *odd)), chance.choice((len(entries), len(entries), *odd)))
    return b"GGUF" + struct.pack("<IQQ", chance.choice((2, 3, 3, 99)), *counts) + b"".join(entries + tensors)


def _safetensors(chance: random.Random) -> bytes:
    header: dict[str, Any] = {"__metadata__": chance.choice(HOSTILE)}
    for at in range(chance.choice((0, 1, 5, 2000))):
        entry = {"dtype": chance.choice((*BITS, "X", "")), "shape": [2, 2], "data_offsets": [0, 8]}
        if chance.random() < 0.3:
            entry[chance.choice(list(entry))] = chance.choice(
                (*HOSTILE, [2**62] * 30, [1] * 5000, [0, 2**70], [-1, 5])
            )
        header[f"t{at}"] = entry
    text = json.dumps(header).encode("utf-8", "replace")
    if chance.random() < 0.1:
        text = chance.choice((b"[", b'{"a":')) * chance.choice((900, 100_000))
    return struct.pack("<Q", chance.choice((len(text), len(text), 2**63, 99_000_000, 0))) + text + bytes(64)


def _config(chance: random.Random) -> bytes:
    keys = (
        "num_hidden_layers", "hidden_size", "num_attention_heads", "num_key_value_heads",
        "intermediate_size", "vocab_size", "torch_dtype", "max_position_embeddings", "quantization_config",
        "text_config", "num_experts", "layer_types", "sliding_window", "architectures", "head_dim",
    )  # fmt: skip
    made = {
        key: chance.choice((32, 128, 4096, 10**8, "bfloat16", {"quant_method": "awq", "bits": 4}, *HOSTILE))
        for key in keys
    }
    return json.dumps(made).encode("utf-8", "replace")


def hostile_notes(chance: random.Random) -> Trial:
    """The downloads ledger, or the status file of items, as a crash or another hand left it."""
    return chance.choice((_ledger, _status))(chance)


def _ledger(chance: random.Random) -> Trial:
    content = b"the right file"
    odd = chance.choice(HOSTILE)
    fact: dict[str, Any] = {"url": "http://127.0.0.1:9/f", "size": len(content), "mtime_ns": 1, "check": None}
    fact[chance.choice(list(fact))] = odd
    document: Any = {"self": chance.choice(({"id": "ab"}, odd)), "FILE": chance.choice((fact, odd)), "x": odd}
    if chance.random() < 0.2:
        document = odd
    data = json.dumps(document).encode()
    if chance.random() < 0.4:
        data = garble(data, [("ledger", data)], chance, CHARACTERS)

    def run() -> Outcome:
        path = Path("f").absolute()
        path.write_bytes(content)
        Path(".gpuspec").mkdir()
        Path(".gpuspec/downloads.json").write_bytes(data.replace(b"FILE", str(path).encode()))
        check = ("sha256", hashlib.sha256(content).hexdigest())
        planners: Mapping[str, Callable[..., list[Task]]] = {
            "x": lambda fetcher, item: [
                Task(item, File("http://127.0.0.1:9/f", str(path), check=check), None)
            ],
            "y": lambda fetcher, item: [fetcher.once(item, str(path), lambda deadline: 1)],
        }
        wanted = [{"strategy": name, "source": "s", "target": "f"} for name in planners]
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            try:
                for _ in range(2):
                    Fetcher(str(path.parent), planners).fetch(wanted)
            except Failure as failure:
                return Outcome(str(failure).encode(), ("the right file was there, and it failed",))
        return Outcome(said.getvalue().partition("already")[0].encode())

    return Trial("downloads.json", data, run)


def _status(chance: random.Random) -> Trial:
    job = Job(run="work {item}", items=("a", "b", "c"))
    lines = []
    for _ in range(chance.randint(0, 8)):
        entry: dict[str, Any] = {
            "item": chance.choice("abc"),
            "exit": chance.choice((0, 0, 1)),
            "seconds": 1.5,
            "at": chance.randint(0, 9),
        }
        if chance.random() < 0.3:
            entry[chance.choice(list(entry))] = chance.choice(HOSTILE)
        lines.append(json.dumps(entry).encode())
    data = b"\n".join(lines) + chance.choice((b"", b"\n"))
    if chance.random() < 0.5:
        data = garble(data, [("status", data)], chance, CHARACTERS)

    def run() -> Outcome:
        path = Path(items.status_path(job))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        left = items.unfinished(job, ".", None)
        item_status.merge_known(str(path), list(items.earlier_results(job, ".").values()))
        item_status.note_end(str(path), {"a": 0}, 1.0)
        faults = [] if "a" in item_status.finished(str(path)) else ["what was noted last is not read again"]
        return Outcome(
            repr((left, sorted(item_status.finished(str(path))))).encode("utf-8", "replace"), tuple(faults)
        )

    return Trial("items.jsonl", data, run)
