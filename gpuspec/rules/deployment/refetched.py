"""GS808 model-refetched."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.engines.images import find
from gpuspec.lint import Facts, Finding, Rule
from gpuspec.planning.cost import DOWNLOAD_BYTES_PER_SECOND
from gpuspec.rules.deployment.fetching import fetched, may_be_kept
from gpuspec.rules.options import amount
from gpuspec.words import dollars


class ModelRefetched(Rule):
    """Each start of the server downloads its model again.

    ## What it does
    Reports a server that loads a model of the hub and has no volume that outlives its container: no claim, no
    folder of the host, no network volume, no bucket. Silent for models below 5 GB, and where any volume is mounted
    that may hold it. The same of Ollama's own image, whose models are pulled when it is up. A warning where a start
    fetches for more than five minutes at 100 MB/s.

    ## Why is this bad
    Every new replica, every restart and every machine that spot takes away fetches the whole model while the GPU
    waits and is paid, and fails where the hub does not answer or limits how often it may be asked.

    ## Example
    ```yaml
    # file: deployment.yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      replicas: 3
      selector: {matchLabels: {app: chat}}
      template:
        metadata: {labels: {app: chat}}
        spec:
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
              resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## Use instead
    ```yaml
    # file: deployment.yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: chat}
    spec:
      replicas: 3
      selector: {matchLabels: {app: chat}}
      template:
        metadata: {labels: {app: chat}}
        spec:
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
              resources: {limits: {nvidia.com/gpu: 1}}
              volumeMounts: [{name: models, mountPath: /root/.cache/huggingface}]
          volumes:
            - name: models
              persistentVolumeClaim: {claimName: models}
    ```

    ## When to ignore
    When the model lies in the image, or the cluster keeps models on its nodes.
    """

    code = "GS808"
    name = "model-refetched"
    severity = "info"
    confidence = "medium"
    asks_for = ("deployment.mounts",)
    options = (
        amount("least_gb", 5.0, "GB below which a download does not matter."),
        amount("minutes", 5.0, "Minutes of download from which it is a warning."),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        found = fetched(facts)
        if not _starts_often(facts):
            return
        if found is None:
            yield from self._pulled(facts)
            return
        from gpuspec.sizing.files import bytes_on_disk

        size = bytes_on_disk(found.name, facts.catalog)
        if size is not None and size < facts.options["least_gb"] * 1e9:
            return
        minutes = (size or 0.0) / DOWNLOAD_BYTES_PER_SECOND / 60
        hourly = facts.per_hour
        paid = f", {dollars(minutes / 60 * hourly)} of a waiting machine" if hourly and minutes else ""
        much = f" ({size / 1e9:.0f} GB, {minutes:.1f} min at 100 MB/s{paid})" if size else ""
        most = facts.job.scaling.replicas[1] if facts.job.scaling else 1
        up_to = "up to " * (facts.job.scaling is not None and facts.job.scaling.min != facts.job.scaling.max)
        each = f"each start of {up_to}{most} replicas" if most > 1 else "each start"
        yield self.finding(
            found.pointer,
            f"{each} fetches {found.name}{much} again: no volume keeps it",
            severity="warning" if minutes > facts.options["minutes"] else "info",
            suggestion=facts.format.examples.get(
                "deployment.mounts",
                "mount a volume that outlives the machine where the hub's cache is (HF_HOME)",
            ),
            numbers=[("download", f"{size / 1e9:.1f} GB ÷ 100 MB/s = {minutes:.1f} min")] if size else [],
        )

    def _pulled(self, facts: Facts) -> Iterator[Finding]:
        """Of a server that is told its models when it is up: what it pulls lies in the container."""
        engine, image = engine_of(facts.workload.engine), facts.job.image
        folder = engine.server.models_folder if engine.server else ""
        if not folder or not image or may_be_kept(facts) or find(engine.images, image) is None:
            return  # an image of somebody's own may hold the models
        yield self.finding(
            facts.job.pointer("image"),
            f"the models that {engine.called} pulls lie in the container and go with it: no volume keeps them",
            suggestion=f"mount a volume at {folder}",
        )


def _starts_often(facts: Facts) -> bool:
    """Whether it is a service: what runs once fetches once, and a machine that is kept has what it fetched."""
    said, task = facts.job.deployment, facts.workload.task
    if said is None or said.kind in ("task", "pool", "Job", "CronJob", "sbatch"):
        return False
    return task == "serve" or (task is None and (facts.job.scaling is not None or said.restarts == "always"))
