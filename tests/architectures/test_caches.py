"""What well-known models remember of a text: by hand from their configs, 2 × KV heads × width of a head a layer."""

from __future__ import annotations

from typing import Any

import pytest

from gpuspec.architectures.config import Unsaid
from gpuspec.architectures.parts import Cache
from gpuspec.architectures.read import read_architecture


def full(width: int, *, heads: int, layers: int) -> Cache:
    """Layers that remember every token."""
    return Cache("full", width=width, heads=heads, layers=layers)


def last(window: int, width: int, *, heads: int, layers: int) -> Cache:
    """Layers that remember the last tokens."""
    return Cache("window", width=width, heads=heads, window=window, layers=layers)


def config(model_type: str, layers: int, hidden: int, heads: int, **more: Any) -> dict[str, Any]:
    """A config under the names that most have."""
    sizes = {"num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads}
    return {"model_type": model_type, **sizes, "intermediate_size": hidden, "vocab_size": 1000, **more}


GEMMA_4 = {
    "head_dim": 256,
    "global_head_dim": 512,
    "num_key_value_heads": 8,
    "num_global_key_value_heads": 2,
    "attention_k_eq_v": True,
    "hidden_size_per_layer_input": 0,
    "sliding_window": 1024,
}
MIMO_V2 = {
    "num_key_value_heads": 4,
    "head_dim": 192,
    "v_head_dim": 128,
    "swa_num_key_value_heads": 8,
    "sliding_window_size": 128,
    "n_routed_experts": 256,
    "num_experts_per_tok": 8,
    "moe_intermediate_size": 2048,
}
MINIMAX_M3 = {
    "num_key_value_heads": 4,
    "head_dim": 128,
    "num_local_experts": 128,
    "num_experts_per_tok": 4,
    "sparse_attention_config": {
        "sparse_attention_freq": [0] * 3 + [1] * 57,
        "sparse_num_index_heads": 4,
        "sparse_index_dim": 128,
    },
}
STEP_3_5 = {
    "num_attention_groups": 8,
    "head_dim": 128,
    "vocab_size": 128896,
    "intermediate_size": 11264,
    "sliding_window": 512,
    "layer_types": (["full_attention"] + ["sliding_attention"] * 3) * 12,  # three of MTP layers at the end
    "moe_num_experts": 288,
    "moe_top_k": 8,
    "moe_intermediate_size": 1280,
    "share_expert_dim": 1280,
    "moe_layers_enum": ",".join(map(str, range(3, 45))),
    "num_nextn_predict_layers": 3,
    "attention_other_setting": {"num_attention_heads": 96, "num_attention_groups": 8},
    "tie_word_embeddings": False,
}
FALCON_40B = {"num_kv_heads": 8, "multi_query": True, "new_decoder_architecture": True}
CASES: dict[str, tuple[dict[str, Any], list[Cache]]] = {
    "Llama 3.1 8B: 8 heads of 128": (
        config("llama", 32, 4096, 32, num_key_value_heads=8),
        [full(2048, heads=8, layers=32)],
    ),
    "Mistral 7B v0.1: a window": (
        config("mistral", 32, 4096, 32, num_key_value_heads=8, sliding_window=4096),
        [last(4096, 2048, heads=8, layers=32)],
    ),
    "Mistral 7B v0.3: its window is null": (
        config("mistral", 32, 4096, 32, num_key_value_heads=8, sliding_window=None),
        [full(2048, heads=8, layers=32)],
    ),
    "gpt-oss 20B: every second layer, from the first, sees 128 tokens": (
        config("gpt_oss", 24, 2880, 64, num_key_value_heads=8, head_dim=64, sliding_window=128),
        [last(128, 1024, heads=8, layers=12), full(1024, heads=8, layers=12)],
    ),
    "Gemma 2 9B: every second layer": (
        config("gemma2", 42, 3584, 16, num_key_value_heads=8, head_dim=256, sliding_window=4096),
        [last(4096, 4096, heads=8, layers=21), full(4096, heads=8, layers=21)],
    ),
    "Gemma 3 27B: 62 layers, of which every sixth sees everything": (
        config("gemma3_text", 62, 5376, 32, num_key_value_heads=16, head_dim=128, sliding_window=1024),
        [last(1024, 4096, heads=16, layers=52), full(4096, heads=16, layers=10)],
    ),
    "Gemma 3n E4B: the last 15 of 35 layers keep none; of the other 20 every fifth sees everything": (
        config("gemma3n_text", 35, 2048, 8, num_key_value_heads=2, num_kv_shared_layers=15),
        [last(512, 1024, heads=2, layers=16), full(1024, heads=2, layers=4)],
    ),
    "Gemma 4 26B: full layers have 2 heads of 512, the others 8 of 256": (
        config("gemma4_text", 30, 2816, 16, **GEMMA_4),
        [last(1024, 4096, heads=8, layers=25), full(2048, heads=2, layers=5)],
    ),
    "Command R7B: every fourth layer sees everything": (
        config("cohere2", 32, 4096, 32, num_key_value_heads=8, sliding_window=4096),
        [last(4096, 2048, heads=8, layers=24), full(2048, heads=8, layers=8)],
    ),
    "EXAONE 4.0 32B: LLLG": (
        config("exaone4", 64, 5120, 40, num_key_value_heads=8, sliding_window_pattern="LLLG"),
        [last(4096, 2048, heads=8, layers=48), full(2048, heads=8, layers=16)],
    ),
    "EXAONE 4.0 1.2B: no window": (
        config("exaone4", 30, 2048, 32, num_key_value_heads=8, sliding_window=None),
        [full(1024, heads=8, layers=30)],
    ),
    "Llama 4 Scout: chunks of 8192 in three layers of four": (
        config("llama4_text", 48, 5120, 40, num_key_value_heads=8, head_dim=128),
        [last(8192, 2048, heads=8, layers=36), full(2048, heads=8, layers=12)],
    ),
    "Falcon 7B: one head of 64": (
        config("falcon", 32, 4544, 71, multi_query=True),
        [full(128, heads=1, layers=32)],
    ),
    "Falcon 40B: 8 heads of 64, though multi_query is true": (
        config("falcon", 60, 8192, 128, **FALCON_40B),
        [full(1024, heads=8, layers=60)],
    ),
    "StarCoder: one head of 128": (
        {"model_type": "gpt_bigcode", "n_layer": 40, "n_embd": 6144, "n_head": 48, "multi_query": True},
        [full(256, heads=1, layers=40)],
    ),
    "GPT-2: every head its own": (
        {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12},
        [full(1536, heads=12, layers=12)],
    ),
    "JetMoE 8B: 16 heads of 128 for all experts of attention": (
        config("jetmoe", 24, 2048, 32, num_key_value_heads=16, kv_channels=128),
        [full(4096, heads=16, layers=24)],
    ),
    "HRM-Text: the fast stack of 16 layers runs 2 × 3 times, the slow one twice": (
        config("hrm_text", 16, 1536, 12, head_dim=128, H_cycles=2, L_cycles=3),
        [full(3072, heads=12, layers=16 * 6 + 16 * 2)],
    ),
    "IQuest-Coder Loop: the second pass remembers 64 tokens": (
        config("iquestloopcoder", 80, 5120, 40, num_key_value_heads=8, head_dim=128),
        [full(2048, heads=8, layers=80), last(64, 2048, heads=8, layers=80)],
    ),
    "EmbeddingGemma sees a text in both directions": (
        config("gemma3_text", 24, 768, 3, num_key_value_heads=1, use_bidirectional_attention=True),
        [],
    ),
    "Hunyuan Large: every second layer reads the keys and values of the one before": (
        config(
            "hunyuan",
            64,
            6400,
            80,
            num_key_value_heads=8,
            num_experts=16,
            moe_topk=1,
            use_cla=True,
            cla_share_factor=2,
        ),
        [full(1280, heads=8, layers=32)],
    ),
    "LLaDA writes by diffusion": (
        {"model_type": "llada", "n_layers": 32, "d_model": 4096, "n_heads": 32, "vocab_size": 126464},
        [],
    ),
    "Llama as an embedding model": (config("llama_bidirec", 16, 2048, 32, num_key_value_heads=8), []),
    "Inkling: 66 layers, every sixth full with 8 heads, the others 16 heads and 512 tokens, and convolutions": (
        {"model_type": "inkling_text"},
        [
            last(512, 4096, heads=16, layers=55),
            Cache("state", state=(2 * 16 * 128 + 2 * 6144) * 4, layers=55),
            full(2048, heads=8, layers=11),
            Cache("state", state=(2 * 8 * 128 + 2 * 6144) * 4, layers=11),
        ],
    ),
    "Gemma 4's drafts read the target's caches": (
        {
            "model_type": "gemma4_unified_assistant",
            "backbone_hidden_size": 512,
            "text_config": config("gemma4_unified_text", 4, 256, 4, num_key_value_heads=1),
        },
        [],
    ),
    "Qwen2 with a window in its upper half": (
        config(
            "qwen2",
            4,
            1024,
            8,
            num_key_value_heads=8,
            sliding_window=100,
            use_sliding_window=True,
            max_window_layers=2,
        ),
        [full(2048, heads=8, layers=2), last(100, 2048, heads=8, layers=2)],
    ),
    "OLMo 3 7B: every fourth layer sees everything": (
        config("olmo3", 32, 4096, 32, sliding_window=4096),
        [last(4096, 8192, heads=32, layers=24), full(8192, heads=32, layers=8)],
    ),
    "Spark-X2.5 4B: 27 of 36 layers see 512 tokens": (
        config(
            "spark2_5",
            36,
            2560,
            16,
            num_key_value_heads=4,
            head_dim=256,
            sliding_window=512,
            layer_types=(["sliding_attention"] * 3 + ["full_attention"]) * 9,
        ),
        [last(512, 2048, heads=4, layers=27), full(2048, heads=4, layers=9)],
    ),
    "Ouro 1.4B: four passes, each with keys and values of its own": (
        config("ouro", 24, 2048, 16, total_ut_steps=4),
        [full(4096, heads=16, layers=96)],
    ),
    "MiMo-V2-Flash: keys of 192, values of 128, twice the heads in a window": (
        config("mimo_v2_flash", 48, 4096, 64, **MIMO_V2),
        [full(4 * 320, heads=4, layers=9), last(128, 8 * 320, heads=8, layers=39)],
    ),
    "MiniMax M3: a key of the indexer, which every GPU keeps, in 57 of 60 layers": (
        config("minimax_m3", 60, 6144, 64, **MINIMAX_M3),
        [full(1024, heads=4, layers=60), Cache("index", width=128, bits=16, layers=57)],
    ),
    "Step 3.5 Flash": (
        config("step3p5", 45, 4096, 64, **STEP_3_5),
        [full(2048, heads=8, layers=12), last(512, 2048, heads=8, layers=33)],
    ),
    "Nemotron NAS: a layer without attention, one with 16 KV heads, one with 8": (
        config(
            "nemotron-nas",
            3,
            8192,
            64,
            block_configs=[
                {"attention": {"no_op": True}, "ffn": {"ffn_mult": 1.0}},
                {"attention": {"n_heads_in_group": 4}, "ffn": {"no_op": True}},
                {"attention": {"n_heads_in_group": 8}, "ffn": {"intermediate_size": 100}},
            ],
        ),
        [full(2 * 16 * 128, heads=16, layers=1), full(2 * 8 * 128, heads=8, layers=1)],
    ),
    "Laguna without layer_types: its class makes them full, though it has a window": (
        config("laguna", 4, 2048, 48, num_key_value_heads=8, head_dim=128),
        [full(2 * 8 * 128, heads=8, layers=4)],
    ),
    "Mellum without layer_types": (
        config("mellum", 4, 2304, 32, num_key_value_heads=4, head_dim=128),
        [full(2 * 4 * 128, heads=4, layers=4)],
    ),
    "DeepSeek-OCR: the text model of Unlimited-OCR, without its window": (
        {
            "model_type": "deepseek_vl_v2",
            "language_config": config("deepseek_v2", 12, 1280, 10, kv_lora_rank=None, use_mla=False),
            "vision_config": {"layers": 2, "width": 1152},
            "projector_config": {"n_embed": 1280},
        },
        [full(2 * 10 * 128, heads=10, layers=12)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_caches_are_as_by_hand(name: str) -> None:
    """Kind, elements for each token, heads and window."""
    fields, expected = CASES[name]
    assert list(read_architecture(fields).caches) == expected


def test_draft_layers_are_not_counted() -> None:
    """GLM-4.5 Air: the MTP layer follows the 46 layers and is none of them."""
    fields = config(
        "glm4_moe", 46, 4096, 96, num_key_value_heads=8, n_routed_experts=128, num_experts_per_tok=8
    )
    without, found = read_architecture(fields), read_architecture({**fields, "num_nextn_predict_layers": 1})
    assert len(found.layers) == 46
    assert len(found.drafts) == 1
    assert found.parameters == without.parameters


def test_draft_layers_and_the_model_are_what_the_hub_stores() -> None:
    """Elements on the hub, September 2026: MiMo-7B-RL; Step-3.5-Flash, whose routers have 42 × 288 corrections."""
    mimo = config(
        "mimo", 36, 4096, 32, num_key_value_heads=8, num_nextn_predict_layers=1, tie_word_embeddings=False
    )
    sizes = {"vocab_size": 151680, "intermediate_size": 11008}
    assert with_drafts({**mimo, **sizes}) == 7_833_409_536
    assert with_drafts(config("step3p5", 45, 4096, 64, **STEP_3_5)) == 199_384_301_376 - 42 * 288


def test_the_draft_layer_of_a_mixture_may_be_dense() -> None:
    """Elements on the hub, September 2026, less one correction for each expert: Hy3, whose MTP layer is a mixture;
    K-EXAONE 236B, whose is not."""
    hy3 = config("hy_v3", 80, 4096, 64, num_nextn_predict_layers=1, vocab_size=120832)
    exaone = config("exaone_moe", 48, 6144, 64, num_nextn_predict_layers=1, vocab_size=153600)
    assert with_drafts({**hy3, "intermediate_size": 13312}) == 298_786_155_776 - 80 * 192
    sizes = {"num_experts": 128, "moe_intermediate_size": 2048, "num_key_value_heads": 8, "head_dim": 128}
    found = with_drafts({**exaone, **sizes, "intermediate_size": 18432})
    assert found == 237_099_669_632 - 47 * 128


def with_drafts(fields: dict[str, Any]) -> int:
    """All parameters, those of draft layers with them."""
    found = read_architecture(fields)
    return found.parameters + sum(weight.elements for layer in found.drafts for weight in layer.weights)


def test_widths_of_a_searched_llama() -> None:
    """5.25 × 8,192 × 2 / 3 = 28,672 (Llama 70B), 2.625 gives half of it; what is no multiple of 256 is rounded up."""
    for multiplier, width in ((5.25, 28672), (2.625, 14336), (0.5, 2816)):
        fields = config(
            "nemotron-nas",
            1,
            8192,
            64,
            block_configs=[{"attention": {"no_op": True}, "ffn": {"ffn_mult": multiplier}}],
        )
        up = [weight for weight in read_architecture(fields).weights if weight.module == "mlp.up_proj"]
        assert [weight.outputs for weight in up] == [width]


def test_an_encoder_remembers_nothing() -> None:
    """BERT reads a text at once."""
    assert read_architecture({"model_type": "bert"}).caches == ()


def test_a_decoder_remembers_what_the_encoder_read() -> None:
    """T5 11B: 24 layers with 128 heads of 128, for its own text and for the encoder's."""
    fields = {
        "model_type": "t5",
        "num_layers": 24,
        "d_model": 1024,
        "num_heads": 128,
        "d_kv": 128,
        "d_ff": 65536,
    }
    own = full(32768, heads=128, layers=24)
    assert list(read_architecture(fields).caches) == [own, own._replace(kind="cross")]


def test_whisper_large_v3() -> None:
    """1,543,490,560 parameters (transformers 5.24.0 on the meta device); 32 decoder layers with 20 heads of 64."""
    sizes = {"layers": 32, "ffn_dim": 5120, "attention_heads": 20}
    stacks = {f"{side}_{name}": size for side in ("encoder", "decoder") for name, size in sizes.items()}
    found = read_architecture(
        {"model_type": "whisper", "d_model": 1280, "num_mel_bins": 128, "vocab_size": 51866, **stacks}
    )
    own = full(2560, heads=20, layers=32)
    assert found.parameters == 1_543_490_560
    # Half a minute of sound makes 1,500 entries, however short the text is (`max_source_positions`).
    heard = Cache("cross", heads=20, state=2560 * 1500, layers=32)
    assert list(found.caches) == [own, heard]


@pytest.mark.parametrize(
    ("encoder", "entries"),
    [
        ({"model_type": "vit", "image_size": 384, "patch_size": 16}, 24 * 24 + 1),
        ({"model_type": "deit", "image_size": 384, "patch_size": 16}, 24 * 24 + 2),
        ({"model_type": "donut-swin", "image_size": [2560, 1920], "patch_size": 4}, 80 * 60),
    ],
)
def test_a_decoder_remembers_an_image_of_fixed_size(encoder: dict[str, object], entries: int) -> None:
    """Tokens in front of the patches: one in ViT, two in DeiT. Swin joins four patches three times."""
    text = {"d_model": 256, "decoder_layers": 6, "decoder_attention_heads": 8, "decoder_ffn_dim": 512}
    decoder = {"model_type": "trocr", **text}
    found = read_architecture(
        {"model_type": "vision-encoder-decoder", "encoder": encoder, "decoder": decoder}
    )
    own = full(2 * 256, heads=8, layers=6)
    assert list(found.caches) == [own, Cache("cross", heads=8, state=2 * 256 * entries, layers=6)]


def test_hunyuan_large_has_389_billion_parameters() -> None:
    """As its paper says: 389 B (arXiv 2411.02265)."""
    sizes = {"intermediate_size": 18304, "num_key_value_heads": 8, "vocab_size": 128512}
    shares = {"num_experts": 16, "moe_topk": 1, "use_cla": True, "tie_word_embeddings": True}
    found = read_architecture({**config("hunyuan", 64, 6400, 80), **sizes, **shares})
    assert round(found.parameters / 1e9) == 389


@pytest.mark.parametrize("model_type", ["qwen3", "llama4_text", "gpt_oss", "olmo3"])
@pytest.mark.parametrize("kind", ["linear_attention", "evil", "\x1b[31m"])
def test_a_layer_of_an_unknown_kind_is_not_counted_as_attention(model_type: str, kind: str) -> None:
    fields = config(model_type, 2, 256, 2)
    with pytest.raises(Unsaid, match="layers are of a kind that gpuspec does not know"):
        read_architecture({**fields, "layer_types": ["full_attention", kind]})
