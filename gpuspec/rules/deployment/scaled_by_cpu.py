"""GS806 scaled-by-cpu."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule

HOST = frozenset({"cpu", "memory"})


class ScaledByCpu(Rule):
    """An autoscaler counts the CPU of a server that works on the GPU.

    ## What it does
    Reports a `HorizontalPodAutoscaler`, in the same file, that scales a GPU server by CPU or memory alone.

    ## Why is this bad
    A server of a model keeps one CPU core busy whether it answers one request or a hundred, and its memory does not
    move at all. The autoscaler then adds no replica while requests queue, or adds GPUs that nobody needs.

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
              args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
              resources: {limits: {nvidia.com/gpu: 1}}
    ---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: chat}
    spec:
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}
      minReplicas: 1
      maxReplicas: 4
      metrics:
        - type: Resource
          resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
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
              args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
              resources: {limits: {nvidia.com/gpu: 1}}
    ---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: chat}
    spec:
      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: chat}
      minReplicas: 1
      maxReplicas: 4
      metrics:
        - type: Pods
          pods:
            metric: {name: vllm:num_requests_waiting}
            target: {type: AverageValue, averageValue: "5"}
    ```

    ## When to ignore
    When the container spends its time on the CPU (tokenizing, pictures) and the GPU waits for it.
    """

    code = "GS806"
    name = "scaled-by-cpu"
    severity = "warning"

    def check(self, facts: Facts) -> Iterator[Finding]:
        said = facts.job.deployment
        if said is None or not said.scaled_by or not set(said.scaled_by) <= HOST:
            return
        by = " and ".join(sorted(said.scaled_by))
        yield self.finding(
            facts.job.pointer("deployment.scaled_by"),
            f"replicas follow {by}, which say little of a server on a GPU: requests queue, and no replica comes",
            suggestion="scale by requests that wait or run (vllm:num_requests_waiting), or by the GPU's use (DCGM)",
        )
