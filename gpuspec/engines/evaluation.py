"""What loads a model to measure it. Which library it loads it with is up to its arguments."""

from collections.abc import Sequence

from gpuspec.engines.tool import Tool, alike

_HARNESS = Tool(
    None,
    "batch",
    {
        "model": "engine:unknown",
        "model-args": "-",
        "pretrained": "model_name:name",
        **alike("dtype:dtype", "dtype"),
        "quantization": "quantization:quant",
        "load-in-4bit": "quantization=nf4",
        "load-in-8bit": "quantization=int8",
        **alike("tensor_parallel:int", "tensor-parallel-size tp-size"),
        "data-parallel-size": "data_parallel:int",
        **alike("context:int", "max-model-len context-length"),
        **alike("memory_utilization:number", "gpu-memory-utilization mem-fraction-static"),
        "batch-size": "-",
    },
    translate={
        "unknown": {
            **dict.fromkeys(("hf", "hf-auto", "hf-multimodal", "huggingface"), "transformers"),
            **dict.fromkeys(("vllm", "vllm-vlm"), "vllm"),
            **dict.fromkeys(("sglang", "sglang-generate"), "sglang"),
        }
    },
    packed=("model-args",),
)
PROGRAMS = {("lm_eval",): _HARNESS, ("lm-eval",): _HARNESS, ("-m", "lm_eval"): _HARNESS}
"""EleutherAI's lm-evaluation-harness: the page on its interface; lm_eval/models, 0.4.9."""
_MEASURES = frozenset(
    {
        *("lm_eval", "lm-eval", "lighteval", "evalplus.evaluate", "evalscope", "opencompass", "helm-run"),
        *("olmes", "alpaca_eval", "bigcode_eval", "swe_bench", "inspect", "vlmeval"),
    }
)
"""Programs and modules that say how good a model is (their READMEs, November 2026)."""


def measures(words: Sequence[str]) -> bool:
    """Whether a command measures how good a model is: `lm_eval …`, `accelerate launch -m lm_eval …`. What is measured
    is the model in the bits that it is given: in fewer it is another one."""
    heads = [word for at, word in enumerate(words) if at == 0 or words[at - 1] in ("-m", "launch", "run")]
    return any(head.rpartition("/")[2] in _MEASURES or head.partition(".")[0] in _MEASURES for head in heads)
