import torch
from diffusers import FluxPipeline
pipe = FluxPipeline.from_pretrained("black-forest-labs/FLUX.1-dev", torch_dtype=torch.bfloat16)
pipe.to("cuda")
for i in range(100):
    pipe("an isometric city", height=1024, width=1024, num_inference_steps=28).images[0].save(f"img/{i}.png")
