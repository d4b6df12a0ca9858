"""Answers questions about pictures, for the accessibility team."""

import subprocess

import modal

image = modal.Image.debian_slim(python_version="3.12").pip_install("vllm==0.11.0")
app = modal.App("captions", image=image)
hub = modal.Volume.from_name("hub", create_if_missing=True)


@app.function(gpu="L40S", volumes={"/root/.cache/huggingface": hub}, scaledown_window=300, timeout=1200)
@modal.concurrent(max_inputs=16)
@modal.web_server(port=8000, startup_timeout=900)
def serve():
    model = "Qwen/Qwen2.5-VL-7B-Instruct"
    subprocess.Popen(
        ["vllm", "serve", model, "--host", "0.0.0.0", "--port", "8000", "--max-model-len", "8192"]
    )
