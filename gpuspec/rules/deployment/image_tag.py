"""GS802 floating-image-tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.engines.images import is_tagged, taken_apart
from gpuspec.lint import Facts, Finding, Rule

_NAME = re.compile(r"[a-zA-Z0-9][\w.:/-]*")


class FloatingImageTag(Rule):
    """The image is whatever its name means on the day of the start.

    ## What it does
    Reports an image without a tag, or with `latest`, on a job that is paid for. An image with a digest is pinned.

    ## Why is this bad
    The next start, or the second replica, may run another version than the one that was tested: with other defaults,
    another need of memory, or flags that are gone. On Kubernetes `latest` also means that the registry is asked at
    each start, and several GB are pulled while the GPU waits.

    ## Example
    ```yaml
    # file: pod.yaml
    apiVersion: v1
    kind: Pod
    metadata: {name: chat}
    spec:
      containers:
        - name: vllm
          image: vllm/vllm-openai:latest
          args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
          resources: {limits: {nvidia.com/gpu: 1}}
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
          args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
          resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## When to ignore
    When you try out the newest on purpose.
    """

    code = "GS802"
    name = "floating-image-tag"
    severity = "info"
    asks_for = ("image",)

    def check(self, facts: Facts) -> Iterator[Finding]:
        image = facts.job.image
        if facts.job.deployment is None or not image:
            return
        name = image.removeprefix("docker:")
        if is_tagged(name) or not _NAME.fullmatch(name) or not _registry(image):
            return
        bare, tag = taken_apart(name).whole, taken_apart(name).tag
        said = f"{bare}:{tag}" if tag else f"{bare} without a tag"
        yield self.finding(
            facts.job.pointer("image"),
            f"{said} is another image after each release: the next start may run another version than the one that "
            "was tried",
            suggestion=f"pin it: {bare}:VERSION, or @sha256:… for exactly one build",
        )


def _registry(image: str) -> bool:
    """Whether it is an image of containers, and not one of virtual machines, which have no tags."""
    return not re.match(r"(?:ami-|projects/|skypilot:|cos-|/)", image)
