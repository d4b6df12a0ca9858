#!/bin/bash
for i in 0 1 2; do
  gcloud compute instances create controller-${i} \
    --async --boot-disk-size 200GB --can-ip-forward \
    --image-family ubuntu-2204-lts --machine-type e2-standard-2 \
    --private-network-ip 10.240.0.1${i}
done
