"""GS603 prefix-caching-off."""

from __future__ import annotations

from collections.abc import Iterator

from gpuspec.lint import Facts, Finding, Fix, Rule
from gpuspec.rules.command_edits import replace_argument

_CHAT = ("instruct", "chat", "-it", "assistant", "hermes", "vicuna", "coder")
_LONG = 500
"""Prompt tokens from which a system prompt or examples must be among them."""


class PrefixCachingOff(Rule):
    """Prefix caching is switched off on a server whose prompts begin alike.

    ## What it does
    Reports `--no-enable-prefix-caching` (vLLM) and `--disable-radix-cache` (SGLang) on a server of a chat or instruct
    model, or one whose declared prompts are long. Where nothing was said the engine's own default is on: silent.

    ## Why is this bad
    Requests that share a system prompt, a document or a conversation then each compute and keep their own copy.
    Caching saves 20–40 % of the KV cache where prompts are shared, and most of the time to the first token; where
    they are not it costs next to nothing.

    ## Example
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192 --no-enable-prefix-caching"
    }
    ```

    ## Use instead
    ```jsonc
    {
      "name": "chat",
      "gpu_types": ["RTX 4090"],
      "keep_alive_minutes": 30,
      "run": "vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"
    }
    ```

    ## When to ignore
    When you measure, and repeated prompts must not be answered from the cache; or when tenants must not learn from
    timing what others asked.
    """

    code = "GS603"
    name = "prefix-caching-off"
    severity = "warning"
    confidence = "medium"
    fixable = "sometimes"

    def check(self, facts: Facts) -> Iterator[Finding]:
        work = facts.workload
        if work.prefix_caching is not False or work.task != "serve":
            return
        if any("bench" in step.text for step in facts.commands):
            return
        traffic = facts.job.traffic
        long = bool(traffic and (traffic.input_tokens or 0) >= _LONG)
        name = (work.model_name or "").lower()
        if not long and not any(word in name for word in _CHAT):
            return
        origin = work.origin("prefix_caching")
        edit = replace_argument(facts, origin, "")
        why = f"prompts of {traffic.input_tokens:g} tokens" if long and traffic else "a chat model's prompts"
        yield self.finding(
            origin.pointer or facts.job.pointer("run"),
            f"prefix caching is off (`{origin.text}`): {why} mostly begin alike, and each request computes and keeps "
            "its own copy (20–40 % of the KV cache where prompts are shared)",
            suggestion="leave prefix caching on, as it is by default",
            fix=Fix(f"remove {origin.text}", (edit,), safe=False) if edit else None,
        )
