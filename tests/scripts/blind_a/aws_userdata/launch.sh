#!/usr/bin/env bash
set -euo pipefail
aws ec2 run-instances \
  --image-id resolve:ssm:/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id \
  --instance-type g6e.xlarge \
  --iam-instance-profile Name=batch \
  --instance-initiated-shutdown-behavior terminate \
  --user-data "$(cat <<'EOF'
#!/bin/bash
cd /opt
aws s3 sync s3://lidar/scans /opt/scans
for s in /opt/scans/*.laz; do
  docker run --rm --gpus all -v /opt:/opt acme/lidarseg:3 "$s" "/opt/out/$(basename "$s" .laz).las"
done
aws s3 sync /opt/out s3://lidar/seg
shutdown -h now
EOF
)"
