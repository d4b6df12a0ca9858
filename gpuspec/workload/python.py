"""Python files that a job runs, read through `ast`: which models they load, and how. Nothing is run."""

import ast
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from gpuspec.commands.word import UNKNOWN, Word
from gpuspec.engines import USUAL_TRAINER, Tool, engine_of
from gpuspec.engines.hugging_face import TRAINER, TRANSFORMERS, UNSLOTH
from gpuspec.engines.image import DIFFUSERS
from gpuspec.workload.arguments import convert, flag_name, short
from gpuspec.workload.readers import readers
from gpuspec.workload.value import Value, Values

MAX_NODES = 100_000


class Loaded(NamedTuple):
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
}
_ALGORITHMS = {
    "SFT": "sft", "DPO": "dpo", "ORPO": "orpo", "KTO": "kto", "GRPO": "grpo", "PPO": "ppo", "CPO": "cpo",
    "RLOO": "rloo", "Reward": "reward",
}  # fmt: skip
_TRAINING_CONFIGS = frozenset({"SFTConfig", "DPOConfig", "GRPOConfig", "ORPOConfig", "KTOConfig"})
_INTERACTIVE = frozenset({"Interface", "ChatInterface", "Blocks", "TabbedInterface"})


def read_python(
    text: str, arguments: tuple[Word, ...] = (), env: Mapping[str, str | None] | None = None
) -> Loaded:
    """Read a file. `arguments` are those it is started with, for what argparse hands on."""
    tree = _tree(text)
    if tree is None:
        return Loaded(None, {})
    reader = _Reader(arguments, env or {})
    for count, node in enumerate(ast.walk(tree)):
        if count > MAX_NODES:
            break
        reader.note(node)
    for call in sorted(reader.calls, key=lambda call: (call.lineno, call.col_offset)):
        reader.call(call)
    return reader.result()


@lru_cache(maxsize=8)  # a spec's own `model` makes rules ask what the commands alone say
def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _tail(node: ast.expr) -> tuple[str, str]:
    """("AutoModel", "from_pretrained") of transformers.AutoModel.from_pretrained; ("", "LLM") of LLM."""
    last = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    owner = node.value if isinstance(node, ast.Attribute) else None
    if isinstance(owner, ast.Attribute):
        return owner.attr, last
    return (owner.id if isinstance(owner, ast.Name) else ""), last


