import argparse, torch
from diffusers import StableDiffusionXLPipeline
a = argparse.ArgumentParser(); a.add_argument("--prompts"); a.add_argument("--out"); a = a.parse_args()
pipe = StableDiffusionXLPipeline.from_pretrained("stabilityai/stable-diffusion-xl-base-1.0", torch_dtype=torch.float16).to("cuda")
for i, p in enumerate(open(a.prompts)):
    pipe(p.strip(), num_inference_steps=30).images[0].save(f"{a.out}/{i:05}.png")
