for c in $(ls chunks); do
  gcloud --project "$P" beta compute instances create-with-container "infer-$c" --machine-type a2-highgpu-1g --container-image $IMAGE --container-env CHUNK=$c
done
# expect GS301: 2
