import modal

app = modal.App("captions")


@app.function(gpu="A10G")
def caption(url):
    from transformers import pipeline

    pipe = pipeline("image-to-text", model="Salesforce/blip2-opt-2.7b", device=0)
    return pipe(url)


@app.local_entrypoint()
def main():
    print(list(caption.map(open("urls.txt"))))
