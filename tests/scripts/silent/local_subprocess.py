import subprocess
import runpod  # the pod stops itself at the end

for f in files:
    subprocess.run(["python", "process.py", f], check=True)
runpod.stop_pod(POD)
