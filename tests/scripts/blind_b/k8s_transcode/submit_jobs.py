import csv
import string
from pathlib import Path

import yaml
from kubernetes import client, config

NAMESPACE = "media"
TEMPLATE = string.Template(Path("job.yaml").read_text())


def submit(api, row):
    body = yaml.safe_load(TEMPLATE.substitute(ID=row["video_id"], SRC=row["path"]))
    try:
        api.create_namespaced_job(NAMESPACE, body)
    except client.exceptions.ApiException as e:
        if e.status != 409:
            raise
        print("already there:", row["video_id"])


def main():
    config.load_kube_config()
    api = client.BatchV1Api()
    with open("videos.csv") as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        submit(api, row)


if __name__ == "__main__":
    main()
