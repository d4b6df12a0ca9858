"""What is known of one engine. Rules, sizing, readers and starters ask for a trait; none compares names."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Literal

from gpuspec.engines.barrier import Barrier, TagGpus
from gpuspec.engines.decode import DecodeSpeed, TranscriptionSpeed
from gpuspec.engines.prefill import PrefillSpeed
from gpuspec.engines.tool import Server as Server
from gpuspec.engines.tool import Tool
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import small_number

Range = tuple[float, float, float]
"""Low, expected, high."""
Version = tuple[int, ...]
"""Numbers of a version, the first first: (4, 47), (0, 15, 5); the build of an engine that counts builds: (6929,)."""
TORCH: Range = (0.35, 0.5, 1.0)
"""GiB of a CUDA context with PyTorch's libraries and kernels."""


class Defaults(NamedTuple):
    """What an engine does from a version on, unless a flag says otherwise."""

    utilization: float = 1.0
    """Share of the GPU's memory it uses."""
    chunk: int | None = None
    """Prompt tokens in one forward pass; None: the whole prompt."""
    offline_chunk: int | None = None
    """The same where it works through a batch by itself, without a server; None: as in a server."""
    whole_up_to: int = 0
    """A model of at most this context takes all of it in one pass, however small the chunk."""
    context: int | None = None
    """Tokens per sequence; None: the model's own."""
    batch: int | None = None
    """Sequences at once; None: as many as come."""
    shares_cache: bool = False
    """These sequences share the cache of one, where no flag says how many there are."""
    sampler: float = 0.0
    """Bytes that it holds of each word of the vocabulary and each of `batch` sequences while it samples in its trial
    pass; 0: it does not sample there."""
    graphs_inside: bool = False
    """CUDA graphs count to its share of the memory; else they take from what it leaves."""
    since: Version = (0, 0)
    from_gib: float = 0.0
    """They hold on GPUs of as much memory, GiB; such a row stands after the one of its version for all GPUs."""
    but_not: str = ""
    """But not on GPUs with this in their name."""
    if_stated: bool = False
    """Only where a version is stated: too new for every job that states none to have them."""


class Buffers(NamedTuple):
    """What an engine built on ggml sets aside when it starts, so that nothing grows while it answers."""

    flash_since: Version = (0,)
    """First version whose attention is FlashAttention unless told otherwise."""
    flash_for_some: bool = False
    """Of those, some models only."""
    windows_since: Version = (0,)
    """First version that keeps, of layers with a window, no more than the window."""
    whole_windows: frozenset[str] = frozenset()
    """`model_type` of models whose windows it never heeds: those layers keep the whole text."""
    few_logits_since: Version | None = None
    """First version whose server has room for logits of sampled tokens alone; else for those of a prompt chunk."""


