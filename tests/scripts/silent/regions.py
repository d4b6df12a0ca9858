import subprocess

for zone in ZONES:
    rc = subprocess.call(["gcloud", "compute", "instances", "create", "box", f"--zone={zone}", "--accelerator=type=nvidia-l4"])
    if rc == 0:
        break
