"""Start a pod that separates one song into stems."""
import argparse
import os

import runpod

runpod.api_key = os.environ["RUNPOD_API_KEY"]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--song", required=True)
    p.add_argument("--gpu", default="NVIDIA GeForce RTX 3090")
    args = p.parse_args()
    pod = runpod.create_pod(
        name=f"stems-{args.song}",
        image_name="acme/demucs:4.0.1",
        gpu_type_id=args.gpu,
        gpu_count=1,
        env={"SONG": args.song, "BUCKET": "stems"},
        docker_args="python separate.py",
    )
    print(pod["id"])


if __name__ == "__main__":
    main()
