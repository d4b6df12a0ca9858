import modal

app = modal.App("llama70b")
image = modal.Image.debian_slim(python_version="3.11").pip_install("vllm==0.8.5")


@app.cls(gpu="A100-80GB", image=image, secrets=[modal.Secret.from_name("huggingface")], scaledown_window=120, timeout=3600)
class Llama:
    @modal.enter()
    def start(self):
        from vllm import LLM

        self.llm = LLM(model="meta-llama/Llama-3.1-70B-Instruct", dtype="bfloat16", max_model_len=8192)

    @modal.method()
    def complete(self, prompts: list[str]) -> list[str]:
        from vllm import SamplingParams

        out = self.llm.generate(prompts, SamplingParams(temperature=0.2, max_tokens=512))
        return [o.outputs[0].text for o in out]
