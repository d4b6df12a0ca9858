import subprocess
def main(args):
    for i in args.films:
        cmd = [
            "gcloud", "compute", "instances", "create", f"infer-{i}",
            "--accelerator=type=nvidia-l4,count=1",
            f"--metadata=film={i}",
        ]
        if args.dry_run:
            print(" ".join(cmd))
        else:
            subprocess.run(cmd, check=True)
# expect GS301: 12
