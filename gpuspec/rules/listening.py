"""Where the servers of a job listen: as their flags and variables say, else by their own defaults."""

# ruff: noqa: SIM905 (a line of words reads better than forty quoted ones)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gpuspec.commands.steps import Step
from gpuspec.commands.word import UNKNOWN, Word, option
from gpuspec.engines import Engine, Server, engine_of
from gpuspec.engines.images import engine_in, entry_point
from gpuspec.engines.tool import LISTEN_APART
from gpuspec.lint import Facts
from gpuspec.named_tuple import NamedTuple
from gpuspec.numerals import is_digits, small_number
from gpuspec.workload.programs import identify

PROXIES = (
    "nginx", "caddy", "traefik", "cloudflared", "tailscale", "oauth2-proxy", "ngrok", "litellm", "haproxy", "envoy",
    "socat",
)  # fmt: skip
"""Programs that stand before a server and listen in its place."""
LOCAL = ("127.", "localhost", "::1", "[::1]")
_EVERYWHERE, _HERE = "0.0.0.0", "127.0.0.1"

_WEB: Mapping[str, Server] = {
    "uvicorn": Server(8000, loopback=True, host_variable="UVICORN_HOST", port_variable="UVICORN_PORT"),
    "gunicorn": Server(8000, loopback=True, host_flag="", port_flag="", port_variable="PORT"),
    "hypercorn": Server(8000, loopback=True, host_flag="", port_flag=""),
    "flask": Server(
        5000,
        loopback=True,
        short_port_flag="-p",
        host_variable="FLASK_RUN_HOST",
        port_variable="FLASK_RUN_PORT",
    ),
    "fastapi": Server(8000),
    "http.server": Server(8000, host_flag="--bind", port_flag=""),
}
"""Web servers of everybody's own programs, by their documentation of 2026: command line options of each."""
_BIND = ("-b", "--bind")
_TELLS_OTHERWISE = ("--config", "-c", "--uds", "--fd", "--headless", "--node-rank", "--unix-socket-path")
"""Options beside which port and address may be anything: a file has them, or nothing listens there."""
_QUIET = frozenset(
    "cd echo printf export set source . true : sleep wait tail kill disown cat ls mkdir cp mv rm ln chmod touch date "
    "nvidia-smi free df ps pip pip3 uv apt apt-get conda git wget curl hf huggingface-cli aws gsutil gcloud tar nc "
    "test [ [[ trap ulimit sysctl env which hostname read jq grep sed awk tee nproc exit return modprobe until while "
    "sudo declare local unset shift alias head sort export wc ldconfig s5cmd rclone modelscope unzip".split()
)
"""Commands that listen to nobody."""


class Listener(NamedTuple):
    """One server that a job starts. `port`, `host`: of its own, in the container if it is in one; None: not known.
    `reached`: the machine's port that leads to it; None: not known, 0: none does. `inside`: the container's port that
    the machine's leads to, where it is another. `said`: the words that say the port, "" where it is a default."""

    step: Step
    engine: Engine
    title: str
    port: int | None
    host: str | None
    reached: int | None
    said: str = ""
    said_host: str = ""
    inside: int | None = None
    flag: str = ""
    """The flag that says the port; "" where none does."""
    host_said: str = ""
    """How it is told to listen on every address."""


class Listening(NamedTuple):
    """The servers of a job; `whole`: nothing else in it can listen to a port."""

    servers: tuple[Listener, ...]
    whole: bool


def listening(facts: Facts) -> Listening:
    """What the commands of a job start that listens."""
    servers: list[Listener] = []
    whole = True
    for step in facts.commands:
        found = None if step.setup else listener(step, facts)
        if found is not None:
            servers.append(found)
        elif any(proxy in step.text for proxy in PROXIES) or not (step.setup or quiet(step)):
            whole = False
    image = facts.job.image or ""
    return Listening(tuple(servers), whole and not any(proxy in image for proxy in PROXIES))


def quiet(step: Step) -> bool:
    """Whether a command listens to nobody, and is over soon or waits."""
    words = [word.text for word in step.command.words]
    if not words or step.command.name in _QUIET:
        return True
    tool = (invoked := identify(step.command)) and invoked.tool
    if tool is None:
        return words[:3] in (["python", "-m", "pip"], ["python3", "-m", "pip"]) or "-c" in words[1:2]
    return tool.task in ("batch", "train", None) or (
        engine_of(tool.engine).also_client and "serve" not in words
    )


def listener(step: Step, facts: Facts) -> Listener | None:
    """The server that a command starts; None where it starts none that is known."""
    words = step.command.words
    if any(word.text.partition(".")[0] in LISTEN_APART for word in words[:4]):
        return None
    inner = next((w.image for w in reversed(step.command.wrappers) if w.image is not None), None)
    engine, server, title = _server(step)
    if server is None:
        return None
    image = inner.value if inner is not None else facts.job.image
    bound = _Bound(step, engine, server, image=image)
    port, said = bound.port()
    host, said_host = bound.host()
    reached, inside = (port, None) if inner is None else _mapped(step, port)
    everywhere = (
        f"{server.host_flag} {_EVERYWHERE}" if server.host_flag else f"--bind {_EVERYWHERE}:{port or 'PORT'}"
    )
    if server.bind_variable:
        everywhere = f"{server.bind_variable}={_EVERYWHERE}"
    return Listener(
        step,
        engine,
        title,
        port,
        host,
        reached,
        said=said,
        said_host=said_host,
        inside=inside,
        flag=server.port_flag,
        host_said=everywhere,
    )


