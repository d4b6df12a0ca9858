#!/bin/bash
for i in $(seq 0 $((N-1))); do
  gcloud compute instances create "worker-$i" --zone us-central1-a --machine-type g2-standard-8 --metadata index=$i &
done; wait
