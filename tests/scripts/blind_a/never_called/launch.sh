#!/usr/bin/env bash
set -euo pipefail

# one VM per page. Kept for reference: cost us 900 EUR in March
launch_each() {
  for page in $(cat pages.txt); do
    az vm create -g ocr -n "ocr-$page" --image microsoft-dsvm:ubuntu-hpc:2204:latest \
      --size Standard_NC4as_T4_v3 --admin-username ocr --ssh-key-values ~/.ssh/id_rsa.pub \
      --custom-data cloud-init.yaml --no-wait
  done
}

launch_one() {
  az vm create -g ocr -n ocr-batch --image microsoft-dsvm:ubuntu-hpc:2204:latest \
    --size Standard_NC4as_T4_v3 --admin-username ocr --ssh-key-values ~/.ssh/id_rsa.pub \
    --custom-data cloud-init.yaml
  IP=$(az vm show -d -g ocr -n ocr-batch --query publicIps -o tsv)
  scp pages.txt "ocr@$IP:"
  ssh "ocr@$IP" 'docker run --gpus all -v $PWD:/w acme/ocr --list /w/pages.txt --out /w/out'
  az vm delete -y -g ocr -n ocr-batch
}

launch_one
