import io

import modal

app = modal.App("sdxl-cards")
image = modal.Image.debian_slim(python_version="3.11").pip_install(
    "diffusers==0.31.0", "transformers==4.46.3", "accelerate==1.1.1", "torch==2.5.1", "safetensors"
)
cache = modal.Volume.from_name("hf-cache", create_if_missing=True)


@app.function(gpu="H100", image=image, volumes={"/root/.cache/huggingface": cache}, timeout=300)
def card(prompt: str) -> bytes:
    import torch
    from diffusers import StableDiffusionXLPipeline

    pipe = StableDiffusionXLPipeline.from_pretrained(
        "stabilityai/stable-diffusion-xl-base-1.0", torch_dtype=torch.float16, variant="fp16"
    ).to("cuda")
    buf = io.BytesIO()
    pipe(prompt, num_inference_steps=30).images[0].save(buf, format="PNG")
    return buf.getvalue()


@app.local_entrypoint()
def main():
    prompts = open("names.txt").read().splitlines()
    for name, png in zip(prompts, card.map(prompts)):
        open(f"cards/{name[:40]}.png", "wb").write(png)
