#!/bin/bash
sky launch -y -c a -i 10 --down task.yaml
sky launch -y -c b --idle-minutes-to-autostop 5 task.yaml
sky jobs launch -y task.yaml
sky exec a more.yaml
gcloud compute instances create t --machine-type a2-highgpu-1g --max-run-duration 8h --instance-termination-action DELETE
modal run train.py