def _server(step: Step) -> tuple[Engine, Server | None, str]:
    found = identify(step.command)
    tool = found.tool if found else None
    words = [word.text for word in step.command.words]
    engine = engine_of(tool.engine if tool else None)
    if tool is not None and tool.task == "serve" and engine.server is not None:
        starts = not engine.also_client or not words or "serve" in words[:2]
        return engine, engine.server if starts else None, engine.called
    name = step.command.name
    if name.rstrip("0123456789.") == "python" and words[1:2] == ["-m"] and len(words) > 2:
        name = words[2]
    if name in ("flask", "fastapi") and "run" not in words[1:4]:
        return engine, None, ""
    return engine, _WEB.get(name), name


class _Bound:
    """The words and variables that say where one server listens."""

    def __init__(self, step: Step, engine: Engine, server: Server, *, image: str | None) -> None:
        own, contained = bool(image) and engine_in(image) is engine, bool(image)
        self.step = step
        self.words: Sequence[Word] = step.command.words
        self.environment = step.command.environment
        self.server = server
        self.own = own
        self.tells = own and engine.serves((entry_point(image) or "").split())
        texts = [word.text.partition("=")[0] for word in self.words]
        # What a container's own image sets, and what stands in words that only a shell knows, may say anything.
        self.open = any(
            flag in texts[1:] for flag in _TELLS_OTHERWISE if flag != "-c" or not server.port_flag
        )
        self.open = self.open or any(not word.text.strip("\x01\x02") for word in self.words)
        self.foreign = contained and not own and (server.image_listens or server.port_variable == "PORT")
        self.given, self.given_as = self._together()

    def _together(self) -> tuple[str | None, str]:
        """ADDRESS:PORT in one: a variable's, or gunicorn's --bind."""
        server = self.server
        if server.bind_variable:
            value = self.environment.get(server.bind_variable, "")
            said: str = UNKNOWN if value is None else value
            return said.partition("://")[2] or said or None, f"{server.bind_variable}={said}"
        if not server.host_flag and not server.port_flag:
            value = option(self.words, *_BIND)
            return value, f"--bind {value}"
        return None, ""

    def port(self) -> tuple[int | None, str]:
        """The port, and the words that say it."""
        server = self.server
        if self.given:
            text = self.given.rpartition(":")[2]
            if ":" in self.given or is_digits(text):
                return small_number(text), self.given_as
        if server.host_flag == "--bind":  # python -m http.server [PORT]
            plain = next((word.text for word in self.words[3:] if small_number(word.text) is not None), None)
            if plain is not None:
                return small_number(plain), plain
        for flag in filter(None, (server.port_flag, server.short_port_flag)):
            value = option(self.words, flag)
            if value is not None:
                glued = any(word.text == f"{flag}={value}" for word in self.words)
                return small_number(value), f"{flag}{'=' if glued else ' '}{value}"
        if server.port_variable in self.environment:
            number = self.environment[server.port_variable] or ""
            return small_number(number), f"{server.port_variable}={number}"
        if self.open or self.foreign:
            return None, ""
        return (server.image_port if self.own and server.image_port else server.port), ""

    def host(self) -> tuple[str | None, str]:
        """The address, and the words that say it."""
        server = self.server
        if self.given and self.given.partition(":")[0]:
            host = self.given.rpartition(":")[0] or self.given
            return (None if UNKNOWN in host else host), self.given_as
        value = option(self.words, server.host_flag, "-h" * bool(server.short_port_flag))
        if value is not None and server.host_flag:
            return (None if UNKNOWN in value else value), f"{server.host_flag} {value}"
        if server.host_variable in self.environment:
            text = self.environment[server.host_variable]
            return text, f"{server.host_variable}={text}"
        if self.open or (self.foreign and server.loopback):
            return None, ""
        told = self.tells and server.image_listens
        return (_HERE if server.loopback and not told else _EVERYWHERE), ""


def _mapped(step: Step, port: int | None) -> tuple[int | None, int | None]:
    """The machine's port that `docker run -p` has lead to a container's `port`, 0 where none does; and the
    container's port that one leads to instead."""
    container = next(wrapper for wrapper in reversed(step.command.wrappers) if wrapper.image is not None)
    words = container.words
    texts = [word.text for word in words]
    flags = [text.partition("=")[0] for text in texts]
    network = option(words, "--network", "--net")
    if port is None or "-P" in flags or "--publish-all" in flags:
        return None, None
    if network is not None:
        return (port, None) if network == "host" else (None, None)
    pairs = [pair for value in _published(words) if (pair := _pair(value)) is not None]
    if any(host is None or inside is None for host, inside in pairs):
        return None, None
    found = next((host for host, inside in pairs if inside == port), 0)
    return found, None if found or len(pairs) != 1 else pairs[0][1]


def _published(words: Sequence[Word]) -> Iterator[str]:
    for at, word in enumerate(words):
        name, glued, value = word.text.partition("=")
        if name in ("-p", "--publish"):
            yield value if glued else words[at + 1].text if at + 1 < len(words) else ""


def _pair(value: str) -> tuple[int | None, int | None] | None:
    """(machine's port, container's port) of [ADDRESS:]PORT:PORT[/tcp]."""
    text, _, protocol = value.partition("/")
    if protocol not in ("", "tcp"):
        return None
    before, _, inside = text.rpartition(":")
    return small_number(before.rpartition(":")[2]), small_number(inside)


def is_local(host: str | None) -> bool:
    """Whether only the machine, or the container, itself reaches what listens on an address."""
    return host is not None and host.startswith(LOCAL)
