import json
import os

import openai
from dstack.api import GPU, Client, Resources, Service

dstack = Client.from_config()
svc = Service(
    name="qwen",
    image="vllm/vllm-openai:v0.6.3",
    commands=["vllm serve Qwen/Qwen2.5-7B-Instruct --max-model-len 8192"],
    port=8000,
    model="Qwen/Qwen2.5-7B-Instruct",
    resources=Resources(gpu=GPU(name=["L4", "A10"], count=1)),
)
run = dstack.runs.apply_configuration(configuration=svc)
run.attach()

llm = openai.OpenAI(base_url=run.service_url + "/v1", api_key=os.environ["DSTACK_TOKEN"])
try:
    with open("questions.json") as f:
        for q in json.load(f):
            a = llm.chat.completions.create(
                model="Qwen/Qwen2.5-7B-Instruct",
                messages=[{"role": "user", "content": q["text"]}],
            )
            print(json.dumps({"id": q["id"], "answer": a.choices[0].message.content}))
finally:
    run.stop()
