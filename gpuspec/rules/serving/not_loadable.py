"""GS612 model-not-loadable."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.engines import engine_of
from gpuspec.lint import Facts, Finding, Rule


class ModelNotLoadable(Rule):
    """The engine cannot load a model of this name.

    ## What it does
    Reports names that an engine which loads repositories of safetensors (vLLM, SGLang, TGI, LMDeploy, TensorRT-LLM,
    transformers, trainers) can make nothing of: Ollama's `qwen3:32b` and `owner/name:tag`, addresses
    (`hf.co/owner/name`), a repository of GGUF files without the one that is meant, checkpoints for MLX and ExLlama,
    and, under vLLM, what is called an adapter (`-lora`) in the place of a model. And for llama.cpp, which reads GGUF
    alone, the repository of a model's own safetensors. Folders and files are not judged by their names. What
    `quantization-unsupported` says is not said twice.

    ## Why is this bad
    The engine stops at start (`Repo id must use alphanumeric chars`, `No supported config format found`), after the
    machine is rented.

    ## Example
    ```jsonc
    {
      "gpu_types": ["A100-80GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve qwen3:32b --max-model-len 8192"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "gpu_types": ["A100-80GB"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen3-32B --max-model-len 8192"
    }
    ```

    ## When to ignore
    When a folder of that name lies on the machine.
    """

    code = "GS612"
    name = "model-not-loadable"
    severity = "error"

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        name, why, engine = work.model_name or "", work.not_loadable, engine_of(work.engine)
        if why is None or engine.name == "":
            return
        what, instead = _words(facts, name, why)
        yield self.finding(
            work.origin("model_name").pointer or facts.job.pointer("run"),
            f"{engine.called} cannot load {name}: {what}",
            severity="warning" if why == "adapter" else None,
            confidence="medium" if why == "adapter" else None,
            suggestion=instead,
        )


def _words(facts: Facts, name: str, why: str) -> tuple[str, str]:
    """What is wrong with a name, and what to write in its place."""
    engine = engine_of(facts.workload.engine)
    own = _own(facts, name)
    if why == "tag":
        of = "no repository of the hub has a colon in its name" + (
            "" if "/" in name else "; it is one of Ollama's"
        )
        return of, f"{own or 'the repository, as owner/name'}; or serve it with Ollama"
    if why == "address":
        plain = "/".join(name.partition("://")[2].split("/")[1:3] if "://" in name else name.split("/")[1:3])
        return "it takes owner/name, not an address", plain
    if why == "gguf":
        one = f"{name}:Q4_K_M" if engine.gguf == "tag" else "the path of one .gguf file of it"
        base = f" --tokenizer {own}" if own and engine.gguf == "tag" else ""
        return (
            "it holds GGUF files, and none is named",
            f"{one}{base}; llama-server -hf {name} takes it as it is",
        )
    if why == "adapter":
        return (
            "by its name it is an adapter, which has no config.json",
            f"serve its base model, with --enable-lora --lora-modules name={name}",
        )
    if why == "safetensors":
        return "it reads GGUF alone, and this repository holds safetensors", f"a GGUF version of {name}"
    made_for = "Apple's MLX" if why == "mlx" else "ExLlama"
    return f"its weights are for {made_for}", f"{own or 'the original model'}, or an AWQ or FP8 version of it"


def _own(facts: Facts, name: str) -> str:
    """The shortest name of a repository that holds the model itself, as far as it is known what is meant."""
    bare = name.removesuffix("-GGUF").removesuffix("-gguf")
    model = facts.catalog.resolve_model(bare, suggest=False).model
    return min((alias for alias in model.aliases if "/" in alias), key=len, default="") if model else ""
