import subprocess, argparse
def run(cmd, dry=False):
    print(cmd)
    if not dry:
        subprocess.run(cmd, shell=True)
def main():
    ap = argparse.ArgumentParser()
    args = ap.parse_args()
    for name, overrides in EXPERIMENTS.items():
        cmd = f"sky launch -y -d --down -c {name} configs/{name}.yaml"
        if args.spot:
            cmd += " --use-spot"
        for k, v in overrides.items():
            cmd += f" --env {k}={v}"
        run(cmd, args.dry_run)
if __name__ == "__main__":
    main()
# expect GS301: 15
