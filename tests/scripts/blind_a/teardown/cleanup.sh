#!/usr/bin/env bash
# kill everything GPU that was left over. run from cron at night
set -u
for c in $(sky status 2>/dev/null | awk '/UP|STOPPED/ {print $1}'); do
  [[ $c == keep-* ]] && continue
  sky down -y "$c"
done

vastai show instances --raw | jq -r '.[].id' | while read -r id; do
  vastai destroy instance "$id"
done

for z in us-central1-a europe-west4-b; do
  gcloud compute instances list --filter="zone:$z AND name~^gpu-" --format='value(name)' \
    | xargs -r -n 10 gcloud compute instances delete --quiet --zone "$z"
done

runpodctl get pod | tail -n +2 | awk '{print $1}' | xargs -I{} runpodctl remove pod {}
aws ec2 describe-instances --filters 'Name=instance-type,Values=g5.*,p4d.*' 'Name=instance-state-name,Values=running' \
  --query 'Reservations[].Instances[].InstanceId' --output text | tr '\t' '\n' \
  | xargs -r aws ec2 terminate-instances --instance-ids
