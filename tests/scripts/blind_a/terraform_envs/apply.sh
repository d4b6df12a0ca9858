#!/usr/bin/env bash
set -euo pipefail
for env in dev staging prod; do
  echo "### $env"
  terraform -chdir=infra workspace select "$env"
  terraform -chdir=infra plan -var-file="../env/$env.tfvars" -out="$env.plan"
  if [[ ${1:-} == --apply ]]; then
    terraform -chdir=infra apply -auto-approve "$env.plan"
  fi
done
