"""What a model is for: by the class that its config names, and by its parts."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.catalog.model_of_config import model_of_config
from gpuspec.catalog.read_repository import read_repository
from tests.catalog.files import InMemory, gguf
from tests.catalog.test_gguf import facts

SIZES = {
    "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 1000,
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "task", "modality"),  # the classes of these models on the hub
    [
        ({"model_type": "llama", "architectures": ["LlamaForCausalLM"]}, "llm", "text"),
        ({"model_type": "llama"}, "llm", "text"),
        ({"model_type": "qwen3", "architectures": ["Qwen3Model"]}, "embedding", "text-embedding"),
        ({"model_type": "bert", "architectures": ["BertModel"]}, "embedding", "text-embedding"),
        ({"model_type": "bert", "architectures": ["BertForMaskedLM"]}, "encoder", "text"),
        (
            {"model_type": "qwen3", "architectures": ["Qwen3ForSequenceClassification"]},
            "classification",
            "text-embedding",
        ),
        (
            {  # BAAI/bge-reranker-v2-m3
                "model_type": "xlm-roberta",
                "architectures": ["XLMRobertaForSequenceClassification"],
                "id2label": {"0": "LABEL_0"},
            },
            "reranker",
            "text-embedding",
        ),
        ({"model_type": "llama", "architectures": "LlamaModel"}, "llm", "text"),
        ({"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"]}, "llm", "text"),
        ({"model_type": "t5", "architectures": ["T5ForConditionalGeneration"]}, "seq2seq", "text"),
    ],
)
def test_task_of_a_config(fields: dict[str, Any], task: str, modality: str) -> None:
    model = model_of_config({**SIZES, **fields}, "acme/x", "test")
    assert (model.task, model.modality) == (task, modality)


@pytest.mark.parametrize(
    ("pooling", "task"), [({}, "llm"), ({"pooling_type": 3}, "embedding"), ({"pooling_type": 4}, "reranker")]
)
def test_task_of_a_gguf_file(pooling: dict[str, int], task: str) -> None:
    header = gguf(
        facts("qwen3", block_count=1, embedding_length=64, attention__head_count=4, **pooling),
        {"token_embd.weight": ([64, 1000], 8), "blk.0.attn_k.weight": ([64, 64], 8)},
    )
    assert read_repository(InMemory({"m.gguf": header})).task == task
