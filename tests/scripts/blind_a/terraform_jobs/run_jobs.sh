#!/usr/bin/env bash
set -euo pipefail
cd infra
terraform init -input=false

for spec in ../jobs/*.json; do
  id=$(jq -r .id "$spec")
  terraform workspace select "$id" 2>/dev/null || terraform workspace new "$id"
  terraform apply -auto-approve -input=false \
    -var "job_id=$id" \
    -var "dataset=$(jq -r .dataset "$spec")" \
    -var "epochs=$(jq -r .epochs "$spec")"
done
