import subprocess
import modal

image = modal.Image.debian_slim(python_version="3.11").apt_install("git").pip_install("comfy-cli==1.3.8").run_commands("comfy --skip-prompt install --fast-deps --nvidia --version 0.3.10")
vol = modal.Volume.from_name("hf-hub-cache", create_if_missing=True)
app = modal.App("example-comfyui", image=image)


@app.function(gpu="L40S", max_containers=1, volumes={"/cache": vol}, timeout=3600)
@modal.concurrent(max_inputs=10)
@modal.web_server(8000, startup_timeout=60)
def ui():
    subprocess.Popen("comfy launch -- --listen 0.0.0.0 --port 8000", shell=True)
