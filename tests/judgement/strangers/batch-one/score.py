import json, sys
from vllm import LLM, SamplingParams
llm = LLM("Qwen/Qwen2.5-7B-Instruct", max_model_len=2048)
params = SamplingParams(max_tokens=8, temperature=0)
with open(sys.argv[2], "w") as out:
    for line in open(sys.argv[1]):
        row = json.loads(line)
        answer = llm.generate([f"Rate 1-5: {row['text']}"], params)[0]
        out.write(json.dumps({**row, "score": answer.outputs[0].text}) + "\n")
