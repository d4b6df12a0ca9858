#!/usr/bin/env bash
# Starts an EFA cluster for one distributed run: NNODES p4d boxes that find each other at the head.
set -euo pipefail
NNODES=${NNODES:-4}
PG=pg-$(date +%s)
aws ec2 create-placement-group --group-name "$PG" --strategy cluster

for ((rank = 0; rank < NNODES; rank++)); do
  sed "s/@RANK@/$rank/; s/@NNODES@/$NNODES/; s/@HEAD@/${HEAD:-10.0.1.10}/" node.sh.in > "/tmp/node$rank.sh"
  aws ec2 run-instances --image-id ami-0dl --instance-type p4d.24xlarge --count 1 \
    --placement "GroupName=$PG" \
    --private-ip-address "10.0.1.$((10 + rank))" \
    --subnet-id subnet-0aa --key-name lab \
    --user-data "file:///tmp/node$rank.sh" \
    --tag-specifications "ResourceType=instance,Tags=[{Key=Name,Value=node-$rank}]" > /dev/null
done
