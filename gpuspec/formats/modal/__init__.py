"""Modal apps: Python whose functions and classes say `gpu=` in their decorators. Read through its syntax tree;
nothing in it is executed.

https://modal.com/docs/reference, read 2026-11. `timeout` is that of one call: of what answers requests from outside
it is no limit of the job. Idle containers stay for `scaledown_window`, a minute unless said."""

import ast
import re
from collections.abc import Sequence
from typing import Any

from gpuspec.commands.python.file import tail
from gpuspec.commands.python.file import tree as parsed
from gpuspec.formats.command import CommandText
from gpuspec.formats.cron import runs_per_month
from gpuspec.formats.document import Document, Format, Source
from gpuspec.formats.gathered import Gathered
from gpuspec.formats.modal.apps import App, Found, look_over, marked, marks, web
from gpuspec.formats.modal.commands import python_of, started
from gpuspec.formats.modal.image import image_of
from gpuspec.job.job import Piece
from gpuspec.text import Span, Tree, pointer
from gpuspec.text.tree import hash_comments
from gpuspec.words import HOURS_PER_MONTH

_IMPORTS = re.compile(r"^[ \t]*(?:import|from)[ \t][^\n#]*\bmodal\b", re.M)
_SAYS_GPU = re.compile(r"\bgpu['\"]?\s*[=:]")
_PERIODS = {
    "years": 8760 * 3600,
    "months": 730 * 3600,
    "weeks": 604_800,
    "days": 86_400,
    "hours": 3600,
    "minutes": 60,
    "seconds": 1,
}
"""Keywords of `modal.Period` → seconds, months and years on average (modal 1.6.4, schedule.py, read 2026-11-30)."""
_MOST_TEXT = 1 << 19


def recognise(source: Source) -> bool:
    """Python that imports modal, and a `function` or `cls` of which has a GPU."""
    text = source.text
    if len(text) > _MOST_TEXT or not _IMPORTS.search(text) or not _SAYS_GPU.search(text):
        return False
    return bool(_looked_over(text))


def _looked_over(text: str) -> App | None:
    """The file, where it has jobs."""
    root = parsed(text)
    app = look_over(root) if root is not None and _imports_modal(root) else None
    return app if app and app.found else None


def _imports_modal(root: ast.Module) -> bool:
    for node in root.body:
        inside = node.body if isinstance(node, (ast.Try, ast.If, ast.With)) else [node]
        for each in inside:
            if isinstance(each, ast.Import) and any(a.name.split(".")[0] == "modal" for a in each.names):
                return True
            if isinstance(each, ast.ImportFrom) and (each.module or "").split(".")[0] == "modal":
                return True
    return False


def read(source: Source) -> tuple[Document, ...]:
    """A Document for each function and class with a GPU."""
    text = source.text
    app = _looked_over(text)
    if app is None:
        return ()
    tree = Tree(text)
    tree.values[""] = Span(0, len(text))
    tree.comments = list(hash_comments(text))
    names: dict[str, int] = {}
    documents = []
    for job in app.found:
        names[job.name] = names.get(job.name, 0) + 1
        number = names[job.name]
        place = pointer(job.name if number == 1 else f"{job.name}:{job.call.lineno}")
        documents.append(_ModalJob(app, job, tree, place).document(source.path))
    return tuple(documents)


