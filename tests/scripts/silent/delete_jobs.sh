#!/bin/bash
for job in $(kubectl get jobs -o name); do kubectl delete $job; done
kubectl apply -f gpu-job.yaml
