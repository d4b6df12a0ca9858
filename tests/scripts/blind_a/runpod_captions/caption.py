import json
import os
import subprocess

import boto3
import torch
from transformers import AutoProcessor, LlavaForConditionalGeneration

s3 = boto3.client("s3")
bucket, key = os.environ["VIDEO"][5:].split("/", 1)
s3.download_file(bucket, key, "in.mp4")
proc = AutoProcessor.from_pretrained("llava-hf/llava-1.5-7b-hf")
model = LlavaForConditionalGeneration.from_pretrained(
    "llava-hf/llava-1.5-7b-hf", torch_dtype=torch.float16
).to("cuda")
from decord import VideoReader

vr = VideoReader("in.mp4")
out = []
for i in range(0, len(vr), 48):
    inp = proc(text="USER: <image>\nDescribe. ASSISTANT:", images=vr[i].asnumpy(), return_tensors="pt").to("cuda")
    out.append(proc.decode(model.generate(**inp, max_new_tokens=60)[0]))
json.dump(out, open("out.json", "w"))
b, k = os.environ["OUT"][5:].split("/", 1)
s3.upload_file("out.json", b, k)
subprocess.run(["runpodctl", "remove", "pod", os.environ["RUNPOD_POD_ID"]])
