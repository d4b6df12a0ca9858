import runpod
while True:
    jobs = poll()
    if jobs and not runpod.get_pods():
        runpod.create_pod("w", "img", "NVIDIA L4")
