from vllm import LLM, SamplingParams

llm = LLM("Qwen/Qwen2.5-7B-Instruct")
answers = []
for prompt in open("prompts.txt"):
    answers.append(llm.generate([prompt], SamplingParams(max_tokens=256))[0])
