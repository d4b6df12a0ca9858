#!/usr/bin/env python3
import subprocess
import sys
from pathlib import Path

MANIFEST = Path(__file__).parent / "manifest.txt"


def main():
    files = MANIFEST.read_text().split()
    start = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    for n, f in enumerate(files[start:], start=start):
        stem = Path(f).stem.lower().replace("_", "-")
        cmd = [
            "sky", "launch", "-y", "-d", "--down",
            "-c", f"embed-{stem}",
            "--env", f"INPUT={f}",
            "--env", f"OUTPUT=s3://corpus-emb/{stem}.npy",
            "task.yaml",
        ]
        print(f"[{n + 1}/{len(files)}]", " ".join(cmd), flush=True)
        subprocess.run(cmd, check=True)


if __name__ == "__main__":
    main()