class _Reader:
    def __init__(self, arguments: tuple[Word, ...], env: Mapping[str, str | None]) -> None:
        self.env = env
        self.given = _given(arguments)
        self.names: dict[str, ast.expr | None] = {}
        self.defaults: dict[str, ast.expr | None] = {}
        self.calls: list[ast.Call] = []
        self.modules: set[str] = set()
        self.values: Values = {}
        self.models: list[str | None] = []
        self.tools: list[Tool] = []
        self.training = False
        self.interactive = False

    # What the file defines.

    def note(self, node: ast.AST) -> None:
        """Collect names, imports, options and calls."""
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id  # assigned twice: which one counts is not known
            self.names[name] = None if name in self.names else node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            self.names[name] = None if name in self.names else node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            for target in ast.walk(node.target):
                if isinstance(target, ast.Name):
                    self.names[target.id] = None
        elif isinstance(node, ast.arg):
            self.names[node.arg] = None
        elif isinstance(node, ast.Import):
            self.modules.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            self.modules.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call):
            self.calls.append(node)
            if _tail(node.func)[1] in ("add_argument", "option"):
                self._option(node)

    def _option(self, node: ast.Call) -> None:
        flags = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        long = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else None)
        if long:
            default = next((k.value for k in node.keywords if k.arg == "default"), None)
            self.defaults[flag_name(long)] = default

    # Expressions.

    def text(self, node: ast.expr | None, depth: int = 0) -> str | None:
        """The text of an expression: a literal, a name given once, an option, an environment variable."""
        if node is None or depth > 6:
            return None
        if isinstance(node, ast.Constant):
            return str(node.value) if isinstance(node.value, (str, int, float, bool)) else None
        if isinstance(node, ast.Name):
            return self.text(self.names.get(node.id), depth + 1)
        if isinstance(node, ast.Attribute):
            owner, last = _tail(node)
            if owner in ("torch", "jnp"):
                return f"torch.{last}"
            return self._argument(last, depth)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            return self.text(node.values[0], depth + 1) or self.text(node.values[-1], depth + 1)
        if isinstance(node, (ast.Call, ast.Subscript)):
            return self._environment(node, depth)
        return None

    def _argument(self, name: str, depth: int) -> str | None:
        """`args.model`: what was given, else its default."""
        key = flag_name(f"--{name}")
        if key in self.given:
            return self.given[key]
        return self.text(self.defaults[key], depth + 1) if key in self.defaults else None

    def _environment(self, node: ast.Call | ast.Subscript, depth: int) -> str | None:
        """os.environ["M"], os.environ.get("M", d), os.getenv("M", d)."""
        target = node.func if isinstance(node, ast.Call) else node.value
        arguments = node.args if isinstance(node, ast.Call) else [node.slice]
        owner, last = _tail(target)
        if last not in ("getenv", "environ") and (owner, last) != ("environ", "get"):
            return None
        key = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None
        if isinstance(key, str) and key in self.env:
            return self.env[key]
        return self.text(arguments[1], depth + 1) if len(arguments) > 1 else None

    # Calls.

    def call(self, node: ast.Call) -> None:
        """Note what a call loads or sets."""
        owner, last = _tail(node.func)
        if last == "from_pretrained" or last == "from_single_file":
            self._pretrained(owner, node)
        elif tool := readers().loader(self.modules, owner, last):
            said = tool.flags.items()
            names = (flag.replace("-", "_") for flag, meaning in said if meaning.startswith("model_name:"))
            self._load(tool, node, tuple(names))
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
        elif last in ("enable_model_cpu_offload", "enable_sequential_cpu_offload"):
            self.values.setdefault("cpu_offload", Value.of("model", last))
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
        else:
            tool = (DIFFUSERS if diffusers or "Pipeline" in owner else TRANSFORMERS).tool
        if owner.endswith("Transformer2DModel") or owner.startswith("T5"):
            return
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
        self._model(tool, expression, _tail(node.func)[1])
        self._options(node)

    def _model(self, tool: Tool, expression: ast.expr | None, call: str) -> None:
        name = self.text(expression)
        self.tools.append(tool)
        if name not in self.models:
            self.models.append(name)
        self.values.setdefault("model_name", Value.of(name, short(f'{call}("{name or "…"}")')))

    def _options(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            meaning = _LOAD.get(keyword.arg or "")
            if meaning and len(self.models) < 2:
                self._say(meaning, keyword)

    def _keywords(self, node: ast.Call, tool: Tool) -> None:
        for keyword in node.keywords:
            meaning = tool.flags.get(flag_name(f"--{keyword.arg}"))
            if meaning and "model_name" not in meaning:
                self._say(meaning, keyword)

    def _say(self, meaning: str, keyword: ast.keyword) -> None:
        value = self.text(keyword.value)
        said = f"{keyword.arg}={value if value is not None else '…'}"
        for part in meaning.split():
            field, colon, kind = part.partition(":")
            if colon:
                self.values.setdefault(
                    field, convert(kind, UNKNOWN if value is None else value, said, TRAINER)
                )
                continue
            field, _, constant = part.partition("=")
            told: Any = {"yes": True, "no": False}.get(constant, constant)
            if value is None:
                self.values.setdefault(field, Value.of(None, said))
            elif value == "True":
                self.values.setdefault(field, Value.of(told, said))
            elif isinstance(told, bool):
                self.values.setdefault(field, Value.of(not told, said))

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
        self.training = True
        self.values.setdefault("method", Value.of("lora", _tail(node.func)[1]))
        for keyword in node.keywords:
            if keyword.arg == "r":
                self._say("lora_rank:int", keyword)

    def _trainer(self, name: str, node: ast.Call) -> None:
        self.training = True
        algorithm = next((a for prefix, a in _ALGORITHMS.items() if name.startswith(prefix)), None)
        if algorithm:
            self.values.setdefault("algorithm", Value.of(algorithm, name))
        for keyword in node.keywords:
            meaning = TRAINER.flags.get(flag_name(f"--{keyword.arg}"))
            if keyword.arg == "model" and isinstance(keyword.value, ast.Constant):  # TRL takes a name
                self._model(TRANSFORMERS.tool, keyword.value, name)
            elif meaning and "model_name" not in meaning and keyword.arg != "args":
                self._say(meaning, keyword)

    def result(self) -> Loaded:
        """Everything, once all calls were noted."""
        tool = self.tools[0] if self.tools else None
        if self.training:
            own = tool is not None and engine_of(tool.engine).kind == "trainer"
            engine = tool.engine if tool and own else USUAL_TRAINER
            tool = Tool(engine, "train", modality=tool.modality if tool else None)
        elif self.interactive:
            tool = (tool or Tool(None))._replace(task="interactive")
        elif {"fastapi", "flask"} & self.modules and tool:
            tool = tool._replace(task="serve")
        return Loaded(tool, self.values, tuple(self.models))


def _given(arguments: tuple[Word, ...]) -> dict[str, str | None]:
    """--name value and --name=value of a command line."""
    found: dict[str, str | None] = {}
    for at, word in enumerate(arguments):
        if not word.text.startswith("--"):
            continue
        name, glued, value = word.text.partition("=")
        following = arguments[at + 1] if at + 1 < len(arguments) else None
        if glued:
            found[flag_name(name)] = None if UNKNOWN in value else value
        elif following is not None and not following.text.startswith("-"):
            found[flag_name(name)] = following.value
        else:
            found[flag_name(name)] = "True"
    return found
