"""GS704 open-port."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.commands.steps import Step
from gpuspec.lint.facts import Facts
from gpuspec.lint.finding import Finding
from gpuspec.lint.rule import Rule

PORTS = {
    "vllm": "8000",
    "sglang": "30000",
    "llama.cpp": "8080",
    "lmdeploy": "23333",
    "aphrodite": "2242",
    "tgi": "3000",
    "ollama": "11434",
}
"""Where each listens unless told otherwise (their documentation)."""

SERVERS = {
    "vllm": ("--api-key",),
    "sglang": ("--api-key",),
    "llama.cpp": ("--api-key", "--api-key-file"),
    "lmdeploy": ("--api-keys",),
    "aphrodite": ("--api-keys", "--api-key"),
    "tgi": ("--api-key",),
    "ollama": (),
}
"""Engines that answer anyone who asks, and the flags that change it."""

KEYS = ("VLLM_API_KEY", "SGLANG_API_KEY", "LLAMA_API_KEY", "API_KEY")
PROXIES = (
    "nginx",
    "caddy",
    "traefik",
    "cloudflared",
    "tailscale",
    "oauth2-proxy",
    "ngrok",
    "litellm",
    "haproxy",
)


class OpenPort(Rule):
    """A model server without a key, on a port that is open to the world.

    ## What it does
    Reports a server of a known engine on a port with `"public": true`, without an API key in its command or its
    environment. Other ports are only forwarded to your own machine. A server bound to localhost and one behind a
    proxy in the same job are left alone.

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
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, engine = facts.job, facts.workload.engine
        public = [entry.port for entry in job.ports if entry.public]
        if not public or engine not in SERVERS:
            return
        if facts.workload.task != "serve" or any(name in KEYS for name in (*job.env, *job.secrets)):
            return
        if any(_guarded(step, engine) for step in facts.commands):
            return
        served = {_port(step, engine) for step in facts.commands if _serves(step, engine)}
        port = next((port for port in public if str(port) in served), None)
        if port is None:
            return
        yield self.finding(
            job.pointer("ports"),
            f"port {port} is opened on the machine's public address, and {engine} answers there without a key: "
            "strangers can use the GPU that you pay for",
            suggestion=_advice(engine),
        )


def _serves(step: Step, engine: str) -> bool:
    """Whether a command starts the server, bound to more than the machine itself."""
    words = [word.text for word in step.command.words]
    image = any(wrapper.image for wrapper in step.command.wrappers)
    named = "install" not in words[:4] and any(
        part in " ".join(words[:4]).lower() for part in _PROGRAMS[engine]
    )
    if not (named or image):
        return False
    host = _after(words, "--host") or _after(words, "--server-name") or _after(words, "--hostname")
    if engine in ("sglang", "llama.cpp"):  # they listen on 127.0.0.1 unless told otherwise
        return host is not None and not _local(host)
    if engine == "ollama":  # likewise, told by its environment
        bound = step.command.environment.get("OLLAMA_HOST")
        return bool(bound) and not _local(bound or "")
    return not (host and _local(host))


def _port(step: Step, engine: str) -> str:
    """The machine's port that leads to the server, "" where it is not known or none does."""
    words = [word.text for word in step.command.words]
    container = next((wrapper for wrapper in step.command.wrappers if wrapper.image), None)
    if container:
        options = [word.text for word in container.words]
        mapped = _after(options, "-p") or _after(options, "--publish")
        if mapped is not None:
            host, _, port = mapped.rpartition(":")[0].rpartition(":")
            return "" if host and _local(host) else port
        if not any("host" in option for option in options):
            return ""
    own = _after(words, "--port") or _after(words, "--server-port")
    bound = step.command.environment.get("OLLAMA_HOST") or ""
    if engine == "ollama" and ":" in bound:
        own = bound.rpartition(":")[2]
    return own if own is not None else PORTS[engine]


_PROGRAMS = {
    "vllm": ("vllm",),
    "sglang": ("sglang",),
    "llama.cpp": ("llama-server", "llama_cpp", "/server"),
    "lmdeploy": ("lmdeploy",),
    "aphrodite": ("aphrodite",),
    "tgi": ("text-generation-launcher",),
    "ollama": ("ollama serve",),
}


def _guarded(step: Step, engine: str) -> bool:
    """Whether a command sets a key, or puts something before the server."""
    words = [word.text.partition("=")[0] for word in step.command.words]
    if any(proxy in step.text for proxy in PROXIES) or any(name in KEYS for name in step.command.environment):
        return True
    return any(flag in words for flag in (*SERVERS[engine], "--config"))


def _after(words: list[str], flag: str) -> str | None:
    for at, word in enumerate(words):
        name, glued, value = word.partition("=")
        if name == flag:
            return value if glued else words[at + 1] if at + 1 < len(words) else None
    return None


def _local(host: str) -> bool:
    return host.startswith(("127.", "localhost", "::1"))


def _advice(engine: str) -> str:
    flags = SERVERS[engine]
    if not flags:
        return (
            'leave "public" out: the port is forwarded to localhost; or put a proxy with a password before it'
        )
    variable = {"vllm": " (VLLM_API_KEY)"}.get(engine, "")
    return f'leave "public" out: the port is forwarded to localhost; or give it {flags[0]} from `secrets`{variable}'
