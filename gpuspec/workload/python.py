"""Python files that a job runs: which models they load, and how."""

import ast
import re
from collections.abc import Mapping

from gpuspec.commands.python.file import PythonFile, read_file, tail
from gpuspec.commands.word import UNKNOWN, Word, flag_name
from gpuspec.engines import USUAL_TRAINER, Tool, engine_of
from gpuspec.engines.hugging_face import TRAINER, TRANSFORMERS, TRL, UNSLOTH, UNSLOTH_DEFAULTS
from gpuspec.engines.image import DIFFUSERS
from gpuspec.engines.launchers import SPREADING
from gpuspec.named_tuple import NamedTuple
from gpuspec.workload.arguments import CONVERSIONS, enter, short
from gpuspec.workload.readers import readers
from gpuspec.workload.value import Value, Values


class LoadedModels(NamedTuple):
    """What a Python file does with models. `models` are names in the order they are loaded, None where a name is not
    known; `values` hold for the first; `tool` says engine, task and modality as far as they are known."""

    tool: Tool | None
    values: Values
    models: tuple[str | None, ...] = ()


_PARTS = (
    "Tokenizer", "Processor", "Config", "Scheduler", "Autoencoder", "VAE", "ControlNet", "Encoder", "UNet", "Peft",
    "Feature", "MotionAdapter", "TextModel", "VisionModel", "Dataset", "Adapter",
)  # fmt: skip
"""Classes whose `from_pretrained` loads a part of a model or no weights at all."""

_EMBEDDING = TRANSFORMERS.tool._replace(modality="text-embedding")

_LOAD = {
    "torch_dtype": "dtype:dtype",
    "dtype": "dtype:dtype",
    "load_in_4bit": "quantization=nf4",
    "load_in_8bit": "quantization=int8",
    "max_seq_length": "sequence:int",
    "compute_type": "compute:word",
    "device_map": "spread_layers:over_gpus loaded_on_host:on_host",
    "full_finetuning": "method=full",
}
_ALGORITHMS = {
    "SFT": "sft", "DPO": "dpo", "ORPO": "orpo", "KTO": "kto", "GRPO": "grpo", "PPO": "ppo", "CPO": "cpo",
    "RLOO": "rloo", "Reward": "reward",
}  # fmt: skip
_LORA = {
    "r": "lora_rank:int",
    "target_modules": "target_modules:targets",
    "use_gradient_checkpointing": "gradient_checkpointing:recomputes",
}
_PEFT_DEFAULTS = {"lora_rank": 8, "target_modules": "q_proj,v_proj"}
"""PEFT's LoraConfig, and what its mapping has for Llama, Qwen, Mistral, Gemma (peft/utils/constants.py)."""
_UNSLOTH_LORA = {"lora_rank": 16, "target_modules": "all"}
_SHARDS = frozenset({"FullyShardedDataParallel", "FSDP", "fully_shard", "FullyShardedDataParallelPlugin"})
_PREPARES = frozenset({"prepare_model_for_kbit_training", "prepare_model_for_int8_training"})
_TRAINING_CONFIGS = frozenset({"SFTConfig", "DPOConfig", "GRPOConfig", "ORPOConfig", "KTOConfig"})
_OFFLOADS = {
    "enable_model_cpu_offload": "model",
    "enable_sequential_cpu_offload": "sequential",
    "enable_group_offload": "sequential",
}
"""Methods of diffusers' pipelines → what is on the GPU at a time: a component, or a layer."""
_INTERACTIVE = frozenset({"Interface", "ChatInterface", "Blocks", "TabbedInterface"})


def read_python(
    text: str, arguments: tuple[Word, ...] = (), env: Mapping[str, str | None] | None = None
) -> LoadedModels:
    """What a file does that is started with some arguments."""
    file = read_file(text, arguments, env)
    if file is None:
        return LoadedModels(None, {})
    reader = _Reader(file)
    for call in file.calls:
        reader.call(call)
    found = reader.result()
    plain = found.tool is TRANSFORMERS.tool and reader.pretrained and not _NARROWS.search(text)
    if plain and not {"dtype", "quantization"} & found.values.keys():
        found.values["dtype_left"] = Value.of(True, "from_pretrained")
    return found


_NARROWS = re.compile(r"dtype|half\(|float16|bf16|fp16|autocast|trust_remote_code|\*\*")
"""Signs that a file has its model in 16 bit, or that what it loads decides that itself."""


