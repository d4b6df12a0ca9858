runpodctl create pod --gpuType "NVIDIA A40" --imageName acme/x --args "bash -c 'python train.py; runpodctl remove pod \$RUNPOD_POD_ID'"
