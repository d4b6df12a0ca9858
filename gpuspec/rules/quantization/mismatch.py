"""GS202 quantization-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Edit, Facts, Finding, Fix, Related, Rule
from gpuspec.quantization import find_scheme
from gpuspec.rules.command_edits import add_argument, drop_argument
from gpuspec.words import gib


class QuantizationMismatch(Rule):
    """The name, the flag and the spec speak of different quantizations.

    ## What it does
    Reports a checkpoint whose name says AWQ, GPTQ, FP8, GGUF or bitsandbytes beside a flag that says another, and
    a spec whose `model.quantization` the command knows nothing of: it loads 16-bit weights.

    ## Why is this bad
    Engines compare the flag with the checkpoint and stop ("does not match the quantization method specified"). A
    spec that says 4 bit over a command that loads 16 is sized for a quarter of the memory it takes.

    ## Example
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ --quantization gptq --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct-AWQ --max-model-len 8192"
    }
    ```

    ## When to ignore
    When the name is wrong about its content.
    """

    code = "GS202"
    name = "quantization-mismatch"
    severity = "error"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        workload = facts.workload
        if not workload.model_name or not workload.quantization:
            return
        stated = facts.catalog.resolve_model(workload.model_name, engine=workload.engine).quantization
        asked, origin = workload.quantization, workload.origin("quantization")
        if stated is None:
            yield from self._full_precision(facts)
            yield from self._not_quantized(facts)
        elif origin.kind in ("spec", "command", "file") and _differ(stated, asked):
            name, spec = workload.origin("model_name"), origin.kind == "spec"
            yield self.finding(
                origin.pointer or name.pointer,
                f"{workload.model_name} is {_family(stated)} by its name, and "
                + (
                    f"the spec says {_family(asked)}: it is checked and sized as what it is not"
                    if spec
                    else f"{origin.text!r} says {_family(asked)}: the engine compares them and stops"
                ),
                severity="warning" if spec else "error",
                confidence="high" if engine_of(workload.engine).quantizing.loads_as_is else "medium",
                related=[Related(name.pointer, "the model")] if name.pointer != origin.pointer else [],
                suggestion="leave the flag out: engines read the method from the checkpoint"
                if not spec
                else f'"{stated}"',
                fix=_agreed(facts, stated),
            )

    def _not_quantized(self, facts: Facts) -> Iterator[Finding]:
        """A flag for a checkpoint that is made in advance, and the publisher's own, which is in 16 bit."""
        workload = facts.workload
        asked, origin = workload.quantization, workload.origin("quantization")
        match = facts.catalog.resolve_model(workload.model_name or "")
        as_is = engine_of(workload.engine).quantizing.loads_as_is
        if asked is None or not find_scheme(asked).calibrated or not as_is or origin.kind != "command":
            return
        if match.model is None or match.relation != "name" or match.model.quantized:
            return
        # Its own publisher would say in the name of the repository that it is quantized.
        owner = (workload.model_name or "").rpartition("/")[0].lower()
        if not owner or not any(alias.lower().startswith(owner + "/") for alias in match.model.aliases):
            return
        name = workload.origin("model_name")
        yield self.finding(
            origin.pointer or name.pointer,
            f"{origin.text!r} expects a checkpoint made with {_family(asked)}, and {workload.model_name} is its "
            "publisher's own in 16 bit: the engine finds no scales and stops",
            related=[Related(name.pointer, "the model")] if name.pointer != origin.pointer else [],
            suggestion=f"name a checkpoint in {_family(asked)}, or quantize while loading (fp8, bitsandbytes)",
        )

    def _full_precision(self, facts: Facts) -> Iterator[Finding]:
        job, scheme = facts.job, facts.workload.quantization
        if not (job.model and job.model.quantization and job.run and scheme):
            return
        commands = facts.commands_only
        match = facts.catalog.resolve_model(commands.model_name) if commands.model_name else None
        if match is None or match.model is None or match.relation != "name" or match.quantization:
            return
        half = match.model.native_dtype in ("bf16", "fp16") and not match.model.quantized
        plain = half and "quantization" not in commands.origins
        quantizing = engine_of(commands.engine).quantizing
        if not plain or not quantizing.loads_as_is or commands.task == "train":
            return
        at, size = job.pointer("model.quantization"), match.model.params_b
        flag = quantizing.on_the_fly.get(scheme)
        edit = add_argument(facts, flag) if flag else None
        amount = f" ({gib(size * 2e9 / 2**30)} of weights)" if size else ""
        yield self.finding(
            at,
            f"the spec says {scheme}, but the command loads {commands.model_name}, which is 16 bit{amount}: it takes "
            "the memory of 16 bit, whatever the spec says",
            related=[Related(commands.origin("model_name").pointer, "loaded here")],
            suggestion=f"add {flag} to the command"
            if flag
            else f"name a checkpoint in {_family(scheme)} in the command",
            fix=Fix(f"add {flag}", (edit,), safe=False) if edit else None,
        )


def _family(scheme: str) -> str:
    return find_scheme(scheme).family or scheme


def _differ(stated: str, asked: str) -> bool:
    """Whether two schemes are of two families; what only names bits (int4, int8) may be of any."""
    one, other = find_scheme(stated).family, find_scheme(asked).family
    return bool(one and other) and one != other


def _agreed(facts: Facts, stated: str) -> Fix | None:
    origin = facts.workload.origin("quantization")
    if origin.kind == "spec":
        return Fix(f"write {stated}", (Edit("set", origin.pointer, stated),), safe=False)
    edit = drop_argument(facts, "--quantization", "-q", "--quantize")
    return Fix("leave the flag out", (edit,), safe=False) if edit else None