class _ModalJob(Gathered):
    """The job of one function or class."""

    def __init__(self, app: App, found: Found, tree: Tree, place: str) -> None:
        super().__init__(tree, place)
        self.app, self.found, self.place = app, found, place
        self.cannot_say: set[str] = set()

    def document(self, path: str) -> Document:
        """All fields, in the order of the Job."""
        whole = self.found.node or self.found.call
        self.tree.values[self.place] = self.span(self.found.call)
        self.put("name", self.found.name, self.at("name", whole))
        decorators = marks(self.found)
        self._gpus()
        self._limits(web(decorators))
        if self.found.is_class and (called := marked(decorators, "method", "batched")):
            self.say("usual_task", "serve", called)
        self._scaling()
        self._schedule()
        self._machines(decorators)
        self._image()
        self._deployment()
        self._downloads()
        self._commands()
        raw = {
            name: ast.unparse(node)[:1_000] for name, node in self.found.keywords.items() if _is_flat(node)
        }
        return Document(path, self.tree, self.job(raw), self.place, FORMAT, frozenset(self.cannot_say))

    # -- places -------------------------------------------------------------------------------------

    def span(self, node: ast.AST) -> Span:
        """Where a node stands in the text."""
        start = self._offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]
        end = self._offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
        return Span(start, max(end, start))

    def _offset(self, line: int, column: int) -> int:
        """Python counts columns in bytes of UTF-8."""
        starts = self.tree.line_starts()
        start = starts[min(line, len(starts)) - 1]
        text = self.tree.text[start : start + column]
        return start + (column if text.isascii() else len(text.encode()[:column].decode("utf-8", "ignore")))

    def at(self, name: str, node: ast.AST) -> str:
        """The pointer of a node, which the tree learns."""
        found = f"{self.place}/{name}"
        self.tree.values[found] = self.span(node)
        return found

    def say(self, field: str, known: Any, node: ast.AST) -> None:
        """A field, which a node says."""
        self.put(field, known, self.at(field, node))

    # -- fields -------------------------------------------------------------------------------------

    def _gpus(self) -> None:
        given = self.found.keywords["gpu"]
        choices = self.app.constants.gpus(given)
        named = [choice for choice in choices if choice.name]
        at = self.at("gpu", given)
        self.places["/gpu_types"] = at
        for number, choice in enumerate(named):
            count = {"count": choice.gpus} if choice.gpus else {}
            self.append("gpu_types", {"type": choice.name, **count}, self.at(f"gpu/{number}", choice.node))
        if choices and not named:
            self.put("gpu_count", choices[0].gpus or None, at)

    def _number(self, *names: str) -> tuple[float, ast.expr] | None:
        """What the first of some keywords is worth."""
        for name in names:
            node = self.found.keywords.get(name)
            number = self.app.constants.number(node)
            if node is not None and number is not None and 0 <= number <= 1e9:
                return number, node
        return None

    def _limits(self, web_decorator: ast.expr | None) -> None:
        if web_decorator is not None:
            self.say("task", "serve", web_decorator)
            if isinstance(web_decorator, ast.Call):
                self._port(web_decorator)
        elif (timeout := self._number("timeout")) and timeout[0] > 0:
            self.put_part("budget", "max_hours", timeout[0] / 3600, self.at("budget", timeout[1]))
        if idle := self._number("scaledown_window", "container_idle_timeout"):
            self.say("keep_alive_minutes", idle[0] / 60, idle[1])
        else:
            self.cannot_say.add("keep_alive_minutes")  # it is a minute

    def _port(self, call: ast.Call) -> None:
        given = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "port"), None)
        port = self.app.constants.number(given)
        if tail(call.func)[1] == "web_server" and given is not None and port and 0 < port < 65_536:
            self.say("ports", [int(port)], given)

    def _scaling(self) -> None:
        least = self._number("min_containers", "keep_warm")
        most = self._number("max_containers", "concurrency_limit")
        if first := least or most:
            self.places["/scaling"] = self.at("scaling", first[1])
        for name, said in (("min", least), ("max", most)):
            if said:
                self.put_part("scaling", name, int(said[0]), self.at(f"scaling/{name}", said[1]))

    def _schedule(self) -> None:
        """`modal.Cron("0 2 * * *")`, `modal.Period(days=1)`: modal 1.6.4, schedule.py (read 2026-11-30)."""
        node = self.app.constants.followed(self.found.keywords.get("schedule"))
        if not isinstance(node, ast.Call):
            return
        runs, seconds = None, None
        if tail(node.func)[1] == "Cron":
            named = next((each.value for each in node.keywords if each.arg == "cron_string"), None)
            line = self.app.constants.text(node.args[0] if node.args else named)
            runs = runs_per_month(line) if line else None
        elif tail(node.func)[1] == "Period":
            parts = {each.arg: self.app.constants.number(each.value) for each in node.keywords}
            known = {word: parts[word] for word in _PERIODS if parts.get(word)}
            seconds = sum(_PERIODS[word] * (number or 0.0) for word, number in known.items())
            runs = HOURS_PER_MONTH * 3600 / seconds if seconds >= 1 and len(known) == len(parts) else None
        if runs:
            self.put_part("schedule", "runs_per_month", runs, self.at("schedule", node))

    def _machines(self, decorators: Sequence[ast.expr]) -> None:
        """`@modal.experimental.clustered(size=4)`."""
        clustered = marked(decorators, "clustered")
        if isinstance(clustered, ast.Call):
            given = clustered.args[0] if clustered.args else None
            given = next((k.value for k in clustered.keywords if k.arg == "size"), given)
            size = self.app.constants.number(given)
            if given is not None and size and 1 <= size <= 65_536:
                self.say("nodes", int(size), given)

    def _image(self) -> None:
        built = image_of(self.app, self.found.keywords.get("image"))
        if built.base:
            self.say("image", *built.base)
        for number, (text, node) in enumerate(built.steps):
            self.append("setup", {"run": text, "once": True}, self.at(f"setup/{number}", node))
        env = {name: (known, node) for name, known, node in built.env}
        for name, node in self.app.constants.pairs(self.found.keywords.get("env")).items():
            known = self.app.constants.text(node)
            if known is not None:
                env[name] = known, node
        self._secrets(env)
        for name, (known, node) in env.items():
            self.put_part("env", name, known, self.at("env" + pointer(name), node))

    def _secrets(self, env: dict[str, tuple[str, ast.expr]]) -> None:
        """`Secret.from_name(…, required_keys=[…])`, `Secret.from_dict({…})`."""
        given = self.app.constants.followed(self.found.keywords.get("secrets"))
        names: list[str] = []
        if given is not None and not isinstance(given, (ast.List, ast.Tuple)):
            self.cannot_say.add("secrets")
        for each in given.elts[:100] if isinstance(given, (ast.List, ast.Tuple)) else ():
            call = self.app.constants.followed(each)
            if not isinstance(call, ast.Call):
                self.cannot_say.add("secrets")
                continue
            keys = next((k.value for k in call.keywords if k.arg == "required_keys"), None)
            if isinstance(keys, (ast.List, ast.Tuple)):
                names += [text for key in keys.elts if (text := self.app.constants.text(key))]
            elif tail(call.func)[1] != "from_dict":
                self.cannot_say.add("secrets")  # what is in it, Modal alone knows
            if tail(call.func)[1] == "from_dict" and call.args:
                for name, node in self.app.constants.pairs(call.args[0]).items():
                    known = self.app.constants.text(node)
                    if known is None:
                        names.append(name)
                    else:
                        env[name] = known, node
        if names and given is not None:
            self.say("secrets", list(dict.fromkeys(names)), given)

    def _deployment(self) -> None:
        found: dict[str, Any] = {"kind": "class" if self.found.is_class else "function"}
        volumes = [
            {"path": path, "lasts": True, "source": None}
            for name in ("volumes", "network_file_systems", "shared_volumes")
            for path in self.app.constants.pairs(self.found.keywords.get(name))
        ]
        if volumes:
            found["mounts"] = volumes[:100]
        retries = self._number("retries")
        if retries and retries[0] == int(retries[0]):
            found["retries"] = int(retries[0])
            self.places["/deployment/retries"] = self.at("retries", retries[1])
        self.value["deployment"] = found

    def _downloads(self) -> None:
        """`snapshot_download(MODEL, local_dir="/model")`, wherever the file has it: the folder is that model."""
        for call in self.app.fetches:
            given = {k.arg: k.value for k in call.keywords}
            source = self.app.constants.text(call.args[0] if call.args else given.get("repo_id"))
            target = self.app.constants.text(given.get("local_dir"))
            if source and target:
                at = self.at(f"downloads/{len(self.value.get('downloads', ()))}", call)
                self.append("downloads", {"strategy": "hf", "source": source, "target": target}, at)

    # -- commands -----------------------------------------------------------------------------------

    def _commands(self) -> None:
        lines: list[str] = []
        pieces: list[Piece] = []
        at = self.at("run", self.found.node or self.found.call)
        length = 0
        for number, command in enumerate(started(self.app, self.found)):
            text = ""
            for place, part in enumerate(command.parts):
                text += " " if text else ""
                where = self.at(f"run/{number}/{place}", part.node)
                pieces.append(Piece(length + len(text), length + len(text) + len(part.text), where))
                text += part.text
            lines.append(text)
            length += len(text) + 1
        code = python_of(self.app, self.found, self.tree.text)
        if code:
            end = "END_OF_PYTHON"
            while end in code:
                end += "_"
            pieces.append(Piece(length, length + 6, at))
            lines.append(f"python - <<'{end}'\n{code}\n{end}\n")
        self.put_commands("run", CommandText("\n".join(lines), tuple(pieces)), at)


def _is_flat(node: ast.expr) -> bool:
    """Whether an expression is short enough to be written out: others may nest without end."""
    return isinstance(node, (ast.Constant, ast.Name))


FORMAT = Format(
    "modal",
    recognise,
    read,
    no_job="no function in it has `gpu=`",
    goes_to_zero=True,
    cannot_say=frozenset(
        {
            "budget", "checkpoint", "clouds", "disk_gb", "downloads", "hosts", "items", "max_price", "min_vram",
            "outputs", "readiness", "regions", "spot", "deployment.shm_gb",
        }
    ),
    spelling={
        "budget.max_hours": "timeout",
        "gpu_count": "gpu",
        "gpu_types": "gpu",
        "keep_alive_minutes": "scaledown_window",
        "nodes": "clustered",
        "scaling": "min_containers",
        "scaling.max": "max_containers",
        "scaling.min": "min_containers",
        "schedule.runs_per_month": "schedule",
    },
    examples={
        "gpu_types": 'gpu="L40S"',
        "keep_alive_minutes": "scaledown_window=60",
        "secrets": 'secrets=[modal.Secret.from_name("my-secret")]',
    },
    takes_files=False,
    container_ends=True,
    takes_first=True,
)  # fmt: skip
