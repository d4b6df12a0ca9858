#!/bin/bash
set -euo pipefail
PROMPTS=$1
KEY=$(basename "$PROMPTS" .txt)

aws s3 cp "$PROMPTS" "s3://imgfarm/in/$KEY.txt"

USERDATA=$(cat <<EOF
#!/bin/bash
cd /home/ubuntu/imgfarm
sudo -u ubuntu git pull
aws s3 cp s3://imgfarm/in/$KEY.txt p.txt
sudo -u ubuntu /opt/conda/bin/python sdxl.py --prompts p.txt --out out/
aws s3 sync out/ s3://imgfarm/out/$KEY/
shutdown -h now
EOF
)

aws ec2 run-instances \
  --image-id ami-0a1b2c3d4e5f67890 \
  --instance-type g5.2xlarge \
  --instance-initiated-shutdown-behavior terminate \
  --iam-instance-profile Name=imgfarm \
  --key-name imgfarm \
  --user-data "$USERDATA" \
  --tag-specifications "ResourceType=instance,Tags=[{Key=Name,Value=imgfarm-$KEY}]" \
  --query 'Instances[0].InstanceId' --output text
