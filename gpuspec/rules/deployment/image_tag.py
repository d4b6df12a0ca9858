"""GS802 floating-image-tag."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.engines.images import engine_in, is_tagged, taken_apart
from gpuspec.lint import Facts, Finding, Rule

_NAME = re.compile(r"[a-zA-Z0-9][\w.:/-]*")

_LINES = frozenset({"main", "master", "nightly", "stable", "edge", "latest", "dev"})


class FloatingImageTag(Rule):
    """The image is whatever its name means on the day of the start.

    ## What it does
    Reports an image without a tag, with `latest`, or with a tag that names a line and no version (`main`, `nightly`,
    `stable`, an engine's `server-cuda`), on a job that is paid for. An image with a digest is pinned.

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
        bare, tag = taken_apart(name).whole, taken_apart(name).tag
        fixed = is_tagged(name) and not _moves(name, tag)
        if fixed or not _NAME.fullmatch(name) or not _registry(image):
            return
        said = f"{bare}:{tag}" if tag else f"{bare} without a tag"
        yield self.finding(
            facts.job.pointer("image"),
            f"{said} is another image after each release: the next start may run another version than the one that "
            "was tried",
            suggestion=f"pin it: {bare}:VERSION, or @sha256:… for exactly one build",
        )


def _moves(image: str, tag: str) -> bool:
    """Whether a tag names a line of releases: without a number, where its image is a known engine's; and some words
    on any image."""
    if "@" in image or re.search(r"[0-9${]", tag):
        return False
    words = set(re.split(r"[-_.]", tag))
    return bool(words & _LINES) or engine_in(image) is not None


def _registry(image: str) -> bool:
    """Whether it is an image of containers, and not one of virtual machines, which have no tags."""
    return not re.match(r"(?:ami-|projects/|skypilot:|cos-|/)", image)
