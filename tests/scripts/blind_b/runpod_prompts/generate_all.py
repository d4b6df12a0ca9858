import glob
import os
import time

import runpod
from dotenv import load_dotenv

load_dotenv()
runpod.api_key = os.environ["RUNPOD_API_KEY"]

IMAGE = "ghcr.io/studio-nine/sdxl-batch:1.3"

prompt_files = sorted(glob.glob("prompts/*.txt"))
pods = {}
for path in prompt_files:
    name = os.path.splitext(os.path.basename(path))[0]
    pod = runpod.create_pod(
        name=f"sdxl-{name}",
        image_name=IMAGE,
        gpu_type_id="NVIDIA GeForce RTX 4090",
        cloud_type="COMMUNITY",
        container_disk_in_gb=40,
        volume_in_gb=0,
        env={"PROMPTS": open(path).read(), "OUT": f"s3://renders/{name}/"},
    )
    pods[name] = pod["id"]
    time.sleep(2)

print("started", len(pods), "pods")

while pods:
    for name, pid in list(pods.items()):
        info = runpod.get_pod(pid)
        if info["desiredStatus"] == "EXITED":
            runpod.terminate_pod(pid)
            del pods[name]
            print("done", name)
    time.sleep(30)
