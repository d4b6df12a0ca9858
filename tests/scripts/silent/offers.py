import subprocess

for offer in sorted(offers, key=lambda o: o["dph_total"]):
    done = subprocess.run(["vastai", "create", "instance", str(offer["id"]), "--image", "me/x"], capture_output=True)
    if done.returncode == 0:
        break
