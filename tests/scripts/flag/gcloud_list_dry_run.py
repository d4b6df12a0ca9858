import subprocess
def main(args):
    for i in range(args.num_shards):
        cmd = [
            "gcloud", "compute", "instances", "create", f"infer-{i}",
            "--accelerator=type=nvidia-l4,count=1",
            f"--metadata=shard={i}",
        ]
        if args.dry_run:
            print(" ".join(cmd))
        else:
            subprocess.run(cmd, check=True)
# expect GS301: 12
