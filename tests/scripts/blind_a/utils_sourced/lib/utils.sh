# shellcheck shell=bash
need() { command -v "$1" >/dev/null || { echo "missing $1" >&2; exit 1; }; }
info() { printf '\033[1;34m==>\033[0m %s\n' "$*"; }
slug() { tr -c 'a-zA-Z0-9\n' '-' <<<"$1" | tr A-Z a-z; }

# launch_gpu_box NAME KEY=VALUE...
launch_gpu_box() {
  local name=$1; shift
  local ud
  ud=$(mktemp)
  {
    echo '#!/bin/bash'
    for kv in "$@"; do echo "export $kv"; done
    cat "$HERE/lib/bootstrap.sh"
  } > "$ud"
  aws ec2 run-instances --region us-east-2 \
    --launch-template LaunchTemplateName=gpu-embed \
    --instance-type g4dn.xlarge \
    --user-data "file://$ud" \
    --tag-specifications "ResourceType=instance,Tags=[{Key=Name,Value=$name}]" \
    --instance-market-options MarketType=spot >/dev/null
}
