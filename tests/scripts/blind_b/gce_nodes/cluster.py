"""Bring up a little multi-node cluster for DDP and run torchrun over it."""
import argparse
import subprocess
import time


def sh(cmd):
    print("+", cmd)
    return subprocess.run(cmd, shell=True, check=True, capture_output=True, text=True).stdout


def create_node(i, args):
    sh(
        f"gcloud compute instances create {args.name}-{i} --zone {args.zone} "
        f"--machine-type a2-highgpu-8g --accelerator type=nvidia-tesla-a100,count=8 "
        f"--image-family pytorch-latest-gpu --image-project deeplearning-platform-release "
        f"--boot-disk-size 500GB --maintenance-policy TERMINATE"
    )


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--name", default="ddp")
    p.add_argument("--zone", default="us-central1-a")
    p.add_argument("--nodes", type=int, default=4)
    p.add_argument("script")
    args = p.parse_args()

    for i in range(args.nodes):
        create_node(i, args)
    time.sleep(60)

    master = sh(f"gcloud compute instances describe {args.name}-0 --zone {args.zone} --format 'value(networkInterfaces[0].networkIP)'").strip()
    procs = []
    for i in range(args.nodes):
        run = (
            f"torchrun --nnodes {args.nodes} --node_rank {i} --nproc_per_node 8 "
            f"--master_addr {master} --master_port 29500 {args.script}"
        )
        procs.append(subprocess.Popen(["gcloud", "compute", "ssh", f"{args.name}-{i}", "--zone", args.zone, "--command", run]))
    for p in procs:
        p.wait()
    for i in range(args.nodes):
        sh(f"gcloud compute instances delete -q {args.name}-{i} --zone {args.zone}")


if __name__ == "__main__":
    main()
