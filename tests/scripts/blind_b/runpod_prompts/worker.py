import io
import os

import boto3
import torch
from diffusers import StableDiffusionXLPipeline

pipe = StableDiffusionXLPipeline.from_pretrained(
    "stabilityai/stable-diffusion-xl-base-1.0", torch_dtype=torch.float16
).to("cuda")
s3 = boto3.client("s3")
bucket, _, prefix = os.environ["OUT"][5:].partition("/")
for i, prompt in enumerate(os.environ["PROMPTS"].splitlines()):
    buf = io.BytesIO()
    pipe(prompt, num_inference_steps=30).images[0].save(buf, "PNG")
    s3.put_object(Bucket=bucket, Key=f"{prefix}{i:04d}.png", Body=buf.getvalue())
