"""H100s are hard to find; try the regions we have quota in."""
import sys

import sky
from sky import exceptions

REGIONS = [
    ("gcp", "us-central1"),
    ("gcp", "europe-west4"),
    ("aws", "us-east-1"),
    ("aws", "us-west-2"),
    ("lambda", "us-south-1"),
]


def try_launch(cloud, region):
    task = sky.Task.from_yaml("train.yaml")
    task.set_resources(
        sky.Resources(cloud=sky.CLOUD_REGISTRY.from_str(cloud), region=region, accelerators="H100:8")
    )
    try:
        job_id, handle = sky.launch(task, cluster_name="llama-sft", retry_until_up=False)
    except exceptions.ResourcesUnavailableError as e:
        print(f"{cloud}/{region}: {e}")
        return None
    return handle


for cloud, region in REGIONS:
    handle = try_launch(cloud, region)
    if handle is not None:
        print("got one in", cloud, region)
        sys.exit(0)

sys.exit("no capacity anywhere")
