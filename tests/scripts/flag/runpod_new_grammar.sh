#!/bin/bash
for video in videos/*.mp4; do
  runpodctl pod create --name "v-$(basename $video)" --image me/upscale --gpu-id "NVIDIA L40S" --env "{\"VIDEO\": \"$video\"}"
done
# expect GS301: 3
