"""The table of pipelines: what each holds, as its files and configs say.

Sources: parameters, widths and layers are those of the classes of diffusers 0.42 built from the published configs on
PyTorch's meta device, else as the repository beside the row states; resolutions and frames are the defaults of the
pipelines and model cards; 2026-11."""

from gpuspec.sizing.media.components import Denoiser, Encoder, Pipeline, Vae

CLIP_L, CLIP_G, OPEN_CLIP_H = Encoder(0.123, 0.31), Encoder(0.695, 0.1), Encoder(0.34, 0.15)
T5_XXL = Encoder(4.76, 0.24)
"""Its 24 `wo` of 10,240 × 4,096 stay as they are (T5's _keep_in_fp32_modules), and the embedding."""
T5_XL, UMT5_XXL, T5_11B = Encoder(1.22, 0.22), Encoder(5.68, 0.36), Encoder(4.87, 0.34)
QWEN_VL_7B, LLAMA_8B, GEMMA_2B, QWEN3_4B = (
    Encoder(8.29, 0.2),
    Encoder(8.03, 0.13),
    Encoder(2.61, 0.23),
    Encoder(4.02, 0.1),
)
GLYPH_T5 = Encoder(0.22, 0.3)
SIGLIP = Encoder(0.43)
CLIP_H_VISION = Encoder(0.63)

KL = Vae(0.084)
"""AutoencoderKL of 128 · 256 · 512 · 512 channels: at full resolution, where 256 channels are upsampled, the planes
alive and cuDNN's copies of what goes into a convolution and comes out."""
KL_32 = KL._replace(fp32=True, plane=993)
"""SDXL's, whose config says force_upcast: in 32 bit some of cuDNN's kernels need no copies (769 numbers without)."""
WAN_VAE = Vae(0.127, 8, 4, plane=4823, frame=12, still=1922, tile_gib=0.86)
"""A chunk of four frames at 96 channels, normed in 32 bit, and all frames twice while they are joined."""
QWEN_VAE = Vae(0.127, plane=1922, tile_gib=0.23)
"""The same, of one frame, with cuDNN's copies."""
WAN_5B_VAE = Vae(0.705, 16, 4, plane=3600, frame=12, tile_gib=1.2)
COG_VAE = Vae(0.216, 8, 4, plane=22740, frame=6, tile_gib=3.8)
"""Eight frames at 128 · 256 channels, and what it keeps of the frames before."""
HUNYUAN_VAE = Vae(0.246, 8, 4, plane=20150, tile_gib=2.9, tiles=True)
MOCHI_VAE = Vae(0.46, 8, 6, plane=0, frame=945, tile_gib=6.9, tiles=True)
"""It holds all frames at 128 channels at once: without tiles no GPU decodes its 85 frames."""
LTX_VAE = Vae(0.419, 32, 8, plane=0, frame=51, tile_gib=3.0)
DC_VAE = Vae(0.312, 32, plane=1280)

_FLUX = Denoiser(11.9, 3072, 57, 15.2, 14.4, 512)
_SD3 = Denoiser(2.03, 1536, 24, 12.4, 12.1, 333, 2)
_WAN = Denoiser(14.29, 5120, 40, 11.1)
_COSMOS = Denoiser(1.96, 2048, 28, 13.0)
_HUNYUAN = Denoiser(12.82, 3072, 60, 16.2, text=256)
_QWEN = Denoiser(20.43, 3072, 60, 11.5, text=512)
_COG_5B = Denoiser(5.57, 3072, 42, 10.2, text=226, guided=2)
_SDXL = Denoiser(
    2.567,
    320,
    1,
    15.8,
    727.0,
    guided=2,
    patch=1,
    unet=True,
    scores=11,
    each=3.668e8,
    pairs=2802,
    modules=1299,
)
_SD1 = Denoiser(
    0.860, 320, 1, 26.0, 431.0, guided=2, patch=1, unet=True, scores=43, each=1.667e8, pairs=7154, modules=486
)
"""Scores: five layers of eight heads at the first level, and what the smaller levels add. Operations: FlopCounterMode
on the classes of diffusers on the meta device, at two sizes: 0.803 TFLOP at 512 pixels, 6.76 of SDXL at 1,024, of
them attention 0.12 and 0.75."""
_SD3_TEXT = (T5_XXL, CLIP_L, CLIP_G)

_FLUX_1 = Pipeline(_FLUX, (T5_XXL, CLIP_L), KL)
_QWEN_IMAGE = Pipeline(_QWEN, (QWEN_VL_7B,), QWEN_VAE, 1328, 1328)
_WAN_21 = Pipeline(_WAN, (UMT5_XXL,), WAN_VAE, 1280, 720, 81)
_SDXL_1 = Pipeline(_SDXL, (CLIP_L, CLIP_G), KL_32)
_COSMOS_2 = Pipeline(_COSMOS, (T5_11B,), WAN_VAE, 1280, 704, 93, encoder_bits=32)
_COSMOS_14 = _COSMOS_2._replace(denoiser=Denoiser(14.25, 5120, 36, 13.0))
_HIDREAM = Pipeline(Denoiser(17.11, 2560, 48, 16.0, 22.0, 384, 2), (T5_XXL, LLAMA_8B, CLIP_L, CLIP_G), KL)

