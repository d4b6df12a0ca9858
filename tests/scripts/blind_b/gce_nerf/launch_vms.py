from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from google.cloud import compute_v1

cfg = yaml.safe_load(Path("config.yaml").read_text())
instances = compute_v1.InstancesClient()
STARTUP = Path("startup.sh").read_text()


def create_vm(scene: str):
    zone = cfg["zone"]
    inst = compute_v1.Instance()
    inst.name = f"nerf-{scene}"
    inst.machine_type = f"zones/{zone}/machineTypes/{cfg['machine_type']}"
    inst.guest_accelerators = [
        compute_v1.AcceleratorConfig(
            accelerator_count=1,
            accelerator_type=f"projects/{cfg['project']}/zones/{zone}/acceleratorTypes/nvidia-tesla-t4",
        )
    ]
    inst.scheduling = compute_v1.Scheduling(on_host_maintenance="TERMINATE", preemptible=True)
    disk = compute_v1.AttachedDisk(boot=True, auto_delete=True)
    disk.initialize_params = compute_v1.AttachedDiskInitializeParams(
        source_image="projects/deeplearning-platform-release/global/images/family/pytorch-latest-gpu",
        disk_size_gb=100,
    )
    inst.disks = [disk]
    inst.network_interfaces = [compute_v1.NetworkInterface(network="global/networks/default")]
    inst.metadata = compute_v1.Metadata(
        items=[
            compute_v1.Items(key="startup-script", value=STARTUP),
            compute_v1.Items(key="scene", value=scene),
        ]
    )
    op = instances.insert(project=cfg["project"], zone=zone, instance_resource=inst)
    op.result(timeout=300)
    return inst.name


def main():
    scenes = [s.strip() for s in open("scenes.txt") if s.strip()]
    with ThreadPoolExecutor(max_workers=8) as ex:
        for name in ex.map(create_vm, scenes):
            print("up:", name)


if __name__ == "__main__":
    main()
