import argparse
import json

import torch
from datasets import load_dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

p = argparse.ArgumentParser()
p.add_argument("--model", required=True)
p.add_argument("--out", required=True)
args = p.parse_args()

tok = AutoTokenizer.from_pretrained(args.model)
model = AutoModelForCausalLM.from_pretrained(args.model, torch_dtype=torch.bfloat16).cuda().eval()
nll = n = 0.0
with torch.no_grad():
    for row in load_dataset("acme/heldout", split="test"):
        ids = tok(row["text"], return_tensors="pt").input_ids.cuda()
        nll += model(ids, labels=ids).loss.item() * ids.numel()
        n += ids.numel()
json.dump({"nll": nll / n}, open(args.out, "w"))
