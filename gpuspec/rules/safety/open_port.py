"""GS704 open-port."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from gpuspec.commands.steps import Step
from gpuspec.commands.word import option
from gpuspec.engines import Engine, engine_of, key_variables
from gpuspec.engines.engine import Server
from gpuspec.engines.images import engine_in
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.numerals import small_number
from gpuspec.rules.listening import PROXIES, is_local

_NO_TOKEN = re.compile(
    r"--(?:ServerApp|NotebookApp|LabApp|IdentityProvider|PasswordIdentityProvider)\.(?:token|password)=|--auth=none"
)
"""Flags of Jupyter and code-server, which ask for a token or a password unless told not to."""
_NOTEBOOKS = ("jupyter", "start-notebook", "code-server")


class OpenPort(Rule):
    """A model server without a key, on a port that is open to the world.

    ## What it does
    Reports a server of a known engine on a port with `"public": true`, without an API key in its command or its
    environment. Other ports are only forwarded to your own machine. A server bound to localhost and one behind a
    proxy in the same job are left alone. Of Kubernetes it takes a Service of type LoadBalancer in the same file that
    is not internal; of compose files published ports and `network_mode: host`, as info: what stands before that
    machine its file does not say. A notebook whose token or password is set to nothing is
    reported in both.

    ## Why is this bad
    Open model servers are found by scanners within hours. Strangers then use the GPU that you pay for; with Ollama
    they can also pull and delete models.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [{ "port": 8000, "public": true }],
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --host 0.0.0.0 --port 8000"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [8000],
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --host 0.0.0.0 --port 8000"
    }
    ```

    ## When to ignore
    When a firewall or a private network stands before the machine.
    """

    code = "GS704"
    name = "open-port"
    severity = "warning"
    may_be_error = True
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, engine = facts.job, engine_of(facts.workload.engine)
        yield from self._notebook(facts)
        if engine.server is None:
            return
        public = [entry.port for entry in job.ports if entry.public]
        on_host = job.deployment is not None and job.deployment.host_network
        if not (public or on_host):
            return
        if facts.workload.task != "serve" or key_variables() & {*job.env, *job.secrets}:
            return
        told = job.deployment is not None and engine.server.image_listens and engine_in(job.image) is engine
        if any(_guarded(step, engine.server) or _open_ended(step, facts) for step in facts.commands):
            return
        served = {
            _port(step, engine.server)
            for step in facts.commands
            if _serves(step, engine, engine.server._replace(loopback=engine.server.loopback and not told))
        }
        port = next((port for port in public if str(port) in served), None)
        if port is None and on_host:
            port = next((port for text in sorted(served) if (port := small_number(text))), None)
        if port is None:
            return
        where = facts.format.examples.get("ports.public", "is opened on the machine's public address")
        yield self.finding(
            job.pointer("ports") if public else job.pointer("deployment.host_network"),
            f"port {port} {where}, and {engine.name} answers there without a key: "
            "strangers can use the GPU that you pay for",
            suggestion=_advice(facts, engine.server),
            severity="info" if facts.format.own_machine else None,
        )

    def _notebook(self, facts: Facts) -> Iterator[Finding]:
        """A notebook that asks nobody who he is."""
        public = [entry.port for entry in facts.job.ports if entry.public]
        step = next((step for step in facts.commands if _asks_nobody(step)), None) if public else None
        if step is None:
            return
        where = facts.format.examples.get("ports.public", "is opened on the machine's public address")
        yield self.finding(
            step.pointer or facts.job.pointer("run"),
            f"port {public[0]} {where}, and `{step.command.name}` asks for no token and no password: whoever finds "
            "it runs code on the machine",
            severity="error" if facts.job.deployment is None else None,
            confidence="high",
            suggestion="leave the empty token out: a notebook then makes one and prints it to the log",
        )


def _asks_nobody(step: Step) -> bool:
    words = [word.text for word in step.command.words]
    told = any(_NO_TOKEN.fullmatch(word) for word in words) or ("--auth", "none") in pairwise(words)
    return told and any(name in step.text for name in _NOTEBOOKS)


def _serves(step: Step, engine: Engine, server: Server) -> bool:
    """Whether a command starts the server, bound to more than the machine itself."""
    words = [word.text for word in step.command.words]
    image = any(wrapper.image for wrapper in step.command.wrappers)
    if not (image or ("install" not in words[:4] and engine.serves(words))):
        return False
    bound = step.command.environment.get(server.bind_variable) or option(step.command.words, server.host_flag)
    if server.loopback:
        return bool(bound) and not is_local(bound or "")
    return not (bound and is_local(bound))


def _port(step: Step, server: Server) -> str:
    """The machine's port that leads to the server, "" where it is not known or none does."""
    container = next((wrapper for wrapper in step.command.wrappers if wrapper.image), None)
    if container:
        mapped = option(container.words, "-p", "--publish")
        if mapped is not None:
            host, _, port = mapped.rpartition(":")[0].rpartition(":")
            return "" if host and is_local(host) else port
        if not any("host" in word.text for word in container.words):
            return ""
    bound = step.command.environment.get(server.bind_variable) or ""
    own = bound.rpartition(":")[2] if ":" in bound else option(step.command.words, server.port_flag)
    return own if own is not None else str(server.port)


def _guarded(step: Step, server: Server) -> bool:
    """Whether a command sets a key, or puts something before the server."""
    words = [word.text.partition("=")[0] for word in step.command.words]
    if any(proxy in step.text for proxy in PROXIES) or key_variables() & step.command.environment.keys():
        return True
    return any(flag in words for flag in (*server.key_flags, "--config"))


_UNKNOWN = "\x01\x02"
"""What stands in a word for what only a shell knows."""


def _open_ended(step: Step, facts: Facts) -> bool:
    """Whether a word of it may hold any arguments, a key among them: `${VLLM_ARGS}`."""
    if facts.job.deployment is None:
        return False
    return any(word.value is None and not word.text.strip(_UNKNOWN) for word in step.command.words)


def _advice(facts: Facts, server: Server) -> str:
    """How to close it, in the words of the file's format."""
    guard = "put a proxy with a password before it"
    spec = facts.format.in_spec_fields
    if server.key_flags:
        variable = server.key_variable
        guard = (
            f"give it {server.key_flags[0]}" + (" from `secrets`" * spec) + f" ({variable})" * bool(variable)
        )
    local = facts.format.examples.get("ports")
    if spec:
        local = 'leave "public" out: the port is forwarded to localhost'
    return f"{local}; or {guard}" if local else guard
