"""What loads a model to measure it. Which library it loads it with is up to its arguments; these name the model."""

from gpuspec.engines.tool import Tool

_HARNESS = Tool(None, "batch", {"model": "-", "model-args": "model_name:pretrained", "batch-size": "-"})
PROGRAMS = {("lm_eval",): _HARNESS, ("lm-eval",): _HARNESS, ("-m", "lm_eval"): _HARNESS}
"""EleutherAI's lm-evaluation-harness: the page on its interface."""
