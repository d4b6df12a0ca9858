"""Evaluate every checkpoint of a pretraining run on the cloud.

    python run_evals.py --run gpt2-medium-fineweb --suite lm-eval.txt
"""
import argparse
import logging
import re

from google.cloud import storage

from cloud import start_eval

log = logging.getLogger(__name__)
BUCKET = "acme-lm-runs"


def list_checkpoints(run: str) -> list[str]:
    client = storage.Client()
    names = set()
    for blob in client.list_blobs(BUCKET, prefix=f"{run}/"):
        m = re.search(r"(step_\d+)/", blob.name)
        if m:
            names.add(m.group(1))
    return sorted(names, key=lambda s: int(s.split("_")[1]))


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--run", required=True)
    p.add_argument("--suite", default="lm-eval.txt")
    p.add_argument("--every", type=int, default=1)
    args = p.parse_args()
    logging.basicConfig(level=logging.INFO)

    with open(args.suite) as f:
        tasks = [line.strip() for line in f if line.strip()]

    checkpoints = list_checkpoints(args.run)[:: args.every]
    log.info("%d checkpoints", len(checkpoints))
    for ckpt in checkpoints:
        uri = f"gs://{BUCKET}/{args.run}/{ckpt}"
        req = start_eval(args.run, uri, ckpt, tasks)
        log.info("%s -> %s", ckpt, req)


if __name__ == "__main__":
    main()
