import argparse
import subprocess

parser = argparse.ArgumentParser()
for name, text in (("up", "sky launch -c dev dev.yaml"), ("down", "sky down dev")):
    parser.add_argument(f"--{name}", help=text)
args = parser.parse_args()
if args.up:
    subprocess.run(["sky", "launch", "-y", "-c", "dev", "dev.yaml"])
