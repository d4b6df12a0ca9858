"""GS804 gpu-requests-differ."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule


class GpuRequestsDiffer(Rule):
    """Kubernetes refuses the pod as it is written.

    ## What it does
    Reports a container whose `requests` name another number of GPUs than its `limits`, or that has GPUs in
    `requests` alone.

    ## Why is this bad
    A GPU is not shared between pods, so Kubernetes wants one number: limits alone (the requests follow), or both
    alike. Else the API server answers "must be equal to nvidia.com/gpu limit" or "Limit must be set for non
    overcommitable resources", and no pod is made.

    ## Example
    ```yaml
    # file: pod.yaml
    apiVersion: v1
    kind: Pod
    metadata: {name: train}
    spec:
      containers:
        - name: train
          image: pytorch/pytorch:2.7.0-cuda12.8-cudnn9-runtime
          command: [python, train.py]
          resources:
            requests: {nvidia.com/gpu: 1}
            limits: {nvidia.com/gpu: 2}
    ```

    ## Use instead
    ```yaml
    # file: pod.yaml
    apiVersion: v1
    kind: Pod
    metadata: {name: train}
    spec:
      containers:
        - name: train
          image: pytorch/pytorch:2.7.0-cuda12.8-cudnn9-runtime
          command: [python, train.py]
          resources:
            limits: {nvidia.com/gpu: 2}
    ```

    ## When to ignore
    When something in the cluster (an admission webhook) sets the limits.
    """

    code = "GS804"
    name = "gpu-requests-differ"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        job, said = facts.job, facts.job.deployment
        if said is None or said.gpu_requests is None or said.gpu_requests == said.gpu_limits:
            return
        if said.gpu_limits is None and not facts.case.document.can_say("deployment.gpu_limits"):
            return
        if said.gpu_limits is None:
            what = f"nvidia.com/gpu: {said.gpu_requests} stands under requests alone"
        else:
            what = f"requests ask for {said.gpu_requests}, limits allow {said.gpu_limits}"
        number = said.gpu_limits or said.gpu_requests
        yield self.finding(
            job.pointer("deployment.gpu_requests"),
            f"{what}: Kubernetes refuses this, since GPUs are not shared between pods",
            suggestion=f"put {number} under limits and leave requests out: they follow",
        )
