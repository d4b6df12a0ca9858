#!/bin/bash
for OFFER in $(vastai search offers "$Q" -o dph --raw | jq '.[].id'); do
  RES=$(vastai create instance $OFFER --image $IMG --disk 40 --raw)
  if echo "$RES" | jq -e .success >/dev/null; then
    ID=$(echo "$RES" | jq .new_contract)
    break
  fi
done
echo $ID
