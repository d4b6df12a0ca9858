import modal

app = modal.App("smoke")
image = modal.Image.debian_slim().pip_install("torch")


@app.function(gpu="T4", image=image, timeout=600)
def smoke():
    import torch

    assert torch.cuda.is_available()
    x = torch.randn(1024, 1024, device="cuda")
    print((x @ x).sum().item())


@app.local_entrypoint()
def main():
    smoke.remote()
