import argparse, subprocess
p = argparse.ArgumentParser()
for flag in ("--gpu", "--region"):
    p.add_argument(flag)
a = p.parse_args()
cmd = ["sky", "launch", "-y", "t.yaml"]
for k, v in vars(a).items():
    if v:
        cmd += ["--env", f"{k}={v}"]
subprocess.run(cmd, check=True)
