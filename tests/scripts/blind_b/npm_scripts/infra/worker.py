import modal

app = modal.App("worker")


@app.function(gpu="L4", min_containers=0)
@modal.fastapi_endpoint(method="POST")
def predict(item: dict):
    return {"ok": True}
