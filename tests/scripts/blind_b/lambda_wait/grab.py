import argparse
import os
import time

import requests

URL = "https://cloud.lambda.ai/api/v1"
s = requests.Session()
s.headers["Authorization"] = "Bearer " + os.environ["LAMBDA_API_KEY"]


def regions_with_capacity(itype):
    data = s.get(f"{URL}/instance-types").json()["data"]
    return [r["name"] for r in data[itype]["regions_with_capacity_available"]]


def grab(itype, key, fs=None):
    while True:
        for region in regions_with_capacity(itype):
            payload = {"region_name": region, "instance_type_name": itype, "ssh_key_names": [key]}
            if fs:
                payload["file_system_names"] = [fs]
            r = s.post(f"{URL}/instance-operations/launch", json=payload)
            if r.ok:
                return r.json()["data"]["instance_ids"]
            print(region, r.json()["error"]["message"])
        time.sleep(30)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("itype", nargs="?", default="gpu_8x_h100_sxm5")
    ap.add_argument("--key", default="laptop")
    ap.add_argument("--fs")
    a = ap.parse_args()
    print(grab(a.itype, a.key, a.fs))
