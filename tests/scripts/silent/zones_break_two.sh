#!/bin/bash
launched=false
for zone in "${ZONES[@]}"; do
  for mt in a2-highgpu-1g g2-standard-4; do
    echo "Trying $mt in $zone"
    if gcloud compute instances create "$NAME" --zone="$zone" --machine-type="$mt" --quiet 2>err.log; then
      launched=true
      break 2
    fi
  done
done
$launched || exit 1