class Memory(NamedTuple):
    """What inference allocates beside weights and cache. GiB unless said otherwise."""

    context: Range = TORCH
    """CUDA context, libraries and kernels, outside the allocator."""
    workspace: Range = (0.02, 0.05, 0.2)
    """Fixed workspaces inside the allocator, such as that of cuBLAS."""
    fragmentation: Range = (0, 0, 0)
    """Share of cache and activations lost between blocks."""
    graphs: Range = (0, 0, 0)
    """Recorded CUDA graphs with their buffers, where no flag leaves them out."""
    queues: bool = False
    """Requests wait for room in the cache: only one sequence must fit."""
    cache_share: float = 1.0
    """Of what the weights leave free, the share that the cache takes; the rest stays for activations."""
    grows: bool = False
    """The cache grows by concatenation, token by token, instead of lying in blocks set aside."""
    buffers: Buffers | None = None
    """What it sets aside when it starts, where it sets aside everything."""
    dequantizes: bool = False
    """Unpacks a 4-bit matrix to 16 bit before a prompt's matrix product."""
    static: bool = False
    """Its share of the memory is for weights and cache alone (`--mem-fraction-static`); the rest of the GPU is for
    activations and graphs."""
    pads_experts: Mapping[str, int] = {}
    """Scheme → the number to a multiple of which the widths of experts in it are filled up."""
    shares_experts: bool = False
    """Copies of a mixture hold its experts between them, whole or in slices; attention and cache each copy has."""
    widens_before: Version | None = None
    """First version that keeps the dtype of the checkpoint where a program names none; before, 32 bit."""
    adapters: tuple[int, int] | None = None
    """Adapters that it keeps room for at once where it is told to serve some, and their rank; None: not known."""
    windows_since: Version = (0,)
    """First version that keeps, of layers with a window beside layers without, no more than the window."""
    rotary_bytes: int = 0
    """Of a number in the table of rotary embeddings, which it holds for all positions the model can have; 0: it holds
    no such table, or nobody knows."""
    tries_pictures: bool = False
    """Its trial pass sends as many pictures through the encoder as one step takes, and keeps what comes out."""
    heeds_kv_dtype: bool = False
    """Where no flag says what the cache is kept in, it is as the checkpoint's quantization config says."""
    never_ties: bool = False
    """The output head of a tied model is stored a second time in every scheme."""
    unties_head_in: frozenset[str] = frozenset()
    """Schemes in which it is."""
    head_twice_before: Mapping[str, Version] = {}
    """Scheme → first version that no longer holds a tied head twice until the model is loaded."""
    cache_twice_before: Version | None = None
    """First version whose steps no longer hold the old cache of all layers beside the new one."""
    cache_twice_for: tuple[str, ...] = ()
    """`model_type` of models whose own code, from the hub, always does."""
    scores_before: Version | None = None
    """First version whose attention does not hold the whole matrix of its scores unless told to."""
    whole_logits_before: Version | None = None
    """First version whose pass of a prompt makes the logits of its last token alone."""
    repeats_kv: frozenset[str] = frozenset()
    """Schemes under which one layer's cache is repeated per head, for want of FlashAttention."""
    reads_32_bit: bool = False
    """The checkpoint is read in 32 bit before it is halved."""
    sound_per_beam: bool = False
    """Of speech: what attention looks at of the sound is held once for each beam."""
    counted: bool = False
    """What it allocates is counted as its source has it, not only fitted to what was measured."""
    share_of_free: bool = False
    """The share of memory that it is told is one of what it finds free, not of the whole GPU."""


PYTORCH = Memory(
    fragmentation=(0, 0.04, 0.1),
    grows=True,
    dequantizes=True,
    unties_head_in=frozenset({"fp8"}),  # Qwen3 speed benchmark
    head_twice_before={"awq": (4, 47)},  # AutoAWQ up to transformers 4.46 (Qwen2.5 speed benchmark)
    cache_twice_before=(4, 36),  # transformers#26681: DynamicCache in the place of tuples
    cache_twice_for=("qwen", "chatglm", "baichuan", "internlm", "aquila", "xverse"),
    scores_before=(4, 36),  # transformers#26572: SDPA by default
    whole_logits_before=(4, 45),  # transformers#31292: num_logits_to_keep
    repeats_kv=frozenset({"awq"}),  # AutoAWQ's environment lacked FlashAttention
)
"""Plain PyTorch as transformers runs it."""
UNKNOWN = PYTORCH._replace(
    head_twice_before={}, cache_twice_before=None, scores_before=None, whole_logits_before=None
)
"""It stands for every engine of which nothing else is known: as today's transformers, for the engine's own version
says nothing of theirs (text-embeddings-inference 1.7 is no transformers before 4.36)."""


