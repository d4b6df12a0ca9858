"""The Workload: what can be known of a job. What cannot be known is None, and rules stay silent."""

from collections.abc import Mapping
from typing import Any, Literal

from gpuspec.catalog import Model
from gpuspec.named_tuple import NamedTuple
from gpuspec.words import Task


class Origin(NamedTuple):
    """Where a value came from. `pointer` is in the spec; `text` is the argument or name as written;
    `path` is the file it stands in when that is not the spec."""

    kind: Literal["spec", "command", "name", "file", "catalog", "settings", "default"]
    text: str = ""
    pointer: str = ""
    path: str | None = None


class Workload(NamedTuple):
    """One model at work. Every field but `origins` may be None: unknown.

    Names of schemes are the catalogue's: dtype `fp32 bf16 fp16`; quantization `fp8 int8 awq gptq-int4
    gptq-int8 nf4 nf4-dq nvfp4 mxfp4 gguf:Q4_K_M …` ("int4" where only the bits are known); method `full lora
    qlora`; engine `vllm sglang tgi transformers llama.cpp ollama diffusers lmdeploy …` and for training
    `hf-trainer torchtune axolotl unsloth deepspeed …`.
    `concurrency` is sequences in flight; `context` is tokens per sequence, prompt and answer together;
    `batch` is the per-GPU micro-batch of training; `processes` is what torchrun and friends start.
    """

    task: Task | None = None
    modality: str | None = None
    engine: str | None = None
    engine_version: str | None = None
    model: Model | None = None
    model_name: str | None = None
    params_b: float | None = None
    active_b: float | None = None
    """Of these, those that one token passes through, where no more is known than a name that says so ("35B-A3B")."""
    dtype: str | None = None
    quantization: str | None = None
    kv_dtype: str | None = None
    context: int | None = None
    concurrency: int | None = None
    users: int | None = None
    """Sequences that must be served at once, whatever the server would do with more."""
    tensor_parallel: int | None = None
    pipeline_parallel: int | None = None
    data_parallel: int | None = None
    expert_parallel: int | None = None
    context_parallel: int | None = None
    """GPUs, of those of tensor parallelism, that hold each a part of the tokens in the cache."""
    attention_copies: int | None = None
    """Copies of attention and cache among the GPUs of tensor parallelism (SGLang's data-parallel attention)."""
    processes: int | None = None
    nodes: int | None = None
    """Machines that one command is spread over; unknown where the launcher tells it (`$SKYPILOT_NUM_NODES`)."""
    memory_utilization: float | None = None
    cpu_offload: str | None = None
    loaded_on_host: bool | None = None
    """Whether it is put on the host while it loads, as `device_map="cpu"` has it."""
    layers_on_gpu: int | None = None
    """Of a model that is partly on the host, the last layers that are on GPUs; the head counts as one."""
    experts_on_host: int | None = None
    """First layers whose experts are on the host."""
    flash_attention: bool | None = None
    """Whether attention never holds its whole matrix of scores."""
    whole_windows: bool | None = None
    """Whether layers with a window keep the whole text all the same."""
    eager: bool | None = None
    """Whether the server records no CUDA graphs."""
    prefix_caching: bool | None = None
    text_only: bool | None = None
    """Whether what lets the model see and hear is not loaded."""
    not_loadable: str | None = None
    """Why the engine cannot load a model of this name (`loadable.why_not`); its size then counts for nothing."""
    drafts: bool | None = None
    """Whether the model's own layers for speculative decoding (MTP) are loaded."""
    draft: "Workload | None" = None
    """The model that drafts tokens for this one and is loaded beside it, with what its name says of it."""
    serves_adapters: bool | None = None
    """Whether the server keeps room for adapters beside the model; how many and of which rank say the next and
    `lora_rank`."""
    adapters: int | None = None
    max_batched_tokens: int | None = None
    method: str | None = None
    algorithm: str | None = None
    """sft dpo orpo kto ppo grpo …: how many copies of the model training holds."""
    optimizer: str | None = None
    precision: str | None = None
    """Of training state: amp, bf16 (pure), fp32."""
    sequence: int | None = None
    batch: int | None = None
    gradient_accumulation: int | None = None
    global_batch: int | None = None
    """Sequences of one step of the optimizer, on all GPUs together, where a trainer is told that number."""
    steps: int | None = None
    """Of the optimizer, after which training ends."""
    epochs: float | None = None
    """How often all examples are seen, where no number of steps ends it before."""
    examples: int | None = None
    """Of the dataset, so many at most are used."""
    gradient_checkpointing: bool | None = None
    selective_checkpointing: bool | None = None
    """Whether only what is cheap to compute again, attention above all, is left out of what is kept."""
    compiled: bool | None = None
    """Whether torch.compile runs the model."""
    lora_rank: int | None = None
    target_modules: str | None = None
    """The matrices that carry adapters: "all" linear ones, or their names, joined by commas."""
    trained_layers: int | None = None
    """So many of the layers are trained, and the rest is frozen."""
    sharding: str | None = None
    """zero1 zero2 zero3 fsdp ddp, with "-offload" where state lives on the host; fsdp-grad (weights are whole on
    every GPU while a step runs), layers (each GPU has its own layers, and they work one after another)."""
    sequence_parallel: bool | None = None
    """Whether tensor parallelism divides all activations over its GPUs."""
    packing: bool | None = None
    fused_loss: bool | None = None
    trains_text_encoder: bool | None = None
    caches_latents: bool | None = None
    """Whether pictures are encoded before training, so that the VAE is gone then."""
    caches_text: bool | None = None
    """Whether texts are, so that the text encoders are."""
    tiles_vae: bool | None = None
    """Whether the VAE decodes in tiles, as `enable_tiling()` has it."""
    denoising_steps: int | None = None
    """Of each picture or video that is made."""
    width: int | None = None
    height: int | None = None
    other_models: tuple[str, ...] = ()
    """Further models the same job loads: then memory is not known from one model alone."""
    follows_gpus: tuple[str, ...] = ()
    """Fields that equal the number of GPUs, however many there are (`$SKYPILOT_NUM_GPUS_PER_NODE`); their value is
    that number where the spec fixes it."""
    beyond: Mapping[str, float] | None = None
    """Fields that were given as more than any machine or model can have, with the most there is: their values count
    as unknown. None: there are none."""
    origins: Mapping[str, Origin] = {}
    """A field that has an origin and is None was given, but cannot be known: it is spliced from something unknown."""

    def origin(self, field: str) -> Origin:
        """Where a field's value came from; kind "default" if nothing gave it."""
        return self.origins.get(field, Origin("default"))

    @property
    def work(self) -> tuple[Any, ...]:
        """All that is known of the work, but for where it is written: to look it up by, as long as this is kept (a
        model is known by where it lies in memory)."""
        return tuple([None if value is None else as_key(value) for value in self])


