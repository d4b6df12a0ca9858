import subprocess
import time


def up(path, tries=3):
    for attempt in range(tries):
        result = subprocess.run(["sky", "launch", "-y", "-c", "train", path])
        if result.returncode == 0:
            return True
        time.sleep(60)
    return False
