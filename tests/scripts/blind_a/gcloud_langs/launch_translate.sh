#!/usr/bin/env bash
# spin up a T4 for each language pair; VM shuts itself down when done
set -u

PROJECT=nlp-scratch-281
ZONE=europe-west4-b
mapfile -t PAIRS < langs.txt

for pair in "${PAIRS[@]}"; do
  src=${pair%%-*}
  tgt=${pair##*-}
  gcloud compute instances create "mt-${src}-${tgt}" \
    --project="$PROJECT" --zone="$ZONE" \
    --machine-type=n1-standard-8 \
    --accelerator=type=nvidia-tesla-t4,count=1 \
    --maintenance-policy=TERMINATE \
    --provisioning-model=SPOT --instance-termination-action=DELETE \
    --image-family=common-cu121 --image-project=deeplearning-platform-release \
    --boot-disk-size=100GB \
    --metadata=install-nvidia-driver=True,src="$src",tgt="$tgt" \
    --metadata-from-file=startup-script=startup.sh \
    --scopes=cloud-platform --async
done
