import sys
from vllm import LLM
llm = LLM("Qwen/Qwen2.5-14B-Instruct", max_model_len=4096)
llm.generate(open(sys.argv[1]).read().split("\n"))
