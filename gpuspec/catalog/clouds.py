"""What SkyPilot can do on each cloud, and what each cloud's price rows are known to mean."""

from collections.abc import Mapping
from types import MappingProxyType

from gpuspec.named_tuple import NamedTuple


class Cloud(NamedTuple):
    """One cloud: a row of `CLOUDS`. What is not said of one is as it is on most."""

    name: str
    """Ours, in lower case."""
    skypilot: str
    """As SkyPilot spells it."""
    autodown: bool = True
    """A machine can take itself down after idling."""
    spot: bool = True
    """Interruptible machines can be asked for."""
    buckets: bool = True
    """SkyPilot can mount a bucket there."""
    volumes: bool = False
    """SkyPilot knows volumes there that outlive machines."""
    memory_is_total: bool = False
    """Its price rows give the memory of all GPUs together where one GPU's belongs."""
    ram_is_floor: bool = False
    """Its price rows round RAM and vCPUs down; the machine's own are not known."""
    gpus: Mapping[str, str] = MappingProxyType({})
    """Its own name of a GPU → the canonical one, where its price rows leave open which is meant. A name that one
    seller of a broker's means otherwise has the seller in front: "latitude/L40"."""
    gpu_in_instance: bool = False
    """Its instance types have the whole name of the GPU, of which its price rows leave a part out."""
    mixes_memory: bool = False
    """Cards of several sizes are rented out under one name, and which one you get is not said."""
    seller_ends: str = ""
    """A broker: its instance types begin with the seller's name, which ends here."""
    hosts: str = "secure"
    """Whose machines: "secure" are its own or a data centre's, "community" are strangers'."""
    auction: bool = False
    """Its prices are the least that may be bid; what is paid, the auction decides."""
    currency: str = "USD"
    """What its price rows are in; "" where that is not known."""


CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud("aws", "AWS"),
        Cloud("azure", "Azure"),
        Cloud("cudo", "Cudo", spot=False, gpus={"A100": "A100 80GB PCIe", "H100": "H100 NVL"}),
        Cloud("do", "DO", spot=False, gpus={"H100": "H100 SXM"}),
        Cloud("fluidstack", "Fluidstack", spot=False, gpus={"H100-NVLINK": "H100 80GB"}),
        Cloud("gcp", "GCP"),
        Cloud("hyperbolic", "Hyperbolic", autodown=False, spot=False, buckets=False),
        Cloud("ibm", "IBM"),
        Cloud("lambda", "Lambda", spot=False),
        Cloud("mithril", "Mithril", gpus={"A100": "A100 80GB SXM4"}, auction=True),
        Cloud("nebius", "Nebius"),
        Cloud("oci", "OCI"),
        Cloud("paperspace", "Paperspace", spot=False),
        Cloud(
            "primeintellect",
            "PrimeIntellect",
            autodown=False,
            memory_is_total=True,
            seller_ends="__",
            gpus={"latitude/L40": "L40S"},
        ),
        Cloud(
            "runpod",
            "RunPod",
            buckets=False,
            volumes=True,
            gpus={
                "A100-80GB": "A100 80GB PCIe",
                "A100-80GB-SXM": "A100 80GB SXM4",
                "H100": "H100 PCIe",
                "RTXPRO6000": "RTX PRO 6000 Blackwell Server",
            },
        ),
        Cloud("scp", "SCP", spot=False),
        Cloud(
            "seeweb",
            "Seeweb",
            spot=False,
            buckets=False,
            currency="",
            gpus={"A100": "A100 80GB", "H100": "H100 80GB", "RTX6000": "Quadro RTX 6000"},
        ),
        Cloud("shadeform", "Shadeform", spot=False, buckets=False, seller_ends="_"),
        Cloud(
            "vast",
            "Vast",
            buckets=False,
            memory_is_total=True,
            ram_is_floor=True,
            gpu_in_instance=True,
            mixes_memory=True,
            hosts="community",
        ),
        Cloud(
            "verda",
            "Verda",
            autodown=False,
            buckets=False,
            memory_is_total=True,
            gpus={
                "A100-80GB": "A100 80GB SXM4",
                "A100-40GB": "A100 40GB SXM4",
                "H100": "H100 SXM",
                "Tesla-V100": "V100 SXM2 16GB",
                "V100": "V100 SXM2 16GB",
            },
        ),
        Cloud("vsphere", "vSphere", spot=False),
        Cloud("yotta", "Yotta", autodown=False, spot=False, buckets=False),
    )
}
"""name → Cloud. Slurm and Kubernetes are machines one has, not clouds one rents from.

Sources: skypilot 0.14.1 sky/clouds/*.py _CLOUD_UNSUPPORTED_FEATURES and sky/catalog/data_fetchers, read 2026-11-20;
buckets (STORAGE_MOUNTING) and volumes (sky/volumes/volume.py), read 2026-11-28. Names of GPUs: DigitalOcean GPU
Droplets (HGX H100); SkyPilot fetch_runpod.py (its names map to RunPod's PCIe and SXM types); Verda's instance types
("80S", SXM)."""


def cloud(name: str) -> Cloud | None:
    """The cloud of a name in any case ("RunPod", "runpod"), None if unknown."""
    return CLOUDS.get(name.lower())
