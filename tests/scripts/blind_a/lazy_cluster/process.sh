#!/usr/bin/env bash
# watch the dropbox; bring the GPU up only if there is work
POD=whisperbox
inotifywait -m -q -e close_write --format '%f' ./inbox | while read -r f; do
  if [ -z "$(runpodctl get pod | grep $POD)" ]; then
    runpodctl create pod --name $POD --gpuType "NVIDIA RTX A4000" --imageName acme/whisperd:2 --ports 9000/http
    sleep 60
  fi
  id=$(runpodctl get pod | awk -v n=$POD '$2==n {print $1}')
  curl -sf -F "file=@inbox/$f" "https://$id-9000.proxy.runpod.net/asr" > "out/${f%.*}.json"
done
