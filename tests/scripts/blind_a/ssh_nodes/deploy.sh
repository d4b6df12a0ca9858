#!/bin/bash
# (re)start the inference container on our boxes
TAG=${1:-latest}
for host in $(grep -v '^#' hosts.txt); do
  echo "== $host"
  ssh -o BatchMode=yes "$host" "docker pull registry.local/tts:$TAG && docker rm -f tts; \
     docker run -d --restart unless-stopped --name tts --gpus all -p 8080:8080 registry.local/tts:$TAG"
done
