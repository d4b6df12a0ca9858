"""GS416 no-drain.

Notice of spot nodes, read 2026-11-30: docs.cloud.google.com/kubernetes-engine/docs/concepts/spot-vms (30 s, of which
pods get 15; up to 120 s from GKE 1.35 on), learn.microsoft.com/azure/virtual-machines/spot-vms (30 s),
docs.aws.amazon.com/AWSEC2, "Spot Instance interruption notices" (2 minutes)."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Option, Rule

_PODS = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"})
"""What runs pods as they are written; operators may add hooks of their own."""


class NoDrain(Rule):
    """A server on spot nodes whose answers are cut off when the node goes.

    ## What it does
    For servers of several replicas on spot nodes (by node selector, affinity or toleration), asks whether the pod may
    end in peace: a `preStop` hook that waits until no new request arrives, and a `terminationGracePeriodSeconds` in
    which those under way are answered. Without a hook the pod gets SIGTERM while requests still come in.

    ## Why is this bad
    Spot nodes are taken back every few hours or days, with 30 seconds (GCP, Azure) to 2 minutes (AWS) of notice, of
    which GKE leaves a pod the first 15 unless its node pool says more. Each time every answer under way breaks, at a
    server of 16 sequences all sixteen, and those that arrive in the seconds until the pod is out of the service's
    list are refused.

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
          nodeSelector: {cloud.google.com/gke-spot: "true"}
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: [--model, Qwen/Qwen3-8B, --max-model-len, "8192"]
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
          nodeSelector: {cloud.google.com/gke-spot: "true"}
          terminationGracePeriodSeconds: 25
          containers:
            - name: vllm
              image: vllm/vllm-openai:v0.11.0
              args: [--model, Qwen/Qwen3-8B, --max-model-len, "8192"]
              lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
              resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## When to ignore
    When a gateway before it asks again by itself.
    """

    code = "GS416"
    name = "no-drain"
    severity = "warning"
    confidence = "medium"
    options = (
        Option("least_grace", int, 10, "Seconds that a pod with a hook must have.", minimum=1),
        Option("enough_grace", int, 60, "Seconds that are enough without a hook.", minimum=1),
    )

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, said = facts.job, facts.job.deployment
        if said is None or said.kind not in _PODS or said.suspended or said.drains is None:
            return
        if job.spot not in ("allowed", "only") or facts.workload.task != "serve":
            return
        if not (facts.workload.engine or job.ports or job.readiness):
            return  # it is taken for a server by its kind alone
        most = job.scaling.replicas[1] if job.scaling else 1
        if most < 2:  # GS503 says it: nobody answers then, whatever is drained
            return
        grace, options = said.grace_seconds, facts.options
        if (
            grace is None
            or grace >= options["enough_grace"]
            or (said.drains and grace >= options["least_grace"])
        ):
            return
        hook = "the preStop hook runs" if said.drains else "it has no preStop hook, so SIGTERM comes at once"
        yield self.finding(
            job.pointer("spot"),
            f"on a spot node that is taken back this server has {grace:g} s to end, and {hook}: answers under way "
            "break, and new requests still arrive until the service has taken the pod off its list",
            suggestion='lifecycle: {preStop: {exec: {command: [sleep, "5"]}}} and terminationGracePeriodSeconds: 25 '
            "(GKE leaves a pod 15 s of its 30 s of notice, Azure 30 s, AWS 2 min)",
        )
