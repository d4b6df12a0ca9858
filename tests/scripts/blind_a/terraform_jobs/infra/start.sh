#!/bin/bash
gsutil -m rsync -r gs://vision-lab/data/${dataset} /data
docker run --gpus all -v /data:/data gcr.io/vision-lab/train:latest --epochs ${epochs} --out gs://vision-lab/models/${job_id}
