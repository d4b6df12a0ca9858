"""Python expressions: what they call, and what that starts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from gpuspec.commands.python.expressions import Text, dotted, names_in, written
from gpuspec.commands.word import UNKNOWN, Word, plain_words
from gpuspec.scripts.beside import ScriptSource
from gpuspec.scripts.launch_commands import MODAL, launcher_of
from gpuspec.scripts.launchers import CALLS
from gpuspec.scripts.modal_calls import imported_on_gpu, modal_call, on_modal_gpu
from gpuspec.scripts.program import Assign, Call, Exit, Loop, Node, ScriptCommand
from gpuspec.scripts.python_lengths import length
from gpuspec.scripts.python_made import made_by
from gpuspec.text import Span

_STARTS = {
    "run", "call", "check_call", "check_output", "Popen", "system", "popen", "getoutput", "getstatusoutput",
    "create_subprocess_exec", "create_subprocess_shell", "spawn", "execvp", "execv",
}  # fmt: skip
_STARTS_BY_NAME = re.compile(
    r"(?:^|_)(?:run|exec|execute|call|shell|sh|cmd|command|system|popen|spawn|submit|invoke|launch|bash|apply_async|start)(?:$|_)"
)
_ONLY_TELLS = re.compile(
    r"(?:^|\.)(?:print|pprint|echo|secho|write|writelines|write_text|log|info|debug|warning|warn|error|exception|critical|add_argument|\w*Error|\w*Exception|fail|skip|exit|rule|status|add_row)$"
)
_MAPS = {
    "map",
    "imap",
    "imap_unordered",
    "starmap",
    "map_async",
    "starmap_async",
    "thread_map",
    "process_map",
    "amap",
    "uimap",
}
_SDK = {launcher.words[0].removesuffix("()").rsplit(".", 1)[-1] for launcher in CALLS} | {
    "post",
    "put",
    "request",
    "run_graphql_query",
}

_MAP = ast.Name("map", ast.Load())
_TYPES = 4
"""Objects made by methods of objects that are looked through."""
_WORD = re.compile(r"[A-Za-z_]\w*")


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement, also those inside others."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, field, ()))
        for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
            yield from _statements(part.body)


class Expressions:
    """What is known while a text is read: names, what they hold, functions, aliases. Reads expressions."""

    def __init__(self, source: ScriptSource, tree: ast.Module, base: int = 0) -> None:
        text = source.text
        self.source = source
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
            if _STARTS.intersection(listed):
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

    def _element(self, over: ast.expr) -> ast.expr | None:
        """One item of an iterable, where it may be a command."""
        if isinstance(over, ast.Name):
            if over.id in self.elements:
                return self.elements[over.id]
            over = self.values.get(over.id, over)
        if isinstance(over, (ast.ListComp, ast.GeneratorExp)):
            return over.elt
        if isinstance(over, (ast.List, ast.Tuple)) and over.elts and self._is_command(over.elts[0]):
            return over.elts[0]
        return None

    def _is_command(self, node: ast.expr) -> bool:
        text = Text(self.values)
        items = text.items(node)
        return bool(items and len(items) > 1) or (text.is_text(node) and " " in text.of(node))

    def loop(
        self, kind: str, target: ast.expr, over: ast.expr, span: Span, read: Callable[[], Iterable[Node]]
    ) -> Loop:
        """A loop whose body is read by `read`, with its variables unknown in it but for commands."""
        names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
        kept = {name: self.values.pop(name) for name in names if name in self.values}
        element = self._element(over)
        if element is not None and isinstance(target, ast.Name):
            self.values[target.id] = element
        self.loop_names += names
        body = tuple(read())
        del self.loop_names[len(self.loop_names) - len(names) :]
        for name in names:
            self.values.pop(name, None)
        self.values.update(kept)
        inner = self.span(over)
        text = self.text[inner.start - self.base : inner.end - self.base]
        return Loop(
            "map" if kind == "map" else "for",
            tuple(names),
            Word(text, names=names_in(over)),
            length(over, self.values),
            span,
            body,
        )

    def calls(self, node: ast.expr) -> Iterator[Node]:
        """Everything an expression calls, in order."""
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            yield from self._comprehension(node)
            return
        if isinstance(node, ast.Lambda):
            yield from self.calls(node.body)
            return
        mapped = self._mapped(node)
        if mapped is not None:
            yield mapped
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.keyword):
                yield from self.calls(child.value)
            elif isinstance(child, ast.expr):
                yield from self.calls(child)
        if isinstance(node, ast.NamedExpr):
            yield from self.bind(node.target, node.value)
        if isinstance(node, ast.Call):
            yield from self._call(node)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> Iterator[Node]:
        first = node.generators[0]
        made = (
            ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node.key)
            if isinstance(node, ast.DictComp)
            else node.elt
        )
        yield from self.calls(first.iter)
        target: ast.expr = first.target
        if len(node.generators) > 1:
            target = ast.Tuple([generator.target for generator in node.generators], ast.Store())
        yield self.loop(
            "for", target, first.iter, self.span(made, node.generators[-1].iter), lambda: self.calls(made)
        )

    def _mapped(self, node: ast.expr) -> Loop | None:
        """`pool.map(launch, items)`, `map(lambda x: …, items)`, `pool.map(os.system, commands)`."""
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "optimize"
        ):
            return self._optimized(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) == 1:
            done = node.args[0]
            if node.func.attr in ("apply", "progress_apply") and (
                isinstance(done, ast.Lambda) or self._local(done) is not None
            ):
                return self._mapped(ast.copy_location(ast.Call(_MAP, [done, node.func.value], []), node))
        if (
            not isinstance(node, ast.Call)
            or len(node.args) < 2
            or dotted(node.func).rsplit(".", 1)[-1] not in _MAPS
        ):
            return None
        done, over = node.args[0], node.args[1]
        span = self.span(node)
        if isinstance(done, ast.Lambda):
            inner = done.body
            names = ast.Tuple([ast.Name(a.arg, ast.Store()) for a in done.args.args], ast.Store())
            return self.loop("map", names, over, span, lambda: self.calls(inner))
        item = ast.copy_location(ast.Name("each item", ast.Load()), over)
        arguments: list[ast.expr] = [item]
        if isinstance(done, ast.Call) and dotted(done.func).endswith("partial") and done.args:
            arguments = [*done.args[1:], item]
            done = done.args[0]
        call = ast.copy_location(ast.Call(done, arguments, []), node)
        return self.loop("map", item, over, span, lambda: self.calls(call))

    def _optimized(self, node: ast.Call) -> Loop | None:
        """`study.optimize(objective, n_trials=30)` of Optuna: a trial each turn."""
        if not node.args or self._local(node.args[0]) is None:
            return None
        trial = ast.copy_location(ast.Name("trial", ast.Load()), node)
        number = next((keyword.value for keyword in node.keywords if keyword.arg == "n_trials"), None)
        times = ast.Call(ast.Name("range", ast.Load()), [number or trial], [])
        over = ast.copy_location(ast.fix_missing_locations(ast.copy_location(times, node)), node)
        call = ast.copy_location(ast.Call(node.args[0], [trial], []), node)
        return self.loop("map", trial, over, self.span(node), lambda: self.calls(call))

    def _call(self, node: ast.Call) -> Iterator[Node]:
        name = self._full_name(node.func)
        last = name.rsplit(".", 1)[-1]
        if last in ("exit", "_exit") and name in ("sys.exit", "exit", "os._exit", "quit"):
            if not node.args or (isinstance(node.args[0], ast.Constant) and node.args[0].value in (0, None)):
                yield Exit("program")
            return
        if _ONLY_TELLS.search(name):
            return
        if isinstance(node.func, ast.Call) and dotted(node.func.func).endswith("delayed") and node.func.args:
            node = ast.copy_location(ast.Call(node.func.args[0], node.args, node.keywords), node)
            name = self._full_name(node.func)
            last = name.rsplit(".", 1)[-1]
        local = self._local(node.func)
        modal = self._modal(node)
        if modal is not None:
            words = (Word(MODAL + modal), *map(self._word, node.args), *(w for _, w in self._named(node)))
            yield ScriptCommand(words, self.span(node))
            return
        run = self._started(node, last, local)
        if run is None and local is None and last in _SDK:
            run = self._sdk(node, self._typed(name))
        if run is not None:
            yield run
            return
        if local is None:
            local = self._imported(name)
        if local is not None:
            yield Call(local, tuple(self._word(a) for a in node.args), self.span(node), self._named(node))
        yield from self._passed(node)

    def _passed(self, node: ast.Call) -> Iterator[Node]:
        """`executor.submit(launch, x)`, `Thread(target=launch, args=(x,))`, `to_thread(sky.launch, task)`."""
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            passed = self._local(argument)
            if passed is None and self._is_sdk(argument):
                behind = node.args[node.args.index(argument) + 1 :] if argument in node.args else node.args
                run = self._sdk(
                    ast.copy_location(ast.Call(argument, behind, node.keywords), node),
                    self._full_name(argument),
                )
                if run is not None:
                    yield run
            if passed is not None and not dotted(node.func).startswith(("signal.", "atexit.")):
                rest = [a for a in (*node.args, *(k.value for k in node.keywords)) if a is not argument]
                words = [
                    self._word(e)
                    for a in rest
                    for e in (a.elts if isinstance(a, (ast.Tuple, ast.List)) else [a])
                ]
                yield Call(passed, tuple(words), self.span(node))

    def _imported(self, name: str) -> str | None:
        """The full name of a function or method of an imported module: `cloud.launcher.start`."""
        module, _, last = self._typed(name).rpartition(".")
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

    def _is_sdk(self, node: ast.expr) -> bool:
        """Whether something that is handed over is a function of an SDK: `sky.launch`, also under its own name."""
        if not isinstance(node, (ast.Name, ast.Attribute)):
            return False
        name = self._full_name(node)
        return "." in name and name.rsplit(".", 1)[-1] in _SDK

    def _full_name(self, func: ast.expr) -> str:
        name = dotted(func)
        head, _, rest = name.partition(".")
        head = self.aliases.get(head, head)
        return f"{head}.{rest}" if rest else head

    def _modal(self, node: ast.Call) -> str | None:
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

    def _typed(self, name: str, depth: int = 0) -> str:
        """A call's name with what its receiver was made by: `est.fit` of `est = PyTorch(…)`."""
        head, _, rest = name.partition(".")
        made = self.values.get(head)
        if not rest or not isinstance(made, ast.Call):
            return name
        inner = self._full_name(made.func)
        if inner.split(".")[0] != head and depth < _TYPES:
            inner = self._typed(inner, depth + 1)
        return f"{inner}.{rest}"

    def _local(self, node: ast.expr) -> str | None:
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

    def _started(self, node: ast.Call, last: str, local: str | None) -> ScriptCommand | None:
        starts = local in self.starters if local else last in _STARTS or bool(_STARTS_BY_NAME.search(last))
        if not starts:
            return None
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        candidates = [*node.args[:2], *(named[key] for key in ("args", "cmd", "command") if key in named)]
        for argument in candidates:
            run = self._command(argument, node, named.get("input"))
            if run is not None and "env" in named:
                return run._replace(fed=run.fed._replace(names=run.fed.names | names_in(named["env"])))
            if run is not None:
                return run
        if node.args and len(node.args) > 1:
            return self._command(ast.List(list(node.args), ast.Load()), node, None)
        return None

    def _command(self, argument: ast.expr, node: ast.Call, fed: ast.expr | None) -> ScriptCommand | None:
        argument = made_by(argument, self.defined) or argument
        text = Text(self.values)
        items = text.items(argument)
        lines = [items] if items is not None else []
        if items is None and text.is_text(argument):
            lines = [
                plain_words(line)
                for line in re.split(r"&&|\|\|?|;|\n", text.of(argument).replace("\\\n", " "))
            ]
        if (
            items is not None
            and len(items) == 3
            and items[0] in ("bash", "sh", "/bin/bash")
            and items[1].startswith("-")
        ):
            lines = [plain_words(line) for line in re.split(r"&&|\|\|?|;|\n", items[2])]
        extra = names_in(argument) & set(self.loop_names) if isinstance(argument, ast.Name) else frozenset()
        for line in lines:
            words = tuple(text.word(part) for part in line)
            words = tuple(Word(word.text, names=word.names | extra) for word in words)
            run = ScriptCommand(words, self.span(node), self._word(fed) if fed is not None else Word(""))
            if words and launcher_of(run, self.source) is not None:
                return run
        return None

    def _sdk(self, node: ast.Call, name: str) -> ScriptCommand | None:
        words = [Word(name + "()"), *(self._word(argument) for argument in node.args)]
        for key, word in self._named(node):
            words += [Word(key + "="), word]
        run = ScriptCommand(tuple(words), self.span(node))
        return run if launcher_of(run, self.source) is not None else None

    def _named(self, node: ast.Call) -> tuple[tuple[str, Word], ...]:
        return tuple((keyword.arg or "**", self._word(keyword.value)) for keyword in node.keywords)

    def _word(self, node: ast.expr) -> Word:
        text = Text(self.values)
        if text.is_text(node):
            return text.word(text.of(node))
        named = self.values.get(node.id) if isinstance(node, ast.Name) else node
        if isinstance(named, ast.Constant):
            return Word(written(named.value) or UNKNOWN)
        if isinstance(node, ast.Dict):
            return Word(" ".join(self._word(value).text for value in node.values), names=names_in(node))
        return Word(UNKNOWN, names=names_in(node))
