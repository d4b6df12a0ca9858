"""Fields of a Workload that only several values together give."""

from __future__ import annotations

from gpuspec.catalog import Catalog, ModelMatch
from gpuspec.numerals import is_digits
from gpuspec.quantization import BITSANDBYTES, find_scheme
from gpuspec.workload.derive_training import training
from gpuspec.workload.limits import MOST
from gpuspec.workload.value import Values, known_of


def derive(values: Values) -> Values:
    """Put together what only several arguments together say. What is no field of a Workload goes."""
    values = dict(values)
    _adapter(values)
    _bits(values)
    training(values)
    _processes(values)
    _nested(values)
    _copies(values)
    _on_host(values)
    _keys_and_values(values)
    _benchmark(values)
    compute = values.pop("compute", None)
    if compute and compute.known:  # CTranslate2: int8_float16 stores int8
        scheme = str(compute.known)
        if scheme.startswith("int8"):
            values.setdefault("quantization", compute._replace(known="int8"))
        else:
            dtype = {"float16": "fp16", "bfloat16": "bf16"}.get(scheme)
            values.setdefault("dtype", compute._replace(known=dtype))
    if find_scheme(known_of(values, "quantization")).four_bit and known_of(values, "method") == "lora":
        values["method"] = values["method"]._replace(known="qlora")
    if known_of(values, "expert_parallel") == "on":
        wide = known_of(values, "tensor_parallel")
        values["expert_parallel"] = values["expert_parallel"]._replace(known=wide)
    hub_file = values.pop("hub_file", None)
    if hub_file and hub_file.known:
        values["model_name"] = hub_file
    return values


def _adapter(values: Values) -> None:
    """Axolotl's `adapter: qlora`."""
    adapter = values.pop("adapter", None)
    if adapter is None:
        return
    if adapter.known in ("lora", "qlora"):
        values.setdefault("method", adapter)
    if adapter.known == "qlora":
        values.setdefault("quantization", adapter._replace(known="nf4"))


def _bits(values: Values) -> None:
    """--bits 4, quantization_bit: 4 with bitsandbytes."""
    bits = values.pop("bits", None)
    if bits is None:
        if known_of(values, "method") == "qlora":
            values.setdefault("quantization", values["method"]._replace(known="nf4"))
        return
    values.setdefault("quantization", bits._replace(known=BITSANDBYTES.get(bits.known)))
    if bits.known == 4 and known_of(values, "method") == "lora":
        values["method"] = values["method"]._replace(known="qlora")


def _nested(values: Values) -> None:
    """Whether the scales of a base in 4 bit are quantized too (bnb_4bit_use_double_quant)."""
    nested, scheme = values.pop("nested_scales", None), values.get("quantization")
    if nested and nested.known and scheme and scheme.known == "nf4":
        values["quantization"] = scheme._replace(known="nf4-dq")


def _processes(values: Values) -> None:
    """accelerate counts the processes of all machines; a Workload those of one."""
    total, nodes = values.pop("all_processes", None), values.get("nodes")
    if nodes and nodes.known == 1:
        del values["nodes"]
    if total is None or "processes" in values:
        return
    machines = 1 if nodes is None else nodes.known
    if total.gpus and machines == 1:
        values["processes"] = total
    elif total.known and machines and total.known % machines == 0:
        values["processes"] = total._replace(known=total.known // machines)
    else:
        values["processes"] = total._replace(known=None, gpus=False)


def _copies(values: Values) -> None:
    """SGLang's data-parallel attention shares the GPUs of tensor parallelism: its --dp copies no more than that."""
    shared = values.pop("dp_attention", None)
    if shared and shared.known and (copies := values.pop("data_parallel", None)):
        values["attention_copies"] = copies


def _on_host(values: Values) -> None:
    """llama.cpp: experts on the host, beside the layers that -ngl counts."""
    on_host = values.pop("on_host", None)
    if not on_host:
        return
    if on_host.known == "experts":
        values.setdefault("experts_on_host", on_host._replace(known=MOST["layers_on_gpu"]))
    if on_host.known or "cpu_offload" not in values:
        values["cpu_offload"] = on_host._replace(known=on_host.known and "weights")


def _keys_and_values(values: Values) -> None:
    """llama.cpp: keys and values of the cache may be kept in different numbers of bits; "q8_0/q4_0"."""
    both = [values.pop(field, None) for field in ("kv_keys", "kv_values")]
    given = [value for value in both if value]
    if not given:
        return
    keys, held = (value.known if value else "fp16" for value in both)
    known = keys if keys == held else f"{keys}/{held}" if keys and held else None
    values["kv_dtype"] = given[0]._replace(known=known)


def _benchmark(values: Values) -> None:
    """llama-bench: prompt, answer and what stands before them are the context. Its own defaults are 512 and 128."""
    parts = {"bench_prompt": 512, "bench_generated": 128, "bench_depth": 0}
    given = {field: values.pop(field) for field in parts if field in values}
    if given:
        known = [given[field].known if field in given else usual for field, usual in parts.items()]
        first = next(iter(given.values()))
        values["context"] = first._replace(known=None if None in known else sum(known))


def layers_left(values: Values, match: ModelMatch | None) -> None:
    """llama.cpp's -ngl: whether layers stay on the host. 99 and "all" mean none."""
    offload = values.get("cpu_offload")
    if offload is None or not str(offload.known).startswith("layers "):
        return
    layers = str(offload.known).removeprefix("layers ")
    total = match.model.layers if match and match.model else None
    del values["cpu_offload"]
    if is_digits(layers) and int(layers[:9]) < (total or 1):
        values["cpu_offload"] = offload._replace(known="weights")
        if total:
            values["layers_on_gpu"] = offload._replace(known=int(layers[:9]))


def resolved(name: str | None, engine: str | None, catalog: Catalog) -> ModelMatch | None:
    """The catalogue's answer to a model's name; a path is known by its last parts."""
    if not name:
        return None
    return catalog.resolve_model("/".join(_parts(name)[-2:]) if is_path(name) else name, engine=engine)


def is_path(name: str) -> bool:
    """Whether the name of a model is the path of a folder or a file."""
    return name.startswith(("/", ".", "~")) or len(_parts(name)) > 2


def _parts(path: str) -> list[str]:
    return [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..", "~")]
