import argparse, json
from vllm import LLM, SamplingParams

p = argparse.ArgumentParser()
p.add_argument("--shard", type=int); p.add_argument("--num-shards", type=int)
p.add_argument("--in", dest="inp"); p.add_argument("--out")
a = p.parse_args()
rows = [json.loads(l) for i, l in enumerate(open(a.inp)) if i % a.num_shards == a.shard]
llm = LLM("google/gemma-2-9b-it")
with open(a.out, "w") as fh:
    for r, o in zip(rows, llm.generate([r["prompt"] for r in rows], SamplingParams(max_tokens=512))):
        fh.write(json.dumps({**r, "out": o.outputs[0].text}) + "\n")
