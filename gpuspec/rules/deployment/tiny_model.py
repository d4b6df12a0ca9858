"""GS814 gpu-for-a-small-model."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule, Saving
from gpuspec.rules.options import amount
from gpuspec.sizing.weights import GIB
from gpuspec.words import dollars

# Official images of Docker's hub, and of the projects themselves, as of 2026-11: none of them has code for GPUs.
NO_GPU = frozenset({
    "redis", "valkey/valkey", "memcached", "postgres", "mysql", "mariadb", "mongo", "rabbitmq", "nginx", "httpd",
    "haproxy", "traefik", "caddy", "envoyproxy/envoy", "minio/minio", "grafana/grafana", "prom/prometheus",
    "elasticsearch", "opensearchproject/opensearch", "clickhouse/clickhouse-server", "nats", "influxdb", "etcd",
    "pgvector/pgvector", "semitechnologies/weaviate", "chromadb/chroma", "registry", "zookeeper", "consul", "vault",
})  # fmt: skip
"""Images of stores, queues and proxies."""


class GpuForASmallModel(Rule):
    """A whole GPU for a model of a few hundred MB.

    ## What it does
    Reports a server whose model weighs less than 0.6 GB, which is most models of embeddings and of classes; and a
    GPU for an image that cannot use one at all (Redis, PostgreSQL, nginx and the like: a warning). Silent
    where other jobs of the file name the same GPU, and where only a part of one is asked for.

    ## Why is this bad
    Such a model takes about 1 GB, and a CPU answers with it in milliseconds. The rest of the card is held, and paid
    for, by a server that cannot use it.

    ## Example
    ```yaml
    # file: pod.yaml
    apiVersion: v1
    kind: Pod
    metadata: {name: embed}
    spec:
      containers:
        - name: tei
          image: ghcr.io/huggingface/text-embeddings-inference:1.8
          args: ["--model-id", "BAAI/bge-small-en-v1.5"]
          resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## Use instead
    ```yaml
    # file: compose.yaml
    services:
      chat:
        image: vllm/vllm-openai:v0.11.0
        command: --model Qwen/Qwen2.5-7B-Instruct --gpu-memory-utilization 0.8
        deploy: {resources: {reservations: {devices: [{device_ids: ["0"], capabilities: [gpu]}]}}}
      embed:
        image: ghcr.io/huggingface/text-embeddings-inference:1.8
        command: --model-id BAAI/bge-small-en-v1.5
        deploy: {resources: {reservations: {devices: [{device_ids: ["0"], capabilities: [gpu]}]}}}
    ```

    ## When to ignore
    When millions of texts are to be done, and the GPU is busy with them.
    """

    code = "GS814"
    name = "gpu-for-a-small-model"
    severity = "info"
    confidence = "medium"
    options = (amount("most_gb", 0.6, "GB of weights up to which a model is small."),)

    def check(self, facts: Facts) -> Iterator[Finding]:
        work, said = facts.workload, facts.job.deployment
        image = _name(facts.job.image or "")
        if image in NO_GPU and said is not None and not said.suspended and not work.model_name:
            yield self._none(facts, image)
            return
        if said is None or said.suspended or work.task != "serve" or not work.model_name or work.other_models:
            return
        if len(facts.beside) > 1 and any(_shares(facts, one) for one in facts.beside if one is not facts):
            return
        from gpuspec.sizing.files import bytes_on_disk

        size = bytes_on_disk(work.model_name, facts.catalog)
        if size is None or size > facts.options["most_gb"] * 1e9:
            return
        yield self.finding(
            work.origin("model_name").pointer,
            f"{work.model_name} weighs {size / 1e9:.1f} GB and holds a whole GPU: with its server it takes about "
            f"{size / GIB + 0.7:.0f} GiB of it",
            suggestion="a CPU does, or a GPU that another server leaves room on",
        )

    def _none(self, facts: Facts, image: str) -> Finding:
        hourly = facts.per_hour
        return self.finding(
            facts.job.pointer("gpu_count") or facts.job.pointer("gpu_types"),
            f"{image} uses no GPU, and one is held for it" + (f": {dollars(hourly)}/h" if hourly else ""),
            severity="warning",
            saving=Saving(hourly, kind="instead", share=1.0) if hourly else None,
            suggestion="take the GPU out of its resources",
        )


def _name(image: str) -> str:
    """The repository of an image on Docker's hub: `redis` of `docker.io/library/redis:7.4-alpine`."""
    name = image.partition("@")[0].removeprefix("docker.io/").removeprefix("library/")
    return name.rpartition(":")[0] or name


def _shares(facts: Facts, other: Facts) -> bool:
    """Whether another job of the file may be on the same GPU."""
    mine, theirs = facts.job.deployment, other.job.deployment
    if mine is None or theirs is None:
        return False
    return bool(set(mine.gpu_devices) & set(theirs.gpu_devices))
