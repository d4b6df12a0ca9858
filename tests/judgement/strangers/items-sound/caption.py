import argparse, json, torch
from PIL import Image
from transformers import BlipForConditionalGeneration, BlipProcessor
a = argparse.ArgumentParser(); a.add_argument("--list"); a.add_argument("--out"); a = a.parse_args()
proc = BlipProcessor.from_pretrained("Salesforce/blip-image-captioning-large")
model = BlipForConditionalGeneration.from_pretrained("Salesforce/blip-image-captioning-large", torch_dtype=torch.float16).to("cuda")
paths = open(a.list).read().split("\n")
with open(a.out, "w") as out:
    for i in range(0, len(paths), 32):
        ims = [Image.open(p).convert("RGB") for p in paths[i:i + 32] if p]
        for c in proc.batch_decode(model.generate(**proc(ims, return_tensors="pt").to("cuda", torch.float16))):
            out.write(json.dumps(c) + "\n")
