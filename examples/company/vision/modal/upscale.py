"""Upscales pictures that sellers send."""

import modal

image = modal.Image.debian_slim(python_version="3.11").pip_install(
    "torch==2.5.1", "diffusers==0.32.2", "transformers==4.48.3", "accelerate==1.2.1"
)
app = modal.App("upscale", image=image)
hub = modal.Volume.from_name("hub", create_if_missing=True)


@app.cls(gpu="A10G", volumes={"/root/.cache/huggingface": hub}, scaledown_window=120, timeout=600)
class Upscaler:
    @modal.enter()
    def load(self):
        import torch
        from diffusers import StableDiffusionUpscalePipeline

        self.pipe = StableDiffusionUpscalePipeline.from_pretrained(
            "stabilityai/stable-diffusion-x4-upscaler", torch_dtype=torch.float16
        ).to("cuda")

    @modal.method()
    def run(self, picture, prompt: str):
        return self.pipe(prompt=prompt, image=picture).images[0]
