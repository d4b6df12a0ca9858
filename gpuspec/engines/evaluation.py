"""What loads a model to measure it. Which library it loads it with is up to its arguments."""

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
