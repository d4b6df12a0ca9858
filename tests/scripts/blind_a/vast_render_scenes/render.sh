#!/usr/bin/env bash
set -e
cd "$(dirname "$0")"

pick_offer() {
  vastai search offers 'gpu_name=RTX_3090 num_gpus=1 reliability>0.98 rentable=true' -o 'dph+' --raw \
    | jq -r '.[0].id'
}

start_render() {
  local scene=$1
  local offer
  offer=$(pick_offer)
  echo ">> $scene on offer $offer"
  vastai create instance "$offer" \
    --image linuxserver/blender:4.1.1 \
    --disk 30 \
    --label "render-$(basename "$scene" .blend)" \
    --onstart-cmd "bash -c 'curl -sL $ASSETS/$scene -o /s.blend && blender -b /s.blend -E CYCLES -o /out/ -a -- --cycles-device CUDA && rclone copy /out r2:renders/$(basename "$scene" .blend)'"
}

ASSETS=${ASSETS:-https://assets.studio.example}
shopt -s nullglob
for scene in scenes/*.blend; do
  start_render "$scene"
done
