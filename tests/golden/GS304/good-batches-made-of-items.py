import json

from vllm import LLM

model = LLM("mistralai/Mistral-7B-Instruct-v0.3")
for path in ["a.jsonl", "b.jsonl"]:
    prompts = [json.loads(line)["body"] for line in open(path)]
    for out in model.generate(prompts):
        print(out.outputs[0].text)
