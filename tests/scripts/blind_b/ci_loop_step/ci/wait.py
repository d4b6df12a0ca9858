import subprocess
import time

while "nightly-" in subprocess.check_output(["sky", "status"], text=True):
    time.sleep(60)
