"""Upscale a folder of clips, one rented card for each."""
import json
import time

from vastai import VastAI

vast = VastAI()

with open("clips.json") as f:
    clips = json.load(f)


def cheapest():
    offers = vast.search_offers(
        query="gpu_name=RTX_3090 num_gpus=1 reliability>0.98 inet_down>300", order="dph_total"
    )
    return offers[0]["id"]


def rent(clip):
    onstart = f"cd /workspace && bash onstart.sh {clip['url']} {clip['out']}"
    r = vast.create_instance(
        id=cheapest(),
        image="upscayl/realesrgan:cuda12",
        disk=30,
        onstart_cmd=onstart,
        label=clip["name"],
    )
    return r["new_contract"]


if __name__ == "__main__":
    ids = []
    for clip in clips:
        contract = rent(clip)
        print(clip["name"], contract)
        ids.append(contract)

    while ids:
        time.sleep(60)
        for i in ids[:]:
            st = vast.show_instance(id=i)
            if st["actual_status"] == "exited":
                vast.destroy_instance(id=i)
                ids.remove(i)
