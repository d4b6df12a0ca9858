import argparse, pathlib
import torch
from diffusers import StableDiffusionXLPipeline

p = argparse.ArgumentParser()
p.add_argument("--prompts")
p.add_argument("--out")
a = p.parse_args()
pipe = StableDiffusionXLPipeline.from_pretrained(
    "stabilityai/stable-diffusion-xl-base-1.0", torch_dtype=torch.float16).to("cuda")
out = pathlib.Path(a.out); out.mkdir(exist_ok=True)
for i, line in enumerate(open(a.prompts)):
    pipe(line.strip()).images[0].save(out / f"{i:04d}.png")
