"""GS803 killed-while-loading."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.named_tuple import NamedTuple
from gpuspec.rules.deployment.fetching import fetched
from gpuspec.rules.deployment.probe import written
from gpuspec.rules.options import amount

ENGINE_START = 30.0
"""Seconds of a server beside its weights: Python, CUDA, kernels, graphs. Estimated: vLLM takes 30 to 60 s for a small
model."""
DISK_BYTES_PER_SECOND = 1e9
"""Weights from a disk of the machine."""
LEAST_FOR_ANY = 10.0
"""Seconds in which no server of a model is up: to import PyTorch and open a GPU takes as long."""


class _Limit(NamedTuple):
    field: str
    seconds: float


class KilledWhileLoading(Rule):
    """The server is killed while its model still loads.

    ## What it does
    Works out how long a server takes about until it answers (its weights fetched at 200 MB/s where nothing keeps
    them, read at 1 GB/s, and 30 s for the program), and reports a liveness or startup probe, or a readiness
    limit of a service, that ends it before. Where the model is not known, only limits below 10 s.

    ## Why is this bad
    The container is killed, begins again from nothing, and is killed again: it never comes up, and the GPU is paid
    for all the while ("CrashLoopBackOff").

    ## Example
    ```yaml
    # file: deployment.yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      selector: {matchLabels: {app: chat}}
      template:
        metadata: {labels: {app: chat}}
        spec:
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: ["--model", "Qwen/Qwen2.5-32B-Instruct"]
              resources: {limits: {nvidia.com/gpu: 1}}
              livenessProbe: {httpGet: {path: /health, port: 8000}, initialDelaySeconds: 60, periodSeconds: 10}
    ```

    ## Use instead
    ```yaml
    # file: deployment.yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      selector: {matchLabels: {app: chat}}
      template:
        metadata: {labels: {app: chat}}
        spec:
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: ["--model", "Qwen/Qwen2.5-32B-Instruct"]
              resources: {limits: {nvidia.com/gpu: 1}}
              startupProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10, failureThreshold: 180}
              livenessProbe: {httpGet: {path: /health, port: 8000}, periodSeconds: 10}
    ```

    ## When to ignore
    When the model lies in the image and the probe was tried.
    """

    code = "GS803"
    name = "killed-while-loading"
    severity = "warning"
    confidence = "medium"
    options = (amount("rate", 200.0, "MB a second that a machine gets from the hub.", least=1.0),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        limit = _limit(facts)
        if limit is None or facts.workload.task not in ("serve", None):
            return
        takes, how = self._takes(facts)
        if limit.seconds >= takes:
            return
        enough = int(-(-max(2 * takes, 1200) // 60) * 60)
        yield self.finding(
            facts.job.pointer(limit.field),
            f"a server that has not answered after {limit.seconds:g} s is killed, and this one takes {how}",
            suggestion=written(facts, "deployment.startup_seconds", seconds=enough) or f"allow it {enough} s",
        )

    def _takes(self, facts: Facts) -> tuple[float, str]:
        """Seconds until it answers, and in words, with what they are spent on."""
        from gpuspec.sizing.files import bytes_on_disk

        name = facts.workload.model_name
        size = bytes_on_disk(name, facts.catalog) if name else None
        if not size or not engine_of(facts.workload.engine).server:
            least = f"{LEAST_FOR_ANY:.0f} s at the least: a program that loads a model is not up in less"
            return LEAST_FOR_ANY, least
        rate = facts.options["rate"] * 1e6
        load = size / DISK_BYTES_PER_SECOND
        download = size / rate if fetched(facts) else 0.0
        parts = [f"{size / 1e9:.0f} GB at {rate / 1e6:g} MB/s from the hub"] if download else []
        parts += [f"{load:.0f} s to read them" if download else f"{size / 1e9:.0f} GB at 1 GB/s"]
        parts += [f"{ENGINE_START:.0f} s for the server itself"]
        takes = download + load + ENGINE_START
        return takes, f"about {takes:.0f} s: {', '.join(parts)}"


def _limit(facts: Facts) -> _Limit | None:
    """What ends a server that does not answer: a startup probe holds the liveness probe back."""
    job, said = facts.job, facts.job.deployment
    if said is None:
        return None
    if said.startup_seconds is not None:
        return _Limit("deployment.startup_seconds", said.startup_seconds)
    if said.liveness_seconds is not None:
        return _Limit("deployment.liveness_seconds", said.liveness_seconds)
    ready = job.readiness
    if ready is not None and ready.timeout is not None and facts.format.replaces_unready:
        return _Limit("readiness.timeout", ready.timeout)
    return None
