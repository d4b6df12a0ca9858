import modal

app = modal.App("demo-ui")
image = modal.Image.debian_slim().pip_install("gradio==5.6.0", "diffusers==0.31.0", "torch==2.5.1", "transformers==4.46.0")
vol = modal.Volume.from_name("hf", create_if_missing=True)


@app.cls(gpu="A100-80GB", image=image, min_containers=2, scaledown_window=3600, volumes={"/root/.cache/huggingface": vol})
class Demo:
    @modal.enter()
    def load(self):
        import torch
        from diffusers import FluxPipeline
        self.pipe = FluxPipeline.from_pretrained("black-forest-labs/FLUX.1-schnell", torch_dtype=torch.bfloat16).to("cuda")

    @modal.method()
    def run(self, prompt):
        return self.pipe(prompt, num_inference_steps=4).images[0]