class Training(NamedTuple):
    """How a trainer keeps weights, adapters and activations."""

    precision: Literal["amp", "bf16"] = "amp"
    """Of its state unless told otherwise: mixed, or all in bf16."""
    four_bit: str = "nf4"
    """The scheme of QLoRA's base; "nf4-dq" where scales are quantized too."""
    adapts: Literal["all", "qv"] = "all"
    """The matrices that carry adapters in LoRA: all linear ones, or query and value."""
    dropout: bool = False
    """Adapters drop out some of their inputs, which keeps a mask of them."""
    peft: bool = False
    """PEFT makes its adapters, in 32 bit, and prepares quantized models: it turns embeddings and norms to 32 bit."""
    casts_back: bool = False
    """It turns them back to 16 bit, or leaves that preparation out."""
    wide_gradients: bool = False
    """Gradients of 16-bit weights are summed up in 32 bit, beside a 32-bit master copy (Megatron-LM)."""
    compiled: bool = False
    """Fuses the operations of a layer, which then keeps fewer activations."""
    selective: Literal["operations", "attention"] = "operations"
    """What its selective checkpointing computes again: all but matrix products and attention; attention's scores
    alone, of which fused kernels keep nothing anyway."""
    offloads: bool = False
    """What gradient checkpointing keeps goes to the host."""
    loss: Literal["plain", "chunked", "fused"] = "plain"
    """How logits are held unless told otherwise: all, in chunks, not at all."""
    deepspeed: bool = False
    """DeepSpeed at work: 16-bit gradients, flat buckets."""
    bucket_elements: float = 0.0
    """Of each of these buckets, where its own configurations say it; 0: what is usual."""
    loads: Literal["", "bf16", "fp32"] = ""
    """What it loads weights in for full training, unless told otherwise; "": it depends on the script."""
    fused_step: bool = False
    """The step of the optimizer that it takes unless told otherwise needs no temporary copy of what it updates."""
    attention: Literal["", "fused", "repeated"] = ""
    """What attention keeps beside query, key, value and output: the one product that the first three are cut from;
    keys and values once for every query head."""
    embeddings_apart: bool = False
    """Under FSDP embedding and head are units of their own, not part of the root, which stays put together."""
    quantized_inputs: bool = False
    """Its release of bitsandbytes keeps the inputs of quantized matrices for the backward pass (before 0.43)."""
    unless_told: tuple[tuple[Version, Mapping[str, str | bool]], ...] = ()
    """Fields of a Workload that it sets by itself, from a version on, oldest first."""
    generates: bool = False
    """Reinforcement learning: an engine that generates is held beside the model."""
    fp32_unets: bool = False
    """Its scripts for U-Nets load 32-bit weights unless told otherwise and keep the text encoders; its FP8 computes
    in 8 bit and keeps 16-bit weights."""
    keeps_activations: bool = False
    """Of pictures: all activations are kept unless a flag asks for gradient checkpointing."""
    keeps_scores_before: Version | None = None
    """Of pictures: before this version attention in U-Nets keeps its scores."""
    all_32_bit: bool = False
    """Of pictures: denoiser, text encoders and VAE lie in 32 bit; what passes through them is in 16."""
    keeps_encoders: bool = False
    """Of pictures: text encoders stay unless a flag says that texts are encoded beforehand."""
    encodes_beside: bool = False
    """Of pictures: texts and pictures are encoded while the denoiser is on the GPU, not before it comes."""


class Quantizing(NamedTuple):
    """Which schemes an engine loads, makes and refuses."""

    loads_as_is: bool = False
    """A 16-bit checkpoint stays 16 bit unless a flag says otherwise."""
    on_the_fly: Mapping[str, str] = {}
    """Scheme that it makes of 16-bit weights while loading → the arguments."""
    encoders_too: frozenset[str] = frozenset()
    """Schemes that it makes of a pipeline's text encoders as well as of its denoiser."""
    suggested: Mapping[str, str] = {}
    """Scheme worth a try, most bits first → how to get it."""
    refuses: frozenset[str] = frozenset()
    """Families that it does not load. What it reads slowly is not here."""
    reads: str = ""
    """What to use instead, in words."""
    needs: Mapping[str, tuple[float, str, str]] = {}
    """Family → the compute capability its kernels need, their name, what runs on older GPUs."""
    emulates: Mapping[str, float] = {}
    """Scheme that it unpacks on GPUs that do not compute in it → the capability from which it does."""
    fused_experts_since: Version | None = None
    """First version that holds the experts of a layer as one tensor, which bitsandbytes leaves in 16 bit."""
    kv_fp8: str = ""
    """The arguments that keep the KV cache in 8 bit."""


