#!/bin/bash
# wait for an 8xH100 and grab it
API=https://cloud.lambdalabs.com/api/v1
auth=(-s -H "Authorization: Bearer $LAMBDA_API_KEY")
while true; do
  region=$(curl "${auth[@]}" $API/instance-types | jq -r '.data.gpu_8x_h100_sxm5.regions_with_capacity_available[0].name // empty')
  if [ -n "$region" ]; then
    curl "${auth[@]}" -X POST $API/instance-operations/launch -H 'content-type: application/json' \
      -d "{\"region_name\": \"$region\", \"instance_type_name\": \"gpu_8x_h100_sxm5\", \"ssh_key_names\": [\"me\"]}" \
      && osascript -e 'display notification "got it"' && break
  fi
  sleep 30
done
