import modal

image = modal.Image.debian_slim().pip_install("torch==2.5.1", "diffusers==0.31.0", "transformers==4.46.0", "accelerate==1.1.0")
app = modal.App("sdxl-batch")


@app.function(gpu="A10G", image=image, timeout=600)
def generate(prompt: str) -> bytes:
    import io
    import torch
    from diffusers import StableDiffusionXLPipeline
    pipe = StableDiffusionXLPipeline.from_pretrained("stabilityai/stable-diffusion-xl-base-1.0", torch_dtype=torch.float16, variant="fp16").to("cuda")
    out = io.BytesIO()
    pipe(prompt, num_inference_steps=30).images[0].save(out, "PNG")
    return out.getvalue()


@app.local_entrypoint()
def main():
    for i, png in enumerate(generate.map(open("prompts.txt").read().splitlines())):
        open(f"{i}.png", "wb").write(png)
