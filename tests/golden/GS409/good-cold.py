import modal

app = modal.App("chat")
image = modal.Image.debian_slim().pip_install("vllm==0.11.0")


@app.cls(gpu="L4", image=image)
class Server:
    @modal.enter()
    def load(self):
        from vllm import LLM

        self.llm = LLM("Qwen/Qwen2.5-7B-Instruct")
