import time
import runpod

pod = runpod.create_pod(name="x", image_name="me/x", gpu_type_id="NVIDIA L4")
while True:
    state = runpod.get_pod(pod["id"])
    if state["desiredStatus"] == "RUNNING":
        break
    time.sleep(5)
for p in runpod.get_pods():
    runpod.terminate_pod(p["id"])
