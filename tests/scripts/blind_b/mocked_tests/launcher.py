import os
import sys

import runpod

runpod.api_key = os.environ.get("RUNPOD_API_KEY", "")


def launch_shard(name, gpu="NVIDIA A40"):
    pod = runpod.create_pod(name=name, image_name="acme/worker:2", gpu_type_id=gpu)
    return pod["id"]


if __name__ == "__main__":
    print(launch_shard(sys.argv[1]))
