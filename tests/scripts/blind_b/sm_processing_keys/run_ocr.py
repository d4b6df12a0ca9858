"""OCR every scanned volume in the bucket with a GPU processing job."""
import argparse

import boto3
import sagemaker
from sagemaker.processing import ProcessingInput, ProcessingOutput, ScriptProcessor


def volumes(bucket, prefix):
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/"
    )
    for page in pages:
        for cp in page.get("CommonPrefixes", []):
            yield cp["Prefix"]


def run_volume(role, image, bucket, prefix):
    vol = prefix.rstrip("/").split("/")[-1]
    proc = ScriptProcessor(
        role=role,
        image_uri=image,
        command=["python3"],
        instance_type="ml.g4dn.xlarge",
        instance_count=1,
        base_job_name=f"ocr-{vol}",
    )
    proc.run(
        code="ocr.py",
        inputs=[ProcessingInput(source=f"s3://{bucket}/{prefix}", destination="/opt/ml/processing/in")],
        outputs=[ProcessingOutput(source="/opt/ml/processing/out", destination=f"s3://{bucket}/ocr/{vol}")],
        wait=False,
        logs=False,
    )


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--bucket", default="archive-scans")
    ap.add_argument("--prefix", default="volumes/")
    ap.add_argument("--image", required=True)
    opt = ap.parse_args()
    role = sagemaker.get_execution_role()
    n = 0
    for v in volumes(opt.bucket, opt.prefix):
        run_volume(role, opt.image, opt.bucket, v)
        n += 1
    print(n, "jobs started")
