#!/usr/bin/env bash
# bring up the vllm replicas behind the nginx balancer
REPLICAS=${REPLICAS:-3}
: > upstream.conf
for ((r = 1; r <= REPLICAS; r++)); do
  id=$(runpodctl create pod --name "vllm-$r" --gpuType "NVIDIA L40S" --gpuCount 1 \
      --imageName vllm/vllm-openai:v0.6.2 --ports 8000/http --volumeSize 100 \
      --args "--model Qwen/Qwen2.5-14B-Instruct --max-model-len 8192" | grep -o '"[^"]*"' | tr -d '"')
  echo "server $id-8000.proxy.runpod.net:443;" >> upstream.conf
done
docker compose up -d nginx