def as_key(value: Any) -> Any:
    """A value as a part of a key: what is written is compared, and not where. Models are known by where they lie."""
    if value is None or type(value) is str:
        return value
    kind = type(value)
    if kind is Origin:
        return (value.kind, value.text, value.path)
    if isinstance(value, (str, int, float)):
        return (kind, value)
    if kind is dict or isinstance(value, Mapping):
        return tuple((name, as_key(one)) for name, one in value.items())
    if isinstance(value, tuple) and not isinstance(value, Model):
        return tuple(map(as_key, value))
    return id(value)


# -- on several machines -----------------------------------------------------------------------------


def gpus_together(workload: Workload, gpus: int) -> int:
    """GPUs that share the work of one server or one training, where each machine has `gpus`: those of one machine,
    where nothing spreads it further. A training has a process on every GPU of every machine; an engine that answers
    spreads over machines as far as it is told to (tensor × pipeline parallelism × copies)."""
    nodes = workload.nodes or 1
    if nodes == 1:
        return gpus
    if workload.task == "train" or workload.method:
        return gpus * nodes
    split = (
        (tensor_over(workload, gpus) or 1) * (workload.pipeline_parallel or 1) * (workload.data_parallel or 1)
    )
    return min(max(split, gpus), gpus * nodes)


def machines_together(workload: Workload, gpus: int) -> int:
    """Machines of `gpus` GPUs that do the work together."""
    return -(-gpus_together(workload, gpus) // gpus)


def tensor_over(workload: Workload, gpus: int) -> int | None:
    """The degree of tensor parallelism; where it follows the GPUs of a machine, these."""
    return gpus if "tensor_parallel" in workload.follows_gpus else workload.tensor_parallel


def as_one_machine(workload: Workload, gpus: int) -> Workload:
    """The workload as one machine with the GPUs of all would have it, where each has `gpus`."""
    machines = machines_together(workload, gpus)
    if machines == 1:
        return workload
    follows = tuple(field for field in workload.follows_gpus if field not in ("tensor_parallel", "processes"))
    started = gpus if "processes" in workload.follows_gpus else workload.processes
    return workload._replace(
        tensor_parallel=tensor_over(workload, gpus),
        processes=started and started * machines,
        follows_gpus=follows,
    )
