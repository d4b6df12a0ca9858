import modal

app = modal.App("qwen")
image = modal.Image.debian_slim().pip_install("vllm==0.8.5")
cache = modal.Volume.from_name("hf", create_if_missing=True)


@app.cls(gpu="T4", image=image, volumes={"/root/.cache/huggingface": cache}, scaledown_window=300)
class Model:
    @modal.enter()
    def load(self):
        from vllm import LLM
        self.llm = LLM("Qwen/Qwen2.5-14B-Instruct", max_model_len=4096, dtype="half")

    @modal.method()
    def ask(self, prompts: list[str]):
        return [o.outputs[0].text for o in self.llm.generate(prompts)]
