#!/bin/bash
set -e
curl -sSL "$1" -o in.mp4
mkdir -p frames up
ffmpeg -i in.mp4 frames/%06d.png
realesrgan -i frames -o up -n realesr-animevideov3 -s 2
ffmpeg -i up/%06d.png -c:v libx264 out.mp4
aws s3 cp out.mp4 "$2"
