"""Fine-tune one adapter per customer on Lambda Cloud."""
import os
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import paramiko
import requests

from customers import active_customers

API = "https://cloud.lambdalabs.com/api/v1"
AUTH = (os.environ["LAMBDA_API_KEY"], "")


class LambdaCloud:
    def __init__(self, region="us-east-1", itype="gpu_1x_a10"):
        self.region = region
        self.itype = itype

    def launch(self, name):
        r = requests.post(
            f"{API}/instance-operations/launch",
            auth=AUTH,
            json={
                "region_name": self.region,
                "instance_type_name": self.itype,
                "ssh_key_names": ["ci"],
                "name": name,
            },
        )
        r.raise_for_status()
        return r.json()["data"]["instance_ids"][0]

    def wait(self, iid):
        while True:
            d = requests.get(f"{API}/instances/{iid}", auth=AUTH).json()["data"]
            if d["status"] == "active":
                return d["ip"]
            time.sleep(15)

    def terminate(self, iid):
        requests.post(f"{API}/instance-operations/terminate", auth=AUTH, json={"instance_ids": [iid]})


def finetune(customer):
    cloud = LambdaCloud()
    iid = cloud.launch(f"ft-{customer}")
    try:
        ip = cloud.wait(iid)
        ssh = paramiko.SSHClient()
        ssh.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        ssh.connect(ip, username="ubuntu")
        _, out, _ = ssh.exec_command(f"git clone https://github.com/acme/ft && cd ft && ./run.sh {customer}")
        return customer, out.channel.recv_exit_status()
    finally:
        cloud.terminate(iid)


if __name__ == "__main__":
    with ThreadPoolExecutor(10) as pool:
        futs = [pool.submit(finetune, c) for c in active_customers()]
        for f in as_completed(futs):
            print(*f.result())
