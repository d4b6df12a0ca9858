import runpod

GPU_TYPES = [("NVIDIA L40S", 0.8), ("NVIDIA A100", 1.9)]


def create(name):
    pod = None
    for gpu_type, rate in GPU_TYPES:
        try:
            pod = runpod.create_pod(name=name, image_name="me/x", gpu_type_id=gpu_type)
            print("got", gpu_type)
            break
        except Exception as error:
            print("unavailable", error)
            continue
    return pod
