import runpod, json
configs = json.load(open("c.json"))
pods = []
for cfg in configs:
    try:
        pod = runpod.create_pod(name=cfg["name"], image_name="x", gpu_type_id="NVIDIA L40S", env=cfg)
        pods.append(pod["id"])
    except Exception as e:
        print("failed", e)
        break
# expect GS301: 6
