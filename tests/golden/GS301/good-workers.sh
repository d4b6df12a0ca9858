# Each of a fixed number of workers takes its part of the items.
NUM_WORKERS=16
for i in $(seq 0 $((NUM_WORKERS - 1))); do
  sky jobs launch -y -d -n worker-$i worker.yaml --env SHARD=$i --env NUM_SHARDS=$NUM_WORKERS
done
# gpuspec: ignore[GS301] one machine per customer is the contract
for c in acme globex initech; do
  sky launch -y -d --down job.yaml --env C=$c
done