class _Reader:
    def __init__(self, file: PythonFile) -> None:
        self.text = file.value
        self.modules = file.modules
        self.values: Values = {}
        self.defaults: Values = {}
        self.models: list[str | None] = []
        self.tools: list[Tool] = []
        self.training = False
        self.interactive = False
        self.pretrained = False

    def call(self, node: ast.Call) -> None:
        """Note what a call loads or sets."""
        owner, last = tail(node.func)
        if last == "from_pretrained" or last == "from_single_file":
            self._pretrained(owner, node)
        elif tool := readers().loader(self.modules, owner, last):
            named = [flag for flag, meaning in tool.flags.items() if meaning.startswith("model_name:")]
            if not named and self.tools:  # works with what was loaded before
                self.tools.append(tool)
                self._keywords(node, tool)
                return
            self._load(tool, node, tuple(flag.replace("-", "_") for flag in named))
            self._keywords(node, tool)
        elif last == "pipeline" and TRANSFORMERS.module in self.modules:
            self._pipeline(node)
        elif last in ("SentenceTransformer", "CrossEncoder"):
            self._load(_EMBEDDING, node, ("model_name_or_path", "model_name"))
        elif last == "BitsAndBytesConfig":
            self._bitsandbytes(node)
        elif last in ("LoraConfig", "get_peft_model"):
            self._lora(node)
        elif last.endswith(("Trainer", "TrainingArguments")) or last in _TRAINING_CONFIGS:
            self._trainer(last, node)
        elif last == "gradient_checkpointing_enable":
            self.values["gradient_checkpointing"] = Value.of(True, last)
        elif last in _PREPARES:
            self._prepare(node)
        elif last in _SHARDS:
            self.values.setdefault("sharding", Value.of("fsdp", last))
        elif last in ("enable_vae_tiling", "enable_tiling"):
            self.values.setdefault("tiles_vae", Value.of(True, last))
        elif last in _OFFLOADS:
            self.values.setdefault("cpu_offload", Value.of(_OFFLOADS[last], last))
        elif "num_inference_steps" in {keyword.arg for keyword in node.keywords}:
            self._makes(node)
        elif last in _INTERACTIVE and owner in ("gr", "gradio"):
            self.interactive = True

    def _pretrained(self, owner: str, node: ast.Call) -> None:
        if (
            not owner
            or any(part in owner for part in _PARTS)
            or (owner[:1].islower() and owner != "FastLanguageModel")
        ):
            return
        diffusers = DIFFUSERS.module in self.modules and TRANSFORMERS.module not in self.modules
        if owner.startswith("Fast"):
            tool = Tool(UNSLOTH.name)
            self._default(UNSLOTH_DEFAULTS, "FastLanguageModel")
        else:
            tool = (DIFFUSERS if diffusers or "Pipeline" in owner else TRANSFORMERS).tool
        if owner.endswith("Transformer2DModel") or owner.startswith("T5"):
            return
        self.pretrained = True
        self._load(
            tool, node, ("pretrained_model_name_or_path", "model_name", "pretrained_model_link_or_path")
        )

    def _pipeline(self, node: ast.Call) -> None:
        named = {k.arg: k.value for k in node.keywords}
        if "model" in named or len(node.args) > 1:
            expression = named.get("model", node.args[1] if len(node.args) > 1 else None)
            if isinstance(expression, ast.Name) and self.models and self.text(expression) is None:
                return  # the model was loaded before and is handed on
            self._model(TRANSFORMERS.tool, expression, "pipeline")
            self._options(node)

    def _load(self, tool: Tool, node: ast.Call, names: tuple[str, ...]) -> None:
        named = {k.arg: k.value for k in node.keywords}
        expression = next(
            (named[name] for name in names if name in named), node.args[0] if node.args else None
        )
        self._model(tool, expression, tail(node.func)[1])
        self._options(node)

    def _model(self, tool: Tool, expression: ast.expr | None, call: str) -> None:
        name = self.text(expression)
        name = tool.translate.get("name", {}).get(name or "", name)
        self.tools.append(tool)
        if name not in self.models:
            self.models.append(name)
        self.values.setdefault("model_name", Value.of(name, short(f'{call}("{name or "…"}")')))

    def _options(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            meaning = _LOAD.get(keyword.arg or "")
            if meaning and len(self.models) < 2:
                self._set(meaning, keyword)

    def _keywords(self, node: ast.Call, tool: Tool) -> None:
        for keyword in node.keywords:
            meaning = tool.flags.get(flag_name(f"--{keyword.arg}"))
            if meaning and "model_name" not in meaning:
                self._set(meaning, keyword)

    def _set(self, meaning: str, keyword: ast.keyword) -> None:
        value = _listed(keyword.value) or self.text(keyword.value)
        values: Values = {}
        text = f"{keyword.arg}={'…' if value is None else value}"
        enter(values, meaning, UNKNOWN if value is None else value, text, TRAINER)
        self.values = {**values, **self.values}

    def _makes(self, node: ast.Call) -> None:
        """What a pipeline of diffusers is asked for."""
        for keyword in node.keywords:
            if keyword.arg == "num_inference_steps":
                self._set("denoising_steps:int", keyword)

    def _bitsandbytes(self, node: ast.Call) -> None:
        named = {k.arg: self.text(k.value) for k in node.keywords}
        if named.get("load_in_4bit") == "True":
            double = named.get("bnb_4bit_use_double_quant", "False")
            scheme = None if double is None else "nf4-dq" if double == "True" else "nf4"
            self.values["quantization"] = Value.of(scheme or "nf4", "BitsAndBytesConfig(load_in_4bit=True)")
        elif named.get("load_in_8bit") == "True":
            self.values["quantization"] = Value.of("int8", "BitsAndBytesConfig(load_in_8bit=True)")
        elif "load_in_4bit" in named or "load_in_8bit" in named:
            self.values.setdefault("quantization", Value.of(None, "BitsAndBytesConfig(…)"))

    def _lora(self, node: ast.Call) -> None:
        owner, last = tail(node.func)
        self.training = True
        self.values.setdefault("method", Value.of("lora", last))
        if last == "get_peft_model" and not owner.startswith("Fast"):
            return  # its LoraConfig says the rest
        for keyword in node.keywords:
            if meaning := _LORA.get(keyword.arg or ""):
                self._set(meaning, keyword)
        if not any(keyword.arg is None for keyword in node.keywords):
            self._default(_UNSLOTH_LORA if owner else _PEFT_DEFAULTS, last)

    def _prepare(self, node: ast.Call) -> None:
        """PEFT turns checkpointing on as it prepares a quantized model, unless told otherwise."""
        named = {k.arg: self.text(k.value) for k in node.keywords}
        if named.get("use_gradient_checkpointing", "True") == "True":
            self.values["gradient_checkpointing"] = Value.of(True, tail(node.func)[1])

    def _default(self, values: Mapping[str, object], text: str) -> None:
        """What a call does where nothing says otherwise."""
        for field, known in values.items():
            self.defaults.setdefault(field, Value.of(known, text))

    def _trainer(self, name: str, node: ast.Call) -> None:
        self.training = True
        algorithm = next((a for prefix, a in _ALGORITHMS.items() if name.startswith(prefix)), None)
        if algorithm:
            self.values.setdefault("algorithm", Value.of(algorithm, name))
        for keyword in node.keywords:
            meaning = TRAINER.flags.get(flag_name(f"--{keyword.arg}"))
            if keyword.arg == "model" and isinstance(keyword.value, ast.Constant):  # TRL takes a name
                self._model(TRANSFORMERS.tool, keyword.value, name)
            elif keyword.arg in SPREADING and not _nothing(keyword.value):
                spread = CONVERSIONS["spread_of_file"](self.text(keyword.value) or "")
                self.values.setdefault(
                    "sharding", Value.of(spread, f"deepspeed={self.text(keyword.value) or '…'}")
                )
            elif meaning and "model_name" not in meaning and keyword.arg != "args":
                self._set(meaning, keyword)
        if name.endswith("TrainingArguments") and not any(keyword.arg is None for keyword in node.keywords):
            self._default({"batch": 8, "gradient_checkpointing": False}, name)

    def result(self) -> LoadedModels:
        """Everything, once all calls were noted."""
        tool = self.tools[0] if self.tools else None
        if (
            tool and tool.task is None
        ):  # YOLO("yolo11n.pt") says nothing of what is done with it, `.train()` does
            tool = next((one for one in self.tools if one.engine == tool.engine and one.task), tool)
        if self.training:
            own = tool is not None and engine_of(tool.engine).kind == "trainer"
            usual = TRL.name if "algorithm" in self.values and TRL.module in self.modules else USUAL_TRAINER
            engine = tool.engine if tool and own else usual
            self.values = {**self.defaults, **self.values}
            tool = Tool(engine, "train", modality=tool.modality if tool else None)
        elif self.interactive:
            tool = (tool or Tool(None))._replace(task="interactive")
        elif {"fastapi", "flask"} & self.modules and tool:
            tool = tool._replace(task="serve")
        if not self.training:
            self.values.pop("spread_layers", None)
        return LoadedModels(tool, self.values, tuple(self.models))


def _listed(node: ast.expr) -> str | None:
    """The texts of a list, joined by commas."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        return None
    texts = [
        each.value for each in node.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    return ",".join(texts) if len(texts) == len(node.elts) else None


def _nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
