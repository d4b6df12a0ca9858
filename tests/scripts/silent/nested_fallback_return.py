import runpod
def find_pod():
    for gpu in PREFERRED:
        for cloud in ("COMMUNITY", "SECURE"):
            try:
                return runpod.create_pod("n", "img", gpu, cloud_type=cloud)
            except Exception as e:
                last = e
    raise last
