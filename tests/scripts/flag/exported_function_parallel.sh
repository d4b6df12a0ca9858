function deploy {
  gcloud compute instances create "$1" --zone "$2" --accelerator count=1,type=nvidia-tesla-v100 "${@:3}"
}
export -f deploy
seq 2013 2020 | parallel -j8 deploy year-{} us-west1-b
# expect GS301: 2
