#!/bin/bash
ID=$(vastai create instance 123 --image me/x --disk 10 --raw | jq .new_contract)
for i in {1..30}; do
  vastai show instance $ID --raw | grep -q running && break
  sleep 10
done
