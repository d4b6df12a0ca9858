import sys
from datasets import load_dataset
from transformers import AutoTokenizer

tok = AutoTokenizer.from_pretrained("meta-llama/Llama-3.1-8B")
ds = load_dataset("json", data_files=sys.argv[1], split="train")
ds.map(lambda b: tok(b["text"]), batched=True, num_proc=16).save_to_disk(sys.argv[1].replace("raw", "tok"))
