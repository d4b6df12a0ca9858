import runpod

pod = runpod.create_pod("train", "acme/train:3", "NVIDIA A40", docker_args="python train.py")
print(pod["id"])
