"""GS111 slice-too-small."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Rule
from gpuspec.sizing import Need
from gpuspec.words import gib


class SliceTooSmall(Rule):
    """The model does not fit into the slice of a GPU.

    ## What it does
    Compares what the job needs with the memory of the MIG slice that it asks for (`nvidia.com/mig-1g.10gb`, GKE's
    `gpu-partition-size`). Each slice is a device of its own, and programs that spread a model over several GPUs do
    not spread it over slices, so what counts is one.

    ## Why is this bad
    The pod starts, loads for minutes and runs out of memory, again and again.

    ## Example
    ```yaml
    # file: pod.yaml
    apiVersion: v1
    kind: Pod
    metadata: {name: chat}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.11.0
          args: [--model, Qwen/Qwen3-8B, --max-model-len, "8192"]
          resources: {limits: {nvidia.com/mig-1g.10gb: 1}}
    ```

    ## Use instead
    ```yaml
    # file: pod.yaml
    apiVersion: v1
    kind: Pod
    metadata: {name: chat}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:v0.11.0
          args: [--model, Qwen/Qwen3-8B, --max-model-len, "8192"]
          resources: {limits: {nvidia.com/mig-3g.40gb: 1}}
    ```

    ## When to ignore
    When the program puts less on the GPU than its flags say.
    """

    code = "GS111"
    name = "slice-too-small"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        said = facts.job.deployment
        if said is None or said.slice_gb is None:
            return
        need = facts.need(1)
        if not isinstance(need, Need) or need.confidence == "low" or need.low <= said.slice_gb:
            return
        yield self.finding(
            facts.job.pointer("deployment.slice_gb"),
            f"the slice of the GPU has {said.slice_gb:g} GB, and the job needs {gib(need.low)} at the least "
            f"({gib(need.expected)} expected): it does not load",
            confidence=need.confidence,
            suggestion=f"a slice of {need.high:.0f} GB and more, a whole GPU, or a model in 4 or 8 bit",
        )
