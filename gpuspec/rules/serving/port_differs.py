"""GS610 port-differs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from gpuspec.commands.word import shown
from gpuspec.lint import Edit, Facts, Finding, Fix, Rule
from gpuspec.named_tuple import NamedTuple
from gpuspec.rules.command_edits import add_argument, replace_argument
from gpuspec.rules.listening import Listener, is_local, listening
from gpuspec.workload.workload import Origin

_BESIDE = frozenset({22, 2222, 5678, 6006, 8265, 8888, 9090, 9100, 9400})
"""ssh, debuggers, TensorBoard, Ray's and Jupyter's pages, metrics: what stands beside a server."""
_ADDRESS = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d{1,5}))?(?=[/?'\" ]|$)")


class _Asked(NamedTuple):
    """A port that something asks, and where that is said."""

    port: int
    pointer: str


class PortDiffers(Rule):
    """The server listens on another port than the one that is opened or asked.

    ## What it does
    Compares the port that a server listens on (`--port`, `OLLAMA_HOST`, `PORT`, `docker run -p`, else the engine's
    own: vLLM 8000, SGLang 30000, llama-server 8080, TGI 3000 and 80 in its image) with the one that `readiness` or a
    probe asks, with `ports`, with what compose publishes, and with what a Service of the same file leads to. Silent
    where a proxy or a program that nobody knows may listen as well.

    ## Why is this bad
    Nothing answers at the open port, and a readiness that asks it is never met: the machine is paid for until the
    time is up, and then the server is ended though it was well.

    ## Example
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [8000],
      "readiness": { "http": "http://localhost:8000/health", "timeout": 1800 },
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --port 8080"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "task": "serve",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "ports": [8000],
      "readiness": { "http": "http://localhost:8000/health", "timeout": 1800 },
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --port 8000"
    }
    ```

    ## When to ignore
    When something outside the file leads from one port to the other.
    """

    code = "GS610"
    name = "port-differs"
    severity = "error"
    confidence = "medium"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        here = listening(facts)
        if not here.servers or not here.whole or any(each.reached is None for each in here.servers):
            return
        served = {each.reached for each in here.servers if each.reached}
        if not served:
            yield from self._unpublished(facts, here.servers[0])
            return
        opened = _opened(facts)
        asked = _asked(facts)
        wrong = asked is not None and asked.port not in served
        closed = [each for each in opened if each.port not in served]
        meant = {each.port for each in closed} | ({asked.port} if wrong and asked else set())
        server = here.servers[-1]
        if wrong and asked is not None:
            yield self._never_ready(facts, asked, server, meant)
        elif closed and len(closed) == len(opened):
            yield self._nobody(facts, closed, server, meant)

    def _never_ready(self, facts: Facts, asked: _Asked, server: Listener, meant: set[int]) -> Finding:
        said = facts.job.deployment
        probe = facts.format.spelled("readiness")
        then = "it is never met, and the job is ended though its server is up"
        if said is not None:
            then = "the server never counts as ready"
        return self.finding(
            asked.pointer,
            f"{probe} asks port {asked.port}, and {_listens(server)}: {then}",
            suggestion=f"ask port {server.reached}, or let the server listen on {asked.port}",
            fix=_fix(facts, server, meant) or _to_served(facts, asked, server),
        )

    def _nobody(self, facts: Facts, closed: list[_Asked], server: Listener, meant: set[int]) -> Finding:
        ports = ", ".join(dict.fromkeys(str(each.port) for each in closed))
        many = "," in ports
        what, where = f"port{'s' * many} {ports} {'are' if many else 'is'} open", "open"
        said = facts.job.deployment
        if said is not None and said.asked_ports is not None:
            what, where = f"a Service leads to port {ports}", "lead to"
        return self.finding(
            closed[0].pointer,
            f"{what}, and {_listens(server)}: nothing answers there",
            suggestion=f"{where} port {server.reached}, or let the server listen on {ports}",
            fix=_fix(facts, server, meant),
        )

    def _unpublished(self, facts: Facts, server: Listener) -> Iterator[Finding]:
        """A container of which no port of the machine leads to the server."""
        if not (facts.job.ports or facts.job.readiness):
            return
        own = f"{server.title} listens on {server.port} in its container"
        what = f"-p leads to port {server.inside} of the container, and {own}"
        if server.inside is None:
            what = f"{own}, and no `-p` leads there"
        yield self.finding(
            server.step.pointer or facts.job.pointer("run"),
            f"{what}: nothing answers on the machine",
            suggestion=f"-p {next(iter(_ports(facts)), server.port)}:{server.port}",
        )


def _ports(facts: Facts) -> list[int]:
    return [entry.port for entry in facts.job.ports if entry.port not in _BESIDE]


def _opened(facts: Facts) -> list[_Asked]:
    """The ports that are opened for others: in Kubernetes where a Service leads; `containerPort` opens nothing."""
    job, said = facts.job, facts.job.deployment
    if said is not None and said.asked_ports is not None:
        return [_Asked(port, pointer) for port, pointer in said.asked_ports if port not in _BESIDE]
    return [_Asked(port, job.pointer("ports")) for port in _ports(facts)]


def _asked(facts: Facts) -> _Asked | None:
    """The port of this machine that readiness asks."""
    job, ready = facts.job, facts.job.readiness
    if ready is None:
        return None
    if ready.http:
        try:
            address = urlsplit(ready.http)
            port = address.port or (443 if address.scheme == "https" else 80)
        except ValueError:
            return None
        here = is_local(address.hostname) or address.hostname == "0.0.0.0"
        return _Asked(port, job.pointer("readiness.http") or job.pointer("readiness")) if here else None
    found = {match[1] for match in _ADDRESS.finditer(" ".join(ready.command))}
    if len(found) != 1 or None in found:
        return None
    return _Asked(int(found.pop()), job.pointer("readiness.command") or job.pointer("readiness"))


def _listens(server: Listener) -> str:
    where = f"{server.title} listens on {server.reached}"
    if server.reached != server.port:
        return f"{where} of the machine (-p {server.reached}:{server.port})"
    return f"{where} ({f'`{shown(server.said)}`' if server.said else 'its default'})"


def _fix(facts: Facts, server: Listener, meant: set[int]) -> Fix | None:
    """The server on the port that everything else in the file means."""
    flag = server.flag
    if len(meant) != 1 or server.reached != server.port or server.step.path or server.step.setup or not flag:
        return None
    port = meant.pop()
    if {entry.port for entry in facts.job.ports} - _BESIDE - {port}:
        return None
    if server.said.startswith(flag):
        origin = Origin("command", server.said, server.step.pointer_of(server.said))
        edit = replace_argument(facts, origin, server.said.replace(str(server.port), str(port)))
    else:
        own = not server.said and facts.format.in_spec_fields
        edit = add_argument(facts, f"{flag} {port}") if own else None
    return Fix(f"let it listen on {port}", (edit,), safe=False) if edit else None


def _to_served(facts: Facts, asked: _Asked, server: Listener) -> Fix | None:
    """Readiness asks where the server is, which the open ports name as well."""
    ready = facts.job.readiness
    if ready is None or not ready.http or not facts.format.in_spec_fields:
        return None
    if server.reached not in _ports(facts) or f":{asked.port}" not in ready.http:
        return None
    url = ready.http.replace(f":{asked.port}", f":{server.reached}", 1)
    return Fix(f"ask port {server.reached}", (Edit("set", asked.pointer, url),), safe=False)
