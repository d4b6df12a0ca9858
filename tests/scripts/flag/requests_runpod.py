import requests

for clip in clips:
    requests.post(
        "https://rest.runpod.io/v1/pods",
        json={"name": clip, "gpuTypeIds": ["NVIDIA L4"], "env": {"CLIP": clip}},
        headers=headers,
    )
# expect GS301: 4
