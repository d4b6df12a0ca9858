import json
import sys

from vllm import LLM, SamplingParams

model = LLM("mistralai/Mistral-7B-Instruct-v0.3")
params = SamplingParams(temperature=0)
for text in sys.stdin:
    doc = json.loads(text)
    prompt = f"Summarize: {doc['body']}"
    print(model.generate(prompt, params)[0].outputs[0].text)
