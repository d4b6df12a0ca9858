"""Models that hear, some of which see too, and write text."""

from __future__ import annotations

from collections.abc import Mapping

from gpuspec.architectures.config import ModelConfig
from gpuspec.architectures.decoder import Reader
from gpuspec.architectures.families.dense import gate_in_first
from gpuspec.architectures.families.encoder_decoders import TYPES as ENCODER_DECODERS
from gpuspec.architectures.families.llama_like import LlamaLike
from gpuspec.architectures.parts import Architecture, Weight
from gpuspec.architectures.pieces import norm
from gpuspec.architectures.towers import projectors as between
from gpuspec.architectures.towers import resamplers
from gpuspec.architectures.towers.audio import nemotron_timestamps
from gpuspec.architectures.towers.blocks import O_PROJ, blocks, chain, measures, placed, table
from gpuspec.architectures.towers.projectors import perceptron
from gpuspec.architectures.towers.senses import Sense, joined, tower_of

_TWO = "linear_1 linear_2"


def _audio(
    projector: between.Projector = between.nothing,
    *,
    config: str = "audio_config",
    at: str = "audio_tower",
    projector_at: str = "multi_modal_projector",
    optional: bool = False,
    usual: str = "",
) -> Sense:
    return Sense(config, "audio", at, projector, projector_at, optional=optional, usual=usual)


def _inner(c: ModelConfig, v: ModelConfig) -> int:
    """Frames joined until they are as wide as the encoder's feed-forward block (Voxtral, GLM-ASR)."""
    return measures(v).inner


def _twice_text(c: ModelConfig, v: ModelConfig) -> int:
    t = c.inner("text_config")
    return 2 * t.hidden if t is not None else 1


def _moss(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    wide = measures(v).width * c.size("audio_merge_size")
    bias = c.flag("projector_bias", default=True)
    return (*chain(_TWO, wide, text, text, bias=bias), norm("norm", text, bias=True))


def _qwen3_asr(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    wide = measures(v).width
    return chain(_TWO, wide, wide, v.size("output_dim"))


def _fun_asr(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    """Two linear layers, then layers of an encoder (Fun-ASR-Nano)."""
    a = c.inner("adaptor_config")
    if a is None:
        return ()
    m = measures(a)
    inner = a.size("projector_hidden_size")
    return (*chain(_TWO, measures(v).width, inner, m.width), *blocks(m, at="layers.*", names=O_PROJ))


def _vibevoice(prefix: str) -> between.Projector:
    def read(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
        names = f"{prefix}_linear_1 {prefix}_linear_2"
        return (*chain(names, v.size("hidden_size"), text, text), norm(f"{prefix}_norm", text))

    return read


def _gemma3n(c: ModelConfig, v: ModelConfig, text: int) -> tuple[Weight, ...]:
    wide = v.size("hidden_size")
    return (
        table("embedding", v.size("vocab_size"), wide),
        norm("hard_embedding_norm", wide),
        norm("soft_embedding_norm", wide),
        *chain("embedding_projection", wide, text, bias=False),
    )


def _thinker(c: ModelConfig) -> Architecture:
    """Qwen-Omni: engines that write text load the thinker alone; what talks is a model of its own."""
    thinker = c.part("thinker_config")
    return _OMNI(thinker)._replace(model_type=c.model_type)


def _asr_width(c: ModelConfig, v: ModelConfig) -> int:
    speech = v.inner("asr_config")
    return speech.size("hidden_size") if speech is not None else 1


def _kyutai(c: ModelConfig) -> Architecture:
    """Kyutai's speech to text: each step reads 32 codes of sound and a word, from one table; its codec is loaded."""
    words, codes = c.vocabulary, c.size("codebook_vocab_size") * c.size("num_codebooks")
    codec = c.inner("codec_config")
    outside = placed("codec_model", "audio", tower_of(codec)) if codec is not None else ()
    trait = LlamaLike(mlp=gate_in_first, head=lambda _: words)
    found = trait.read(c.read_as(c.model_type, vocab_size=words + 1 + codes))
    return found._replace(vocabulary=words, outside=(*found.outside, *outside))


def _seamless(c: ModelConfig) -> Architecture:
    """Seamless M4T from text to text, which is what is written; what hears and speaks is a model beside it."""
    doubt = "its speech encoder, its vocoder and what is between them are not counted"
    return ENCODER_DECODERS["m2m_100"](c)._replace(derived=doubt)


def _timestamps(c: ModelConfig) -> tuple[Weight, ...]:
    words = c.inner("word_timestamp_config")
    return placed("word_timestamp", "audio", nemotron_timestamps(words)) if words is not None else ()


_SEES = Sense(at="visual")
_OMNI = joined(_SEES, _audio())
_GRANITE = joined(_audio(resamplers.qformer, config="encoder_config", at="encoder", projector_at="projector"))
TYPES: Mapping[str, Reader] = {
    "qwen2_audio": joined(_audio(perceptron("linear"))),
    "audioflamingo3": joined(_audio(perceptron(_TWO, bias="projector_bias"))),
    "musicflamingo": joined(_audio(perceptron(_TWO, bias="projector_bias"))),
    "voxtral": joined(_audio(perceptron(_TWO, wide=_inner, bias=False))),
    "voxtral_realtime": joined(
        _audio(
            perceptron(_TWO, wide=lambda c, v: measures(v).width * c.size("downsample_factor"), bias=False)
        )
    ),
    "glmasr": joined(_audio(perceptron(_TWO, wide=_inner, inner=_twice_text))),
    "moss_transcribe_diarize": joined(_audio(_moss)),
    "qwen3_asr": joined(_audio(_qwen3_asr)),
    "fun_asr_nano": joined(_audio(_fun_asr)),
    "granite_speech": _GRANITE,
    "granite_speech_plus": _GRANITE,
    "kyutai_speech_to_text": _kyutai,
    "nemo_speechlm": joined(_audio(perceptron("linear", wide=_asr_width)), extra=_timestamps),
    "seamless_m4t": _seamless,
    "seamless_m4t_v2": _seamless,
    "omniasr": joined(_audio(perceptron("linear"))),
    "qwen2_5_omni_thinker": _OMNI,
    "qwen3_omni_moe_thinker": _OMNI,
    "qwen2_5_omni": _thinker,
    "qwen3_omni_moe": _thinker,
    "phi4_multimodal": joined(
        Sense(at="embed_tokens_extend.image_embed.img_processor", projector=between.phi4_vision,
              projector_at="embed_tokens_extend.image_embed"),
        _audio(between.phi4_audio, at="embed_tokens_extend.audio_embed.encoder",
               projector_at="embed_tokens_extend.audio_embed"),
        text="phi3",
    ),
    "gemma4": joined(
        Sense(projector=between.gemma4, projector_at="embed_vision", optional=True, usual="gemma4_vision"),
        _audio(between.gemma4, projector_at="embed_audio", optional=True, usual="gemma4_audio"),
    ),
    "gemma3n": joined(
        Sense(projector=_gemma3n, projector_at="embed_vision"), _audio(_gemma3n, projector_at="embed_audio")
    ),
    "vibevoice_asr": joined(
        _audio(_vibevoice("acoustic"), config="acoustic_tokenizer_encoder_config", at="acoustic_tokenizer_encoder"),
        _audio(_vibevoice("semantic"), config="semantic_tokenizer_encoder_config", at="semantic_tokenizer_encoder"),
    ),
}  # fmt: skip
"""`model_type` → its reader."""