PIPELINES: dict[str, Pipeline] = {
    "sd-1": Pipeline(_SD1, (CLIP_L,), KL, 512, 512),
    "sd-2": Pipeline(_SD1._replace(billions=0.866), (OPEN_CLIP_H,), KL, 768, 768),
    "sdxl": _SDXL_1,
    "playground-v2.5": _SDXL_1,
    "kolors": Pipeline(_SDXL._replace(billions=2.58), (Encoder(6.24, 0.1),), KL_32),  # ChatGLM3-6B
    "sd3-medium": Pipeline(_SD3, _SD3_TEXT, KL),
    "sd3.5-medium": Pipeline(_SD3._replace(billions=2.47, kept=24.1), _SD3_TEXT, KL),
    "sd3.5-large": Pipeline(Denoiser(8.06, 2432, 38, 12.4, 12.1, 333, 2), _SD3_TEXT, KL),
    "flux.1": _FLUX_1,
    "flux.1-kontext": _FLUX_1._replace(
        denoiser=_FLUX._replace(text=512 + 4096)
    ),  # the picture given, in tokens
    "flux.2": Pipeline(Denoiser(32.22, 6144, 56, 21.2, 20.1, 512), (Encoder(24.01, 0.07),), KL),
    "flux.2-klein-9b": Pipeline(Denoiser(9.10, 4096, 32, 21.3, 20.1, 512), (Encoder(8.19, 0.15),), KL),
    "flux.2-klein-base-9b": Pipeline(Denoiser(9.10, 4096, 32, 21.3, 20.1, 512), (Encoder(8.19, 0.15),), KL),
    "flux.2-klein-4b": Pipeline(Denoiser(3.89, 3072, 25, 21.4, 20.1, 512), (QWEN3_4B,), KL),
    "flux.2-klein-base-4b": Pipeline(Denoiser(3.89, 3072, 25, 21.4, 20.1, 512), (QWEN3_4B,), KL),
    "chroma": Pipeline(Denoiser(8.90, 3072, 57, 14.2, 14.4, 512, 2), (T5_XXL,), KL),
    "bria": Pipeline(Denoiser(11.88, 3072, 57, 15.2, 14.4, 128, 2), (T5_XXL,), KL),
    "longcat-image": Pipeline(Denoiser(11.88, 3072, 57, 15.2, 14.4, 512), (QWEN_VL_7B,), KL),
    "qwen-image": _QWEN_IMAGE,
    "qwen-image-edit": _QWEN_IMAGE._replace(
        denoiser=_QWEN._replace(text=512 + 4096), width=1024, height=1024
    ),
    "z-image": Pipeline(Denoiser(6.15, 3840, 34, 15.9, text=512), (QWEN3_4B,), KL),
    "hidream-i1": _HIDREAM,
    "hidream": _HIDREAM,
    "hunyuanimage-2.1": Pipeline(
        Denoiser(17.41, 3584, 60, 16.2, text=1000, patch=1),
        (QWEN_VL_7B, GLYPH_T5),
        Vae(0.406, 32, plane=2048),
        2048,
        2048,
    ),
    "pixart": Pipeline(Denoiser(0.61, 1152, 28, 12.0, guided=2), (T5_XXL,), KL),
    "auraflow": Pipeline(Denoiser(6.83, 3072, 36, 13.0, text=256, guided=2), (T5_XL,), KL_32),
    "sana": Pipeline(Denoiser(1.60, 2240, 20, 14.0, guided=2, patch=1), (GEMMA_2B,), DC_VAE),
    "lumina-image-2": Pipeline(Denoiser(2.61, 2304, 30, 13.0, text=256), (GEMMA_2B,), KL),
    "cogview4": Pipeline(Denoiser(6.37, 4096, 28, 9.2, text=224, guided=2), (Encoder(9.4, 0.13),), KL),
    "omnigen": Pipeline(Denoiser(3.88, 3072, 32, 14.0, text=64, guided=2), (), KL),
    "omnigen2": Pipeline(Denoiser(3.97, 2520, 36, 13.0, text=512), (Encoder(3.75, 0.17),), KL),
    "stable-cascade": Pipeline(
        Denoiser(5.15, 2048, 1, 16.0, guided=2, patch=1, unet=True), (CLIP_G,), Vae(0.018, 42, plane=512)
    ),
    "if-i-xl": Pipeline(
        Denoiser(4.3, 704, 1, 16.0, guided=2, patch=1, unet=True), (T5_XXL,), Vae(0.0, 1, plane=3), 64, 64
    ),
    "cogvideox-2b": Pipeline(
        Denoiser(1.69, 1920, 30, 11.3, text=226, guided=2), (T5_XXL,), COG_VAE, 720, 480, 49
    ),
    "cogvideox-5b": Pipeline(_COG_5B, (T5_XXL,), COG_VAE, 720, 480, 49),
    # Its transformer's config: patch_size_t 2.
    "cogvideox1.5-5b": Pipeline(_COG_5B._replace(patch_frames=2), (T5_XXL,), COG_VAE, 1360, 768, 81),
    # PKU-YuanGroup/ConsisID: CogVideoX-5B-I2V with extractors of faces in it; their networks come beside it.
    "consisid": Pipeline(_COG_5B._replace(billions=6.2), (T5_XXL, Encoder(0.8)), COG_VAE, 720, 480, 49),
    "wan2.1-t2v-1.3b": Pipeline(Denoiser(1.42, 1536, 30, 15.1), (UMT5_XXL,), WAN_VAE, 832, 480, 81),
    "wan2.1-vace-1.3b": Pipeline(Denoiser(2.15, 1536, 45, 15.1), (UMT5_XXL,), WAN_VAE, 832, 480, 81),
    "wan2.1-i2v": _WAN_21._replace(denoiser=_WAN._replace(billions=16.4), encoders=(UMT5_XXL, CLIP_H_VISION)),
    "wan2.2-ti2v-5b": Pipeline(Denoiser(5.00, 3072, 30, 11.1), (UMT5_XXL,), WAN_5B_VAE, 1280, 704, 121),
    "wan2.2": _WAN_21._replace(denoiser=_WAN._replace(billions=28.58, experts=2)),
    "wan2": _WAN_21,
    "skyreels-v2-14b": _WAN_21._replace(width=960, height=544, frames=97),
    "skyreels-v2-df-14b": _WAN_21._replace(width=960, height=544, frames=97),
    "hunyuanvideo-1.5": Pipeline(
        Denoiser(8.33, 2048, 54, 16.2, text=985, patch=1),
        (QWEN_VL_7B, GLYPH_T5, SIGLIP),
        Vae(1.26, 16, 4, plane=20150, tile_gib=2.9, tiles=True),
        1280,
        720,
        121,
    ),
    "hunyuanvideo": Pipeline(_HUNYUAN, (LLAMA_8B, CLIP_L), HUNYUAN_VAE, 1280, 720, 129),
    "skyreels-v1": Pipeline(_HUNYUAN._replace(guided=2), (LLAMA_8B, CLIP_L), HUNYUAN_VAE, 960, 544, 97),
    "ltx-2": Pipeline(
        Denoiser(18.88, 4096, 48, 14.0, guided=2, patch=1), (Encoder(12.19, 0.08),), LTX_VAE, 768, 512, 121
    ),
    "ltx-video-13b": Pipeline(
        Denoiser(13.04, 4096, 48, 13.1, guided=2, patch=1), (T5_XXL,), LTX_VAE, 1216, 704, 121
    ),
    "ltx-video": Pipeline(
        Denoiser(1.92, 2048, 28, 14.4, guided=2, patch=1), (T5_XXL,), LTX_VAE, 768, 512, 121
    ),
    "mochi": Pipeline(
        Denoiser(10.03, 3072, 48, 12.0, text=256, guided=2), (T5_XXL,), MOCHI_VAE, 848, 480, 85
    ),
    "allegro": Pipeline(
        Denoiser(2.77, 2304, 32, 9.8, guided=2),
        (T5_XXL,),
        Vae(0.18, 8, 4, tile_gib=2.5, tiles=True),
        1280,
        720,
        88,
    ),
    "longcat-video": Pipeline(Denoiser(13.6, 4096, 48, 12.0, guided=2), (UMT5_XXL,), WAN_VAE, 832, 480, 93),
    # nvidia-cosmos/cosmos-predict2, imaginaire/auxiliary/text_encoder.py: T5-11B loaded in its own dtype, 32 bit.
    "cosmos-predict2-2b-text2image": _COSMOS_2._replace(frames=1),
    "cosmos-predict2-2b": _COSMOS_2,
    "cosmos-predict2-14b-text2image": _COSMOS_14._replace(frames=1),
    "cosmos-predict2-14b": _COSMOS_14,
    # stepfun-ai/Step-Video-T2V README: its encoders and VAE run as a service on another GPU.
    "step-video-t2v": Pipeline(
        Denoiser(30.0, 6144, 48, 8.3, guided=2, patch=1), (), Vae(0.0, 16, 17 / 3, plane=0), 992, 544, 204
    ),
    "stable-video-diffusion": Pipeline(
        Denoiser(1.525, 320, 1, 26.0, guided=2, patch=1, unet=True),
        (CLIP_H_VISION,),
        Vae(0.098, plane=1024, frame=0),
        1024,
        576,
        25,
    ),
}
"""Prefix of the catalogue's id → components; the longest matching prefix counts. A share of the widths kept and the
buffers of families that were not counted are those of their nearest kin: 12 and 16."""
