"""A Python file, read once: its imports, options and calls, with what its arguments and environment make known."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from functools import lru_cache

from gpuspec.commands.python.expressions import Text, Values, dotted
from gpuspec.commands.word import UNKNOWN, Word, flag_name

MAX_NODES = 100_000


@lru_cache(maxsize=8)  # a spec's own `model` makes rules ask what the commands alone say
def tree(text: str) -> ast.Module | None:
    """The syntax tree; None for what is no Python. What Python would warn about ("\\d") is not for our reader."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def tail(node: ast.expr) -> tuple[str, str]:
    """("AutoModel", "from_pretrained") of transformers.AutoModel.from_pretrained; ("", "LLM") of LLM."""
    *_, owner, last = ("", "", *dotted(node).split("."))
    return owner, last


class PythonFile(Text):
    """What a file imports and calls, in the order in which it is written. `value` tells what is known of an
    expression: literals, names that are given once, options of the command line, environment variables."""

    def __init__(self, root: ast.Module, arguments: tuple[Word, ...], env: Mapping[str, str | None]) -> None:
        names: dict[str, ast.expr | None] = {}
        self.modules: set[str] = set()
        self.calls: list[ast.Call] = []
        self.env = env
        self.given = _given(arguments)
        self.defaults: dict[str, ast.expr | None] = {}
        for count, node in enumerate(ast.walk(root)):
            if count > MAX_NODES:
                break
            self._note(node, names)
        self.calls.sort(key=lambda call: (call.lineno, call.col_offset))
        known: Values = {name: value for name, value in names.items() if value is not None}
        super().__init__(known)

    def _note(self, node: ast.AST, names: dict[str, ast.expr | None]) -> None:
        targets: list[ast.expr] = []
        value: ast.expr | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign):
            targets, value = [node.target], node.value
        elif isinstance(node, (ast.For, ast.comprehension)):
            targets = [part for part in ast.walk(node.target) if isinstance(part, ast.Name)]
        elif isinstance(node, ast.arg):
            names[node.arg] = None
        elif isinstance(node, ast.ClassDef):
            self._dataclass(node)
        elif isinstance(node, ast.Import):
            self.modules.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            self.modules.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call):
            self.calls.append(node)
            if tail(node.func)[1] in ("add_argument", "option"):
                self._option(node)
        for target in targets:
            if isinstance(target, ast.Name):  # assigned twice: which one counts is not known
                names[target.id] = None if target.id in names else value

    def _dataclass(self, node: ast.ClassDef) -> None:
        """The fields of a dataclass are options, too: HfArgumentParser takes them for those of the command line."""
        marks = (mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list)
        if not any(tail(mark)[1] == "dataclass" for mark in marks):
            return
        for each in node.body:
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
                default = each.value
                if isinstance(default, ast.Call):
                    default = next((k.value for k in default.keywords if k.arg == "default"), None)
                self.defaults.setdefault(flag_name(f"--{each.target.id}"), default)

    def _option(self, node: ast.Call) -> None:
        flags = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        long = next((flag for flag in flags if flag.startswith("--")), flags[0] if flags else None)
        if long:
            default = next((k.value for k in node.keywords if k.arg == "default"), None)
            self.defaults[flag_name(long)] = default

    def value(self, node: ast.expr | None, depth: int = 0) -> str | None:
        """The text of an expression; None where it is not known."""
        return None if node is None else self.word(self.of(node, depth)).value

    def of(self, node: ast.expr, depth: int = 0) -> str:
        """As in Text, with what the file is started with."""
        if depth > 6:
            return self.hole(node)
        found: str | None = None
        if isinstance(node, ast.Attribute):
            owner, last = tail(node)
            found = f"torch.{last}" if owner in ("torch", "jnp") else self._argument(last, depth)
            made = self.values.get(owner)
            if found is None and isinstance(
                made, ast.Call
            ):  # of what was made here: `GPU = gpu.A100(count=2)`
                found = self.value(next((k.value for k in made.keywords if k.arg == last), None), depth + 1)
        elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            found = self.value(node.values[0], depth + 1) or self.value(node.values[-1], depth + 1)
        elif isinstance(node, (ast.Call, ast.Subscript)):
            found = self._environment(node, depth)
        elif isinstance(node, ast.Name) and node.id in self.values:
            found = self.value(self.values[node.id], depth + 1)
        return super().of(node, depth) if found is None else found

    def _argument(self, name: str, depth: int) -> str | None:
        """`args.model`: what was given, else its default."""
        key = flag_name(f"--{name}")
        return self.given[key] if key in self.given else self.value(self.defaults.get(key), depth + 1)

    def _environment(self, node: ast.Call | ast.Subscript, depth: int) -> str | None:
        """os.environ["M"], os.environ.get("M", d), os.getenv("M", d)."""
        target = node.func if isinstance(node, ast.Call) else node.value
        arguments = node.args if isinstance(node, ast.Call) else [node.slice]
        owner, last = tail(target)
        if last not in ("getenv", "environ") and (owner, last) != ("environ", "get"):
            return None
        key = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None
        if isinstance(key, str) and key in self.env:
            return self.env[key]
        return self.value(arguments[1], depth + 1) if len(arguments) > 1 else None


def read_file(
    text: str, arguments: tuple[Word, ...] = (), env: Mapping[str, str | None] | None = None
) -> PythonFile | None:
    """Read a file. `arguments` are those it is started with, for what argparse hands on."""
    root = tree(text)
    return None if root is None else PythonFile(root, arguments, env or {})


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
