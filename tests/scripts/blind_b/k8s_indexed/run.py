import json
import time

from kubernetes import client, config, watch

with open("inputs.json") as f:
    INPUTS = json.load(f)

config.load_kube_config()
v1 = client.CoreV1Api()
batch = client.BatchV1Api()

v1.create_namespaced_config_map(
    "depth",
    client.V1ConfigMap(
        metadata=client.V1ObjectMeta(name="depth-inputs"),
        data={str(i): path for i, path in enumerate(INPUTS)},
    ),
)

container = {
    "name": "depth",
    "image": "registry/depth-anything:2",
    "command": ["sh", "-c", "python run.py $(cat /inputs/$JOB_COMPLETION_INDEX)"],
    "resources": {"limits": {"nvidia.com/gpu": 1}},
    "volumeMounts": [{"name": "inputs", "mountPath": "/inputs"}],
}
batch.create_namespaced_job(
    "depth",
    {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "depth"},
        "spec": {
            "completionMode": "Indexed",
            "completions": len(INPUTS),
            "parallelism": 4,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [container],
                    "volumes": [{"name": "inputs", "configMap": {"name": "depth-inputs"}}],
                }
            },
        },
    },
)

while True:
    st = batch.read_namespaced_job_status("depth", "depth").status
    print(f"{st.succeeded or 0}/{len(INPUTS)}")
    if (st.succeeded or 0) == len(INPUTS):
        break
    time.sleep(20)
