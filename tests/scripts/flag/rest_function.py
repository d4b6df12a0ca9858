import requests, time
API="https://rest.runpod.io/v1"
def create_pod(name, gpu):
    r = requests.post(f"{API}/pods", headers=H, json={"name": name})
    r.raise_for_status()
    return r.json()
def wait(pod_id):
    while True:
        r = requests.get(f"{API}/pods/{pod_id}")
        if r.json()["ok"]: return
        time.sleep(4)
def main():
    pods = {}
    for model, gpu in MODELS.items():
        pod = create_pod(f"exp-{model}", gpu)
        if pod:
            pods[model] = pod["id"]
        time.sleep(2)
# expect GS301: 4
