from vllm import LLM, SamplingParams

llm = LLM("Qwen/Qwen2.5-7B-Instruct")
prompts = open("prompts.txt").read().splitlines()
answers = llm.generate(prompts, SamplingParams(max_tokens=256))
for batch in in_batches(prompts, 512):
    llm.generate(batch)
for size in (1, 8, 64):
    llm.generate(prompts[:size])  # a measurement
