import subprocess, time
def launch_with_retry(cmd, max_retries=5):
    delay = 10
    for i in range(max_retries):
        r = subprocess.run(cmd)
        if r.returncode == 0:
            return r
        time.sleep(delay)
        delay *= 2
    raise RuntimeError("failed")
launch_with_retry(["sky", "launch", "-y", "-c", "t", "t.yaml"])
