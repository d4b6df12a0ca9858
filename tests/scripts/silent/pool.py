import subprocess

for chunk in chunks:
    subprocess.run(["sky", "jobs", "launch", "--pool", "workers", "-y", "job.yaml", "--env", f"CHUNK={chunk}"])
