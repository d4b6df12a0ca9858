"""Volumes of a pod as its container sees them: what outlives the pod, what is memory, where models are kept."""

import re
from typing import Any

from gpuspec.formats.kubernetes.at import At
from gpuspec.formats.kubernetes.draft import JobDraft

_LASTS = frozenset(
    {
        "persistentVolumeClaim", "hostPath", "nfs", "csi", "glusterfs", "cephfs", "rbd", "iscsi", "fc", "azureDisk",
        "azureFile", "awsElasticBlockStore", "gcePersistentDisk", "local", "flexVolume", "portworxVolume", "image",
    }
)  # fmt: skip
_PASSES = frozenset({"emptyDir", "ephemeral", "gitRepo"})
_LEFT_OUT = frozenset({"configMap", "secret", "downwardAPI", "projected"})
_UNITS = {
    "": 1, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}  # fmt: skip
_QUANTITY = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([kKMGT]i?|)B?")


def volumes(draft: JobDraft, spec: At, container: At) -> None:
    """Write the mounts of a container into its job."""
    mounts = []
    for mount in container.at("volumeMounts").elements():
        path, name = mount.at("mountPath").text, mount.at("name").text
        if path is None or name is None:
            continue
        volume = spec.at("volumes").named(name)
        kind = next((key for key, _ in volume.members() if key != "name"), None)
        if volume.value is None and _claimed(draft, name):
            volume = At({"persistentVolumeClaim": {"claimName": name}}, mount.place)
            kind = "persistentVolumeClaim"
        if kind in _LEFT_OUT:
            continue
        if path.rstrip("/") == "/dev/shm":
            _shared_memory(draft, volume, mount)
            continue
        lasts = True if kind in _LASTS else False if kind in _PASSES else None
        mounts.append({"path": path, "lasts": lasts, "source": _source(volume, kind), "pointer": mount.place})
    if mounts:
        draft.say("deployment.mounts", mounts, container.at("volumeMounts"))
    if spec.at("hostIPC").yes:
        draft.say("deployment.shm_gb", float("inf"), spec.at("hostIPC"))


def _claimed(draft: JobDraft, name: str) -> bool:
    """Whether a StatefulSet claims a volume of this name for each of its pods."""
    claims = draft.resource.spec.at("volumeClaimTemplates").elements()
    return any(claim.at("metadata", "name").value == name for claim in claims)


def _source(volume: At, kind: str | None) -> str | None:
    """What a volume is called outside the pod."""
    if kind is None:
        return None
    inside = {"persistentVolumeClaim": "claimName", "hostPath": "path", "nfs": "path", "csi": "driver"}.get(
        kind
    )
    return volume.at(kind, inside).text if inside else None


def _shared_memory(draft: JobDraft, volume: At, mount: At) -> None:
    memory = volume.at("emptyDir")
    if memory.at("medium").text == "Memory":
        limit = memory.at("sizeLimit")
        size = quantity(limit.value)
        draft.say("deployment.shm_gb", float("inf") if size is None else size / 2**30, mount)
    elif volume.at("hostPath").value is not None:
        draft.say("deployment.shm_gb", float("inf"), mount)


def quantity(value: Any) -> float | None:
    """Bytes of "16Gi", "100G" or a number. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/"""
    found = _QUANTITY.fullmatch(str(value).strip()) if isinstance(value, (str, int, float)) else None
    return float(found[1]) * _UNITS[found[2]] if found and found[2] in _UNITS else None
