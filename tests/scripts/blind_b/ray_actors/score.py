import ray
from ray.util import ActorPool

from data import load_batches

ray.init(address="auto")


@ray.remote(num_gpus=1)
class Scorer:
    def __init__(self, model_name):
        from transformers import pipeline

        self.pipe = pipeline("text-classification", model=model_name, device=0)

    def score(self, batch):
        return self.pipe(batch, truncation=True)


n = int(ray.cluster_resources().get("GPU", 1))
actors = [Scorer.remote("unitary/toxic-bert") for _ in range(n)]
pool = ActorPool(actors)
for batch in load_batches("comments.csv", 256):
    pool.submit(lambda a, b: a.score.remote(b), batch)
with open("scores.txt", "w") as f:
    while pool.has_next():
        for r in pool.get_next():
            f.write(f"{r['label']}\t{r['score']:.4f}\n")