class Engine(NamedTuple):
    """One engine. A trait that is left out is the usual one, or not known."""

    name: str
    kind: Literal["server", "trainer", "library", "image", "speech", ""] = ""
    tool: Tool = Tool(None)
    """How it is usually called."""
    programs: Mapping[tuple[str, ...], Tool] = {}
    """How a command begins → what its arguments say; `python -m x` begins with ("-m", "x"), `python x.py` with
    ("x.py",). What comes with an engine may run another: then its Tool says so."""
    aliases: tuple[str, ...] = ()
    title: str = ""
    """What its documentation calls it; "": as `name`."""
    scripts: tuple[tuple[tuple[str, ...], Tool], ...] = ()
    """Scripts by how their file's name begins, most telling first."""
    main_script: tuple[str, str] | None = None
    """(folder, file) of a script that everybody's own also may be called: ComfyUI's main.py."""
    told_by: tuple[frozenset[str], ...] = ()
    """Flags, or keys of its file, that together only its own have, where a script's name, train.py, tells nothing."""
    binaries: Mapping[str, str] = {}
    """Programs that say little, `./server`, and ends of files' names, ".llamafile" → the telling names."""
    images: Mapping[str, Tool] = {}
    """Its own container images, whose tags state its version → what words after them say; keys: `images.find`."""
    entrypoints: Mapping[str, str] = {}
    """Container image → the command that it starts by itself, "" where it only starts what it is told. The arguments
    of a container follow it, in the place of those in brackets: `ollama [serve]`."""
    tag_version: str = ""
    """Regular expression that finds its version in the tags of its images, where they do not begin with it."""
    names_model: bool = False
    """Each of its images serves one model, and is called after it."""
    no_model: tuple[str, ...] = ()
    """How the names of those begin that serve any."""
    packages: tuple[str, ...] = ()
    """What pip calls it."""
    module: str = ""
    """What Python imports."""
    loaders: Mapping[str, Tool] = {}
    """Python calls that load a model where `module` is imported, or "module.function" → what their arguments say."""
    config: Tool | None = None
    """Keys of its configuration file, nested ones joined by dots; None: those of its flags."""
    worker_env: Mapping[str, str] = {}
    """Environment of RunPod's serverless worker for it, as `Tool.flags`."""
    refuses_other_names: bool = False
    """Whether its server answers requests for a model of another name than it serves with an error."""
    from_environment: bool = False
    """Each flag may also stand in a variable of its name."""
    environment: Mapping[str, str] = {}
    """Variables of other names → what they say, as `Tool.flags`."""
    defaults: tuple[Defaults, ...] = (Defaults(),)
    """By version, oldest first."""
    memory: Memory = UNKNOWN
    prefill: PrefillSpeed = PrefillSpeed()
    decode: DecodeSpeed = DecodeSpeed()
    transcription: TranscriptionSpeed = TranscriptionSpeed()
    """Of speech recognition."""
    training: Training = Training()
    server: Server | None = None
    quantizing: Quantizing = Quantizing()
    process_is_slice: bool = False
    """Each process that a launcher starts holds one slice of the model, as in tensor parallelism."""
    one_gpu_by_default: bool = False
    """It uses one GPU unless a flag says otherwise. Others shard over all they see, or spread by themselves."""
    reserves_full_context: bool = False
    """It sets aside one sequence of the model's own context and does not start without the room."""
    longer_context: str = ""
    """The variable without which it refuses more tokens than the model's config allows; "": it takes them."""
    divides: frozenset[str] = frozenset()
    """What the GPUs of tensor parallelism must share evenly, or it does not start: "heads", "KV heads" (or the GPUs
    are a multiple of them), "vocabulary" (filled up to a multiple of 64)."""
    cuda: tuple[tuple[Version, Version], ...] = ()
    """(first version, CUDA of its wheels and images), oldest first; older ones are not known."""
    barriers: tuple[Barrier, ...] = ()
    tag_gpus: tuple[TagGpus, ...] = ()  # the first that fits a tag counts
    halves_bf16: bool = False
    """It takes FP16 where BF16 is asked of a GPU without it."""
    advised_utilization: float | None = None
    """The share of the GPU that suits it alone there, and that people set by hand."""
    spills: bool = False
    """What the GPU does not hold it leaves to the CPU by itself."""
    weights: Literal["safetensors", "GGUF", ""] = ""
    """What it loads from the hub: repositories of safetensors, or files in GGUF; "": anything, or not known."""
    gguf: Literal["file", "tag", ""] = ""
    """How an engine of safetensors is told a GGUF file: by its path; also as `owner/name:Q4_K_M`; not at all."""
    registry: str = ""
    """Where its bare model names come from, if not from the Hugging Face hub."""
    lends_script_names: bool = False
    """Scripts of others bear the names of its own, so that a name alone does not tell."""
    also_client: bool = False
    """The same program asks its own server, so that two of its commands are no two servers."""
    projector_apart: bool = False
    """What lets its models see stands in a file of its own, which a flag names."""
    context_is_shared: bool = False
    """The context it is given is for all sequences together."""
    config_name_tells: bool = False
    """The name of its configuration says model and method."""
    shipped_config: Callable[[str], Mapping[str, str]] | None = None
    """Its own configuration files, taken by name → keys and values, as in a file that can be read."""
    in_aiconfigurator: str = ""
    """What NVIDIA's aiconfigurator calls it, which has measured its kernels; "": it has not."""
    hub_default: tuple[str, str] | None = None
    """(flag, scheme): what the flag fetches of a repository that holds several."""

    def default(self, version: str | None = None, gpu: str = "", gib: float = 0.0) -> Defaults:
        """In a version, on a GPU of this name and memory; those of today where none is stated, of small GPUs."""
        for d in reversed(self.defaults):
            here = d.from_gib <= gib and not (d.but_not and d.but_not in gpu) and (version or not d.if_stated)
            if here and not before(version, d.since):
                return d
        return self.defaults[0]

    def flag(self, field: str) -> str:
        """The flag that sets a field of the Workload, of several the first long one in its row; "" if none does."""
        said = self.tool.flags.items()
        long = (f for f, meaning in said if meaning.partition(":")[0] == field and not f.startswith("-"))
        return next(("--" + flag for flag in long), "")

    @property
    def called(self) -> str:
        """Its name for a reader."""
        return self.title or self.name

    @property
    def command(self) -> str:
        """The words that start its server."""
        return next((" ".join(key) for key, tool in self.programs.items() if tool.task == "serve"), "")

    def serves(self, words: list[str]) -> bool:
        """Whether a command starts one of its servers."""
        text = " ".join(words[:4])
        served = (key for key, tool in self.programs.items() if tool.task == "serve")
        known = (" ".join(key).removeprefix("-m ") for key in served)
        return any(name in text for name in (*known, *(f"/{short}" for short in self.binaries)))


@lru_cache(maxsize=4_096)  # asked for each machine there is, of each job
def before(version: str | None, limit: Version) -> bool:
    """Whether a stated version is older than `limit`; an unstated one is current. "4.46.1", "v0.6", "b8778"."""
    numbers: list[int] = []
    for piece in (version or "").lstrip("vb").split("."):
        number = small_number(piece)
        if number is None:
            break
        numbers.append(number)
    if not numbers or len(numbers) < min(len(limit), 2):
        return False
    return (*numbers, *(0 for _ in limit))[: len(limit)] < limit
