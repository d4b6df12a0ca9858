import modal

app = modal.App("embed")
image = modal.Image.from_registry("ghcr.io/huggingface/text-embeddings-inference:86-1.6", add_python="3.11").entrypoint([]).pip_install("httpx==0.28.0")
vol = modal.Volume.from_name("tei-data", create_if_missing=True)


@app.cls(gpu="A10G", image=image, volumes={"/data": vol}, max_containers=10, scaledown_window=60)
@modal.concurrent(max_inputs=10)
class Embedder:
    @modal.enter()
    def start(self):
        import subprocess
        self.process = subprocess.Popen(["text-embeddings-router", "--model-id", "BAAI/bge-base-en-v1.5", "--port", "8000"])

    @modal.method()
    def embed(self, texts):
        import httpx
        return httpx.post("http://127.0.0.1:8000/embed", json={"inputs": texts}).json()
