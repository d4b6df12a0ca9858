"""A text model on the GPUs of a machine, or of several together: which of them share what, and what they read in one
step."""

from functools import cached_property

from gpuspec.architectures.parts import TOWERS, StoredWeights
from gpuspec.catalog import Gpu
from gpuspec.engines import Engine
from gpuspec.quantization import find_scheme
from gpuspec.sizing.inference.setup import as_kept, cache_dtype, tensor_of
from gpuspec.sizing.kv import kv_cache
from gpuspec.sizing.shape import Shape
from gpuspec.sizing.speed.links import Link, link_between
from gpuspec.sizing.weights import bytes_of, in_scheme
from gpuspec.workload import Workload
from gpuspec.workload.workload import as_one_machine, gpus_together


class Deployment:
    """A workload on `gpus` of a GPU in each machine: `sequences` at once, `cached` tokens in the cache of each."""

    def __init__(
        self,
        workload: Workload,
        shape: Shape,
        scheme: str,
        engine: Engine,
        gpu: Gpu,
        *,
        gpus: int,
        sequences: int,
        cached: float,
    ) -> None:
        self.of_a_machine = gpus
        workload, gpus = as_one_machine(workload, gpus), gpus_together(workload, gpus)
        self.workload = workload
        self.shape = as_kept(workload, shape)
        self.scheme = scheme
        self.engine = engine
        self.gpu = gpu
        self.gpus = gpus
        self.sequences = sequences
        self.cached = cached
        self.copies = min(workload.data_parallel or 1, gpus)
        """Of the model (data parallelism), each with its part of the sequences."""
        within = gpus // self.copies
        self.tensor_parallel = tensor_of(workload._replace(engine=engine.name), within)
        """GPUs that share each layer."""
        self.stages = max(within // self.tensor_parallel, 1)
        """Groups of GPUs that hold each some of the layers, one after another."""

    @property
    def link(self) -> Link:
        """Between GPUs that share a layer."""
        return link_between(self.gpu, self.tensor_parallel, self.of_a_machine)

    @property
    def batch(self) -> float:
        """Sequences in one pass of one copy. Stages of a pipeline work on as many groups of sequences at once."""
        apart = 1 if self.engine.decode.in_turn else self.stages
        return max(self.sequences / self.copies / apart, 1.0)

    @cached_property
    def stored(self) -> list[tuple[StoredWeights, float]]:
        """Weights by part with their bytes; without what text passes by, and an embedding that is only looked up."""
        found = []
        for row in in_scheme(self.shape, find_scheme(self.scheme)):
            if row.part in TOWERS or not row.parameters:
                continue
            size = bytes_of(row)
            if self.scheme == "mxfp4" and row.bits == 16 and self.engine.memory.buffers:
                size *= 8.5 / 16  # ggml-org's files of gpt-oss keep in Q8_0 what is no expert
            if row.part == "embedding":
                head = self.shape.vocab * self.shape.hidden if self.shape.tied else 0.0
                size *= min(head / row.parameters, 1.0)
            found.append((row, size))
        return found

    @property
    def in_blocks(self) -> bool | None:
        """Whether its FP8 has a scale for each block, which activations are quantized in as well; None: not known.

        A checkpoint's own configuration says so by the bits of a weight. Of those known by name alone: all of
        Qwen's have blocks (`weight_block_size` of their config.json, Qwen3 to Qwen3.6); NVIDIA's have one scale."""
        if self.scheme != "fp8" or not self.gpu.fp8:
            return False  # GPUs without FP8 unpack weights alone
        bits = {row.bits for row, _ in self.stored if row.scheme == "fp8"}
        if any(8.0 < each < 8.1 for each in bits):
            return True
        name = (self.workload.model_name or "").lower()
        if (name.startswith("qwen/") and "fp8" in name) or "fp8-block" in name:
            return True
        if self.shape.native == "fp8" or "fp8" not in name:
            return False  # one scale, by its configuration or as engines make it while they load
        return False if name.startswith("nvidia/") or "fp8-dynamic" in name else None

    def touched(self, row: StoredWeights, sequences: float) -> float:
        """The part of the weights that so many sequences pass through: each chooses experts as if by chance, so that
        a share of 1 − (1 − k/E)^n of them is chosen by one at least."""
        if row.active >= row.parameters or row.part == "embedding":
            return 1.0
        return float(1.0 - (1.0 - row.active / row.parameters) ** sequences)

    @property
    def cache_read(self) -> float:
        """Bytes of cache that one GPU of those sharing a layer reads of all layers in a pass, in 16 bit where it is
        unpacked as slowly. States are read, and written."""
        dtype = None if self.engine.decode.cache_unpacked else cache_dtype(self.workload, self.shape)
        held = kv_cache(self.shape, self.cached, self.batch, dtype, tensor=self.tensor_parallel)
        states = sum(cache.layers * cache.state * cache.state_bits / 8 for cache in self.shape.caches)
        return held + states * self.batch / self.tensor_parallel

    @property
    def cache_room(self) -> float:
        """Bytes of cache that are set aside: for the context of all sequences, or what they hold if that is more."""
        tokens = max(self.workload.context or 0, self.cached)
        return kv_cache(self.shape, tokens, self.sequences, cache_dtype(self.workload, self.shape))
