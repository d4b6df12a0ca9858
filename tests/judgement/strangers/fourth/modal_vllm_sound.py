import subprocess

import modal

image = (
    modal.Image.debian_slim(python_version="3.12")
    .uv_pip_install("vllm==0.9.1", "huggingface_hub[hf_transfer]==0.32.0")
    .env({"HF_HUB_ENABLE_HF_TRANSFER": "1", "VLLM_USE_V1": "1"})
)
hf_cache = modal.Volume.from_name("huggingface-cache", create_if_missing=True)
vllm_cache = modal.Volume.from_name("vllm-cache", create_if_missing=True)
app = modal.App("qwen3-30b-a3b")
MINUTES = 60


@app.function(
    image=image,
    gpu="A100-80GB",
    scaledown_window=10 * MINUTES,
    timeout=15 * MINUTES,
    secrets=[modal.Secret.from_name("vllm-api-key")],
    volumes={"/root/.cache/huggingface": hf_cache, "/root/.cache/vllm": vllm_cache},
)
@modal.concurrent(max_inputs=32)
@modal.web_server(port=8000, startup_timeout=15 * MINUTES)
def serve():
    cmd = [
        "vllm", "serve", "Qwen/Qwen3-30B-A3B", "--host", "0.0.0.0", "--port", "8000",
        "--max-model-len", "16384", "--max-num-seqs", "32",
    ]
    subprocess.Popen(cmd)
