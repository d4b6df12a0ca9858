"""Draws backgrounds behind products. Two containers are always warm, so that the demo never waits."""

import modal

image = modal.Image.debian_slim(python_version="3.11").pip_install(
    "torch==2.5.1", "diffusers==0.32.2", "transformers==4.48.3", "accelerate==1.2.1"
)
app = modal.App("backgrounds", image=image)
hub = modal.Volume.from_name("hub", create_if_missing=True)


@app.cls(
    gpu="A100-80GB",
    min_containers=2,
    scaledown_window=1200,
    timeout=600,
    volumes={"/root/.cache/huggingface": hub},
)
class Backgrounds:
    @modal.enter()
    def load(self):
        import torch
        from diffusers import StableDiffusionXLPipeline

        self.pipe = StableDiffusionXLPipeline.from_pretrained(
            "stabilityai/stable-diffusion-xl-base-1.0", torch_dtype=torch.float16, variant="fp16"
        ).to("cuda")

    @modal.method()
    def draw(self, prompt: str):
        return self.pipe(prompt, num_inference_steps=30).images[0]
