"""Python expressions: what they call, and what that starts."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator

from gpuspec.commands.python.expressions import Text, dotted, names_in
from gpuspec.commands.word import Word, plain_words
from gpuspec.scripts.launch_commands import MODAL, launcher_of
from gpuspec.scripts.program import Call, Exit, Loop, Node, ScriptCommand
from gpuspec.scripts.python_lengths import length, split_by
from gpuspec.scripts.python_made import handed_on, made_by
from gpuspec.scripts.python_names import SDK, STARTS, Names
from gpuspec.text import Span

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
_MAP = ast.Name("map", ast.Load())


class Expressions(Names):
    """Reads expressions: the loops in them, and what they call."""

    def loop(
        self, kind: str, target: ast.expr, over: ast.expr, span: Span, read: Callable[[], Iterable[Node]]
    ) -> Loop:
        """A loop whose body is read by `read`, with its variables unknown in it but for commands."""
        names = [part.id for part in ast.walk(target) if isinstance(part, ast.Name)]
        kept = {name: self.values.pop(name) for name in names if name in self.values}
        element = self.element(over)
        if element is not None and isinstance(target, ast.Name):
            self.values[target.id] = element
        self.loop_names += names
        body = tuple(read())
        del self.loop_names[len(self.loop_names) - len(names) :]
        for name in names:
            self.values.pop(name, None)
        self.values.update(kept)
        inner = self.span(over)
        text = split_by(over, self.values) or self.text[inner.start - self.base : inner.end - self.base]
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
                isinstance(done, ast.Lambda) or self.local_name(done) is not None
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
        if not node.args or self.local_name(node.args[0]) is None:
            return None
        trial = ast.copy_location(ast.Name("trial", ast.Load()), node)
        number = next((keyword.value for keyword in node.keywords if keyword.arg == "n_trials"), None)
        times = ast.Call(ast.Name("range", ast.Load()), [number or trial], [])
        over = ast.copy_location(ast.fix_missing_locations(ast.copy_location(times, node)), node)
        call = ast.copy_location(ast.Call(node.args[0], [trial], []), node)
        return self.loop("map", trial, over, self.span(node), lambda: self.calls(call))

    def _call(self, node: ast.Call) -> Iterator[Node]:
        name = self.full_name(node.func).removesuffix(".aio")
        last = name.rsplit(".", 1)[-1]
        if last in ("exit", "_exit") and name in ("sys.exit", "exit", "os._exit", "quit"):
            if not node.args or (isinstance(node.args[0], ast.Constant) and node.args[0].value in (0, None)):
                yield Exit("program")
            return
        if _ONLY_TELLS.search(name):
            return
        if isinstance(node.func, ast.Call) and dotted(node.func.func).endswith("delayed") and node.func.args:
            node = ast.copy_location(ast.Call(node.func.args[0], node.args, node.keywords), node)
            name = self.full_name(node.func)
            last = name.rsplit(".", 1)[-1]
        local = self.local_name(node.func)
        modal = self.modal_call(node)
        if modal is not None:
            words = (Word(MODAL + modal), *map(self.word, node.args), *(w for _, w in self.named(node)))
            yield ScriptCommand(words, self.span(node))
            return
        run = self._started(node, last, local)
        if run is None and local is None and last in SDK:
            run = self._sdk(node, self.typed(name))
        if run is not None and self.is_on_cpu(node):
            return
        if run is not None:
            yield run
            return
        if local is None:
            local = self.imported(name)
        if local is not None:
            yield Call(local, tuple(self.word(a) for a in node.args), self.span(node), self.named(node))
        yield from self._passed(node)

    def _passed(self, node: ast.Call) -> Iterator[Node]:
        """`executor.submit(launch, x)`, `Thread(target=launch, args=(x,))`, `to_thread(sky.launch, task)`."""
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            passed = self.local_name(argument)
            if passed is None and self.is_sdk(argument):
                behind = node.args[node.args.index(argument) + 1 :] if argument in node.args else node.args
                run = self._sdk(
                    ast.copy_location(ast.Call(argument, behind, node.keywords), node),
                    self.full_name(argument),
                )
                if run is not None:
                    yield run
            if passed is not None and not dotted(node.func).startswith(("signal.", "atexit.")):
                rest = [a for a in (*node.args, *(k.value for k in node.keywords)) if a is not argument]
                words = [
                    self.word(e)
                    for a in rest
                    for e in (a.elts if isinstance(a, (ast.Tuple, ast.List)) else [a])
                ]
                yield Call(passed, tuple(words), self.span(node))

    def _started(self, node: ast.Call, last: str, local: str | None) -> ScriptCommand | None:
        starts = local in self.starters if local else last in STARTS or bool(_STARTS_BY_NAME.search(last))
        if not starts:
            return None
        if local and (handed := handed_on(node, local, self.defined)) is not None:
            return self._command(handed, node, None)
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
            run = ScriptCommand(words, self.span(node), self.word(fed) if fed is not None else Word(""))
            if words and launcher_of(run, self.source) is not None:
                return run
        return None

    def _sdk(self, node: ast.Call, name: str) -> ScriptCommand | None:
        words = [Word(name + "()"), *(self.word(argument) for argument in node.args)]
        for key, word in self.named(node):
            words += [Word(key + "="), word]
        run = ScriptCommand(tuple(words), self.span(node))
        return run if launcher_of(run, self.source) is not None else None
