import modal

app = modal.App("label")
image = modal.Image.debian_slim().pip_install("torch", "transformers", "av")
vol = modal.Volume.from_name("clips")


@app.cls(gpu="L4", image=image, volumes={"/clips": vol}, max_containers=8)
class Labeler:
    @modal.enter()
    def load(self):
        from transformers import pipeline

        self.pipe = pipeline("video-classification", "MCG-NJU/videomae-base-finetuned-kinetics", device=0)

    @modal.method()
    def label(self, name):
        return name, self.pipe(f"/clips/in/{name}")


@app.local_entrypoint()
def main():
    names = [e.path.split("/")[-1] for e in vol.listdir("/in")]
    for name, res in Labeler().label.map(names):
        print(name, res[0]["label"])
