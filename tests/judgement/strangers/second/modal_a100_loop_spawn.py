import modal

app = modal.App("upscale")
image = modal.Image.debian_slim().pip_install("torch==2.5.1", "diffusers==0.31.0", "transformers==4.46.0", "pillow")


@app.function(gpu="A100-40GB", image=image, timeout=3600)
def upscale(name: str, data: bytes) -> bytes:
    import io, torch
    from PIL import Image
    from diffusers import StableDiffusionUpscalePipeline
    pipe = StableDiffusionUpscalePipeline.from_pretrained("stabilityai/stable-diffusion-x4-upscaler", torch_dtype=torch.float16).to("cuda")
    out = io.BytesIO()
    pipe(prompt="", image=Image.open(io.BytesIO(data))).images[0].save(out, "PNG")
    return out.getvalue()


@app.local_entrypoint()
def main(folder: str):
    import pathlib
    for p in pathlib.Path(folder).glob("*.png"):
        pathlib.Path("out", p.name).write_bytes(upscale.remote(p.name, p.read_bytes()))
