import asyncio
import json
import os

import aiohttp

BASE = "https://rest.runpod.io/v1"
HEADERS = {"Authorization": f"Bearer {os.environ['RUNPOD_API_KEY']}"}


async def start_pod(http, episode):
    body = {
        "name": f"dub-{episode['id']}",
        "imageName": "acme/dubber:0.9",
        "gpuTypeIds": ["NVIDIA RTX A5000"],
        "gpuCount": 1,
        "containerDiskInGb": 30,
        "env": {"EPISODE": episode["url"], "LANGS": "de,fr,es"},
    }
    async with http.post(f"{BASE}/pods", json=body) as r:
        r.raise_for_status()
        return (await r.json())["id"]


async def finished(http, pod_id):
    while True:
        async with http.get(f"{BASE}/pods/{pod_id}") as r:
            if (await r.json())["desiredStatus"] == "EXITED":
                break
        await asyncio.sleep(20)
    await http.delete(f"{BASE}/pods/{pod_id}")


async def dub(http, sem, episode):
    async with sem:
        pod = await start_pod(http, episode)
        await finished(http, pod)
        print("dubbed", episode["id"])


async def main():
    with open("episodes.json") as f:
        episodes = json.load(f)
    sem = asyncio.Semaphore(6)
    async with aiohttp.ClientSession(headers=HEADERS) as http:
        await asyncio.gather(*(dub(http, sem, e) for e in episodes))


asyncio.run(main())
