import copy
import datetime as dt
import json

import boto3

TASKS = ["cola", "sst2", "mrpc", "qqp", "stsb", "mnli", "qnli", "rte"]


def load_base():
    with open("job_template.json") as fh:
        return json.load(fh)


def main():
    sm = boto3.client("sagemaker", region_name="eu-west-1")
    base = load_base()
    stamp = dt.datetime.utcnow().strftime("%m%d-%H%M")
    arns = []
    for task in TASKS:
        req = copy.deepcopy(base)
        req["TrainingJobName"] = f"glue-{task}-{stamp}"
        req["HyperParameters"]["task_name"] = task
        req["OutputDataConfig"]["S3OutputPath"] += f"/{task}"
        arns.append(sm.create_training_job(**req)["TrainingJobArn"])
    print("\n".join(arns))


if __name__ == "__main__":
    main()
