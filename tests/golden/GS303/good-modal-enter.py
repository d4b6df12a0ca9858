import modal

app = modal.App("captions")


@app.cls(gpu="A10G")
class Captioner:
    @modal.enter()
    def load(self):
        from transformers import pipeline

        self.pipe = pipeline("image-to-text", model="Salesforce/blip2-opt-2.7b", device=0)

    @modal.method()
    def caption(self, url):
        return self.pipe(url)


@app.function(gpu="A10G")
def of_batch(urls):
    from transformers import pipeline

    return pipeline("image-to-text", device=0)(urls)


@app.local_entrypoint()
def main():
    print(list(Captioner().caption.map(open("urls.txt"))))
    print(list(of_batch.map(in_batches(open("urls.txt"), 256))))
