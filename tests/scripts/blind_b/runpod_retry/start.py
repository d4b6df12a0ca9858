import os
import time

import runpod
from runpod.error import QueryError

runpod.api_key = os.getenv("RUNPOD_API_KEY")


def create_with_retry(name, max_attempts=20, delay=60):
    for attempt in range(1, max_attempts + 1):
        try:
            pod = runpod.create_pod(
                name=name,
                image_name="runpod/pytorch:2.2.0-py3.10-cuda12.1.1-devel-ubuntu22.04",
                gpu_type_id="NVIDIA A100 80GB PCIe",
                volume_in_gb=200,
                ports="22/tcp,8888/http",
            )
            return pod
        except QueryError as e:
            print(f"attempt {attempt}: {e}")
            time.sleep(delay)
    raise RuntimeError("no A100 available")


def wait_ready(pod_id):
    while True:
        p = runpod.get_pod(pod_id)
        if p.get("runtime"):
            return p
        time.sleep(5)


if __name__ == "__main__":
    pod = create_with_retry("dev-box")
    print(wait_ready(pod["id"]))
