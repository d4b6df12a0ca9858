"""What is known of a Python text while it is read: names, what they hold, what they were imported as."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from gpuspec.commands.python.expressions import Text, dotted, names_in, written
from gpuspec.commands.word import UNKNOWN, Word
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.launch_commands import is_cpu_only
from gpuspec.scripts.launchers import CALLS
from gpuspec.scripts.modal_calls import imported_on_gpu, modal_call, on_modal_gpu
from gpuspec.scripts.program import Assign, Node
from gpuspec.scripts.python_made import made_by, maker
from gpuspec.text import Span

STARTS = {
    "run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput", "getstatusoutput",
    "create_subprocess_exec", "create_subprocess_shell", "spawn", "execvp", "execv",
}  # fmt: skip
SDK = {launcher.words[0].removesuffix("()").rsplit(".", 1)[-1] for launcher in CALLS} | {
    "post",
    "put",
    "request",
    "run_graphql_query",
}

_TYPES = 4
"""Objects made by methods of objects that are looked through."""
_ASKED = 4_000
"""Characters of a specification that are searched for the machine."""
_WORD = re.compile(r"[A-Za-z_]\w*")


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement, also those inside others."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, field, ()))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _statements(part.body)


class Names:
    """Names, what they hold, functions, aliases. A word is an expression as text, with the variables in it."""

    def __init__(self, source: ScriptSource, tree: ast.Module, base: int = 0) -> None:
        text = source.text
        self.source = source
        self.root = tree
        self.text = text
        self.asked: dict[str, None] = {}
        """Full names of what is called and may stand in a module beside the script."""
        self.modules: set[str] = set()
        self.modal: set[str] = set()
        """Functions that run in Modal's containers, on a GPU."""
        self.base = base
        self.starts = [0, *(match.end() for match in re.finditer(r"\r\n?|\n", text))]
        self.ascii = text.isascii()
        self.values: dict[str, ast.expr] = {}
        self.elements: dict[str, ast.expr] = {}
        self.loop_names: list[str] = []
        self.aliases: dict[str, str] = {}
        self.defined: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self.methods: set[str] = set()
        self.starters: set[str] = set()
        for node in _statements(tree.body):
            self._note(node)

    def _note(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.defined.setdefault(node.name, []).append(node)
            if on_modal_gpu(node):
                self.modal.add(node.name)
            last = node.end_lineno or node.lineno
            end = self.starts[last] if last < len(self.starts) else None
            listed = _WORD.findall(self.text[self.starts[node.lineno - 1] : end])
            listed.remove(node.name)  # its own name, once: `def run` may call subprocess.run
            if STARTS.intersection(listed):
                self.starters.add(node.name)
        elif isinstance(node, ast.ClassDef):
            self.methods |= {
                item.name for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef))
            }
        elif isinstance(node, ast.Import):
            self.aliases.update({name.asname: name.name for name in node.names if name.asname})
            self.modules.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = f"{node.module}." if node.module else ""
            self.aliases.update({name.asname or name.name: module + name.name for name in node.names})
            self.modules.add(module.rstrip("."))
            self.modules.update(module + name.name for name in node.names)

    def span(self, node: ast.expr | ast.stmt, end: ast.expr | None = None) -> Span:
        last = end or node
        return Span(
            self._offset(node.lineno, node.col_offset),
            self._offset(last.end_lineno or last.lineno, last.end_col_offset or last.col_offset),
        )

    def _offset(self, line: int, column: int) -> int:
        start = self.starts[line - 1]
        if self.ascii:
            return self.base + start + column
        stop = self.starts[line] if line < len(self.starts) else len(self.text)
        return self.base + start + len(self.text[start:stop].encode()[:column].decode(errors="ignore"))

    def bind(self, target: ast.expr, value: ast.expr) -> list[Node]:
        if isinstance(target, ast.Name):
            self.values[target.id] = made_by(value, self.defined) or value
            return [Assign(target.id, Word("", names=names_in(value)))]
        if isinstance(target, (ast.Tuple, ast.List)):
            return [step for item in target.elts for step in self._bind_unknown(item, value)]
        root = dotted(target).split(".")[0]
        return [Assign(root, Word("", names=names_in(value)), adds=True)] if root else []

    def _bind_unknown(self, target: ast.expr, value: ast.expr) -> list[Node]:
        names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
        for name in names:
            self.values.pop(name, None)
        return [Assign(name, Word("", names=names_in(value))) for name in names]

    def element(self, over: ast.expr) -> ast.expr | None:
        """One item of an iterable, where it may be a command."""
        if isinstance(over, ast.Name):
            if over.id in self.elements:
                return self.elements[over.id]
            over = self.values.get(over.id, over)
        if isinstance(over, (ast.ListComp, ast.GeneratorExp)):
            return over.elt
        if isinstance(over, (ast.List, ast.Tuple)) and over.elts and self.is_command(over.elts[0]):
            return over.elts[0]
        return None

    def is_command(self, node: ast.expr) -> bool:
        text = Text(self.values)
        items = text.items(node)
        return bool(items and len(items) > 1) or (text.is_text(node) and " " in text.of(node))

    def imported(self, name: str) -> str | None:
        """The full name of a function or method of an imported module: `cloud.launcher.start`."""
        module, _, last = self.typed(name).rpartition(".")
        while module and module not in self.modules:
            module = module.rpartition(".")[0]
        full = f"{module}.{last}"
        if not module or module == last:
            return None
        for one in (full, f"{module.rpartition('.')[0]}.{last}"):  # of a module, or of a class in one
            if one.startswith("."):
                break
            self.asked[one] = None
        return full

    def is_sdk(self, node: ast.expr) -> bool:
        """Whether something that is handed over is a function of an SDK: `sky.launch`, also under its own name."""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return False
        name = self.full_name(node)
        return "." in name and name.rsplit(".", 1)[-1] in SDK

    def full_name(self, func: ast.expr) -> str:
        name = dotted(func)
        head, _, rest = name.partition(".")
        head = self.aliases.get(head, head)
        return f"{head}.{rest}" if rest else head

    def modal_call(self, node: ast.Call) -> str | None:
        """A call of a function in Modal's containers, with a GPU: the script's own, an imported or a deployed one."""
        if dotted(node.func).rpartition(".")[2] not in ("remote", "spawn", "aio"):
            return None
        head = dotted(node.func).split(".")[0]
        functions = self.modal | self._looked_up()
        if head in self.aliases and imported_on_gpu(self.source, self.aliases[head]):
            functions.add(head)
        return modal_call(node, functions)

    def _looked_up(self) -> set[str]:
        """Names that hold a deployed function of Modal's which a script with a sign of a GPU looks up."""
        return {
            name
            for name, made in self.values.items()
            if isinstance(made, ast.Call)
            and dotted(made.func)
            in ("modal.Function.from_name", "modal.Function.lookup", "Function.from_name")
            and "gpu" in self.source.low
        }

    def typed(self, name: str, depth: int = 0) -> str:
        """A call's name with what its receiver was made by: `est.fit` of `est = PyTorch(…)`."""
        head, _, rest = name.partition(".")
        made = self.values.get(head)
        if not rest or not isinstance(made, ast.Call):
            return name
        made = maker(made, self.defined)
        inner = self.full_name(made.func)
        if inner.split(".")[0] != head and depth < _TYPES:
            inner = self.typed(inner, depth + 1)
        return f"{inner}.{rest}"

    def is_on_cpu(self, node: ast.Call) -> bool:
        """Whether what a call hands over, or the object whose method it is, asks for a machine without a GPU:
        `processor.run()` of `processor = ScriptProcessor(instance_type="ml.m5.xlarge")`."""
        names = names_in(node.func).union(*map(names_in, (*node.args, *(k.value for k in node.keywords))))
        made = [value for name in sorted(names) if isinstance(value := self.values.get(name), ast.Call)]
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):
            made.append(node.func.value)
        asked = []
        for call in (maker(one, self.defined) for one in made):
            for keyword in call.keywords:
                value = self.values.get(dotted(keyword.value), keyword.value)
                if isinstance(value, (ast.Dict, ast.List)):
                    start, end = (at - self.base for at in self.span(value))
                    asked.append(self.text[start : min(end, start + _ASKED)])
                else:
                    asked.append(f"{keyword.arg}= {self.word(keyword.value).text}")
        return is_cpu_only(" ".join(asked))

    def local_name(self, node: ast.expr) -> str | None:
        """The name of the function of this file that an expression stands for."""
        if isinstance(node, ast.Name):
            return node.id if node.id in self.defined else None
        if isinstance(node, ast.Attribute) and node.attr in self.methods:
            return (
                None
                if dotted(node).split(".")[0] in ("sky", "runpod", "subprocess", "os", *self.aliases)
                else node.attr
            )
        return None

    def named(self, node: ast.Call) -> tuple[tuple[str, Word], ...]:
        return tuple((keyword.arg or "**", self.word(keyword.value)) for keyword in node.keywords)

    def word(self, node: ast.expr) -> Word:
        text = Text(self.values)
        if text.is_text(node):
            return text.word(text.of(node))
        named = self.values.get(node.id) if isinstance(node, ast.Name) else node
        if isinstance(named, ast.Constant):
            return Word(written(named.value) or UNKNOWN)
        if isinstance(node, ast.Dict):
            return Word(" ".join(self.word(value).text for value in node.values), names=names_in(node))
        return Word(UNKNOWN, names=names_in(node))
