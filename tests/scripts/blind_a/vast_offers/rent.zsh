#!/bin/zsh
# rent the cheapest 4090 that actually starts, then train on it
offers=($(vastai search offers 'gpu_name=RTX_4090 num_gpus=1 inet_down>300 disk_space>100' -o 'dph+' --raw | jq -r '.[:15][].id'))
iid=
for o in $offers; do
  out=$(vastai create instance $o --image pytorch/pytorch:2.4.0-cuda12.4-cudnn9-devel --disk 100 --ssh --direct --raw) || continue
  iid=$(jq -r '.new_contract // empty' <<< $out)
  [[ -n $iid ]] || continue
  for t in {1..30}; do
    st=$(vastai show instance $iid --raw | jq -r .actual_status)
    [[ $st == running ]] && break 2
    sleep 10
  done
  echo "offer $o never came up, dropping"
  vastai destroy instance $iid
  iid=
done
[[ -n $iid ]] || { echo "no machine"; exit 1 }
url=$(vastai ssh-url $iid)
rsync -az -e "ssh -p ${url##*:}" ./ ${${url#ssh://}%:*}:/root/work
ssh -p ${url##*:} ${${url#ssh://}%:*} 'cd /root/work && nohup python train.py > log 2>&1 &'
