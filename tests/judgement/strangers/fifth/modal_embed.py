import modal

app = modal.App("embeddings")
image = modal.Image.debian_slim(python_version="3.11").pip_install("sentence-transformers==3.3.1")
cache = modal.Volume.from_name("hf-cache", create_if_missing=True)


@app.cls(image=image, gpu="T4", volumes={"/root/.cache/huggingface": cache}, timeout=900, scaledown_window=60)
class Embedder:
    @modal.enter()
    def load(self):
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer("intfloat/multilingual-e5-large", device="cuda")

    @modal.method()
    def embed(self, texts: list[str]):
        return self.model.encode(texts, batch_size=64, normalize_embeddings=True).tolist()
