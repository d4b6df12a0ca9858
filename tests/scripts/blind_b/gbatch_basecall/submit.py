import json
import sys
import uuid

from google.cloud import batch_v1


def make_job(sample):
    runnable = batch_v1.Runnable()
    runnable.container = batch_v1.Runnable.Container()
    runnable.container.image_uri = "ontresearch/dorado:latest"
    runnable.container.options = "--gpus all"
    runnable.container.commands = [
        "bash", "-c",
        f"dorado basecaller sup /mnt/disks/in/{sample}/pod5 > /mnt/disks/out/{sample}.bam",
    ]
    task = batch_v1.TaskSpec(runnables=[runnable], max_retry_count=1)
    task.compute_resource = batch_v1.ComputeResource(cpu_milli=8000, memory_mib=30000)
    for side in ("in", "out"):
        vol = batch_v1.Volume(mount_path=f"/mnt/disks/{side}")
        vol.gcs = batch_v1.GCS(remote_path=f"nanopore-{side}")
        task.volumes.append(vol)

    group = batch_v1.TaskGroup(task_count=1, task_spec=task)

    policy = batch_v1.AllocationPolicy.InstancePolicy(machine_type="g2-standard-8")
    policy.accelerators = [batch_v1.AllocationPolicy.Accelerator(type_="nvidia-l4", count=1)]
    inst = batch_v1.AllocationPolicy.InstancePolicyOrTemplate(policy=policy, install_gpu_drivers=True)
    alloc = batch_v1.AllocationPolicy(instances=[inst])
    return batch_v1.Job(task_groups=[group], allocation_policy=alloc)


def main(sheet):
    client = batch_v1.BatchServiceClient()
    with open(sheet) as fh:
        samples = json.load(fh)["samples"]
    parent = "projects/ont-lab/locations/europe-west4"
    for s in samples:
        client.create_job(
            parent=parent,
            job=make_job(s["name"]),
            job_id=f"bc-{s['name'].lower()}-{uuid.uuid4().hex[:6]}",
        )
        print("submitted", s["name"])


if __name__ == "__main__":
    main(sys.argv[1])
