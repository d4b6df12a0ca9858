import subprocess
import modal

image = modal.Image.debian_slim(python_version="3.12").pip_install("vllm==0.8.5", "huggingface_hub[hf_transfer]==0.30.0").env({"HF_HUB_ENABLE_HF_TRANSFER": "1"})
hf_cache = modal.Volume.from_name("huggingface-cache", create_if_missing=True)
vllm_cache = modal.Volume.from_name("vllm-cache", create_if_missing=True)
app = modal.App("llama-openai-compatible")
N_GPU = 1
MINUTES = 60


@app.function(
    image=image,
    gpu=f"L40S:{N_GPU}",
    scaledown_window=5 * MINUTES,
    timeout=20 * MINUTES,
    volumes={"/root/.cache/huggingface": hf_cache, "/root/.cache/vllm": vllm_cache},
)
@modal.concurrent(max_inputs=32)
@modal.web_server(port=8000, startup_timeout=10 * MINUTES)
def serve():
    subprocess.Popen("vllm serve neuralmagic/Meta-Llama-3.1-8B-Instruct-quantized.w8a8 --host 0.0.0.0 --port 8000 --max-model-len 16384", shell=True)
