"""GS805 literal-variable."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gpuspec.formats.command import SHELLS
from gpuspec.lint import Facts, Finding, Rule

_SHELL = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_IN_A_WORD = re.compile(r"(?<![$\\])\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})")
_FILLED_IN = re.compile(
    r"\b(?:image|name|namespace|replicas|nvidia\.com/gpu|storage|claimName)[\"']? ?:[^\n$,]{0,200}\$\{?\w"
)
"""A line that nothing but a tool outside could fill in: then it fills in the others, too."""


class LiteralVariable(Rule):
    """The program gets "$NAME" itself, and not what it stands for.

    ## What it does
    Reports a value of `env` that is a shell variable (`$HF_TOKEN`, `${HF_TOKEN}`) in a format that puts nothing in
    there, and an argument of a container that names one of its variables so, with no shell to read it. Silent where
    other fields of the file hold such variables, too: then `envsubst` fills them in.

    ## Why is this bad
    Kubernetes knows `$(NAME)` alone. The token of the hub is then the nine characters `$HF_TOKEN`, and a gated model
    ends with "401 Unauthorized" after the GPU was taken.

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
          args: ["--model", "Qwen/Qwen2.5-7B-Instruct"]
          env: [{name: HF_TOKEN, value: $HF_TOKEN}]
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
          env: [{name: HF_TOKEN, valueFrom: {secretKeyRef: {name: hub, key: token}}}]
          resources: {limits: {nvidia.com/gpu: 1}}
    ```

    ## When to ignore
    When the file goes through `envsubst` before it is applied.
    """

    code = "GS805"
    name = "literal-variable"
    severity = "warning"
    may_be_error = True
    confidence = "medium"

    def check(self, facts: Facts) -> Iterator[Finding]:
        right = facts.format.env_reference
        if not right or facts.job.deployment is None:
            return
        yield from self._arguments(facts, right)
        literal = {
            name: found for name, value in facts.job.env.items() if (found := _SHELL.fullmatch(value.strip()))
        }
        if not literal or facts.says(_FILLED_IN):
            return
        for name, found in literal.items():
            meant = found[1] or found[2]
            yield self.finding(
                facts.job.pointer(f"env.{name}"),
                f"{name} is the text {found[0]} itself: nothing puts a value in here, unless envsubst runs first",
                suggestion="take it from a secret (valueFrom.secretKeyRef)"
                if _secret(name)
                else f"{right.replace('NAME', meant)} names another variable of the container",
            )

    def _arguments(self, facts: Facts, right: str) -> Iterator[Finding]:
        """`args: ["--model", "$MODEL"]` without a shell that would read it."""
        job = facts.job
        pieces = job.pieces.get(job.pointer("run"), ())
        words = [facts.tree.at(piece.pointer) for piece in pieces]
        first = words[0] if words else None
        if any("/@" in piece.pointer for piece in pieces) or not isinstance(first, str):
            return  # a script, which a shell reads
        if any(isinstance(word, str) and word.rpartition("/")[2] in SHELLS for word in words):
            return
        for piece, word in zip(pieces, words, strict=True):
            found = _IN_A_WORD.search(word) if isinstance(word, str) else None
            meant = found and (found[1] or found[2])
            if not found or not meant or meant not in {*job.env, *job.secrets} or facts.says(_FILLED_IN):
                continue
            yield self.finding(
                piece.pointer,
                f"the program gets {found[0]} itself: no shell reads the arguments of a container",
                severity="error",
                suggestion=f"{right.replace('NAME', meant)}, which is put in",
            )
            return


def _secret(name: str) -> bool:
    return any(word in name.upper() for word in ("TOKEN", "KEY", "SECRET", "PASSWORD"))
