"""Delete GPU VMs that have been idle for more than a day."""
import datetime
import subprocess

from google.cloud import compute_v1

PROJECT = "nerf-lab"


def gpu_instances():
    client = compute_v1.InstancesClient()
    for zone, scoped in client.aggregated_list(project=PROJECT):
        for inst in scoped.instances:
            if inst.guest_accelerators:
                yield zone.split("/")[-1], inst


def main():
    client = compute_v1.InstancesClient()
    now = datetime.datetime.now(datetime.timezone.utc)
    for zone, inst in gpu_instances():
        started = datetime.datetime.fromisoformat(inst.last_start_timestamp)
        if (now - started).days < 1:
            continue
        print("deleting", zone, inst.name)
        client.delete(project=PROJECT, zone=zone, instance=inst.name)
    for name in subprocess.check_output(["sky", "status", "--refresh"], text=True).splitlines():
        if name.startswith("nerf-"):
            subprocess.run(["sky", "down", "-y", name.split()[0]])


if __name__ == "__main__":
    main()
