for gpu in 0 1 2 3; do
  docker run -d --gpus device=$gpu -e SHARD=$gpu me/worker
done
